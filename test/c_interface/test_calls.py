# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values that cross between C, C++ and lowered code, on every target that can be had."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import INPUTS, PLAIN, STAGES, Target, Workbench, has

# How many CHECKs each program must reach: a test that checks nothing has failed.
PROGRAMS = [
    ("scalars.c", "", 40),
    ("scalars.cpp", "k", 9),
    ("elements.c", "", 20),
    ("elements.cpp", "", 321000),
    ("tensors.c", "", 34),
    ("tensors.cpp", "kernels::v1", 12),
]


@pytest.mark.parametrize(("program", "namespace", "checks"), PROGRAMS, ids=lambda value: str(value))
def test_values(bench: Workbench, target: Target, program: str, namespace: str, checks: int) -> None:
    stem = program.split(".")[0]
    bench.lower(INPUTS / f"{stem}.mlir", f"--namespace={namespace}", target=target)
    output = bench.run(bench.build(INPUTS / program, f"{stem}.o", target=target), target=target)
    match = re.fullmatch(r"(\d+) checks, 0 failures\n", output)
    assert match, output
    assert int(match[1]) >= checks


@pytest.mark.parametrize("level", ["-O0", "-O3"])
@pytest.mark.parametrize("stem", ["scalars", "elements", "tensors"])
def test_optimization_levels(bench: Workbench, stem: str, level: str) -> None:
    bench.lower(INPUTS / f"{stem}.mlir", level)
    bench.run(bench.build(INPUTS / f"{stem}.c", f"{stem}.o"))


@pytest.mark.skipif(not has("valgrind"), reason="needs valgrind")
def test_no_leak_inside_lowered_code(bench: Workbench) -> None:
    """The sanitizers do not see loads and stores of lowered code; valgrind does."""
    bench.lower(INPUTS / "tensors.mlir")
    program = bench.build(INPUTS / "tensors.c", "tensors.o", target=PLAIN)
    bench.run(program, "valgrind", "--quiet", "--leak-check=full", "--show-leak-kinds=all", "--error-exitcode=9")


def test_results_are_written_where_the_caller_wants_them(bench: Workbench) -> None:
    """A fresh result needs neither a buffer of its own nor a copy, through tiled loops as well."""
    payload = bench.write(
        "direct.mlir",
        """func.func @direct(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
             %zero = arith.constant 0.0 : f32
             %e = tensor.empty() : tensor<64x64xf32>
             %f = linalg.fill ins(%zero : f32) outs(%e : tensor<64x64xf32>) -> tensor<64x64xf32>
             %c0 = arith.constant 0 : index
             %c8 = arith.constant 8 : index
             %c64 = arith.constant 64 : index
             %r = scf.for %i = %c0 to %c64 step %c8 iter_args(%t = %f) -> tensor<64x64xf32> {
               %x = tensor.extract_slice %a[%i, 0] [8, 64] [1, 1] : tensor<64x64xf32> to tensor<8x64xf32>
               %y = tensor.extract_slice %t[%i, 0] [8, 64] [1, 1] : tensor<64x64xf32> to tensor<8x64xf32>
               %z = linalg.matmul ins(%x, %b : tensor<8x64xf32>, tensor<64x64xf32>)
                                  outs(%y : tensor<8x64xf32>) -> tensor<8x64xf32>
               %u = tensor.insert_slice %z into %t[%i, 0] [8, 64] [1, 1] : tensor<8x64xf32> into tensor<64x64xf32>
               scf.yield %u : tensor<64x64xf32>
             }
             return %r : tensor<64x64xf32>
           }""",
    )
    bench.lower(payload)
    assert set(bench.symbols("direct.o", "-u")) <= {"memset"}


def test_random_functions() -> None:
    """In a process of its own, which a wrong buffer may end."""
    program = Path(__file__).with_name("random_functions.py")
    command = [sys.executable, str(program), "--modules", "4", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "80 functions, 0 wrong\n", done.stdout + done.stderr


def test_an_empty_tensor_in_two_roles_needs_no_copy(bench: Workbench) -> None:
    """Tiling slices the empty tensor both as the result and as what a tile starts from; only the latter is a buffer."""
    payload = bench.write(
        "roles.mlir",
        """#map = affine_map<(i, j) -> (i, j)>
           func.func @roles(%a: tensor<64x64xf32>, %b: tensor<64x64xf32>) -> tensor<64x64xf32> {
             %zero = arith.constant 0.0 : f32
             %c0 = arith.constant 0 : index
             %c8 = arith.constant 8 : index
             %c64 = arith.constant 64 : index
             %e = tensor.empty() : tensor<64x64xf32>
             %r = scf.for %i = %c0 to %c64 step %c8 iter_args(%t = %e) -> tensor<64x64xf32> {
               %s = tensor.extract_slice %e[%i, 0] [8, 64] [1, 1] : tensor<64x64xf32> to tensor<8x64xf32>
               %f = linalg.fill ins(%zero : f32) outs(%s : tensor<8x64xf32>) -> tensor<8x64xf32>
               %x = tensor.extract_slice %a[%i, 0] [8, 64] [1, 1] : tensor<64x64xf32> to tensor<8x64xf32>
               %m = linalg.matmul ins(%x, %b : tensor<8x64xf32>, tensor<64x64xf32>)
                                  outs(%f : tensor<8x64xf32>) -> tensor<8x64xf32>
               %y = tensor.extract_slice %t[%i, 0] [8, 64] [1, 1] : tensor<64x64xf32> to tensor<8x64xf32>
               %g = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
                 ins(%m : tensor<8x64xf32>) outs(%y : tensor<8x64xf32>) {
               ^bb0(%p: f32, %q: f32):
                 %v = arith.maximumf %p, %zero : f32
                 linalg.yield %v : f32
               } -> tensor<8x64xf32>
               %u = tensor.insert_slice %g into %t[%i, 0] [8, 64] [1, 1] : tensor<8x64xf32> into tensor<64x64xf32>
               scf.yield %u : tensor<64x64xf32>
             }
             return %r : tensor<64x64xf32>
           }""",
    )
    printed = "--print-ir-after=convert-bufferization-to-memref"
    stages = [f"--stage={stage}" for stage in STAGES]
    dump = bench.lh_opt(payload, *stages, "--emit=object=roles.o", printed, prints=True)
    allocations = re.findall(r"memref\.alloc\(.*: (memref<.*>)", dump)
    assert allocations == ["memref<8x64xf32>"]


def test_an_invalid_call_is_caught_by_assert(bench: Workbench) -> None:
    bench.write("f.mlir", "func.func @f(%a: tensor<4x?xf32>) { return }")
    bench.lower("f.mlir")
    program = bench.write(
        "wrong.cpp",
        """#include "f.h"
           int main(int argc, char **) {
             float data[16] = {};
             if (argc > 1)
               f(lh::make_memref(data, 4, 4));
             else
               f(lh::make_memref(data, 8, 2));
           }""",
    )
    assert "f: a must be 4 x ? f32, row-major" in _dies(bench, program)
    transposed = bench.write(
        "transposed.cpp",
        """#include "f.h"
           int main() {
             float data[16] = {};
             f(lh::make_strided_memref(data, {4, 4}, {1, 4}));
           }""",
    )
    assert "is_row_major" in _dies(bench, transposed)


def _dies(bench: Workbench, source: object) -> str:
    import subprocess

    program = bench.build(str(source), "f.o", target=PLAIN)
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    assert done.returncode != 0
    return done.stderr
