// BASELINE: attributes {is_baseline}
// V3:       attributes {is_v3}
// PYTHON:   func.func @renamed
func.func @f() {
  return
}
