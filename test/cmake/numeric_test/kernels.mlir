// Every way in which a value crosses the C interface: by value, by pointer, as a destination, returned, in place.

func.func @matmul(%a: tensor<8x16xf32>, %b: tensor<16x4xf32>) -> tensor<8x4xf32> {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<8x4xf32>
  %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x4xf32>) -> tensor<8x4xf32>
  %0 = linalg.matmul ins(%a, %b : tensor<8x16xf32>, tensor<16x4xf32>) outs(%init : tensor<8x4xf32>) -> tensor<8x4xf32>
  return %0 : tensor<8x4xf32>
}

func.func @scale(%a: tensor<?x?xf64>, %factor: f64) -> tensor<?x?xf64> {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %m = tensor.dim %a, %zero : tensor<?x?xf64>
  %n = tensor.dim %a, %one : tensor<?x?xf64>
  %empty = tensor.empty(%m, %n) : tensor<?x?xf64>
  %filled = linalg.fill ins(%factor : f64) outs(%empty : tensor<?x?xf64>) -> tensor<?x?xf64>
  %0 = linalg.mul ins(%a, %filled : tensor<?x?xf64>, tensor<?x?xf64>) outs(%empty : tensor<?x?xf64>) -> tensor<?x?xf64>
  return %0 : tensor<?x?xf64>
}

func.func @add_to(%x: memref<?xi32>, %n: i32, %at: index) -> (i32, i64) {
  %old = memref.load %x[%at] : memref<?xi32>
  %new = arith.addi %old, %n : i32
  memref.store %new, %x[%at] : memref<?xi32>
  %wide = arith.extsi %new : i32 to i64
  return %old, %wide : i32, i64
}

func.func @negate(%b: i1, %x: f32) -> f32 {
  %minus = arith.negf %x : f32
  %0 = arith.select %b, %minus, %x : f32
  return %0 : f32
}

func.func @halve(%x: tensor<6xbf16>, %y: tensor<6xf16>) -> (tensor<6xbf16>, tensor<6xf16>) {
  %half = arith.constant dense<0.5> : tensor<6xbf16>
  %also = arith.constant dense<0.5> : tensor<6xf16>
  %0 = arith.mulf %x, %half : tensor<6xbf16>
  %1 = arith.mulf %y, %also : tensor<6xf16>
  return %0, %1 : tensor<6xbf16>, tensor<6xf16>
}

func.func @root(%x: tensor<5xf64>) -> tensor<5xf64> {
  %0 = math.sqrt %x : tensor<5xf64>
  return %0 : tensor<5xf64>
}

func.func @conjugate(%x: memref<3xcomplex<f32>>, %y: memref<3xcomplex<f32>>) {
  %zero = arith.constant 0 : index
  %one = arith.constant 1 : index
  %three = arith.constant 3 : index
  scf.for %i = %zero to %three step %one {
    %0 = memref.load %x[%i] : memref<3xcomplex<f32>>
    %1 = complex.conj %0 : complex<f32>
    memref.store %1, %y[%i] : memref<3xcomplex<f32>>
  }
  return
}

func.func @update(%x: tensor<4xf32> {bufferization.writable = true}, %v: f32) -> tensor<4xf32> {
  %two = arith.constant 2 : index
  %0 = tensor.insert %v into %x[%two] : tensor<4xf32>
  return %0 : tensor<4xf32>
}

func.func @column(%x: memref<3x2xf32, strided<[4, 1], offset: 2>>) -> f32 {
  %two = arith.constant 2 : index
  %one = arith.constant 1 : index
  %0 = memref.load %x[%two, %one] : memref<3x2xf32, strided<[4, 1], offset: 2>>
  memref.store %0, %x[%one, %one] : memref<3x2xf32, strided<[4, 1], offset: 2>>
  return %0 : f32
}

// What tests must notice: a store past the end, an element that is never written, a crash.

func.func @overrun(%x: memref<4xf32>) {
  %four = arith.constant 4 : index
  %v = arith.constant 1.0 : f32
  memref.store %v, %x[%four] : memref<4xf32>
  return
}

func.func @forgets(%x: memref<2xf32>) -> tensor<2xf32> {
  %0 = bufferization.to_tensor %x restrict : memref<2xf32> to tensor<2xf32>
  %empty = tensor.empty() : tensor<2xf32>
  %zero = arith.constant 0 : index
  %v = tensor.extract %0[%zero] : tensor<2xf32>
  %1 = tensor.insert %v into %empty[%zero] : tensor<2xf32>
  return %1 : tensor<2xf32>
}

func.func @crash(%x: i64) -> i64 {
  %p = llvm.inttoptr %x : i64 to !llvm.ptr
  %0 = llvm.load volatile %p : !llvm.ptr -> i64
  return %0 : i64
}
