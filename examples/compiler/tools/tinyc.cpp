// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// tinyc: compiles a payload to an object file.
//
//     tinyc kernel.mlir -o kernel.o
//
// The stages that it applies were resolved when it was built and are data in
// it, and the model by which it chooses among them is code in it; see
// ../CMakeLists.txt.

#include "policy.h"
#include "stages.h"

#include "lighthouse/apply_stage.h"
#include "tiny/Tiny.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/LegacyPassManager.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/ToolOutputFile.h"
#include "llvm/Target/TargetMachine.h"
#include "llvm/TargetParser/Host.h"

#include <algorithm>
#include <cstdint>

using namespace mlir;

namespace {

llvm::cl::opt<std::string> input(llvm::cl::Positional, llvm::cl::Required, llvm::cl::desc("<payload.mlir>"));
llvm::cl::opt<std::string> output("o", llvm::cl::desc("Output file"), llvm::cl::value_desc("file"),
                                  llvm::cl::init("-"));
llvm::cl::opt<bool> emitMLIR("emit-mlir", llvm::cl::desc("Write MLIR instead of an object"));

llvm::cl::opt<bool> printPolicy("print-policy", llvm::cl::desc("Say how vectors were chosen"));

enum class Width { Narrow, Wide, Auto };
llvm::cl::opt<Width> width("width", llvm::cl::desc("Vectors"), llvm::cl::init(Width::Auto),
                           llvm::cl::values(clEnumValN(Width::Narrow, "narrow", "4 elements"),
                                            clEnumValN(Width::Wide, "wide", "16 elements"),
                                            clEnumValN(Width::Auto, "auto", "what the model chooses (default)")));

/// Asks the model. Its features: elements of the largest array, 0 if one is of
/// unknown size; coefficients of the longest polynomial; evaluations.
Width chooseWidth(ModuleOp module) {
  policy::Width model;
  std::int32_t (&features)[3] = model.features[0];
  bool isKnown = true;
  module.walk([&](tiny::EvalOp eval) {
    ++features[2];
    auto type = dyn_cast<RankedTensorType>(eval.getType());
    isKnown &= !type || type.hasStaticShape();
    if (type && type.hasStaticShape())
      features[0] = std::max(features[0], std::int32_t(type.getNumElements()));
  });
  if (!isKnown)
    features[0] = 0;
  module.walk(
      [&](tiny::PolyOp poly) { features[1] = std::max(features[1], std::int32_t(poly.getCoefficients().size())); });
  model.evaluate();
  if (printPolicy)
    llvm::errs() << "tinyc: features " << features[0] << " " << features[1] << " " << features[2] << ", scores "
                 << llvm::format("%.9g %.9g", model.scores[0][0], model.scores[0][1]) << "\n";
  return model.choice[0] == 1 ? Width::Wide : Width::Narrow;
}

/// Lowers the payload to the LLVM dialect.
LogicalResult lower(ModuleOp module) {
  // Functions that C can call get a wrapper, _mlir_ciface_<name>.
  for (auto function : module.getOps<func::FuncOp>())
    if (function.isPublic())
      function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(), UnitAttr::get(module.getContext()));
  Width chosen = width == Width::Auto ? chooseWidth(module) : width;
  const lh::EmbeddedStage &vectorize = chosen == Width::Wide ? stages::vectorize_wide : stages::vectorize_narrow;
  for (const lh::EmbeddedStage *stage : {&stages::expand, &vectorize, &stages::to_llvm})
    if (failed(lh::applyStage(module, *stage)))
      return failure();
  return success();
}

/// Writes an object file for the baseline CPU of this machine.
LogicalResult writeObject(ModuleOp module, llvm::raw_pwrite_stream &stream) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  llvm::Triple triple(llvm::sys::getDefaultTargetTriple());
  std::string error;
  const llvm::Target *target = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!target)
    return module.emitError(error);
  std::unique_ptr<llvm::TargetMachine> machine(
      target->createTargetMachine(triple, "", "", llvm::TargetOptions(), llvm::Reloc::PIC_));

  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, context);
  if (!translated)
    return failure();
  translated->setTargetTriple(triple);
  translated->setDataLayout(machine->createDataLayout());
  llvm::legacy::PassManager passes;
  if (machine->addPassesToEmitFile(passes, stream, nullptr, llvm::CodeGenFileType::ObjectFile))
    return module.emitError("no object files for ") << triple.str();
  passes.run(*translated);
  return success();
}

} // namespace

int main(int argc, char **argv) {
  llvm::cl::ParseCommandLineOptions(argc, argv, "tiny's compiler\n");

  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllPasses();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  tiny::registerDialect(registry);
  tiny::registerPasses();

  MLIRContext context(registry);
  llvm::SourceMgr sources;
  SourceMgrDiagnosticHandler handler(sources, &context);
  context.printOpOnDiagnostic(false);
  OwningOpRef<ModuleOp> module = parseSourceFile<ModuleOp>(input, sources, &context);
  if (!module || failed(lower(*module)))
    return EXIT_FAILURE;

  std::error_code error;
  llvm::ToolOutputFile file(output, error, llvm::sys::fs::OF_None);
  if (error) {
    llvm::errs() << "tinyc: error: " << output << ": " << error.message() << "\n";
    return EXIT_FAILURE;
  }
  if (emitMLIR)
    module->print(file.os());
  else {
    // A code generator writes back and forth: not to a pipe.
    llvm::SmallVector<char> object;
    llvm::raw_svector_ostream stream(object);
    if (failed(writeObject(*module, stream)))
      return EXIT_FAILURE;
    file.os() << stream.str();
  }
  file.keep();
  return EXIT_SUCCESS;
}
