// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Slices and shapes of empty tensors into empty tensors of their own.
//
// Takes: functions on tensors, before `eliminate-empty-tensors`: that gives all uses of an empty tensor the one
//   destination that one of them ends in, and what only shared its emptiness then needs a copy of it.
// Leaves: the same functions; no slice or reshape of a tensor.empty.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %functions = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.apply_patterns to %functions {
      transform.apply_patterns.tensor.fold_tensor_empty
    } : !transform.any_op
    transform.yield
  }
}
