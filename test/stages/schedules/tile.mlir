// Tiling: loops in the order asked for, tiles of static size in the loops that are peeled, unrolled bodies, forall.

// RUN: lh-opt "%s" --stage='tile.py{sizes=[8,16]}' | FileCheck "%s" --check-prefixes=CHECK,TILE
// RUN: lh-opt "%s" --stage='tile.py{sizes=[8,16] interchange=[1,0]}' | FileCheck "%s" --check-prefix=ORDER
// RUN: lh-opt "%s" --stage='tile.py{sizes=[0,16] ops=[linalg.mul] peel}' | FileCheck "%s" --check-prefix=PEEL
// RUN: lh-opt "%s" --stage='tile.py{sizes=[0,16] ops=[linalg.add] unroll=2}' | FileCheck "%s" --check-prefix=UNROLL
// RUN: lh-opt "%s" --stage='tile.py{sizes=[8,16] forall}' | FileCheck "%s" --check-prefix=FORALL
// RUN: not lh-opt "%s" --stage='tile.py{sizes=[0,0]}' 2>&1 | FileCheck "%s" --check-prefix=NOTHING
// RUN: not lh-opt "%s" --stage='tile.py{sizes=[8] forall peel}' 2>&1 | FileCheck "%s" --check-prefix=TOGETHER
// RUN: not lh-opt "%s" --stage='tile.py{sizes=[-8]}' 2>&1 | FileCheck "%s" --check-prefix=NEGATIVE

// NOTHING: error: {{.*}}ValueError: sizes=[0, 0] tile nothing
// TOGETHER: error: {{.*}}ValueError: interchange, peel and unroll are for scf.for loops, not for forall
// NEGATIVE: error: {{.*}}ValueError: sizes are integers, 0 or greater, not [-8]

func.func @add(%a: tensor<32x64xf32>, %b: tensor<32x64xf32>, %out: tensor<32x64xf32>) -> tensor<32x64xf32> {
  %0 = linalg.add ins(%a, %b : tensor<32x64xf32>, tensor<32x64xf32>) outs(%out : tensor<32x64xf32>) -> tensor<32x64xf32>
  return %0 : tensor<32x64xf32>
}

// TILE-LABEL: @add
// TILE: scf.for {{.*}} to %c32 step %c8
// TILE: scf.for {{.*}} to %c64 step %c16
// TILE: linalg.add {{.*}} tensor<8x16xf32>

// ORDER-LABEL: @add
// ORDER: scf.for {{.*}} to %c64 step %c16
// ORDER: scf.for {{.*}} to %c32 step %c8

// UNROLL-LABEL: @add
// UNROLL: scf.for {{.*}} step %c32
// UNROLL-COUNT-2: linalg.add {{.*}} tensor<32x16xf32>

// FORALL-LABEL: @add
// FORALL-NOT: scf.for %
// FORALL: scf.forall ({{.*}}) in (4, 4)
// FORALL: linalg.add {{.*}} tensor<8x16xf32>
// FORALL: tensor.parallel_insert_slice

func.func @mul(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %out: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.mul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%out : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// PEEL-LABEL: @mul
// PEEL: scf.for {{.*}} step %c16
// PEEL: linalg.mul {{.*}} tensor<?x16xf32>
// PEEL: scf.for {{.*}} step %c16
// PEEL: linalg.mul {{.*}} tensor<?x?xf32>

// With fewer iterators than sizes, not tiled unless named.
func.func @vector(%a: tensor<64xf32>, %out: tensor<64xf32>) -> tensor<64xf32> {
  %0 = linalg.exp ins(%a : tensor<64xf32>) outs(%out : tensor<64xf32>) -> tensor<64xf32>
  return %0 : tensor<64xf32>
}

// CHECK-LABEL: @vector
// CHECK-NOT: scf.for
// CHECK: linalg.exp {{.*}} tensor<64xf32>
