// RUN: lh-opt "%s" | FileCheck "%s"
// CHECK: func.func @g
func.func @g() { return }
