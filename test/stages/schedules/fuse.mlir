// Fusion: the last operation is tiled, what it depends on is computed in its loops; by name, another one is chosen.

// RUN: lh-opt "%s" --stage='fuse.py{sizes=[8]}' | FileCheck "%s"
// RUN: lh-opt "%s" --stage='fuse.py{sizes=[8,16] interchange=[1,0]}' | FileCheck "%s" --check-prefix=ORDER
// RUN: lh-opt "%s" --stage='fuse.py{sizes=[8,16] forall}' | FileCheck "%s" --check-prefix=FORALL
// RUN: lh-opt "%s" --stage='fuse.py{sizes=[8] ops=[linalg.mul]}' | FileCheck "%s" --check-prefix=NAMED

func.func @chain(%a: tensor<?x64xf32>, %b: tensor<?x64xf32>, %out: tensor<?x64xf32>) -> tensor<?x64xf32> {
  %0 = linalg.add ins(%a, %b : tensor<?x64xf32>, tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
  %1 = linalg.mul ins(%0, %b : tensor<?x64xf32>, tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
  %2 = linalg.exp ins(%1 : tensor<?x64xf32>) outs(%out : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %2 : tensor<?x64xf32>
}

// CHECK-LABEL: @chain
// CHECK-NOT: linalg
// CHECK: scf.for {{.*}} step %c8
// CHECK: linalg.add {{.*}} tensor<?x64xf32>
// CHECK: linalg.mul
// CHECK: linalg.exp
// CHECK-NOT: linalg
// CHECK: return

// ORDER: scf.for {{.*}} to %c64 step %c16
// ORDER: scf.for {{.*}} step %c8
// ORDER: linalg.add {{.*}} tensor<?x16xf32>

// FORALL: scf.forall
// FORALL: linalg.add {{.*}} tensor<?x16xf32>
// FORALL: linalg.exp

// NAMED: scf.for
// NAMED: linalg.add
// NAMED: linalg.mul
// NAMED: scf.yield
// NAMED: }
// NAMED: linalg.exp
