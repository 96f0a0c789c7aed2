// All of a pipeline's schedules are text, but for the one that does not verify.
// RUN: lh-opt --stage=x86_64/matmul/f32.yaml --emit=stage -o "%t.stage.mlir" 2>&1 | FileCheck "%s" --check-prefix=REMARK
// RUN: FileCheck "%s" --check-prefix=STAGE --input-file="%t.stage.mlir"
// RUN: lh-opt "%s" --stage="%t.stage.mlir" | FileCheck "%s"
// RUN: lh-opt "%s" --stage=x86_64/matmul/f32.yaml | FileCheck "%s"
// RUN: lh-opt "%s" --stage=scalar-lowering.yaml | FileCheck "%s" --check-prefix=SCALAR

// REMARK: pack-and-tile.yaml:7:15: remark: the schedule 'pack_lowering.py[lower_packs_unpacks]' does not verify
// STAGE:     "requires": ["lighthouse.dialects"]
// STAGE:     "python", "name": "pack_lowering.py[lower_packs_unpacks]"
// STAGE-NOT: "python"
// STAGE:     module attributes {lh.stage}
// STAGE:     "transform_ext.get_fusion_roots"

// CHECK-LABEL: llvm.func @matmul
// CHECK-NOT:   linalg
// CHECK:       llvm.intr.fmuladd({{.*}}vector<{{[0-9]+}}xf32>

// SCALAR-LABEL: llvm.func @matmul
// SCALAR:       llvm.fmul
func.func @matmul(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<64x64xf32>
  %c = linalg.fill ins(%zero : f32) outs(%empty : tensor<64x64xf32>) -> tensor<64x64xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<64x64xf32>, tensor<64x64xf32>) outs(%c : tensor<64x64xf32>) -> tensor<64x64xf32>
  return %0 : tensor<64x64xf32>
}
