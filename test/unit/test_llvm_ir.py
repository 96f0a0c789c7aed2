# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM IR text for the older reader: what is rewritten, what is left alone, and that values survive bit for bit."""

from __future__ import annotations

import random
import struct
import time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lighthouse_build.emission import llvm_ir
from lighthouse_build.emission.llvm_code import code_of
from lighthouse_build.emission.llvm_ir import to_reader

binding = pytest.importorskip("llvmlite.binding")


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        # A typed constant, wherever it stands.
        ("  ret float f0x3DCCCCCD", "  ret float 0x3FB99999A0000000"),
        ("  ret float 1.100000e+00", "  ret float 0x3FF19999A0000000"),
        ("  ret float -1.401300e-45", "  ret float 0xB6A0000000000000"),
        ("  ret double f0x3FE62E42FEFA39EF", "  ret double 0x3FE62E42FEFA39EF"),
        ("  ret double 1.100000e+00", "  ret double 1.100000e+00"),
        ("  ret half 1.099610e+00", "  ret half 0xH3C66"),
        ("  ret bfloat 6.914060e-01", "  ret bfloat 0xR3F31"),
        ("  ret fp128 1.000000e+00", "  ret fp128 0xL00000000000000003FFF000000000000"),
        ("  ret fp128 f0x3FFF199999999999A000000000000000", "  ret fp128 0xLA0000000000000003FFF199999999999"),
        ("  ret x86_fp80 f0x3FFF8CCCCCCCCCCCD000", "  ret x86_fp80 0xK3FFF8CCCCCCCCCCCD000"),
        ("  ret x86_fp80 1.000000e+00", "  ret x86_fp80 0xK3FFF8000000000000000"),
        ("  ret x86_fp80 3.645200e-4951", "  ret x86_fp80 0xK00000000000000000001"),
        (
            "  ret ppc_fp128 f0x3FF00000000000000000000000000000",
            "  ret ppc_fp128 0xM00000000000000003FF0000000000000",
        ),
        # Infinities and NaNs, quiet and signalling, with payloads.
        ("  ret float +inf", "  ret float 0x7FF0000000000000"),
        ("  ret half -inf", "  ret half 0xHFC00"),
        ("  ret float +qnan", "  ret float 0x7FF8000000000000"),
        ("  ret double -qnan", "  ret double 0xFFF8000000000000"),
        ("  ret float +snan(0x1)", "  ret float 0x7FF0000020000000"),
        ("  ret bfloat +nan(0x3)", "  ret bfloat 0xR7FC3"),
        ("  ret fp128 +nan(0x1)", "  ret fp128 0xL00000000000000017FFF800000000000"),
        ("  ret x86_fp80 -snan(0x1)", "  ret x86_fp80 0xKFFFF8000000000000001"),
        # The operand that has no type of its own takes that of the instruction.
        ("  %2 = fadd fast float %0, f0x3DCCCCCD", "  %2 = fadd fast float %0, 0x3FB99999A0000000"),
        ("  %2 = fcmp oeq half 1.099610e+00, +inf", "  %2 = fcmp oeq half 0xH3C66, 0xH7C00"),
        (
            '  %"a, b" = fsub float %"double x", 1.100000e+00',
            '  %"a, b" = fsub float %"double x", 0x3FF19999A0000000',
        ),
        (
            "  %20 = phi bfloat [ %24, %23 ], [ 1.101560e+00, %6 ], [ +inf, %7 ]",
            "  %20 = phi bfloat [ %24, %23 ], [ 0xR3F8D, %6 ], [ 0xR7F80, %7 ]",
        ),
        # Several types in one line.
        (
            "  %3 = call half @f(float 1.100000e+00, i1 %1, half 1.099610e+00, { double, i32 } { double +inf, i32 1 })",
            "  %3 = call half @f(float 0x3FF19999A0000000, i1 %1, half 0xH3C66, "
            "{ double, i32 } { double 0x7FF0000000000000, i32 1 })",
        ),
        ("  %3 = select i1 %1, float f0x3DCCCCCD, float %2", "  %3 = select i1 %1, float 0x3FB99999A0000000, float %2"),
        (
            "  %3 = fmul <4 x float> %2, splat (float 1.100000e+00)",
            "  %3 = fmul <4 x float> %2, splat (float 0x3FF19999A0000000)",
        ),
        (
            "@m = constant [2 x [2 x half]] [[2 x half] [half +inf, half 1.099610e+00], [2 x half] zeroinitializer]",
            "@m = constant [2 x [2 x half]] [[2 x half] [half 0xH7C00, half 0xH3C66], [2 x half] zeroinitializer]",
        ),
        (
            "  %1 = atomicrmw fadd ptr %0, float f0x3DCCCCCD monotonic",
            "  %1 = atomicrmw fadd ptr %0, float 0x3FB99999A0000000 monotonic",
        ),
        ("!0 = !{float f0x3DCCCCCD}", "!0 = !{float 0x3FB99999A0000000}"),
        # Attributes.
        ("attributes #0 = { noipa nooutline nosync }", 'attributes #0 = { noinline "nooutline" nosync }'),
        (
            "attributes #1 = { denormal_fpenv(preservesign|ieee, float: dynamic) }",
            'attributes #1 = { "denormal-fp-math"="preserve-sign,ieee" "denormal-fp-math-f32"="dynamic,dynamic" }',
        ),
        (
            "attributes #2 = { memory(read, target_mem: none) }",
            "attributes #2 = { memory(read, target_mem0: none, target_mem1: none) }",
        ),
        ("define void @f() prefalign(32) {", "define void @f() {"),
    ],
)
def test_rewrites(line: str, expected: str) -> None:
    assert to_reader(line) == expected
    assert to_reader(f"; a\n{line}\n{line}\n") == f"; a\n{expected}\n{expected}\n"


