// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// tiny-opt: mlir-opt with the dialect `tiny`.

#include "tiny/Tiny.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"

int main(int argc, char **argv) {
  mlir::DialectRegistry registry;
  mlir::registerAllDialects(registry);
  mlir::registerAllExtensions(registry);
  mlir::registerAllPasses();
  tiny::registerDialect(registry);
  tiny::registerPasses();
  return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, "tiny's optimizer\n", registry));
}
