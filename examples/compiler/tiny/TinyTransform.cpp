// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// The transform operations of `tiny`.

#include "tiny/Tiny.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Transform/IR/TransformDialect.h"
#include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.h"

#define GET_OP_CLASSES
#include "tiny/TinyTransformOps.h.inc"

#define GET_OP_CLASSES
#include "tiny/TinyTransformOps.cpp.inc"

using namespace mlir;

DiagnosedSilenceableFailure transform::ExpandTransformOp::applyToOne(TransformRewriter &rewriter, Operation *target,
                                                                     ApplyToEachResultList &results,
                                                                     TransformState &state) {
  auto eval = dyn_cast<tiny::EvalOp>(target);
  if (!eval)
    return emitSilenceableError() << "'" << target->getName() << "' is no tiny.eval";
  tiny::Scheme scheme = getEstrin() ? tiny::Scheme::Estrin : tiny::Scheme::Horner;
  if (failed(tiny::expand(rewriter, eval, scheme)))
    return emitSilenceableError() << "the polynomial is not known here";
  return DiagnosedSilenceableFailure::success();
}

void transform::ExpandTransformOp::getEffects(SmallVectorImpl<MemoryEffects::EffectInstance> &effects) {
  consumesHandle(getTargetMutable(), effects);
  modifiesPayload(effects);
}

namespace {
class TinyTransformOps : public transform::TransformDialectExtension<TinyTransformOps> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(TinyTransformOps)

  void init() {
    // What applying them makes is loaded with the schedule: a dialect that is
    // loaded later, inside a pass manager, ends builds with assertions.
    declareGeneratedDialect<arith::ArithDialect>();
    declareGeneratedDialect<linalg::LinalgDialect>();
    declareGeneratedDialect<tensor::TensorDialect>();
    registerTransformOps<
#define GET_OP_LIST
#include "tiny/TinyTransformOps.cpp.inc"
        >();
  }
};
} // namespace

void tiny::registerDialect(DialectRegistry &registry) {
  registry.insert<TinyDialect>();
  registry.addExtensions<TinyTransformOps>();
}
