# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Payloads in one library: what they export, how they call each other and C, and what they may be called."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import INPUTS, NATIVE, ROOT, STAGES, Target, Workbench

_SHIFT = """
memref.global "private" constant @table : memref<2xf32> = dense<[{0}, {0}]>
memref.global @shared_{1} : memref<2xf32> = dense<1.0>
func.func private @helper(%x: f32) -> f32 attributes {{no_inline}} {{
  %c0 = arith.constant 0 : index
  %t = memref.get_global @table : memref<2xf32>
  %k = memref.load %t[%c0] : memref<2xf32>
  %r = arith.addf %x, %k : f32
  return %r : f32
}}
func.func @shift_{1}(%x: f32) -> f32 {{
  %r = call @helper(%x) : (f32) -> f32
  return %r : f32
}}
"""


def _shared(bench: Workbench, *objects: str, name: str = "libk.so") -> set[str]:
    """Link a shared library of `objects`; what it exports."""
    subprocess.run(["gcc", "-shared", "-o", name, *objects, "-lm"], cwd=bench.directory, check=True)
    return set(bench.symbols(name, "-D", "--defined-only"))


def test_only_public_functions_are_exported(bench: Workbench) -> None:
    for number, name in enumerate(("one", "two"), 1):
        bench.write(f"{name}.mlir", _SHIFT.format(f"{number}.0", name))
        bench.lower(f"{name}.mlir")
    assert _shared(bench, "one.o", "two.o") == {"shift_one", "shift_two"}
    program = bench.write(
        "main.c",
        """#include "one.h"
           #include "two.h"
           int main(void) { return !(shift_one(1.0f) == 2.0f && shift_two(1.0f) == 3.0f); }""",
    )
    bench.run(bench.build(program, "one.o", "two.o"))


@pytest.mark.parametrize("stem", ["scalars", "elements", "tensors"])
def test_the_header_declares_what_the_library_exports(bench: Workbench, stem: str) -> None:
    bench.lower(INPUTS / f"{stem}.mlir")
    interface = json.loads((bench.directory / f"{stem}.interface.json").read_text())
    names = {function["symbol"] for function in interface["functions"]}
    assert len(names) > 10
    assert _shared(bench, f"{stem}.o") == names


_CALLER = """
func.func private @{g}(tensor<4xf32>, memref<?xf32>, i8) -> (tensor<4xf32>, f32)
func.func private @{h}(tensor<?xf32>) -> tensor<?xf32>
func.func @f(%a: tensor<4xf32>, %m: memref<?xf32>) -> (tensor<4xf32>, f32) {{
  %k = arith.constant -3 : i8
  %r:2 = call @{g}(%a, %m, %k) : (tensor<4xf32>, memref<?xf32>, i8) -> (tensor<4xf32>, f32)
  %d = tensor.cast %r#0 : tensor<4xf32> to tensor<?xf32>
  %s = call @{h}(%d) : (tensor<?xf32>) -> tensor<?xf32>
  %e = tensor.cast %s : tensor<?xf32> to tensor<4xf32>
  return %e, %r#1 : tensor<4xf32>, f32
}}
"""

_CALLEE = """
func.func @g(%a: tensor<4xf32>, %m: memref<?xf32>, %k: i8) -> (tensor<4xf32>, f32) {
  %c1 = arith.constant 1 : index
  %old = memref.load %m[%c1] : memref<?xf32>
  %x = arith.sitofp %k : i8 to f32
  memref.store %x, %m[%c1] : memref<?xf32>
  %e = tensor.empty() : tensor<4xf32>
  %r = linalg.add ins(%a, %a : tensor<4xf32>, tensor<4xf32>) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  return %r, %old : tensor<4xf32>, f32
}
func.func @h(%a: tensor<?xf32>) -> tensor<?xf32> {
  return %a : tensor<?xf32>
}
"""