@pytest.mark.parametrize(
    "line",
    [
        '@s = constant [10 x i8] c"float +inf, float f0x3DCCCCCD, 1.100000e+00"',
        "; preds = float f0x3DCCCCCD +inf",
        '  %1 = call float asm "float 1.100000e+00", "r,r"(float %0) ; float +qnan',
        '@"float +inf" = constant float 0x3FF0000000000000',
        "  %float.1 = load float, ptr @f0x3DCCCCCD",
        "  %2 = fadd float %a-1.500000e-01, %+inf",
        '!1 = !{!"float 1.100000e+00", i32 1}',
        '  %"float" = add i32 %0, 1 ; 1.100000e+00',
        'attributes #0 = { "note"="noipa float 1.100000e+00" }',
        "  call void @noipa(ptr @prefalign)",
        "define void @denormal_fpenv() {",
        "  %3 = call i32 @llvm.foo.f32(float %1), !fpmath !{i32 2}",
    ],
)
def test_leaves_names_strings_and_comments_alone(line: str) -> None:
    assert to_reader(line) == line


def test_string_that_looks_like_a_comment() -> None:
    text = '@s = constant [3 x i8] c"; \\22"\n  ret float +inf ; "\n  ret float -inf\n'
    assert to_reader(text) == text.replace("+inf", "0x7FF0000000000000").replace("-inf", "0xFFF0000000000000")


def test_code_of_drops_strings_and_comments() -> None:
    assert code_of('a "vscale" b ; vscale "x\nc "y"') == "a  b \nc "


# --- Values, through the real printer and the real reader -------------------------------------------------------------

# Bytes of storage, bits of exponent and mantissa.
FORMATS = {
    "f16": (2, 5, 10),
    "bf16": (2, 8, 7),
    "f32": (4, 8, 23),
    "f64": (8, 11, 52),
    "f80": (10, 15, 63),
    "f128": (16, 15, 112),
}


def translated(globals_: str) -> str:
    """The LLVM IR of MLIR text, as the bindings print it."""
    from lighthouse_build.bindings import core

    mlir = core()
    with mlir.ir.Context(), mlir.ir.Location.unknown():
        return mlir.translate_module_to_llvmir(mlir.ir.Module.parse(globals_))


