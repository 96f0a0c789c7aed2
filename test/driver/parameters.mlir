// Arguments of a sequence, knobs and alternatives are bound by name; the values stand in the resolved stage.

// RUN: lh-opt "%s" --stage='%s[tune]{tile=4 sizes=[4,2] unroll=16 order=1 kind=1.5}' | FileCheck "%s"
// RUN: lh-opt --emit=stage --stage='%s[tune]{tile=4 sizes=[4,2] unroll=16 order=1 kind=1.5}' -o "%t.stage.mlir"
// RUN: FileCheck "%s" --check-prefix=STAGE < "%t.stage.mlir"
// RUN: lh-opt "%s" --stage="%t.stage.mlir" | FileCheck "%s"

module attributes {transform.with_named_sequence} {
  func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
    %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
    return %0 : tensor<8x8xf32>
  }

  transform.named_sequence @tune(%root: !transform.any_op {transform.readonly},
      %tile: !transform.param<i64> {lh.name = "tile", transform.readonly},
      %sizes: !transform.any_param {lh.name = "sizes", transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    %unroll = transform.tune.knob<"unroll"> options = [8, 16] -> !transform.param<i64>
    transform.annotate %0 "unroll" = %unroll : !transform.any_op, !transform.param<i64>
    transform.annotate %0 "tile" = %tile : !transform.any_op, !transform.param<i64>
    %1:2 = transform.structured.tile_using_forall %0 tile_sizes *(%sizes) : (!transform.any_op, !transform.any_param) -> (!transform.any_op, !transform.any_op)
    transform.tune.alternatives<"order"> {
      transform.annotate %1#0 "first" : !transform.any_op
      transform.yield
    }, {
      transform.annotate %1#0 "second" : !transform.any_op
      transform.yield
    }
    transform.include @helper failures(propagate) (%1#0) : (!transform.any_op) -> ()
    transform.yield
  }

  transform.named_sequence @helper(%op: !transform.any_op {transform.readonly}) {
    %kind = transform.tune.knob<"kind"> options = ["a", 1.5, [1, 2]] -> !transform.any_param
    transform.annotate %op "kind" = %kind : !transform.any_op, !transform.any_param
    transform.yield
  }
}

// CHECK: scf.forall ({{.*}}) in (2, 4)
// CHECK: linalg.matmul {kind = 1.500000e+00 : f64, second, tile = 4 : i64, unroll = 16 : i64}

// STAGE: transform.tune.knob<"unroll"> = 16 : i64 from options = [8, 16]
// STAGE: transform.tune.knob<"kind"> = 1.500000e+00 : f64 from
// STAGE: @__lh_step0
// STAGE: transform.param.constant 4 : i64 -> !transform.param<i64>
// STAGE: transform.merge_handles
// STAGE: transform.include @tune
