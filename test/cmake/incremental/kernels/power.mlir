func.func @power(%x: i32) -> i32 {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = arith.constant 4 : index
  %one = arith.constant 1 : i32
  %product = scf.for %i = %c0 to %n step %c1 iter_args(%p = %one) -> (i32) {
    %t = arith.muli %p, %x : i32
    scf.yield %t : i32
  }
  return %product : i32
}
