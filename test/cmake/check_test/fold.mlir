// CHECK-LABEL: func.func @three
// CHECK-NEXT:    %[[THREE:.*]] = arith.constant 3
// CHECK-NEXT:    return %[[THREE]]

// AARCH64: mov w0, #3
func.func @three() -> i32 {
  %a = arith.constant 1 : i32
  %b = arith.constant 2 : i32
  %c = arith.addi %a, %b : i32
  return %c : i32
}
