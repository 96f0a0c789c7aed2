// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

#include "tiny/Tiny.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

#include "tiny/TinyDialect.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "tiny/TinyTypes.cpp.inc"

#define GET_OP_CLASSES
#include "tiny/TinyOps.cpp.inc"

void tiny::TinyDialect::initialize() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "tiny/TinyTypes.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "tiny/TinyOps.cpp.inc"
      >();
}

LogicalResult tiny::PolyOp::verify() {
  if (getCoefficients().empty())
    return emitOpError("has no coefficients");
  return success();
}
