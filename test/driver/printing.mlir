// RUN: lh-opt "%s" -I "%S/Inputs" --stage=canonicalize --stage=annotate.mlir --print-ir-before=annotate.mlir -o "%t.out" 2>&1 | FileCheck "%s" --check-prefix=BEFORE
// RUN: lh-opt "%s" -I "%S/Inputs" --stage=canonicalize --stage=annotate.mlir --print-ir-after=annotate.mlir -o "%t.out" 2>&1 | FileCheck "%s" --check-prefix=AFTER
// RUN: lh-opt "%s" -I "%S/Inputs" --stage=canonicalize --stage=annotate.mlir --print-ir-after-all -o "%t.out" 2>&1 | FileCheck "%s" --check-prefixes=ALL,AFTER
// RUN: not lh-opt "%s" -I "%S/Inputs" --stage=canonicalize --print-ir-after=canonicalise -o "%t.out" 2>&1 | FileCheck "%s" --check-prefix=ERROR
// RUN: lh-opt "%s" --stage=canonicalize --mlir-print-debuginfo | FileCheck "%s" --check-prefix=LOC
// RUN: lh-opt "%s" --stage=canonicalize --timing -o "%t.out" 2>&1 | FileCheck "%s" --check-prefix=TIMING

func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// BEFORE:     // -----// IR Dump Before annotate.mlir //----- //
// BEFORE-NOT: seen
// ALL:        // -----// IR Dump After canonicalize //----- //
// AFTER:      // -----// IR Dump After annotate.mlir //----- //
// AFTER:      {seen}
// ERROR:      error: no step 'canonicalise' to print; did you mean 'canonicalize'?
// LOC:        #loc = loc("{{.*}}printing.mlir":
// TIMING:     seconds
// TIMING:     stage 'canonicalize'
// TIMING:     total
