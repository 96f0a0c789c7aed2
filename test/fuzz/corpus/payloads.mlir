// Payloads that mutations start from, one between two separators.

func.func @matmul(%a: tensor<16x32xf32>, %b: tensor<32x16xf32>, %c: tensor<16x16xf32>) -> tensor<16x16xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<16x32xf32>, tensor<32x16xf32>) outs(%c : tensor<16x16xf32>) -> tensor<16x16xf32>
  return %0 : tensor<16x16xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @bias(%a: tensor<8x16xf32>, %b: tensor<8xf32>) -> tensor<8x16xf32> {
  %e = tensor.empty() : tensor<8x16xf32>
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : tensor<8x16xf32>, tensor<8xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%x: f32, %y: f32, %z: f32):
    %s = arith.addf %x, %y : f32
    linalg.yield %s : f32
  } -> tensor<8x16xf32>
  return %0 : tensor<8x16xf32>
}

// -----

func.func @loop(%m: memref<?xf32>, %n: index) -> f32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%acc = %zero) -> (f32) {
    %v = memref.load %m[%i] : memref<?xf32>
    %s = arith.addf %acc, %v : f32
    scf.yield %s : f32
  }
  return %r : f32
}

// -----

module attributes {a.note = "nested"} {
  memref.global "private" constant @table : memref<4xi32> = dense<[1, 2, 3, 4]>
  func.func private @callee(i32) -> i32
  func.func @branches(%a: i32, %p: i1) -> i32 {
    cf.cond_br %p, ^one(%a : i32), ^two
  ^one(%x: i32):
    %y = func.call @callee(%x) : (i32) -> i32
    cf.br ^end(%y : i32)
  ^two:
    %t = memref.get_global @table : memref<4xi32>
    %c2 = arith.constant 2 : index
    %z = memref.load %t[%c2] : memref<4xi32>
    cf.br ^end(%z : i32)
  ^end(%e: i32):
    return %e : i32
  }
}

// -----

llvm.func @native(%a: i64, %p: !llvm.ptr) -> i64 {
  %0 = llvm.mlir.constant(3 : i64) : i64
  %1 = llvm.mul %a, %0 : i64
  llvm.store %1, %p : i64, !llvm.ptr
  llvm.return %1 : i64
}

// -----

func.func @vectors(%a: memref<8x8xf32>, %v: vector<4xf32>) {
  %c0 = arith.constant 0 : index
  %pad = arith.constant 0.0 : f32
  %0 = vector.transfer_read %a[%c0, %c0], %pad {in_bounds = [true]} : memref<8x8xf32>, vector<4xf32>
  %1 = arith.mulf %0, %v : vector<4xf32>
  vector.transfer_write %1, %a[%c0, %c0] {in_bounds = [true]} : vector<4xf32>, memref<8x8xf32>
  return
}
