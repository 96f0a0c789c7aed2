// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// The transform operations of the dialect `tiny`, for schedules.

#ifndef TINY_TINYTRANSFORM_TD
#define TINY_TINYTRANSFORM_TD

include "mlir/Dialect/Transform/IR/TransformDialect.td"
include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tiny_ExpandTransformOp : Op<Transform_Dialect, "tiny.expand",
    [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, TransformOpInterface, TransformEachOpTrait]> {
  let summary = "Puts arithmetic in the place of each `tiny.eval`.";
  let description = [{
    Consumes the handle. Fails silenceably where the coefficients are not known.
  }];
  let arguments = (ins TransformHandleTypeInterface:$target, UnitAttr:$estrin);
  let results = (outs);
  let assemblyFormat = "$target (`estrin` $estrin^)? attr-dict `:` type($target)";
  let extraClassDeclaration = [{
    ::mlir::DiagnosedSilenceableFailure applyToOne(
        ::mlir::transform::TransformRewriter &rewriter, ::mlir::Operation *target,
        ::mlir::transform::ApplyToEachResultList &results, ::mlir::transform::TransformState &state);
  }];
}

#endif // TINY_TINYTRANSFORM_TD
