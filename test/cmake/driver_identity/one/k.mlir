func.func @twice(%a: i64) -> i64 {
  %b = arith.addi %a, %a : i64
  return %b : i64
}
