# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C interface as data, and types of a payload as C sees them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lighthouse_build.emission.c_types import MemRef, Scalar, UnsupportedTypeError, parse_type, split_function_type
from lighthouse_build.emission.interface import Function, Interface, Value, join, read
from lighthouse_build.emission.names import is_c_name, is_free_name, why_no_data_name, why_no_function_name
from lighthouse_build.errors import InputError

INCLUDE = Path(__file__).parents[2] / "python/lighthouse_build/include"

_TEXT = st.text(max_size=12)
_VALUES = st.builds(
    Value,
    type=_TEXT,
    index=st.integers(0, 99),
    mode=st.sampled_from(["argument", "out", "returned", "in_place"]),
    writable=st.booleans(),
    alias=st.integers(-1, 9),
    name=_TEXT,
)
_FUNCTIONS = st.builds(
    Function,
    name=_TEXT,
    symbol=_TEXT,
    parameters=st.lists(_VALUES, max_size=3).map(tuple),
    returned=st.lists(_VALUES, max_size=3).map(tuple),
    by_struct=st.booleans(),
    in_place=st.lists(_VALUES, max_size=2).map(tuple),
    source=_TEXT,
    line=st.integers(0, 10**6),
    unsupported=_TEXT,
)


@given(
    st.builds(
        Interface,
        source=_TEXT,
        functions=st.lists(_FUNCTIONS, max_size=3).map(tuple),
        externals=st.lists(_TEXT, max_size=3).map(tuple),
    )
)
def test_json_round_trip(interface: Interface) -> None:
    text = interface.to_json()
    assert Interface.from_json(text, "x") == interface
    assert Interface.from_json(text, "x").to_json() == text
    text.encode("ascii")


def test_several_are_joined() -> None:
    interface = Interface("one.mlir", (), ("puts",))
    other = Interface("other.mlir", ())
    text = join([interface.to_json(), other.to_json()])
    assert read(text, "x") == [interface, other]
    assert read(other.to_json(), "x") == [other]
    with pytest.raises(InputError, match="not an interface file"):
        read("[3]", "x")
    with pytest.raises(InputError, match="not an interface file"):
        read("[", "x")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "3",
        '{"format": 1}',
        '{"format": 1, "source": "a", "functions": [{}], "externals": []}',
        '{"format": 1, "source": "a", "functions": 3, "externals": []}',
    ],
)
def test_what_is_no_interface_file(text: str) -> None:
    with pytest.raises(InputError, match="not an interface file") as error:
        Interface.from_json(text, "dir/x.interface.json")
    assert str(error.value.location) == "dir/x.interface.json"


def test_another_format() -> None:
    data = json.loads(Interface("a", ()).to_json())
    data["format"] += 1
    with pytest.raises(InputError, match="written by another version of lh-opt; build again"):
        Interface.from_json(json.dumps(data), "x")


@pytest.mark.parametrize(
    ("text", "c"),
    [("i1", "bool"), ("i8", "int8_t"), ("ui16", "uint16_t"), ("index", "int64_t"), ("f64", "double")]
    + [("si32", "int32_t"), ("!llvm.ptr", "void *")],
)
def test_scalars(text: str, c: str) -> None:
    assert parse_type(text) == Scalar(c)


