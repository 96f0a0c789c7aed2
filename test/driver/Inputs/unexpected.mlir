// An error, and another one expected.
func.func @invalid() -> f32 {
  // expected-error@+1 {{something else}}
  return
}
