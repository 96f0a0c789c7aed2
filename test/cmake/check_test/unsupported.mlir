// CHECK: llvm.func
func.func @f() {
  "foo.bar"() : () -> ()
  return
}