def sections(text: str) -> dict[str, bytes]:
    """The contents of the sections of the object that the code generator's LLVM makes of LLVM IR."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    module = binding.parse_assembly(text, binding.create_context())
    machine = binding.Target.from_triple("x86_64-unknown-linux-gnu").create_target_machine()
    module.triple = machine.triple
    module.data_layout = str(machine.target_data)
    found: dict[str, bytes] = {}
    obj = binding.ObjectFileRef.from_data(machine.emit_object(module))
    for section in obj.sections():
        name = section.name()
        found[name.decode() if isinstance(name, bytes) else name] = bytes(section.data())
    return found


def dense(type_: str, values: list[int]) -> str:
    size = FORMATS[type_][0]
    data = b"".join(value.to_bytes(size, "little") for value in values)
    n = len(values)
    # All equal: `dense` of one element's bytes would be a splat, which is another printed form.
    return (
        f'llvm.mlir.global constant @g(dense<"0x{data.hex()}"> : tensor<{n}x{type_}>) '
        f'{{section = "values"}} : !llvm.array<{n} x {type_}>\n'
    )


def scalars(type_: str, values: list[int]) -> str:
    digits = FORMATS[type_][0] * 2
    return "".join(
        f'llvm.mlir.global constant @g{i}(0x{value:0{digits}X} : {type_}) {{section = "v{i}"}} : {type_}\n'
        for i, value in enumerate(values)
    )


def check_array(type_: str, values: list[int]) -> str:
    text = translated(dense(type_, values))
    size = FORMATS[type_][0]
    data = sections(to_reader(text))["values"]
    got = [int.from_bytes(data[i : i + size], "little") for i in range(0, len(values) * size, size)]
    assert got == values
    return text


def interesting(type_: str) -> list[int]:
    """Zeros, denormals, the ends of the range, infinities and NaNs, of both signs."""
    _, exponent, mantissa = FORMATS[type_]
    infinity = ((1 << exponent) - 1) << mantissa
    one = ((1 << (exponent - 1)) - 1) << mantissa
    quiet = 1 << (mantissa - 1)
    plain = [0, 1, 2, 3, (1 << mantissa) - 1, 1 << mantissa, one, one + 1, infinity - 1, infinity]
    nans = [
        infinity | quiet,
        infinity | quiet | 1,
        infinity | 1,
        infinity | (quiet - 1),
        infinity | quiet | (quiet - 1),
    ]
    return [value | sign << (exponent + mantissa) for value in plain + nans for sign in (0, 1)]


def decimal_bits(type_: str, text: str) -> int:
    """The bits of the value nearest to a decimal: what LLVM prints as a decimal again."""
    value = float(text)
    if type_ == "f64":
        return int.from_bytes(struct.pack("<d", value), "little")
    single = int.from_bytes(struct.pack("<f", value), "little")
    if type_ == "f32":
        return single
    if type_ == "bf16":
        return single >> 16
    return int.from_bytes(struct.pack("<e", value), "little")


def patterns(type_: str) -> st.SearchStrategy[int]:
    bits = FORMATS[type_][0] * 8
    decimals = st.tuples(st.integers(-9999, 9999), st.integers(-4, 0)).map(
        lambda pair: decimal_bits(type_, f"{pair[0]}e{pair[1]}")
    )
    return st.one_of(st.integers(0, (1 << bits) - 1), st.sampled_from(interesting(type_)), decimals)


@pytest.mark.parametrize("type_", ["f16", "bf16", "f32", "f64"])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_arrays_of_constants_survive(type_: str, data: Any) -> None:
    values = data.draw(st.lists(patterns(type_), min_size=2, max_size=40))
    if len(set(values)) > 1:
        check_array(type_, values)


@pytest.mark.parametrize("type_", ["f16", "bf16"])
def test_every_16_bit_constant_survives(type_: str) -> None:
    check_array(type_, list(range(1 << 16)))


@pytest.mark.parametrize("finite_only", [True, False])
@pytest.mark.parametrize("type_", ["f32", "f64"])
def test_long_arrays_survive(type_: str, finite_only: bool) -> None:
    rng = random.Random(7)
    bits = FORMATS[type_][0] * 8
    values = [rng.getrandbits(bits) for _ in range(20000)]
    values += [decimal_bits(type_, f"{rng.random():.6e}") for _ in range(20000)]
    values += [decimal_bits(type_, f"{rng.randrange(1, 9999)}e-44") for _ in range(200)]
    values += interesting(type_)
    if finite_only:
        _, exponent, mantissa = FORMATS[type_]
        special = (1 << exponent) - 1
        values = [value for value in values if value >> mantissa & special != special]
    rng.shuffle(values)
    text = check_array(type_, values)
    assert "f0x" in text  # the printed forms that this is about are there
    assert "e-01" in text
    assert ("+qnan" in text) != finite_only


def test_long_nested_arrays_survive() -> None:
    rng = random.Random(8)
    values = [struct.unpack("<f", struct.pack("<f", rng.random()))[0] for _ in range(600 * 7)]
    rows = ",".join("[" + ",".join(map(repr, values[i : i + 7])) + "]" for i in range(0, len(values), 7))
    text = translated(
        f"llvm.mlir.global constant @g(dense<[{rows}]> : tensor<600x7xf32>) "
        '{section = "values"} : !llvm.array<600 x array<7 x f32>>\n'
    )
    data = sections(to_reader(text))["values"]
    assert list(struct.unpack(f"<{len(values)}f", data)) == values


@pytest.mark.parametrize("type_", list(FORMATS))
def test_scalar_constants_survive(type_: str) -> None:
    rng = random.Random(9)
    _, exponent, mantissa = FORMATS[type_]
    values = interesting(type_) + [rng.getrandbits(1 + exponent + mantissa) for _ in range(100)]
    # As decimals, too: small integers times powers of two.
    values += [
        ((1 << (exponent - 1)) - 1 + rng.randrange(4)) << mantissa | rng.randrange(8) << (mantissa - 3)
        for _ in range(50)
    ]
    if type_ == "f80":  # x87 has an explicit leading bit, clear in zeros and denormals only
        values = [
            (value >> 63) << 64 | (1 << 63 if value >> 63 & 0x7FFF else 0) | value & ((1 << 63) - 1) for value in values
        ]
    text = translated(scalars(type_, values))
    found = sections(to_reader(text))
    size = FORMATS[type_][0]
    assert [int.from_bytes(found[f"v{i}"][:size], "little") for i in range(len(values))] == values


def test_decimals_are_rounded_once() -> None:
    # The middle of 1 and the next float is even, so 1; a little more is the next float, but as a double the middle.
    assert to_reader("  ret float 1.000000059604644775390625e+00") == "  ret float 0x3FF0000000000000"
    more = "1.000000059604644775390625000000001e+00"
    assert float(more) == 1.000000059604644775390625
    assert to_reader(f"  ret float {more}") == "  ret float 0x3FF0000020000000"
    assert to_reader(f"@a = [9 x float] [{', '.join([f'float {more}'] * 999)}]").count("0x3FF0000020000000") == 999
    # Decimals of the length that LLVM prints are converted in bulk.
    assert list(llvm_ir._convert_decimals([more, "1.000000e+00"])) == ["0x3FF0000020000000", "0x3FF0000000000000"]


def test_nans_given_by_their_bits() -> None:
    # LLVM has words for these, but reads bits, too; the processor would make them quiet.
    line = f"@a = constant [999 x float] [{', '.join(['float f0x7F800001'] * 999)}]"
    assert to_reader(line) == line.replace("f0x7F800001", "0x7FF0000020000000")


# --- Cost -------------------------------------------------------------------------------------------------------------


def test_time_is_linear() -> None:
    line = "  %12 = fadd float %11, f0x3DCCCCCD\n"
    constants = "@a = constant [1 x float] [" + ", ".join(["float f0x3DCCCCCD"] * 1000) + "]\n"

    def seconds(n: int) -> float:
        text = (line * 20 + constants) * n
        best = float("inf")
        for _ in range(3):
            start = time.process_time()
            to_reader(text)
            best = min(best, time.process_time() - start)
        return best

    seconds(1)
    assert seconds(64) < 40 * seconds(8)  # 8 times the text; quadratic would be 64


def test_text_without_constants_is_not_rewritten() -> None:
    text = '@a = constant [8 x i8] c"abcdefgh"\n@b = constant [2 x i32] [i32 1, i32 -2]\n'
    assert to_reader(text) == text
    assert to_reader("") == ""
    assert to_reader("ret float +inf") == "ret float 0x7FF0000000000000"  # no end of line
