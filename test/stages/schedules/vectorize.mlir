// Vectorizing: rows in vectors without masks, what is left of them under one; operations of given sizes; what cannot be
// vectorized stays.

// RUN: lh-opt "%s" --stage='vectorize.py{length=8}' | FileCheck "%s"
// RUN: lh-opt "%s" --stage='vectorize.py{length=8 peel=false}' | FileCheck "%s" --check-prefix=MASKED
// RUN: lh-opt "%s" --stage=vectorize.py --target-triple=x86_64-linux-gnu --cpu=x86-64-v4 | FileCheck "%s" --check-prefix=V4
// RUN: lh-opt "%s" --stage=vectorize.py --target-triple=x86_64-linux-gnu --cpu=x86-64-v3 | FileCheck "%s" --check-prefix=V3
// RUN: lh-opt "%s" --stage='vectorize.py{ops=[linalg.matmul] sizes=[8,8,4]}' | FileCheck "%s" --check-prefix=SIZES
// RUN: not lh-opt "%s" --stage='vectorize.py{sizes=[8]}' 2>&1 | FileCheck "%s" --check-prefix=WHAT

// WHAT: error: {{.*}}ValueError: sizes are for certain operations; name them, as in ops=[linalg.matmul]

func.func @add(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.add ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: @add
// CHECK: scf.for {{.*}} step %c1
// CHECK: scf.for {{.*}} step %c8
// CHECK-NOT: mask
// CHECK: arith.addf {{.*}} : vector<8xf32>
// CHECK: scf.yield
// CHECK: vector.create_mask
// CHECK: vector.transfer_read {{.*}}, %{{.*}}, %{{.*}} {{.*}} vector<8xf32>
// CHECK: arith.addf {{.*}} : vector<8xf32>
// CHECK-NOT: linalg.add

// MASKED-LABEL: @add
// MASKED: scf.for {{.*}} step %c8
// MASKED: vector.create_mask
// MASKED: arith.addf {{.*}} : vector<8xf32>
// MASKED-NOT: scf.for
// MASKED: return

// V4: arith.addf {{.*}} : vector<32xf32>
// V3: arith.addf {{.*}} : vector<16xf32>

func.func @matmul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// CHECK-LABEL: @matmul
// CHECK: linalg.matmul

// SIZES-LABEL: @matmul
// SIZES: vector.create_mask {{.*}} : vector<8x8x4xi1>
// SIZES: vector.mask {{.*}} vector.contract

// There are no vectors of complex numbers.
func.func @complex(%a: tensor<?xcomplex<f32>>, %out: tensor<?xcomplex<f32>>) -> tensor<?xcomplex<f32>> {
  %0 = linalg.copy ins(%a : tensor<?xcomplex<f32>>) outs(%out : tensor<?xcomplex<f32>>) -> tensor<?xcomplex<f32>>
  return %0 : tensor<?xcomplex<f32>>
}

// CHECK-LABEL: @complex
// CHECK: linalg.copy
