// Small models, down to EmitC. Results are written to memrefs, as the driver arranges it for --emit=cpp.

// RUN: lh-opt "%s" --stage=tosa-to-emitc.yaml | FileCheck "%s" --check-prefix=EMITC
// RUN: lh-opt "%s" --stage=tosa-to-linalg.yaml --stage=lower-to-emitc.yaml | FileCheck "%s" --check-prefix=EMITC
// RUN: lh-opt "%s" --stage=tosa-to-linalg.yaml --stage=bufferize.yaml --stage=linalg-to-loops.yaml \
// RUN:   --stage='legalize_for_emitc.py[stage=LegalizeForEmitC]{stack_bytes=64}' | FileCheck "%s" --check-prefix=LEGAL

// EMITC-NOT: {{(tosa|linalg|tensor|memref|scf|arith|math)\.}}
// EMITC: emitc.global static const @__constant_1x2x6xf32 : !emitc.array<1x2x6xf32>
// EMITC: emitc.func @dense(
// EMITC-NOT: {{(tosa|linalg|tensor|memref|scf|arith|math)\.}}
// EMITC: call @expf
// EMITC: emitc.func @mean(
// EMITC-NOT: {{(tosa|linalg|tensor|memref|scf|arith|math)\.}}
// EMITC: return

// A constant without alignment; a buffer of 96 bytes stays on the heap, one of 24 does not.
// LEGAL: memref.global "private" constant @__constant_1x2x6xf32
// LEGAL-NOT: alignment
// LEGAL: func.func @dense
// LEGAL: memref.alloc() : memref<1x4x6xf32>
// LEGAL: memref.dealloc
// LEGAL-NOT: arith.{{max|min}}
// LEGAL: func.func @mean
// LEGAL: memref.alloca() : memref<6xf32>
// LEGAL-NOT: memref.dealloc
// LEGAL: return
func.func @dense(%a: tensor<1x4x2xf32>, %c: tensor<1x1x6xf32>, %r: memref<1x4x6xf32>) {
  %b = "tosa.const"() <{values = dense<[[[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.5, 0.25, 0.0, -0.25, -0.5, 0.125]]]> : tensor<1x2x6xf32>}> : () -> tensor<1x2x6xf32>
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %a, %b, %zero, %zero : (tensor<1x4x2xf32>, tensor<1x2x6xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x6xf32>
  %1 = tosa.add %0, %c : (tensor<1x4x6xf32>, tensor<1x1x6xf32>) -> tensor<1x4x6xf32>
  %2 = tosa.clamp %1 {max_val = 6.0 : f32, min_val = 0.0 : f32} : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %3 = tosa.sigmoid %2 : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %4 = tosa.exp %3 : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  bufferization.materialize_in_destination %4 in restrict writable %r : (tensor<1x4x6xf32>, memref<1x4x6xf32>) -> ()
  return
}

func.func @mean(%x: tensor<4x6xf32>, %r: memref<6xf32>) {
  %sum = tosa.reduce_sum %x {axis = 0 : i32} : (tensor<4x6xf32>) -> tensor<1x6xf32>
  %shape = tosa.const_shape {values = dense<[6]> : tensor<1xindex>} : () -> !tosa.shape<1>
  %0 = tosa.reshape %sum, %shape : (tensor<1x6xf32>, !tosa.shape<1>) -> tensor<6xf32>
  %1 = tosa.exp %0 : (tensor<6xf32>) -> tensor<6xf32>
  bufferization.materialize_in_destination %1 in restrict writable %r : (tensor<6xf32>, memref<6xf32>) -> ()
  return
}
