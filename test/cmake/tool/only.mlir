// A type and an operation of the test dialect, which the tool has and the bindings have not.
func.func @f(%x: !test.i32) -> i32 {
  %a = arith.constant 1 : i32
  %b = arith.addi %a, %a : i32
  "test.op_with_i32"(%x) : (!test.i32) -> ()
  return %b : i32
}
