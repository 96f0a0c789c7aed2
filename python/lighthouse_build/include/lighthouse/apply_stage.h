// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// Applies embedded stages to modules of MLIR; for C++ compilers on libMLIR.
//
//     #include "lighthouse/apply_stage.h"
//     #include "stages.h" // of lh_embed_stage()
//
//     if (failed(lh::applyStage(module, stages::vectorize)))
//       return failure();
//
// The program links MLIR: the transform dialect and interpreter, and what the
// steps use, registered in the context as for any tool (registerAllDialects,
// registerAllExtensions, registerAllPasses, or less). Nothing of Lighthouse
// Build is linked but the data, and no Python is involved.
//
// Call this where no pass manager runs on the context: applying a stage may
// load dialects, which ends LLVM builds with assertions while passes run. All
// that is wrong is told to the diagnostic engine of the context.

#ifndef LIGHTHOUSE_APPLY_STAGE_H
#define LIGHTHOUSE_APPLY_STAGE_H

#include "lighthouse/embedded_stage.h"

#include "mlir/Dialect/Transform/Interfaces/TransformInterfaces.h"
#include "mlir/Dialect/Transform/Transforms/TransformInterpreterUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/raw_ostream.h"

#include <string>
#include <utility>

namespace lh {

/// A stage that is parsed in a context, to be applied to modules of it.
class ParsedStage {
public:
  /// What is called with each pass manager before it runs, to print IR, to take
  /// times, to switch the verifier off.
  using Configure = llvm::function_ref<void(mlir::PassManager &)>;

  /// Parses `stage`; on failure, after an error, the result is false.
  static ParsedStage parse(mlir::MLIRContext *context, const EmbeddedStage &stage) {
    std::string source = std::string("<embedded stage ") + stage.name + ">";
    auto module = mlir::parseSourceString<mlir::ModuleOp>(llvm::StringRef(stage.text, stage.size),
                                                          mlir::ParserConfig(context), source);
    if (!module)
      mlir::emitError(mlir::UnknownLoc::get(context))
          << "the embedded stage '" << stage.name << "' cannot be parsed; it was written by " << stage.origin
          << ", this program has MLIR " LLVM_VERSION_STRING
             ": are the versions too far apart, or is a dialect or extension "
             "not registered?";
    return ParsedStage(stage, std::move(module));
  }

  explicit operator bool() const { return static_cast<bool>(module); }

  /// Applies all steps, in order; stops at the first that fails.
  llvm::LogicalResult apply(mlir::ModuleOp payload, Configure configure = nullptr) const {
    size_t index = 0;
    for (auto step : module.get().getOps<mlir::ModuleOp>()) {
      if (failed(applyStep(payload, step, index, configure))) {
        std::string name = std::to_string(index);
        if (index < stage->num_steps)
          name = stage->steps[index];
        return mlir::emitError(payload.getLoc())
               << "the embedded stage '" << stage->name << "' failed in its step '" << name << "'";
      }
      ++index;
    }
    return llvm::success();
  }

private:
  ParsedStage(const EmbeddedStage &stage, mlir::OwningOpRef<mlir::ModuleOp> module)
      : stage(&stage), module(std::move(module)) {}

  static llvm::LogicalResult applyStep(mlir::ModuleOp payload, mlir::ModuleOp step, size_t index, Configure configure) {
    if (auto text = step->getAttrOfType<mlir::StringAttr>("lh.pass_pipeline")) {
      llvm::StringRef pipeline = text.getValue();
      pipeline.consume_front("builtin.module(");
      pipeline.consume_back(")");
      mlir::PassManager manager(payload.getContext(), mlir::ModuleOp::getOperationName());
      std::string message;
      llvm::raw_string_ostream stream(message);
      if (failed(mlir::parsePassPipeline(pipeline, manager, stream)))
        return mlir::emitError(step.getLoc())
               << "not a pass pipeline of this program: " << llvm::StringRef(message).trim();
      if (configure)
        configure(manager);
      return manager.run(payload);
    }
    std::string name = "__lh_step" + std::to_string(index);
    // A schedule that is handed over unparsed lies in the stage as text.
    mlir::OwningOpRef<mlir::ModuleOp> parsed;
    if (auto schedule = step->getAttrOfType<mlir::DictionaryAttr>("lh.tool_schedule")) {
      parsed = mlir::parseSourceString<mlir::ModuleOp>(schedule.getAs<mlir::StringAttr>("text").getValue(),
                                                       mlir::ParserConfig(payload.getContext()));
      if (!parsed)
        return llvm::failure();
      step = *parsed;
      name = schedule.getAs<mlir::StringAttr>("entry").getValue();
    }
    mlir::Operation *entry = mlir::SymbolTable::lookupSymbolIn(step, name);
    if (!entry)
      return mlir::emitError(step.getLoc()) << "the step is neither passes nor a schedule; resolve the stage "
                                               "again";
    if (failed(mlir::transform::applyTransformNamedSequence(payload, entry, step, mlir::transform::TransformOptions())))
      return llvm::failure();
    return mlir::verify(payload); // The interpreter does not.
  }

  const EmbeddedStage *stage;
  mlir::OwningOpRef<mlir::ModuleOp> module;
};

/// Parses `stage` and applies it to `payload`. Who applies it often keeps a
/// ParsedStage.
inline llvm::LogicalResult applyStage(mlir::ModuleOp payload, const EmbeddedStage &stage,
                                      ParsedStage::Configure configure = nullptr) {
  ParsedStage parsed = ParsedStage::parse(payload.getContext(), stage);
  return parsed ? parsed.apply(payload, configure) : llvm::failure();
}

} // namespace lh

#endif // LIGHTHOUSE_APPLY_STAGE_H
