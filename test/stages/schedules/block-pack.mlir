// Matrix products on packed operands: tile sizes by target and type, or as given, for static and for dynamic sizes.

// RUN: lh-opt "%s" --stage=block_pack.py --target-triple=x86_64-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefixes=CHECK,V4
// RUN: lh-opt "%s" --stage=block_pack.py --target-triple=x86_64-linux-gnu --cpu=x86-64-v3 | FileCheck "%s" --check-prefixes=CHECK,V3
// RUN: lh-opt "%s" --stage=block_pack.py --target-triple=x86_64-linux-gnu --cpu=x86-64-v2 | FileCheck "%s" --check-prefixes=CHECK,V2
// RUN: lh-opt "%s" --stage=block_pack.py --target-triple=aarch64-linux-gnu | FileCheck "%s" --check-prefixes=CHECK,NEON
// RUN: lh-opt "%s" --stage='block_pack.py{sizes=[3,5]}' | FileCheck "%s" --check-prefixes=CHECK,GIVEN
// RUN: not lh-opt "%s" --stage='block_pack.py{sizes=[3]}' 2>&1 | FileCheck "%s" --check-prefix=ONE

// ONE: error: {{.*}}ValueError: sizes are 2 integers, not [3]

func.func @f32(%a: tensor<100x30xf32>, %b: tensor<30x200xf32>, %out: tensor<100x200xf32>) -> tensor<100x200xf32> {
  %zero = arith.constant 0.0 : f32
  %0 = linalg.fill ins(%zero : f32) outs(%out : tensor<100x200xf32>) -> tensor<100x200xf32>
  %1 = linalg.matmul ins(%a, %b : tensor<100x30xf32>, tensor<30x200xf32>) outs(%0 : tensor<100x200xf32>) -> tensor<100x200xf32>
  return %1 : tensor<100x200xf32>
}

// CHECK-LABEL: @f32
// V4: linalg.pack {{.*}} inner_dims_pos = [0] inner_tiles = [8] {{.*}} -> tensor<13x30x8xf32>
// V3: linalg.pack {{.*}} inner_dims_pos = [0] inner_tiles = [4] {{.*}} -> tensor<25x30x4xf32>
// V2: linalg.pack {{.*}} inner_dims_pos = [0] inner_tiles = [4] {{.*}} -> tensor<25x30x4xf32>
// NEON: linalg.pack {{.*}} inner_dims_pos = [0] inner_tiles = [8] {{.*}} -> tensor<13x30x8xf32>
// GIVEN: linalg.pack {{.*}} inner_dims_pos = [0] inner_tiles = [3] {{.*}} -> tensor<34x30x3xf32>
// V4: linalg.pack {{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [32] {{.*}} -> tensor<7x30x32xf32>
// V3: linalg.pack {{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [16] {{.*}} -> tensor<13x30x16xf32>
// V2: linalg.pack {{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [8] {{.*}} -> tensor<25x30x8xf32>
// NEON: linalg.pack {{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [8] {{.*}} -> tensor<25x30x8xf32>
// GIVEN: linalg.pack {{.*}} outer_dims_perm = [1, 0] inner_dims_pos = [1] inner_tiles = [5] {{.*}} -> tensor<40x30x5xf32>
// Zeros need no packing.
// CHECK: linalg.fill
// CHECK: linalg.generic {{.*}} attrs = {lh.packed}
// CHECK: linalg.unpack

func.func @f64(%a: tensor<?x?xf64>, %b: tensor<?x?xf64>, %out: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf64>, tensor<?x?xf64>) outs(%out : tensor<?x?xf64>) -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

// CHECK-LABEL: @f64
// V4: linalg.pack {{.*}} inner_tiles = [8, 16] {{.*}} -> tensor<?x?x8x16xf64>
// V3: linalg.pack {{.*}} inner_tiles = [4, 8] {{.*}} -> tensor<?x?x4x8xf64>
// V2: linalg.pack {{.*}} inner_tiles = [4, 4] {{.*}} -> tensor<?x?x4x4xf64>

func.func @batch(%a: tensor<2x9x7xf32>, %b: tensor<2x7x11xf32>, %out: tensor<2x9x11xf32>) -> tensor<2x9x11xf32> {
  %0 = linalg.batch_matmul ins(%a, %b : tensor<2x9x7xf32>, tensor<2x7x11xf32>) outs(%out : tensor<2x9x11xf32>) -> tensor<2x9x11xf32>
  return %0 : tensor<2x9x11xf32>
}

// CHECK-LABEL: @batch
// CHECK: linalg.pack {{.*}} inner_dims_pos = [1]
// CHECK: linalg.pack {{.*}} outer_dims_perm = [0, 2, 1] inner_dims_pos = [2]
// CHECK: linalg.generic {{.*}} attrs = {lh.packed}
