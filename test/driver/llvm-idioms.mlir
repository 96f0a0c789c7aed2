// RUN lines as LLVM's tests have them.

// RUN: lh-opt "%s" -split-input-file -verify-diagnostics | FileCheck "%s"
// RUN: lh-opt "%s" -split-input-file -pass-pipeline='builtin.module(canonicalize)' -verify-diagnostics -o - | FileCheck "%s" --check-prefixes=CHECK,FOLDED
// RUN: lh-opt -split-input-file -verify-diagnostics -mlir-print-op-generic < "%s" - | FileCheck "%s" --check-prefix=GENERIC
// RUN: lh-opt -split-input-file -verify-diagnostics --mlir-print-local-scope "%s" | FileCheck "%s" --check-prefix=LOCAL
// RUN: cat "%s" | lh-opt -split-input-file -verify-diagnostics -allow-unregistered-dialect - | FileCheck "%s"

// RUN: lh-opt --list-stages --untested="%S/Inputs/stages.json" | FileCheck "%s" --check-prefix=UNTESTED
// RUN: not lh-opt --list-stages --untested="%S/nowhere.json" 2>&1 | FileCheck "%s" --check-prefix=NOFILE
// RUN: not lh-opt "%s" -slit-input-file 2>&1 | FileCheck "%s" --check-prefix=TYPO

// CHECK-LABEL: func @fold
// GENERIC: sym_name = "fold"
func.func @fold() -> i32 {
  // FOLDED: %[[C:.+]] = arith.constant 3 : i32
  // FOLDED-NEXT: return %[[C]]
  %0 = arith.constant 1 : i32
  %1 = arith.constant 2 : i32
  %2 = arith.addi %0, %1 : i32
  return %2 : i32
}

// -----

// LOCAL: affine_map<(d0) -> (d0 * 4)>
func.func private @map() attributes {x.map = affine_map<(d0) -> (d0 * 4)>}

// -----

func.func @wrong(%a: i32) -> f32 {
  // expected-error @+1 {{type of return operand 0 ('i32') doesn't match function result type ('f32')}}
  return %a : i32 // expected-note {{see current operation}}
}

// UNTESTED-NOT: inner
// UNTESTED: forgotten (/p/sub)
// UNTESTED-NOT: inner
// NOFILE: error: cannot read what the build knows of stages
// TYPO: error: unknown argument '-slit-input-file'
