func.func @two(%x: i32) -> i32 {
  %c = arith.constant 2 : i32
  %r = arith.addi %x, %c : i32
  return %r : i32
}
