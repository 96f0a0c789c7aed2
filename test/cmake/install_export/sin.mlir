func.func @sine(%x: f64) -> f64 {
  %y = math.sin %x : f64
  return %y : f64
}
