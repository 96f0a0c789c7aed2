// Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information. SPDX-License-Identifier: Apache-2.0 WITH
// LLVM-exception

// The dialect `tiny`: polynomials as values, and their evaluation.

#ifndef TINY_TINY_TD
#define TINY_TINY_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/OpBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Tiny_Dialect : Dialect {
  let name = "tiny";
  let cppNamespace = "::tiny";
  let summary = "Polynomials.";
  let useDefaultTypePrinterParser = 1;
}

def Tiny_PolynomialType : TypeDef<Tiny_Dialect, "Polynomial"> {
  let mnemonic = "poly";
  let summary = "A polynomial with constant coefficients.";
}

class Tiny_Op<string mnemonic, list<Trait> traits = []> : Op<Tiny_Dialect, mnemonic, traits>;

def Tiny_PolyOp : Tiny_Op<"poly", [Pure]> {
  let summary = "A polynomial; the constant term comes first.";
  let description = [{
    ```mlir
    %p = tiny.poly [1.0, 0.0, 0.5] // 1 + x²/2
    ```
  }];
  let arguments = (ins DenseF64ArrayAttr:$coefficients);
  let results = (outs Tiny_PolynomialType:$result);
  let assemblyFormat = "$coefficients attr-dict";
  let hasVerifier = 1;
}

def Tiny_EvalOp : Tiny_Op<"eval", [Pure, AllTypesMatch<["argument", "result"]>]> {
  let summary = "The value of a polynomial, element by element.";
  let description = [{
    ```mlir
    %y = tiny.eval %p(%x) : tensor<?xf32>
    ```
  }];
  let arguments = (ins Tiny_PolynomialType:$polynomial, AnyTypeOf<[AnyFloat, RankedTensorOf<[AnyFloat]>]>:$argument);
  let results = (outs AnyTypeOf<[AnyFloat, RankedTensorOf<[AnyFloat]>]>:$result);
  let assemblyFormat = "$polynomial `(` $argument `)` attr-dict `:` type($argument)";
}

#endif // TINY_TINY_TD
