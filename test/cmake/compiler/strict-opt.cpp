// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception
//
// tiny-opt with one check of LLVM builds with assertions, which packages of
// LLVM leave out: that no dialect is loaded while passes run. MLIRContext makes
// it in getOrLoadDialect(); here it is made after each pass, with the same
// words and the same end.

#include "tiny/Tiny.h"

#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

namespace {
class RefuseLateDialects : public PassInstrumentation {
public:
  void runBeforePass(Pass *, Operation *op) override {
    if (known.empty())
      known = op->getContext()->getLoadedDialects();
  }
  void runAfterPass(Pass *, Operation *op) override {
    for (Dialect *dialect : op->getContext()->getLoadedDialects())
      if (!llvm::is_contained(known, dialect))
        llvm::report_fatal_error("Loading a dialect (" + dialect->getNamespace() +
                                 ") while in a multi-threaded execution context (maybe the "
                                 "PassManager): this can indicate a missing `dependentDialects` in "
                                 "a pass for example.");
  }

private:
  std::vector<Dialect *> known;
};
} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllPasses();
  tiny::registerDialect(registry);
  tiny::registerPasses();
  std::string input = registerAndParseCLIOptions(argc, argv, "tiny's strict optimizer\n", registry).first;
  MlirOptMainConfig config = MlirOptMainConfig::createFromCLOptions();
  MlirOptMainConfig own = config;
  own.setPassPipelineSetupFn([&](PassManager &manager) {
    if (failed(config.setupPassPipeline(manager)))
      return failure();
    manager.addInstrumentation(std::make_unique<RefuseLateDialects>());
    return success();
  });
  auto buffer = llvm::MemoryBuffer::getFileOrSTDIN(input);
  if (!buffer) {
    llvm::errs() << buffer.getError().message() << "\n";
    return EXIT_FAILURE;
  }
  return asMainReturnCode(MlirOptMain(llvm::outs(), std::move(*buffer), registry, own));
}
