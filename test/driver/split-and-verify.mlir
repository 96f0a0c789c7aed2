// The idioms of LLVM's tests: several payloads in a file, expected diagnostics in comments.

// RUN: lh-opt "%s" --split-input-file --verify-diagnostics | FileCheck "%s"
// RUN: not lh-opt "%s" --split-input-file -o "%t" 2>&1 | FileCheck "%s" --check-prefix=ERRORS
// RUN: not lh-opt "%S/Inputs/unexpected.mlir" --verify-diagnostics -o "%t" 2>&1 | FileCheck "%s" --check-prefix=UNEXPECTED
// RUN: not lh-opt "%S/Inputs/unexpected.mlir" --verify-diagnostics --emit=llvmir -o "%t" 2>&1 | FileCheck "%s" --check-prefix=USAGE
// RUN: not ls "%t"

// CHECK-LABEL: func.func @first
func.func @first() { return }

// -----

// expected-error@+1 {{expected non-function type}}
func.func @broken( {
}

// -----

func.func @invalid() -> f32 {
  // expected-error-re@+2 {{op has {{[0-9]}} operands, but enclosing function}}
  // expected-note@below {{see current operation}}
  return
}

// -----

// CHECK: // -----
// CHECK-LABEL: func.func @last
func.func @last() { return }

// ERRORS: split-and-verify.mlir:15:19: error: the payload is not valid MLIR: expected non-function type
// ERRORS: split-and-verify.mlir:23:3: error: the payload is not valid MLIR: 'func.return' op has 0 operands
// ERRORS: lh-opt: error: 2 of 4 parts failed

// UNEXPECTED: unexpected.mlir:4:3: error: unexpected error: the payload is not valid MLIR: 'func.return' op has 0 operands
// UNEXPECTED: unexpected.mlir:3:6: error: expected error "something else" was not produced
// UNEXPECTED: lh-opt: error: the payload failed

// USAGE: error: --split-input-file and --verify-diagnostics are for --emit=mlir alone
