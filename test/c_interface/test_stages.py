# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shipped stages: what they promise in their first lines."""

from __future__ import annotations

import re

import pytest
from conftest import INPUTS, ROOT, STAGES, Target, Workbench

_SHIPPED = ROOT / "python/lighthouse_build/stages"
_PAYLOADS = sorted((INPUTS / "stages").glob("*.mlir"), key=lambda path: path.name)
# Deallocation, and with it all of bufferize.yaml, refuses these ops; nothing in them needs it.
_BUFFERS_ONLY = {"affine", "memref", "switch"}
_UNARY = """absf acos acosh asin asinh atan atanh cbrt ceil cos cosh erf erfc exp exp2 expm1 floor log log10 log1p log2
    round roundeven rsqrt sin sinh sqrt tan tanh trunc""".split()


def test_there_is_something_to_lower() -> None:
    assert len(_PAYLOADS) > 10


@pytest.mark.parametrize("payload", _PAYLOADS, ids=lambda path: path.stem)
def test_nothing_is_left(bench: Workbench, payload: object) -> None:
    stages = STAGES[1:] if payload.stem in _BUFFERS_ONLY else STAGES  # type: ignore[attr-defined]
    bench.lh_opt(payload, *(f"--stage={stage}" for stage in stages), "--emit=object=x.o")  # type: ignore[arg-type]
    assert bench.symbols("x.o", "--defined-only")


@pytest.mark.parametrize("type", ["f32", "f64", "f16", "bf16", "vector<8xf32>", "vector<8xbf16>", "vector<2x4xf64>"])
def test_math(bench: Workbench, type: str) -> None:
    """Every function, on scalars and on vectors, needs no more than libm."""
    lines = [f"%{op} = math.{op} %{before} : {type}" for before, op in zip(["x", *_UNARY], _UNARY)]
    lines.append(f"%power = math.powf %{_UNARY[-1]}, %x : {type}")
    lines.append(f"%angle = math.atan2 %power, %x : {type}")
    body = "\n  ".join(lines)
    text = f"func.func private @g(%x: {type}) -> {type} {{\n  {body}\n  return %angle : {type}\n}}\n"
    bench.write(
        "m.mlir",
        f"""{text}func.func @f(%m: memref<{type}>) {{
              %x = memref.load %m[] : memref<{type}>
              %y = call @g(%x) : ({type}) -> {type}
              memref.store %y, %m[] : memref<{type}>
              return
            }}""",
    )
    bench.lh_opt("m.mlir", "--stage=lower-to-llvm.yaml", "--emit=object=m.o")


def test_values(bench: Workbench, target: Target) -> None:
    bench.lower(INPUTS / "stages/rows.mlir", target=target)
    output = bench.run(bench.build(INPUTS / "stages/rows.c", "rows.o", target=target), target=target)
    assert re.fullmatch(r"2\d checks, 0 failures\n", output)


def test_bufferize_alone(bench: Workbench) -> None:
    """Without a C interface to emit, results are buffers that the caller owns, and copies of what it does not."""
    bench.write("t.mlir", "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }")
    bench.lh_opt("t.mlir", "--stage=bufferize.yaml", "--emit=mlir=b.mlir")
    text = (bench.directory / "b.mlir").read_text()
    assert re.search(r"@f\(%arg0: memref<4xf32>\) -> memref<4xf32> \{\n *%\w+ = memref.alloc", text)
    assert "lh." not in text
    assert "emit_c_interface" not in text


def test_each_stage_says_what_it_does() -> None:
    files = sorted(f for f in _SHIPPED.iterdir() if f.suffix in (".yaml", ".mlir"))
    assert {f.name for f in files} >= {"bufferize.yaml", "bufferize-cleanup.yaml", "linalg-to-loops.yaml", *STAGES}
    for file in files:
        lines = file.read_text().splitlines()
        mark = "//" if file.suffix == ".mlir" else "#"
        comment = "\n".join(line for line in lines[: lines.index(next(x for x in lines if not x.startswith(mark)))])
        assert "Takes: " in comment, file
        assert "Leaves: " in comment, file