_USE_F = """
int main(void) {
  float a[4] = {1, 2, 3, 4}, m[3] = {5, 6, 7}, r[4] = {0};
  const int64_t four = 4, three = 3;
  lh_memref_f32_1d ma = lh_memref_f32_1d_make(a, &four), mm = lh_memref_f32_1d_make(m, &three);
  lh_memref_f32_1d mr = lh_memref_f32_1d_make(r, &four);
  CHECK(F(&ma, &mm, &mr) == 6.0f);
  CHECK(m[0] == 5 && m[1] == -3 && m[2] == 7 && r[0] == 2 && r[3] == 8 && a[3] == 4);
  return report();
}
"""


@pytest.mark.parametrize("prefix", ["", "lib_"])
def test_a_payload_calls_another(bench: Workbench, target: Target, prefix: str) -> None:
    """A declaration names a C symbol: that of the other payload's function, with the prefix that it is given."""
    bench.write("caller.mlir", _CALLER.format(g=f"{prefix}g", h=f"{prefix}h"))
    bench.write("callee.mlir", _CALLEE)
    for stem in ("caller", "callee"):
        bench.lower(f"{stem}.mlir", f"--symbol-prefix={prefix}", target=target)
    program = bench.write("main.c", f'#include "caller.h"\n#include "check.h"\n#define F {prefix}f\n{_USE_F}')
    bench.run(bench.build(program, "caller.o", "callee.o", target=target), target=target)


def test_a_payload_calls_c(bench: Workbench, target: Target) -> None:
    """What C has to define is what a payload would be: static results through pointers, dynamic ones owned."""
    bench.write("caller.mlir", _CALLER.format(g="g", h="h"))
    bench.lower("caller.mlir", target=target)
    program = bench.write(
        "main.c",
        f"""#include "caller.h"
            #include "check.h"
            #define F f
            float g(const lh_memref_f32_1d *a, lh_memref_f32_1d *m, int8_t k, lh_memref_f32_1d *result);
            float g(const lh_memref_f32_1d *a, lh_memref_f32_1d *m, int8_t k, lh_memref_f32_1d *result) {{
              const float old = m->aligned[m->offset + m->strides[0]];
              m->aligned[m->offset + m->strides[0]] = k;
              for (int64_t i = 0; i < a->sizes[0]; ++i)
                result->aligned[i] = 2 * a->aligned[a->offset + i * a->strides[0]];
              return old;
            }}
            void h(lh_memref_f32_1d *result, const lh_memref_f32_1d *a);
            void h(lh_memref_f32_1d *result, const lh_memref_f32_1d *a) {{
              float *data = malloc((size_t)a->sizes[0] * sizeof *data);
              *result = lh_memref_f32_1d_make(data, a->sizes);
              memcpy(data, a->aligned + a->offset, (size_t)a->sizes[0] * sizeof *data);
            }}
            {_USE_F}""",
    )
    bench.run(bench.build(program, "caller.o", target=target), target=target)


def test_a_declaration_may_ask_for_mlirs_own_name(bench: Workbench) -> None:
    bench.write(
        "asks.mlir",
        """func.func private @runtime(memref<?xf32>) attributes {llvm.emit_c_interface}
           func.func private @plain(memref<?xf32>)
           func.func @f(%m: memref<?xf32>) {
             call @runtime(%m) : (memref<?xf32>) -> ()
             call @plain(%m) : (memref<?xf32>) -> ()
             return
           }""",
    )
    bench.lower("asks.mlir")
    assert set(bench.symbols("asks.o", "-u")) == {"_mlir_ciface_runtime", "plain"}
    interface = json.loads((bench.directory / "asks.interface.json").read_text())
    assert interface["externals"] == ["_mlir_ciface_runtime", "plain"]


