// Operations on memrefs, which schedules for tensors leave as they are, and say so. Beside one on tensors.

// RUN: lh-opt "%s" --stage=matmul.yaml -o "%t" 2>&1 | FileCheck "%s" --check-prefix=MATMUL
// RUN: FileCheck "%s" --input-file="%t"
// RUN: lh-opt "%s" --stage=matvec.yaml -o "%t" 2>&1 | FileCheck "%s" --check-prefix=MATVEC
// RUN: FileCheck "%s" --input-file="%t"
// RUN: lh-opt "%s" --stage=batch-matmul.yaml -o "%t" 2>&1 | FileCheck "%s" --check-prefix=MATMUL
// RUN: lh-opt "%s" --stage=convolution.yaml -o "%t" 2>&1 | FileCheck "%s" --check-prefix=CONVOLUTION
// RUN: lh-opt "%s" --stage=reduction.yaml -o "%t" 2>&1 | FileCheck "%s" --check-prefixes=REDUCTION
// RUN: lh-opt "%s" '--stage=fuse.py{sizes=[8,8] ops=[linalg.matmul]}' -o "%t" 2>&1 | FileCheck "%s" --check-prefix=FUSE

// MATMUL: remark: this is on memrefs and left as it is: only operations on tensors are blocked and vectorized, others become plain loops; write it on tensors
// MATMUL-NEXT: linalg.matmul ins({{.*}} : memref<
// MATMUL-NOT: remark: this
// MATVEC: remark: this is on memrefs and left as it is: only operations on tensors are blocked and vectorized
// MATVEC-NEXT: linalg.matvec
// MATVEC: this is on memrefs
// MATVEC-NEXT: linalg.matmul ins({{.*}} : memref<
// CONVOLUTION: remark: this is on memrefs and left as it is: only operations on tensors are blocked and vectorized
// CONVOLUTION-NEXT: linalg.conv_2d_nhwc_hwcf
// CONVOLUTION-NOT: on memrefs
// REDUCTION: remark: this is on memrefs and left as it is: only operations on tensors are blocked and vectorized
// REDUCTION-NEXT: linalg.matvec
// FUSE: remark: this is on memrefs and left as it is: only operations on tensors are fused; tile.py takes others
// FUSE-NEXT: linalg.matmul ins({{.*}} : memref<
// FUSE-NOT: remark: this

// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}
// CHECK-LABEL: llvm.func @on_tensors
// CHECK-LABEL: llvm.func @matmul
// CHECK-NOT: vector<
// CHECK: llvm.fmul
// CHECK-LABEL: llvm.func @matvec
// CHECK-NOT: {{ (func|arith|math|memref|vector|scf|cf|linalg|tensor|bufferization)\.}}

func.func @on_tensors(%a: tensor<16x8xf32>, %b: tensor<8x16xf32>, %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<16x8xf32>, tensor<8x16xf32>) outs(%c : tensor<16x16xf32>) -> tensor<16x16xf32>
  return %0 : tensor<16x16xf32>
}

func.func @matmul(%a: memref<16x8xf32>, %b: memref<8x16xf32>, %c: memref<16x16xf32>) {
  linalg.matmul ins(%a, %b : memref<16x8xf32>, memref<8x16xf32>) outs(%c : memref<16x16xf32>)
  return
}

func.func @matvec(%a: memref<16x8xf32>, %b: memref<8xf32>, %c: memref<16xf32>) {
  linalg.matvec ins(%a, %b : memref<16x8xf32>, memref<8xf32>) outs(%c : memref<16xf32>)
  return
}

func.func @convolution(%a: memref<1x8x8x4xf32>, %b: memref<3x3x4x8xf32>, %c: memref<1x6x6x8xf32>) {
  linalg.conv_2d_nhwc_hwcf ins(%a, %b : memref<1x8x8x4xf32>, memref<3x3x4x8xf32>) outs(%c : memref<1x6x6x8xf32>)
  return
}
