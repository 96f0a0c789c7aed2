// A resolved stage is text that can be read, and applies as its specs do.

// RUN: lh-opt --emit=stage -I "%S/Inputs" --stage=canonicalize --stage=tile.py --stage='tile.py[annotate,first]' -o "%t.stage.mlir"
// RUN: FileCheck "%s" --check-prefix=STAGE < "%t.stage.mlir"
// RUN: lh-opt "%s" --stage="%t.stage.mlir" -o "%t.resolved"
// RUN: lh-opt "%s" -I "%S/Inputs" --stage=canonicalize --stage=tile.py --stage='tile.py[annotate,first]' -o "%t.direct"
// RUN: diff "%t.direct" "%t.resolved"

// Resolved stages make up further ones; entries are numbered anew.
// RUN: lh-opt --emit=stage --stage=cse --stage="%t.stage.mlir" --stage="%t.stage.mlir" | FileCheck "%s" --check-prefix=AGAIN

// Locations, options and paths are not in it.
// RUN: not grep -e loc -e Inputs "%t.stage.mlir"

func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}

// STAGE:      // lighthouse-stage: {"format": 1, "requires": [], "steps": [{"kind": "passes", "name": "canonicalize"}, {"kind": "schedule", "name": "tile.py"}, {"kind": "schedule", "name": "tile.py[annotate,seq=first]"}]}
// STAGE-NEXT: module attributes {lh.stage} {
// STAGE:        module @step0 attributes {lh.pass_pipeline = "builtin.module(canonicalize)"}
// STAGE:        module @step1 attributes {transform.with_named_sequence}
// STAGE:          transform.named_sequence @__transform_main
// STAGE:          transform.named_sequence @__lh_step1(%{{.*}}: !transform.any_op {transform.readonly})
// STAGE:            transform.include @__transform_main failures(propagate)
// STAGE:        module @step2
// STAGE:            transform.include @first failures(propagate)

// AGAIN: @__lh_step2
// AGAIN: @__lh_step3
// AGAIN: @__lh_step5
// AGAIN: @__lh_step6