def test_prefix(bench: Workbench) -> None:
    """It makes a C function of any name, private names that it collides with give way, and C++ does not see it."""
    bench.write(
        "names.mlir",
        """func.func private @lib_f(%x: i32) -> i32 attributes {no_inline} {
             %r = arith.addi %x, %x : i32
             return %r : i32
           }
           func.func @f(%x: i32) -> i32 {
             %r = call @lib_f(%x) : (i32) -> i32
             return %r : i32
           }
           func.func @main(%x: i32) -> i32 { return %x : i32 }
           func.func @new(%int: i32, %class: memref<?xi32>) -> i32 { return %int : i32 }
           llvm.func @raw(%x: i32) -> i32 { llvm.return %x : i32 }""",
    )
    bench.lower("names.mlir", "--symbol-prefix=lib_", "--namespace=lib")
    assert _shared(bench, "names.o") == {"lib_f", "lib_main", "lib_new", "lib_raw"}
    program = bench.write(
        "use.cpp",
        """#include "names.h"
           #include "check.h"
           int main() {
             CHECK(lib_f(2) == 4 && lib::f(2) == 4 && lib_main(3) == 3 && lib_raw(5) == 5 && lib::raw(5) == 5);
             int32_t x = 0;
             CHECK(lib::lib_new(7, lh::make_memref(&x, 1)) == 7);
             return report();
           }""",
    )
    bench.run(bench.build(program, "names.o"))


def test_a_constant_of_addresses_follows_the_new_names(bench: Workbench) -> None:
    bench.write(
        "constant.mlir",
        """llvm.func @g() { llvm.return }
           llvm.func @f(%p: !llvm.ptr) {
             %both = llvm.mlir.constant([@g, @g]) : !llvm.array<2 x ptr>
             llvm.store %both, %p : !llvm.array<2 x ptr>, !llvm.ptr
             llvm.return
           }""",
    )
    bench.lh_opt("constant.mlir", "--stage=cse", "--emit=llvmir=constant.ll", "--symbol-prefix=p_")
    assert "store [2 x ptr] [ptr @p_g, ptr @p_g]" in (bench.directory / "constant.ll").read_text()


def test_a_new_name_may_be_another_functions_old_one(bench: Workbench) -> None:
    bench.write(
        "names.mlir",
        """func.func @f(%x: i32) -> i32 {
             %r = call @p_f(%x) : (i32) -> i32
             %s = arith.addi %r, %x : i32
             return %s : i32
           }
           func.func @p_f(%x: i32) -> i32 {
             %r = llvm.call @p_p_f(%x) : (i32) -> i32
             %s = arith.muli %r, %x : i32
             return %s : i32
           }
           llvm.func @p_p_f(%x: i32) -> i32 { llvm.return %x : i32 }""",
    )
    bench.lower("names.mlir", "--symbol-prefix=p_")
    program = bench.write(
        "main.c",
        """#include "names.h"
           int main(void) { return !(p_f(5) == 30 && p_p_f(5) == 25 && p_p_p_f(5) == 5); }""",
    )
    bench.run(bench.build(program, "names.o"))
    assert _shared(bench, "names.o") == {"p_f", "p_p_f", "p_p_p_f"}


@pytest.mark.parametrize(
    ("payload", "flags", "message"),
    [
        ("func.func @main() { return }", [], "'main', which is the entry of a program; rename it, make it private, or"),
        ('func.func @"a-b"() { return }', [], "'a-b', which is not a C identifier"),
        ('func.func @"a.b"() { return }', ["--symbol-prefix=p_"], "'p_a.b', which is not a C identifier"),
        ("func.func @int() { return }", [], "'int', which is a keyword of C or C++"),
        ("func.func @co_await() { return }", [], "'co_await', which is a keyword of C or C++"),
        ("func.func @malloc() { return }", [], "'malloc', which lowered code itself calls"),
        (
            "func.func @sin() { return }",
            [],
            "'sin', which lowered code itself calls; rename it, make it private, or set a",
        ),
        (
            "func.func @s() { return }",
            ["--symbol-prefix=ab"],
            "'@s' would be the C function 'abs', which is a function",
        ),
        ("func.func @NULL() { return }", [], "symbol prefix (--symbol-prefix, in CMake SYMBOL_PREFIX)"),
        (
            "memref.global @sin : memref<2xf32> = dense<1.0>\nfunc.func @f() { return }",
            [],
            "bad.mlir:2:1: error: the public global '@sin' would be the symbol 'sin', which lowered code itself calls",
        ),
        (
            "func.func private @p_f()\n func.func @f() { call @p_f() : () -> ()\n return }",
            ["--symbol-prefix=p_"],
            "'@f' would be the C function 'p_f', which the payload also declares",
        ),
    ],
    ids=[
        "main",
        "dash",
        "dot",
        "c-keyword",
        "c++-keyword",
        "runtime",
        "libm",
        "prefixed",
        "macro",
        "global",
        "declared",
    ],
)
def test_names_that_c_cannot_have(bench: Workbench, payload: str, flags: list[str], message: str) -> None:
    bench.write("bad.mlir", f"\n{payload}\n")
    error = bench.lower("bad.mlir", *flags, fails=True)
    assert message in error
    assert "bad.mlir:" in error
    assert not list(bench.directory.glob("bad.[oh]"))


