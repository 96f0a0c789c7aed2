// Schedules that mutations start from, one between two separators. Each applies to the first payload.

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %tiled, %loops:3 = transform.structured.tile_using_for %mm tile_sizes [4, 8, 2] interchange = [1, 0, 2]
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op, !transform.any_op)
    transform.structured.vectorize %tiled vector_sizes [4, 8, 2] : !transform.any_op
    transform.loop.unroll %loops#2 {factor = 2} : !transform.any_op
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly},
      %size: !transform.param<i64> {lh.name = "size", transform.readonly}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %knob = transform.tune.knob<"width"> options = [4, 8] -> !transform.param<i64>
    %tiled, %forall = transform.structured.tile_using_forall %mm tile_sizes [%size, %knob]
      : (!transform.any_op, !transform.param<i64>, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    transform.tune.alternatives<"way"> {
      transform.yield
    }, {
      %f = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
      transform.apply_cse to %f : !transform.any_op
      transform.yield
    }
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence private @is_matmul(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["linalg.matmul"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence private @annotate(%op: !transform.any_op {transform.readonly}) {
    %p = transform.param.constant 7 : i64 -> !transform.param<i64>
    transform.annotate %op "a.b" = %p : !transform.any_op, !transform.param<i64>
    transform.debug.emit_remark_at %op, "found" : !transform.any_op
    transform.yield
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %new = transform.foreach_match in %root @is_matmul -> @annotate : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %padded, %pad, %copy = transform.structured.pad %mm {padding_values = [0.0 : f32, 0.0 : f32, 0.0 : f32], padding_dimensions = [0, 1, 2], nofold_flags = [1, 1, 0]}
      : (!transform.any_op) -> (!transform.any_op, !transform.any_op, !transform.any_op)
    %f = transform.structured.match ops{["func.func"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.apply_patterns to %f {
      transform.apply_patterns.canonicalization
      transform.apply_patterns.tensor.fold_tensor_empty
    } : !transform.any_op
    %g = transform.apply_registered_pass "canonicalize" with options = {"max-iterations" = 3} to %f : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence private @helper(%op: !transform.any_op {transform.consumed}) -> !transform.any_op {
    %g = transform.structured.generalize %op : (!transform.any_op) -> !transform.any_op
    %i = transform.structured.interchange %g iterator_interchange = [2, 0, 1] : (!transform.any_op) -> !transform.any_op
    transform.yield %i : !transform.any_op
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %i = transform.include @helper failures(propagate) (%mm) : (!transform.any_op) -> !transform.any_op
    %p = transform.get_parent_op %i {op_name = "func.func"} : (!transform.any_op) -> !transform.any_op
    %o = transform.get_operand %i[0] : (!transform.any_op) -> !transform.any_value
    %b = transform.bufferization.one_shot_bufferize %root {bufferize_function_boundaries = true} : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}

// -----

module attributes {transform.with_named_sequence} {
  transform.named_sequence @first(%root: !transform.any_op {transform.readonly}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %sizes:3 = transform.structured.multitile_sizes %mm {target_size = 5, dimension = 0} : (!transform.any_op) -> !transform.any_op
    %s = transform.structured.split %mm after %sizes#2 {dimension = 0} : !transform.any_op, !transform.any_op
    transform.yield
  }
  transform.named_sequence @second(%root: !transform.any_op {transform.readonly}) {
    %mm = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %packed = transform.structured.pack %mm packed_sizes = [4, 4, 8] : (!transform.any_op) -> !transform.any_op
    transform.foreach %packed : !transform.any_op {
    ^bb0(%one: !transform.any_op):
      %h:2 = transform.split_handle %root {fail_on_payload_too_small = false} : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    }
    transform.yield
  }
}
