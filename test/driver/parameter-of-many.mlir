// A parameter has one value, and an operation that wants one for each of its targets takes it in a foreach: over none and
// over two. Without one it fails.

// RUN: lh-opt "%s" --stage='%s[each]{tile=4}' | FileCheck "%s"
// RUN: echo 'func.func @none() { return }' > "%t.none.mlir"
// RUN: lh-opt "%t.none.mlir" --stage='%s[each]{tile=4}' | FileCheck "%s" --check-prefix=NONE
// RUN: not lh-opt "%s" --stage='%s[all]{tile=4}' 2>&1 | FileCheck "%s" --check-prefix=TWO-VALUES
// RUN: not lh-opt "%t.none.mlir" --stage='%s[all]{tile=4}' 2>&1 | FileCheck "%s" --check-prefix=NO-VALUES

module attributes {transform.with_named_sequence} {
  func.func @two(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
    %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
    %1 = linalg.matmul ins(%0, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
    return %1 : tensor<8x8xf32>
  }

  transform.named_sequence @each(%root: !transform.any_op {transform.readonly},
      %tile: !transform.param<i64> {lh.name = "tile", transform.readonly}) {
    %matmuls = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.foreach %matmuls : !transform.any_op {
    ^bb0(%matmul: !transform.any_op):
      transform.structured.tile_using_for %matmul tile_sizes [%tile] : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    }
    transform.yield
  }

  transform.named_sequence @all(%root: !transform.any_op {transform.readonly},
      %tile: !transform.param<i64> {lh.name = "tile", transform.readonly}) {
    %matmuls = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.structured.tile_using_for %matmuls tile_sizes [%tile] : (!transform.any_op, !transform.param<i64>) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}

// CHECK-LABEL: func.func @two
// CHECK: scf.for {{.*}} step %c4
// CHECK: linalg.matmul {{.*}} outs({{.*}} : tensor<4x8xf32>)
// CHECK: scf.for {{.*}} step %c4
// CHECK: linalg.matmul {{.*}} outs({{.*}} : tensor<4x8xf32>)

// NONE: func.func @none()

// TWO-VALUES: error: expected as many parameter values (0) as target ops (2)
// NO-VALUES: error: expected as many parameter values (0) as target ops (0)
