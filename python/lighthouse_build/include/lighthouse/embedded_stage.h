// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// Stages that are compiled into a program: what lh_embed_stage() declares.
//
// Plain C++, without LLVM. To apply one, see lighthouse/apply_stage.h.

#ifndef LIGHTHOUSE_EMBEDDED_STAGE_H
#define LIGHTHOUSE_EMBEDDED_STAGE_H

#include <cstddef>

namespace lh {

/// A resolved stage as data.
struct EmbeddedStage {
  /// What it was declared as.
  const char *name;
  /// MLIR: a module with one nested module for each step. Ends in a null
  /// character.
  const char *text;
  /// The length of `text`, without the null character.
  std::size_t size;
  /// What messages call the steps, in order.
  const char *const *steps;
  std::size_t num_steps;
  /// What has written `text`, and its version.
  const char *origin;
};

} // namespace lh

#endif // LIGHTHOUSE_EMBEDDED_STAGE_H