@pytest.mark.parametrize(
    ("text", "c", "sizes", "strides", "offset"),
    [
        ("memref<f32>", "lh_memref_f32_0d", (), None, 0),
        ("tensor<4x?xf32>", "lh_memref_f32_2d", (4, None), None, 0),
        ("memref<0x1xindex>", "lh_memref_index_2d", (0, 1), None, 0),
        ("memref<2xcomplex<f64>>", "lh_memref_c64_1d", (2,), None, 0),
        ("memref<?x8xbf16, strided<[?, 1], offset: ?>>", "lh_memref_bf16_2d", (None, 8), (None, 1), None),
        ("memref<4xi1, strided<[-2], offset: 6>>", "lh_memref_i1_1d", (4,), (-2,), 6),
        ("memref<4xf16, strided<[3]>>", "lh_memref_f16_1d", (4,), (3,), 0),
        ("memref<f32, strided<[], offset: ?>>", "lh_memref_f32_0d", (), (), None),
    ],
)
def test_memrefs(
    text: str, c: str, sizes: tuple[int | None, ...], strides: tuple[int | None, ...] | None, offset: int | None
) -> None:
    type = parse_type(text)
    assert isinstance(type, MemRef)
    assert (type.c, type.sizes, type.strides, type.offset) == (c, sizes, strides, offset)
    assert type.tensor == text.startswith("tensor")
    assert type.rank == len(sizes)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("f16", "how to pass by value; pass it in a memref"),
        ("complex<f32>", "how to pass by value"),
        ("i128", "no portable C type"),
        ("i7", "no portable C type"),
        ("vector<4xf32>", "no portable C type"),
        ("tuple<i32, i32>", "no portable C type"),
        ("memref<*xf32>", "no rank"),
        ("tensor<*xf32>", "no rank"),
        ("memref<4xf32, 1>", "in memory space 1"),
        ("memref<4xf32, strided<[2]>, 3>", "in memory space 3"),
        ("memref<4xf32, #gpu.address_space<workgroup>>", "in memory space #gpu.address_space<workgroup>"),
        ("memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>", "layout is not strided"),
        ("tensor<4xf32, #sparse>", "encoding #sparse"),
        ("memref<4xi4>", "element type i4"),
        ("memref<4xvector<2xf32>>", "element type vector<2xf32>"),
        ("memref<4x!llvm.ptr>", "element type !llvm.ptr"),
    ],
)
def test_types_that_c_lacks(text: str, reason: str) -> None:
    with pytest.raises(UnsupportedTypeError) as error:
        parse_type(text)
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("text", "arguments", "results"),
    [
        ("() -> ()", [], []),
        ("(i32) -> f32", ["i32"], ["f32"]),
        ("(i32, memref<?xf32, strided<[?], offset: ?>>) -> ()", ["i32", "memref<?xf32, strided<[?], offset: ?>>"], []),
        ("((i32, f32) -> i32) -> (f32, i1)", ["(i32, f32) -> i32"], ["f32", "i1"]),
        ("() -> ((i32) -> f32)", [], ["(i32) -> f32"]),
        ("() -> tuple<i32, f32>", [], ["tuple<i32, f32>"]),
        (
            "(memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>, i1) -> i1",
            ["memref<4x4xf32, affine_map<(d0, d1) -> (d1, d0)>>", "i1"],
            ["i1"],
        ),
        (
            '(memref<4xf32, "a(b, ">) -> memref<2xf32, "<\\22->">',
            ['memref<4xf32, "a(b, ">'],
            ['memref<2xf32, "<\\22->">'],
        ),
    ],
)
def test_function_types(text: str, arguments: list[str], results: list[str]) -> None:
    assert split_function_type(text) == (arguments, results)


def test_names() -> None:
    assert is_c_name("f_1")
    assert not any(is_c_name(name) for name in ("", "1f", "a-b", "a.b", "größe", "int", "class", "restrict", "a\n"))
    assert why_no_function_name("mlp") == ""
    assert "entry" in why_no_function_name("main")
    assert "calls" in why_no_function_name("free")
    assert "keyword" in why_no_function_name("template")


@pytest.mark.parametrize(
    ("symbol", "why"),
    [(name, "lowered code itself calls") for name in ("sin", "tanhf", "erf", "fmodf", "exit", "printf", "cexpf")]
    + [(name, "a function of the C library") for name in ("div", "time", "fadd", "select", "index", "rsqrt")]
    + [(name, "a macro") for name in ("assert", "NULL", "errno", "unix", "linux", "INT64_MIN", "UINT_FAST8_MAX", "EOF")]
    + [(name, "a type") for name in ("int32_t", "uint_least8_t", "size_t", "FILE")]
    + [(name, "the header itself uses") for name in ("lh", "std", "lh_free", "lh_memref_f32_1d", "LH_DEFINE_MEMREF")],
)
def test_names_of_the_c_library(symbol: str, why: str) -> None:
    assert why in why_no_function_name(symbol)
    assert why_no_function_name(f"p_{symbol}") == ""
    is_function = "call" in why or "function" in why
    assert why_no_data_name(symbol) == (why_no_function_name(symbol) if is_function else "")
    assert is_free_name(symbol) == is_function


@pytest.mark.skipif(not shutil.which("gcc"), reason="needs gcc")
def test_what_the_c_library_declares_is_no_name_of_a_function(tmp_path: Path) -> None:
    """All functions of C11, and macros that memref.h brings."""
    headers = "complex ctype fenv inttypes locale math setjmp signal stdio stdlib string time wchar wctype"
    source = tmp_path / "t.c"
    source.write_text("".join(f"#include <{name}.h>\n" for name in headers.split()))
    listing = tmp_path / "functions"
    compiler = ["gcc", "-std=c11", f"-I{INCLUDE}"]
    subprocess.run([*compiler, "-fsyntax-only", "-aux-info", listing, source], check=True)
    functions = re.findall(r"^/\*.*?\*/ extern .*?\b([a-z]\w*) \(", listing.read_text(), re.MULTILINE)
    assert len(set(functions)) > 300
    assert [name for name in functions if not why_no_function_name(name)] == []
    source.write_text("#include <lighthouse/memref.h>\n")
    printed = subprocess.run([*compiler, "-dM", "-E", source], check=True, capture_output=True, text=True).stdout
    macros = re.findall(r"^#define ([A-Za-z]\w*)", printed, re.MULTILINE)
    assert "INT_FAST16_MAX" in macros
    assert [name for name in macros if is_free_name(name) and not name.startswith("LIGHTHOUSE")] == []
