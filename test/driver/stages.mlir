// Every kind of stage, by itself and with the others.

// RUN: lh-opt "%s" --stage=canonicalize | FileCheck "%s" --check-prefix=PASS
// RUN: lh-opt "%s" --stage='func.func(canonicalize{max-iterations=3},cse)' | FileCheck "%s" --check-prefix=PASS
// RUN: lh-opt - --stage=canonicalize < "%s" | FileCheck "%s" --check-prefix=PASS
// RUN: lh-opt "%s" --stage="%S/Inputs/annotate.mlir" | FileCheck "%s" --check-prefix=SCHEDULE
// RUN: lh-opt "%s" --stage='%S/Inputs/annotate.mlir[only]' | FileCheck "%s" --check-prefix=SCHEDULE
// RUN: lh-opt "%s" --stage='%S/Inputs/annotate.mlir[@only]' | FileCheck "%s" --check-prefix=SCHEDULE
// RUN: lh-opt "%s" --stage="%S/Inputs/tile.py" | FileCheck "%s" --check-prefix=TILE4
// RUN: lh-opt "%s" --stage='%S/Inputs/tile.py{sizes=[2,2]}' | FileCheck "%s" --check-prefix=TILE2
// RUN: lh-opt "%s" --stage='%S/Inputs/tile.py[create_schedule]{sizes=(2, 2)}' | FileCheck "%s" --check-prefix=TILE2
// RUN: lh-opt "%s" --stage='%S/Inputs/tile.py[annotate,second]{name=x}' | FileCheck "%s" --check-prefix=SECOND
// RUN: lh-opt "%s" --stage='%S/Inputs/tile.py[gen=annotate,seq=first]{name="x"}' | FileCheck "%s" --check-prefix=FIRST
// RUN: lh-opt "%s" -I "%S/Inputs" --stage=tile.py --stage=annotate.mlir --stage=canonicalize | FileCheck "%s" --check-prefixes=TILE4,SCHEDULE

func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %unused = arith.constant 1.0 : f32
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// PASS-LABEL: func.func @mm
// PASS-NOT:     arith.constant
// PASS:         linalg.matmul

// TILE4:        %[[STEP:.*]] = arith.constant 4 : index
// TILE4:        scf.for {{.*}} step %[[STEP]]
// TILE2:        %[[STEP:.*]] = arith.constant 2 : index
// TILE2:        scf.for {{.*}} step %[[STEP]]

// SCHEDULE:     linalg.matmul {seen}
// FIRST:        linalg.matmul {x_first}
// SECOND:       linalg.matmul {x_second}
