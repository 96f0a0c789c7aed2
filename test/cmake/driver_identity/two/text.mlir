func.func @same(%a: i64) -> i64 {
  return %a : i64
}
