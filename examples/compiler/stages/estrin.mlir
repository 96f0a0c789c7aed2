// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// Sets for polynomials that are estimates: with the shortest chains of
// operations. Only tiny-opt reads this.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op) {
    %evals = transform.structured.match ops{["tiny.eval"]} in %root
        : (!transform.any_op) -> !transform.any_op
    transform.tiny.expand %evals estrin : !transform.any_op
    transform.yield
  }
}
