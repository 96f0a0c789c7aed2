func.func @c(%x: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %step = arith.constant 3 : i32
  %sum = scf.for %i = %c0 to %c4 step %c1 iter_args(%s = %x) -> (i32) {
    %t = arith.addi %s, %step : i32
    scf.yield %t : i32
  }
  return %sum : i32
}
