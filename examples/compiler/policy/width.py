# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""The model by which tinyc chooses between narrow and wide vectors.

Two dense layers on the logarithms of three numbers, with the weights of `weights.json`. These were fitted to a rule of
thumb: wide vectors for arrays of 64 elements or more, or of unknown size, as long as no more than 24 coefficients are
to be kept in registers.
"""

from __future__ import annotations

import json
from pathlib import Path

from mlir import ir

__all__ = ["create_payload"]


def create_payload() -> ir.Module:
    """Returns the model: from features to a score for narrow and one for wide, and the greater one's index."""
    weights = json.loads((Path(__file__).parent / "weights.json").read_text(encoding="utf-8"))
    w0, b0 = weights["hidden"]["weights"], [weights["hidden"]["bias"]]
    w1, b1 = weights["scores"]["weights"], [weights["scores"]["bias"]]
    inputs, hidden, outputs = len(w0), len(w1), len(w1[0])
    f, h, s = (f"tensor<1x{size}xf32>" for size in (inputs, hidden, outputs))
    w0_type, w1_type = f"tensor<{inputs}x{hidden}xf32>", f"tensor<{hidden}x{outputs}xf32>"
    return ir.Module.parse(
        f"""
func.func @width(%features: tensor<1x{inputs}xi32> {{lh.name = "features"}})
    -> ({s} {{lh.name = "scores"}}, tensor<1xi32> {{lh.name = "choice"}}) {{
  %w0 = arith.constant dense<{w0}> : {w0_type}
  %b0 = arith.constant dense<{b0}> : {h}
  %w1 = arith.constant dense<{w1}> : {w1_type}
  %b1 = arith.constant dense<{b1}> : {s}
  %numbers = tosa.cast %features : (tensor<1x{inputs}xi32>) -> {f}
  %logarithms = math.log1p %numbers : {f}
  %p0 = linalg.matmul ins(%logarithms, %w0 : {f}, {w0_type}) outs(%b0 : {h}) -> {h}
  %activated = math.tanh %p0 : {h}
  %scores = linalg.matmul ins(%activated, %w1 : {h}, {w1_type}) outs(%b1 : {s}) -> {s}
  %choice = tosa.argmax %scores {{axis = 1 : i32}} : ({s}) -> tensor<1xi32>
  return %scores, %choice : {s}, tensor<1xi32>
}}
"""
    )
