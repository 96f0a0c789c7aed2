// CHECK: arith.constant 4
func.func @three() -> i32 {
  %c = arith.constant 3 : i32
  return %c : i32
}
