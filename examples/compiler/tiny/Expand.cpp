// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// The lowering of `tiny`: polynomials become arithmetic, on scalars or in the
// body of a linalg.generic.

#include "tiny/Tiny.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/Pass.h"

using namespace mlir;

namespace {

Value constant(OpBuilder &builder, Location loc, Type type, double value) {
  return arith::ConstantOp::create(builder, loc, builder.getFloatAttr(type, value));
}

/// a·b + c
Value multiplyAdd(OpBuilder &builder, Location loc, Value a, Value b, Value c) {
  Value product = arith::MulFOp::create(builder, loc, a, b);
  return arith::AddFOp::create(builder, loc, product, c);
}

/// The value at the scalar `x`.
Value evaluate(OpBuilder &builder, Location loc, ArrayRef<double> coefficients, Value x, tiny::Scheme scheme) {
  SmallVector<Value> terms;
  for (double coefficient : coefficients)
    terms.push_back(constant(builder, loc, x.getType(), coefficient));
  if (scheme == tiny::Scheme::Horner) {
    Value sum = terms.pop_back_val();
    while (!terms.empty())
      sum = multiplyAdd(builder, loc, sum, x, terms.pop_back_val());
    return sum;
  }
  // Estrin: pairs of terms are coefficients of a polynomial in x².
  while (terms.size() > 1) {
    SmallVector<Value> pairs;
    for (size_t i = 0; i < terms.size(); i += 2)
      pairs.push_back(i + 1 < terms.size() ? multiplyAdd(builder, loc, terms[i + 1], x, terms[i]) : terms[i]);
    terms = std::move(pairs);
    if (terms.size() > 1)
      x = arith::MulFOp::create(builder, loc, x, x);
  }
  return terms.front();
}

class ExpandPass : public PassWrapper<ExpandPass, OperationPass<>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(ExpandPass)

  ExpandPass() = default;
  ExpandPass(const ExpandPass &other) : PassWrapper(other) {}

  StringRef getArgument() const final { return "tiny-expand"; }
  StringRef getDescription() const final { return "Put arithmetic in the place of polynomials"; }
  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<arith::ArithDialect, linalg::LinalgDialect, tensor::TensorDialect, tiny::TinyDialect>();
  }

  void runOnOperation() final {
    tiny::Scheme scheme = estrin ? tiny::Scheme::Estrin : tiny::Scheme::Horner;
    IRRewriter rewriter(&getContext());
    SmallVector<tiny::EvalOp> evals;
    getOperation()->walk([&](tiny::EvalOp eval) { evals.push_back(eval); });
    for (tiny::EvalOp eval : evals) {
      auto poly = eval.getPolynomial().getDefiningOp<tiny::PolyOp>();
      if (failed(tiny::expand(rewriter, eval, scheme))) {
        eval.emitOpError("cannot be expanded: its polynomial is not known here");
        return signalPassFailure();
      }
      if (poly && poly->use_empty())
        rewriter.eraseOp(poly);
    }
  }

private:
  Option<bool> estrin{*this, "estrin", llvm::cl::desc("Evaluate in parallel, with a few more operations")};
};

} // namespace

LogicalResult tiny::expand(RewriterBase &rewriter, EvalOp eval, Scheme scheme) {
  auto poly = eval.getPolynomial().getDefiningOp<PolyOp>();
  if (!poly)
    return failure();
  ArrayRef<double> coefficients = poly.getCoefficients();
  Location loc = eval.getLoc();
  Value argument = eval.getArgument();
  rewriter.setInsertionPoint(eval);
  auto type = dyn_cast<RankedTensorType>(argument.getType());
  if (!type) {
    rewriter.replaceOp(eval, evaluate(rewriter, loc, coefficients, argument, scheme));
    return success();
  }
  Value empty =
      tensor::EmptyOp::create(rewriter, loc, tensor::getMixedSizes(rewriter, loc, argument), type.getElementType());
  SmallVector<AffineMap> maps(2, rewriter.getMultiDimIdentityMap(type.getRank()));
  SmallVector<utils::IteratorType> iterators(type.getRank(), utils::IteratorType::parallel);
  rewriter.replaceOpWithNewOp<linalg::GenericOp>(
      eval, type, argument, empty, maps, iterators, [&](OpBuilder &builder, Location loc, ValueRange elements) {
        linalg::YieldOp::create(builder, loc, evaluate(builder, loc, coefficients, elements[0], scheme));
      });
  return success();
}

void tiny::registerPasses() { PassRegistration<ExpandPass>(); }
