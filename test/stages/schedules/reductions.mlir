// Reductions along rows become partial results in vectors; those along columns many columns at a time.

// RUN: lh-opt "%s" --stage='split_reductions.py{length=8}' | FileCheck "%s" --check-prefix=SPLIT
// RUN: lh-opt "%s" --stage='split_reductions.py{length=8}' --stage='vectorize.py{length=8}' --stage=hoist.py | FileCheck "%s" --check-prefix=VECTOR
// RUN: lh-opt "%s" --stage='reduce_columns.py{length=8}' --stage=hoist.py | FileCheck "%s" --check-prefix=COLUMNS

func.func @sum(%a: tensor<?x?xf32>, %out: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.reduce { arith.addf } ins(%a : tensor<?x?xf32>) outs(%out : tensor<?xf32>) dimensions = [1]
  return %0 : tensor<?xf32>
}

// SPLIT-LABEL: @sum
// SPLIT: scf.for {{.*}} step %c1
// SPLIT: linalg.fill {{.*}} tensor<1x8xf32>
// SPLIT: scf.for {{.*}} step %c8
// SPLIT: iterator_types = ["parallel", "parallel"]
// SPLIT: linalg.reduce {{.*}} tensor<1x8xf32>

// VECTOR-LABEL: @sum
// VECTOR: scf.for {{.*}} step %c8 iter_args({{.*}}) -> (vector<8xf32>)
// VECTOR: arith.addf {{.*}} : vector<8xf32>
// VECTOR-NOT: linalg.reduce
// VECTOR: vector.multi_reduction <add>
// VECTOR-NOT: linalg
// VECTOR: return

func.func @vecmat(%x: tensor<?xf32>, %a: tensor<?x?xf32>, %out: tensor<?xf32>) -> tensor<?xf32> {
  %0 = linalg.vecmat ins(%x, %a : tensor<?xf32>, tensor<?x?xf32>) outs(%out : tensor<?xf32>) -> tensor<?xf32>
  return %0 : tensor<?xf32>
}

// COLUMNS-LABEL: @vecmat
// COLUMNS: scf.for {{.*}} step %c8
// COLUMNS: scf.for {{.*}} step %c1 iter_args({{.*}}) -> (vector<8xf32>)
// COLUMNS: vector.contract {{.*}} into vector<8xf32>
// COLUMNS: vector.create_mask
// COLUMNS: vector.contract
// COLUMNS-NOT: linalg
