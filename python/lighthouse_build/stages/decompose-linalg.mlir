// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The linalg ops that have no loops of their own, into ops that have.
//
// Takes: linalg on tensors. Schedules that tile or fuse these ops go before it.
// Leaves: no linalg.softmax, linalg.pack or linalg.unpack; other linalg, tensor. A linalg.softmax on memrefs stays, and
//   a remark says so.
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %softmaxes = transform.structured.match ops{["linalg.softmax"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.foreach %softmaxes : !transform.any_op {
    ^bb0(%softmax: !transform.any_op):
      %results = transform.get_result %softmax[all] : (!transform.any_op) -> !transform.any_value
      // A sequence of the outer kind goes on where something fails, one of the inner kind ends.
      transform.sequence %softmax : !transform.any_op failures(suppress) {
      ^bb0(%outer: !transform.any_op):
        transform.sequence %outer : !transform.any_op failures(propagate) {
        ^bb0(%inner: !transform.any_op):
          %count = transform.num_associations %results : (!transform.any_value) -> !transform.param<i64>
          %none = transform.param.constant 0 : i64 -> !transform.param<i64>
          transform.match.param.cmpi eq %count, %none : !transform.param<i64>
          transform.debug.emit_remark_at %inner,
            "this is on memrefs and left as it is: only operations on tensors are decomposed; write it on tensors"
            : !transform.any_op
        }
      }
      %on_tensors = transform.get_defining_op %results : (!transform.any_value) -> !transform.any_op
      transform.structured.decompose_interface %on_tensors : (!transform.any_op) -> !transform.any_op
    }

    %packs = transform.structured.match ops{["linalg.pack"]} in %root
      : (!transform.any_op) -> !transform.op<"linalg.pack">
    transform.foreach %packs : !transform.op<"linalg.pack"> {
    ^bb0(%pack: !transform.op<"linalg.pack">):
      transform.structured.lower_pack %pack : (!transform.op<"linalg.pack">)
        -> (!transform.op<"tensor.pad">, !transform.op<"tensor.expand_shape">, !transform.op<"linalg.transpose">)
    }

    %unpacks = transform.structured.match ops{["linalg.unpack"]} in %root
      : (!transform.any_op) -> !transform.op<"linalg.unpack">
    transform.foreach %unpacks : !transform.op<"linalg.unpack"> {
    ^bb0(%unpack: !transform.op<"linalg.unpack">):
      transform.structured.lower_unpack %unpack : (!transform.op<"linalg.unpack">)
        -> (!transform.op<"tensor.empty">, !transform.op<"linalg.transpose">, !transform.op<"tensor.collapse_shape">,
            !transform.op<"tensor.extract_slice">, !transform.op<"linalg.copy">)
    }
    transform.yield
  }
}
