// Stage classes, payload-aware generators, target-aware generators.

// RUN: lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Rename]{suffix=_x}' | FileCheck "%s" --check-prefix=RENAME
// RUN: lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Replace]' --stage=canonicalize | FileCheck "%s" --check-prefix=REPLACE
// RUN: lh-opt "%s" --stage='%S/Inputs/steps.py[by_payload]{scale=2}' | FileCheck "%s" --check-prefix=TWO
// RUN: lh-opt "%s" --stage='%S/Inputs/steps.py[by_target]' --cpu=x86-64-v3 --target-triple=x86_64-linux-gnu | FileCheck "%s" --check-prefix=EIGHT
// RUN: lh-opt "%s" --stage='%S/Inputs/steps.py[by_target]' --cpu=x86-64-v4 --target-triple=x86_64-linux-gnu | FileCheck "%s" --check-prefix=SIXTEEN

// They stand in a resolved stage as Python steps, with a digest of their sources; a target-aware generator is resolved.
// RUN: lh-opt --emit=stage --project-root="%S" --stage='%S/Inputs/steps.py[stage=Rename]{suffix=_x}' --stage='%S/Inputs/steps.py[by_payload]{scale=2}' --stage='%S/Inputs/steps.py[by_target]' --cpu=x86-64-v4 --target-triple=x86_64-linux-gnu -o "%t.stage.mlir"
// RUN: FileCheck "%s" --check-prefix=STAGE < "%t.stage.mlir"
// RUN: lh-opt "%s" --stage="%t.stage.mlir" --project-root="%S" --depfile="%t.d" -o "%t.out"
// RUN: FileCheck "%s" --check-prefix=RENAME < "%t.out"
// RUN: FileCheck "%s" --check-prefix=DEPS < "%t.d"

// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Renam]' 2>&1 | FileCheck "%s" --check-prefix=NOCLASS
// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Rename]{sufix=1}' 2>&1 | FileCheck "%s" --check-prefix=NOOPTION
// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Breaks]' 2>&1 | FileCheck "%s" --check-prefix=BREAKS
// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[stage=Raises]' 2>&1 | FileCheck "%s" --check-prefix=RAISES
// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[changes_payload]' 2>&1 | FileCheck "%s" --check-prefix=CHANGES
// RUN: not lh-opt "%s" --stage='%S/Inputs/steps.py[by_target]{target=1}' 2>&1 | FileCheck "%s" --check-prefix=GIVEN

func.func @mm(%a: tensor<32x32xf32>, %b: tensor<32x32xf32>, %c: tensor<32x32xf32>) -> tensor<32x32xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<32x32xf32>, tensor<32x32xf32>) outs(%c : tensor<32x32xf32>) -> tensor<32x32xf32>
  return %0 : tensor<32x32xf32>
}

// RENAME:  func.func @mm_x
// REPLACE: func.func @replaced
// TWO:     %c2 = arith.constant 2 : index
// EIGHT:   %c8 = arith.constant 8 : index
// SIXTEEN: %c16 = arith.constant 16 : index

// STAGE: {"kind": "python", "name": "steps.py[stage=Rename]"}, {"kind": "python", "name": "steps.py[by_payload]"}, {"kind": "schedule", "name": "steps.py[by_target]"}
// STAGE: module @step0 attributes {lh.python = {class = "Rename", digest = "{{[0-9a-f]+}}", file = "Inputs/steps.py", options = "{suffix=_x}"}}
// STAGE: module @step1 attributes {lh.python = {digest = "{{[0-9a-f]+}}", file = "Inputs/steps.py", generator = "by_payload", options = "{scale=2}"
// STAGE: module @step2 attributes {transform.with_named_sequence}
// STAGE: tile_sizes [1, 16]

// DEPS: Inputs/steps.py
// DEPS: Inputs/tile.py

// NOCLASS:  error: no class 'Renam' in {{.*}}steps.py'; did you mean 'Rename'?
// NOOPTION: error: 'Rename' has no option 'sufix'; did you mean 'suffix'?
// BREAKS:   error: stage '{{.*}}Breaks]', step 'steps.py[stage=Breaks]' left invalid IR
// RAISES:   steps.py:42:{{.*}} error: 'Raises.apply' failed: ValueError: not this payload
// CHANGES:  error: {{.*}}: the generator 'changes_payload' changed its payload, which is read-only
// GIVEN:    error: 'target' of 'by_target' is given by lh-opt, not by options
