// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// The dialect `tiny`: polynomials as values, and their evaluation.

#ifndef TINY_TINY_H
#define TINY_TINY_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpDefinition.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "tiny/TinyDialect.h.inc"

#define GET_TYPEDEF_CLASSES
#include "tiny/TinyTypes.h.inc"

#define GET_OP_CLASSES
#include "tiny/TinyOps.h.inc"

namespace mlir {
class RewriterBase;
} // namespace mlir

namespace tiny {

/// How a polynomial is evaluated: with the fewest operations, or with the
/// shortest chain of them.
enum class Scheme { Horner, Estrin };

/// Puts arithmetic in the place of `eval`; fails, without an error, if the
/// coefficients are not known there.
llvm::LogicalResult expand(mlir::RewriterBase &rewriter, EvalOp eval, Scheme scheme);

/// Adds the dialect with its transform operations to `registry`.
void registerDialect(mlir::DialectRegistry &registry);

/// Makes the pass `tiny-expand` known by name.
void registerPasses();

} // namespace tiny

#endif // TINY_TINY_H
