// RUN: lh-opt "%s" --stage="%S/Inputs/outer.yaml" | FileCheck "%s"
// RUN: lh-opt "%s" --stage='%S/Inputs/outer.yaml{t=4}' | FileCheck "%s" --check-prefix=FOUR
// RUN: lh-opt "%s" --stage='%S/Inputs/outer.yaml {tile=4}' | FileCheck "%s" --check-prefix=FOUR

// An entry of a pipeline is never looked for in the working directory.
// RUN: rm -rf "%t" && mkdir "%t" && echo "module {}" > "%t/annotate.mlir"
// RUN: cd "%t" && lh-opt "%s" --stage="%S/Inputs/outer.yaml" | FileCheck "%s"
// Nor is a pass ever a file.
// RUN: mkdir "%t/canonicalize" && cd "%t" && lh-opt "%s" --stage=canonicalize | FileCheck "%s" --check-prefix=PASS

func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// CHECK: arith.constant 2 : index
// CHECK: linalg.matmul {seen}
// FOUR:  arith.constant 4 : index
// PASS:  linalg.matmul
