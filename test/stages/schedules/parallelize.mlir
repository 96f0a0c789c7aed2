// Results are computed in parts, which OpenMP runs in threads.

// RUN: lh-opt "%s" --stage='parallelize.py{size=16}' | FileCheck "%s"
// RUN: lh-opt "%s" --stage='parallelize.py{size=16}' --stage=bufferize.yaml --stage=parallel-to-openmp.yaml | FileCheck "%s" --check-prefix=OPENMP
// RUN: lh-opt "%s" --stage='parallelize.py{size=16}' --stage=bufferize.yaml --stage=parallel-to-openmp.yaml --stage=lower-to-llvm.yaml --emit=llvmir | FileCheck "%s" --check-prefix=LLVM
// RUN: not lh-opt "%s" --stage='parallelize.py{size=0}' 2>&1 | FileCheck "%s" --check-prefix=ZERO

// ZERO: error: {{.*}}ValueError: size are integers, 1 or greater

func.func @row_products(%a: tensor<64x32xf32>, %b: tensor<64x32xf32>) -> tensor<64xf32> {
  %zero = arith.constant 0.0 : f32
  %products = tensor.empty() : tensor<64x32xf32>
  %sums = tensor.empty() : tensor<64xf32>
  %0 = linalg.mul ins(%a, %b : tensor<64x32xf32>, tensor<64x32xf32>) outs(%products : tensor<64x32xf32>) -> tensor<64x32xf32>
  %1 = linalg.fill ins(%zero : f32) outs(%sums : tensor<64xf32>) -> tensor<64xf32>
  %2 = linalg.reduce { arith.addf } ins(%0 : tensor<64x32xf32>) outs(%1 : tensor<64xf32>) dimensions = [1]
  return %2 : tensor<64xf32>
}

// CHECK-LABEL: @row_products
// CHECK: scf.forall ({{.*}}) = (0) to (64) step (16)
// CHECK: linalg.mul {{.*}} tensor<16x32xf32>
// CHECK: linalg.reduce
// CHECK: tensor.parallel_insert_slice

// OPENMP-LABEL: @row_products
// OPENMP: omp.parallel
// OPENMP: omp.wsloop
// OPENMP: omp.loop_nest
// OPENMP-NOT: scf.forall

// LLVM: __kmpc_fork_call