def test_private_names_are_not_what_lowered_code_calls(bench: Workbench) -> None:
    """A payload's own `@exp` is not libm's, which a declaration names, and math.exp calls."""
    bench.write(
        "own.mlir",
        """memref.global "private" @cos : memref<2xf64> = dense<[3.0, 4.0]>
           func.func private @exp(%x: f64) -> f64 attributes {no_inline} {
             %r = arith.addf %x, %x : f64
             return %r : f64
           }
           func.func @own(%x: f64, %i: index) -> (f64, f64) {
             %r = call @exp(%x) : (f64) -> f64
             %t = memref.get_global @cos : memref<2xf64>
             %s = memref.load %t[%i] : memref<2xf64>
             return %r, %s : f64, f64
           }
           func.func @libm(%x: f64) -> (f64, f64) {
             %r = math.exp %x : f64
             %s = math.cos %x : f64
             return %r, %s : f64, f64
           }""",
    )
    bench.write(
        "declared.mlir",
        """func.func private @exp(f64) -> f64
           func.func @f(%x: f64) -> f64 {
             %r = call @exp(%x) : (f64) -> f64
             return %r : f64
           }""",
    )
    bench.lower("own.mlir", "-O0")  # else LLVM inlines the function, and its name is gone
    bench.lower("declared.mlir")
    program = bench.write(
        "main.c",
        """#include "own.h"
           #include "declared.h"
           #include "check.h"
           int main(void) {
             own_results mine;
             own(&mine, 1.0, 1);
             CHECK(mine.result0 == 2.0 && mine.result1 == 4.0);
             libm_results theirs;
             libm(&theirs, 1.0);
             CHECK(theirs.result0 > 2.7 && theirs.result0 < 2.8 && theirs.result1 < 0.6 && f(1.0) > 2.7);
             return report();
           }""",
    )
    bench.run(bench.build(program, "own.o", "declared.o"))


@pytest.mark.parametrize("namespace", ["mlp", "mlp::v1", "my::lh", "my::std"])
def test_namespaces_with_names_of_others(bench: Workbench, namespace: str) -> None:
    """Of the function itself, in C one of the global scope, and of what headers use."""
    bench.write(
        "mlp.mlir",
        """func.func @mlp(%a: tensor<?xf32>, %assert: memref<1xcomplex<f32>>, %NULL: i32) -> (tensor<?xf32>, i32) {
             return %a, %NULL : tensor<?xf32>, i32
           }""",
    )
    bench.lower("mlp.mlir", f"--namespace={namespace}")
    text = """#include "mlp.h"
              #include "check.h"
              int main() {{
                float x[] = {{1, 2}};
                std::complex<float> c;
                auto r = {0}::mlp(lh::make_memref(x, 2), lh::make_memref(&c, 1), 3);
                CHECK(r.result0(1) == 2.0f && r.result0.view().data()[0] == 1.0f && r.result1 == 3);
                return report();
              }}"""
    bench.run(bench.build(bench.write("main.cpp", text.format(namespace)), "mlp.o"))
    in_c = bench.write(
        "main.c",
        """#include "mlp.h"
           int main(void) {
             float x[] = {1, 2}, c[] = {0, 0};
             const int64_t two = 2, one = 1;
             lh_memref_f32_1d a = lh_memref_f32_1d_make(x, &two);
             lh_memref_c32_1d b = lh_memref_c32_1d_make((lh_complex_f32 *)c, &one);
             mlp_results r;
             mlp(&r, &a, &b, 3);
             const bool good = r.result0.aligned[1] == 2.0f && r.result1 == 3;
             lh_free(r.result0.allocated);
             return !good;
           }""",
    )
    bench.run(bench.build(in_c, "mlp.o"))


