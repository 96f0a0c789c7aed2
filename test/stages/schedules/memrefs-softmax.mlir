// A softmax on memrefs has no loops; the remark that says what to do comes with the error.

// RUN: not lh-opt "%s" --stage=scalar-lowering.yaml --emit=llvmir -o "%t" 2>&1 | FileCheck "%s"

// CHECK: memrefs-softmax.mlir:10:3: remark: this is on memrefs and left as it is: only operations on tensors are decomposed; write it on tensors
// CHECK: error: the payload is not lowered to the LLVM dialect: {{.*}}'linalg.softmax' left over

func.func @softmax(%a: memref<16x8xf32>, %b: memref<16x8xf32>) {
  // The next line is line 10.
  linalg.softmax dimension(1) ins(%a : memref<16x8xf32>) outs(%b : memref<16x8xf32>)
  return
}
