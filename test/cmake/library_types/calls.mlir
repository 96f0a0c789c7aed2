func.func private @external(i32) -> i32
func.func @calls(%x: f64) -> f64 {
  %i = arith.fptosi %x : f64 to i32
  %e = func.call @external(%i) : (i32) -> i32
  %f = arith.sitofp %e : i32 to f64
  %r = math.sin %f : f64
  return %r : f64
}