_UNSUPPORTED = [
    ("func.func @f(%x: i32, %y: vector<4xf32>) { return }", "argument 1 has type vector<4xf32>"),
    ("func.func @f(%x: f16) { return }", "argument 0 has type f16, which C compilers do not agree how to pass"),
    ("func.func @f(%x: bf16) -> bf16 { return %x : bf16 }", "argument 0 has type bf16"),
    ("func.func @f(%x: complex<f32>) { return }", "argument 0 has type complex<f32>"),
    (
        "func.func @f() -> (f32, complex<f64>) { %x = arith.constant 1.0 : f32\n"
        "%c = complex.constant [1.0, 2.0] : complex<f64>\n return %x, %c : f32, complex<f64> }",
        "result 1 has type complex<f64>",
    ),
    ("func.func @f(%x: i128) { return }", "argument 0 has type i128, which has no portable C type"),
    ("func.func @f(%x: memref<*xf32>) { return }", "argument 0 has type memref<*xf32>, which has no rank"),
    ("func.func @f(%x: memref<4xf32, 1>) { return }", "argument 0 has type memref<4xf32, 1>, in memory space 1"),
    (
        "func.func @f(%x: memref<4xvector<4xf32>>) { return }",
        "argument 0 has type memref<4xvector<4xf32>>, whose element type vector<4xf32> has no C type",
    ),
    ("llvm.func @f(%x: !llvm.struct<(f32, f32)>) { llvm.return }", "argument 0 has type !llvm.struct<(f32, f32)>"),
    (
        "llvm.func @printf(!llvm.ptr, ...) -> i32\nllvm.func @f(%x: i32, ...) { llvm.return }",
        "it is variadic",
    ),
]


@pytest.mark.parametrize(("payload", "message"), _UNSUPPORTED, ids=range(len(_UNSUPPORTED)))
def test_what_c_cannot_call_has_an_object_but_no_header(bench: Workbench, payload: str, message: str) -> None:
    bench.write("unsupported.mlir", f"\n{payload}\n")
    stages = [f"--stage={stage}" for stage in STAGES]
    bench.lh_opt("unsupported.mlir", *stages, "--emit=object=u.o", "--emit=interface=u.interface.json")
    assert bench.symbols("u.o", "--defined-only")["f"] == "T"
    error = bench.lh_opt("unsupported.mlir", *stages, "--emit=header=u.h", fails=True)
    line = 1 + payload[: payload.index("func @f") + 1].count("\n") + 1
    assert f"unsupported.mlir:{line}" in error
    assert f"C cannot call the public function '@f': {message}" in error
    assert "or make it private" in error
    merged = bench.lh_opt("u.interface.json", "--emit=header=u.h", fails=True)
    assert message in merged
    assert not (bench.directory / "u.h").exists()


@pytest.mark.parametrize("payload", ["func.func private @f() { return }", "func.func private @f()", ""])
def test_a_payload_that_exports_nothing(bench: Workbench, payload: str) -> None:
    bench.write("idle.mlir", f"{payload}\n")
    stages = [f"--stage={stage}" for stage in STAGES]
    said = bench.lh_opt("idle.mlir", *stages, "--emit=object=idle.o", "--emit=header=idle.h", prints=True)
    assert said.startswith("idle.mlir: warning: nothing can call this payload: it has no public function with a body;")
    assert "LH_" not in (bench.directory / "idle.h").read_text()
    bench.lh_opt("idle.mlir", *stages, "--emit=mlir=idle.out.mlir")  # as a payload it may be of use


