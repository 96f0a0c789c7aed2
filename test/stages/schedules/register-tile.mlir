// Register tiling and hoisting: the innermost loop is one contraction on vectors of static size whatever the sizes are, and after
// hoisting its sums stay in registers. Vectors become fused multiply-adds of one row each.

// RUN: lh-opt "%s" --stage='block_pack.py{sizes=[2,4]}' --stage='register_tile.py{sizes=[2,4]}' | FileCheck "%s" --check-prefix=TILE
// RUN: lh-opt "%s" --stage='block_pack.py{sizes=[2,4]}' --stage='register_tile.py{sizes=[2,4]}' --stage=hoist.py | FileCheck "%s" --check-prefix=HOIST
// RUN: lh-opt "%s" --stage='block_pack.py{sizes=[2,4]}' --stage='register_tile.py{sizes=[2,4]}' --stage='hoist.py{subsets=false}' | FileCheck "%s" --check-prefix=KEEP
// RUN: lh-opt "%s" --stage='block_pack.py{sizes=[2,4]}' --stage='register_tile.py{sizes=[2,4]}' --stage=hoist.py --stage=bufferize.yaml --stage=lower_vectors.py | FileCheck "%s" --check-prefix=LOWER

func.func @dynamic(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// TILE-LABEL: @dynamic
// TILE-NOT: linalg
// TILE: vector.contract {{.*}} : vector<1x2xf32>, vector<1x4xf32> into vector<2x4xf32>
// TILE-NEXT: vector.transfer_write
// TILE-NOT: linalg

// HOIST-LABEL: @dynamic
// HOIST: %[[SUMS:.*]] = scf.for {{.*}} iter_args(%[[SUM:.*]] = {{.*}}) -> (vector<2x4xf32>)
// HOIST: %[[NEXT:.*]] = vector.contract {{.*}} %[[SUM]]
// HOIST-NEXT: scf.yield %[[NEXT]] : vector<2x4xf32>

// KEEP: vector.contract
// KEEP-NEXT: vector.transfer_write

// LOWER-LABEL: @dynamic
// LOWER: scf.for {{.*}} iter_args({{.*}}) -> (vector<2x4xf32>)
// LOWER-COUNT-2: vector.fma {{.*}} : vector<4xf32>
// LOWER: vector.maskedstore
// LOWER-NOT: vector.contract