def test_results_are_read_as_documented(bench: Workbench) -> None:
    text = (ROOT / "docs/c-interface.md").read_text().partition("## Reading results")[2].partition("\n## ")[0]
    mlir, cxx, c = re.findall(r"^```(?:mlir|c\+\+|c)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    bench.write("grow.mlir", f"{mlir.rstrip()} {{\n  return %a : tensor<?xf32>\n}}\n")
    bench.lower("grow.mlir")
    program = f"""#include "grow.h"
        #include "check.h"
        #include <vector>
        int main() {{
          std::vector<float> a{{1, 2, 3, 4, 5, 6, 7, 8}};
          {cxx}
          CHECK(first == 1.0f && copy == a && view.is_row_major());
          return report();
        }}"""
    bench.run(bench.build(bench.write("main.cpp", program), "grow.o"))
    program = f"""#include "grow.h"
        #include "check.h"
        int main(void) {{
          float a[] = {{5, 6}};
          const int64_t two = 2;
          lh_memref_f32_1d a_ref = lh_memref_f32_1d_make(a, &two);
          {c}
          CHECK(first == 5.0f);
          return report();
        }}"""
    bench.run(bench.build(bench.write("main.c", program), "grow.o"))


def test_headers_merge(bench: Workbench) -> None:
    for name in ("one", "two"):
        bench.write(
            f"{name}.mlir", f"func.func @{name}(%a: tensor<?xf32>) -> tensor<?xf32> {{ return %a : tensor<?xf32> }}"
        )
        bench.lower(f"{name}.mlir")
    bench.lh_opt("one.interface.json", "two.interface.json", "--emit=header=both.h", "--namespace=a::b")
    program = bench.write(
        "main.cpp",
        """#include "both.h"
           #include "one.h" // the types are not defined twice
           int main() {
             float x[] = {1, 2};
             return !(a::b::two(a::b::one(lh::make_memref(x, 2)))(1) == 2.0f);
           }""",
    )
    bench.run(bench.build(program, "one.o", "two.o"))
    bench.write("again.mlir", "func.func @one() { return }")
    bench.lower("again.mlir")
    error = bench.lh_opt("one.interface.json", "again.interface.json", "--emit=header=twice.h", fails=True)
    assert "the C function 'one' is defined by 'again.mlir' and by 'one.mlir'" in error


def test_functions_of_the_llvm_dialect(bench: Workbench, target: Target) -> None:
    bench.write(
        "raw.mlir",
        """llvm.func @c_narrow(i64) -> i8
           llvm.func internal @hidden(%x: i64) -> i64 attributes {no_inline} { llvm.return %x : i64 }
           llvm.func @raw(%p: !llvm.ptr, %x: i64, %b: i1) -> i32 {
             llvm.store %b, %p : i1, !llvm.ptr
             %h = llvm.call @hidden(%x) : (i64) -> i64
             %n = llvm.call @c_narrow(%h) : (i64) -> i8
             %r = llvm.sext %n : i8 to i32
             llvm.return %r : i32
           }
           llvm.func @address(%p: !llvm.ptr) -> !llvm.ptr { llvm.return %p : !llvm.ptr }""",
    )
    bench.lower("raw.mlir", target=target)
    program = bench.write(
        "main.c",
        """#include "raw.h"
           #include "check.h"
           int8_t c_narrow(int64_t x);
           int8_t c_narrow(int64_t x) { return (int8_t)x; }
           int main(void) {
             char byte = 7;
             CHECK(raw(&byte, 0x180, true) == -128 && byte == 1);
             CHECK(address(&byte) == &byte);
             return report();
           }""",
    )
    bench.run(bench.build(program, "raw.o", target=target), target=target)
    if target == NATIVE:
        assert _shared(bench, "raw.o") == {"raw", "address"}


def test_a_bufferization_of_ones_own(bench: Workbench) -> None:
    """What it returns is in the header: here a result that it left in an argument, and one with a dynamic layout."""
    bench.write(
        "own.mlir",
        """func.func @f(%a: tensor<?xf32> {bufferization.writable = true}, %k: f32) -> (tensor<?xf32>, f32) {
             %c0 = arith.constant 0 : index
             %r = tensor.insert %k into %a[%c0] : tensor<?xf32>
             %twice = arith.addf %k, %k : f32
             return %r, %twice : tensor<?xf32>, f32
           }
           func.func @g(%m: memref<4xf32>) -> (memref<4xf32>, i32) {
             %k = arith.constant 7 : i32
             return %m, %k : memref<4xf32>, i32
           }""",
    )
    own = (
        "one-shot-bufferize{bufferize-function-boundaries=true},drop-equivalent-buffer-results{modify-public-functions}"
    )
    bench.lower("own.mlir", stages=(own, "lower-to-llvm.yaml"))
    program = bench.write(
        "main.c",
        """#include "own.h"
           #include "check.h"
           int main(void) {
             float a[4] = {1, 2, 3, 4};
             const int64_t four = 4;
             lh_memref_f32_1d m = lh_memref_f32_1d_make(a, &four);
             CHECK(f(&m, 5.0f) == 10.0f && a[0] == 5.0f);
             CHECK(g(&m) == 7);
             return report();
           }""",
    )
    bench.run(bench.build(program, "own.o"))
    header = (bench.directory / "own.h").read_text()
    assert re.search(r"a +\? f32; read, receives result 0\n", header)
    assert re.search(r"m +4 f32; read, receives result 0\n", header)


@pytest.mark.parametrize(("others", "plain"), [("memref<?xf32>", False), ("memref<?xi32>", True)])
def test_many_results_of_which_a_stage_drops_half(others: str, plain: bool, bench: Workbench) -> None:
    """There are more ways to choose them than could ever be tried; where their types leave one, it is found."""
    count = 20
    arguments = ", ".join(f"%a{i}: memref<?x{i + 1}xf32>" if plain else f"%a{i}: {others}" for i in range(count))
    types = [f"memref<?x{i + 1}xf32>" if plain else others for i in range(count)] + [others] * count
    values = ", ".join(f"%{kind}{i}" for kind in "ab" for i in range(count))
    body = "".join(f"  %b{i} = memref.alloc(%n) : {others}\n" for i in range(count))
    head = f"func.func @f({arguments}, %n: index) -> ({', '.join(types)})"
    bench.write("f.mlir", f"{head} {{\n{body}  return {values} : {', '.join(types)}\n}}")
    drop = "drop-equivalent-buffer-results{modify-public-functions}"
    if plain:
        bench.lower("f.mlir", stages=(drop, "lower-to-llvm.yaml"))
        assert "receives result 19\n" in (bench.directory / "f.h").read_text()
    else:
        error = bench.lower("f.mlir", stages=(drop, "lower-to-llvm.yaml"), fails=True)
        assert "a stage dropped some, and which argument holds which is not plain" in error


def test_results_that_look_like_a_memref(bench: Workbench) -> None:
    """Two pointers and a number are what the descriptor of a memref begins with."""
    payload = bench.write(
        "alike.mlir",
        """func.func @f(%p: !llvm.ptr, %n: i64) -> (!llvm.ptr, !llvm.ptr, i64) {
             return %p, %p, %n : !llvm.ptr, !llvm.ptr, i64
           }
           func.func @g(%p: !llvm.ptr, %m: memref<f32>) -> (!llvm.ptr, memref<f32>) {
             return %p, %m : !llvm.ptr, memref<f32>
           }""",
    )
    bench.lower(payload)
    program = bench.write(
        "alike.c",
        """#include "alike.h"
           int main(void) {
             f_results results;
             int x = 0;
             f(&results, &x, 7);
             return !(results.result0 == &x && results.result1 == &x && results.result2 == 7);
           }""",
    )
    bench.run(bench.build(program, "alike.o"))


def test_a_stage_that_drops_the_c_interface_is_an_error(bench: Workbench) -> None:
    bench.write("f.mlir", "func.func @f(%x: i32, %m: memref<4xf32>) { return }")
    bench.write(
        "reorder.mlir",
        """module attributes {transform.with_named_sequence} {
             transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
               %f, %calls = transform.func.replace_func_signature @f args_interchange = [1, 0] results_interchange = []
                 at %root : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
               transform.yield
             }
           }""",
    )
    error = bench.lower("f.mlir", stages=("reorder.mlir", *STAGES), fails=True)
    assert "f.mlir:1:1: error: the public function '@f' is not there after the last stage" in error
    assert "llvm.emit_c_interface" in error


def test_a_stage_that_drops_a_function_is_an_error(bench: Workbench) -> None:
    bench.write("f.mlir", "func.func @f() { return }\nfunc.func @g() { return }")
    error = bench.lower("f.mlir", stages=("symbol-privatize{exclude=f},symbol-dce", *STAGES), fails=True)
    assert "f.mlir:2:1: error: the public function '@g' is not there after the last stage" in error


_MARK_TWICE = """
import sys
sys.path.insert(0, sys.argv[1])
from lighthouse_build.bindings import core
from lighthouse_build.emission.c_interface import finish, mark

c = core()
with c.ir.Context() as context, c.generic_operations():
    context.enable_multithreading(False)
    module = c.ir.Module.parseFile(sys.argv[2])
    first = mark(module, sys.argv[2])
    text = str(module)
    assert "materialize_in_destination" in text
    assert mark(module, sys.argv[2]) == first
    assert str(module) == text
    module.operation.verify()

    module = c.ir.Module.parse("func.func @f(%x: i32, %m: memref<4xf32>) -> i32 { return %x : i32 }")
    signatures = mark(module, "f.mlir")
    passes = "finalize-memref-to-llvm,convert-func-to-llvm,reconcile-unrealized-casts"
    c.passmanager.PassManager.parse(f"builtin.module({passes})").run(module.operation)
    assert finish(module, signatures).functions[0].symbol == "f"
slow = [n for n in sys.modules if n == "numpy" or (n.endswith("mlir.ir") and "_mlir_libs" not in n)]
assert not slow, slow
"""


def test_marking_again_changes_nothing(bench: Workbench) -> None:
    """A payload that was written out between its stages has its marks already. And none of it loads what is slow."""
    command = [sys.executable, "-B", "-c", _MARK_TWICE, str(ROOT / "python"), str(INPUTS / "tensors.mlir")]
    subprocess.run(command, cwd=bench.directory, check=True)


def test_a_name_of_an_argument_may_end_with_the_payload(bench: Workbench) -> None:
    bench.write("f.mlir", 'func.func @f(%a: i32 loc("f.mlir":2:4)) { return }\n// %last')
    bench.lower("f.mlir")
    interface = json.loads((bench.directory / "f.interface.json").read_text())
    assert [value["name"] for value in interface["functions"][0]["parameters"]] == ["last"]


def test_headers_need_no_mlir(bench: Workbench) -> None:
    bench.write("f.mlir", "func.func @f(%x: i32) { return }")
    bench.lower("f.mlir")
    code = (
        "import sys, pathlib; sys.path.insert(0, sys.argv[1])\n"
        "from lighthouse_build.emission import header, interface\n"
        "text = pathlib.Path('f.interface.json').read_text()\n"
        "print(header.render([interface.Interface.from_json(text, 'f')], guard_name='f.h'), end='')\n"
        "assert not [name for name in sys.modules if 'mlir' in name], sys.modules\n"
    )
    done = subprocess.run(
        ["python3", "-S", "-c", code, str(ROOT / "python")],
        cwd=bench.directory,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == (bench.directory / "f.h").read_text()


def test_the_header_depends_on_the_interface_alone(bench: Workbench, tmp_path: Path) -> None:
    """Neither directories nor lines of the payload are in it."""
    text = "func.func @f(%x: i32) -> i32 { return %x : i32 }"
    bench.write("f.mlir", text)
    bench.lower("f.mlir")
    first = (bench.directory / "f.h").read_bytes()
    other = tmp_path / "other"
    other.mkdir()
    (other / "f.mlir").write_text(f"// A comment.\n\n{text}\n")
    bench.lower(other / "f.mlir")
    assert (bench.directory / "f.h").read_bytes() == first
