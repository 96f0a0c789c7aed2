# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The shipped pipelines, alone and combined with other stages, compute what NumPy does.

Lowered by the driver, loaded, called through the C interface. Sizes that tiles divide, that they do not, of one, and
sizes that only the caller knows.
"""

from __future__ import annotations

import ctypes.util
import itertools
import platform
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from kernels import KERNELS, Case, Library, Shape, lower, text

FLOATS = [("f32", "f32"), ("f64", "f64"), ("bf16", "bf16"), ("f16", "f16")]
SUMS = [*FLOATS, ("bf16", "f32"), ("f16", "f32"), ("i8", "i32"), ("i32", "i32")]
UNIFORM = [*FLOATS, ("i32", "i32")]

# Types and shapes of each kernel; the first shape is whole multiples of tiles.
CASES: dict[str, tuple[Sequence[tuple[str, str]], Sequence[Shape]]] = {
    "matmul": (SUMS, [(16, 64, 8), (13, 37, 5), (1, 1, 1)]),
    "matmul_transposed": ([("f32", "f32"), ("i8", "i32")], [(16, 64, 8), (13, 37, 5)]),
    "matmul_add": (UNIFORM, [(13, 37, 5)]),
    "batch_matmul": (SUMS, [(2, 16, 32, 8), (3, 13, 37, 5)]),
    "matvec": (SUMS, [(64, 64), (33, 77), (1, 1)]),
    "vecmat": (SUMS, [(64, 64), (33, 77)]),
    "chain": (UNIFORM, [(64, 64), (33, 77), (1, 3)]),
    "row_sum": (UNIFORM, [(64, 64), (33, 77), (1, 1)]),
    "softmax": (FLOATS, [(64, 64), (33, 77), (5, 3)]),
    "layer_norm": (FLOATS, [(64, 64), (33, 77)]),
    "convolution": (SUMS, [(1, 4, 8, 3, 3, 3, 32), (2, 5, 13, 4, 3, 2, 20), (1, 1, 1, 1, 1, 1, 1)]),
    "convolution_stride2": (SUMS, [(2, 5, 13, 4, 3, 2, 20)]),
}

# Relative to the greatest result; 16-bit sums are rounded at every step.
TOLERANCES = {"f64": 1e-14, "f32": 2e-6, "f16": 1e-2, "bf16": 5e-2, "i32": 0.0}

Lower = Callable[..., Library]


def cases(kernel: str, types: Sequence[tuple[str, str]] | None = None) -> list[Case]:
    """All cases of `kernel`, or those of some types."""
    known, shapes = CASES[kernel]
    return [
        Case(kernel, element, result, shape, dynamic)
        for (element, result), dynamic, shape in itertools.product(types or known, (False, True), shapes)
    ]


def f32_cases(*kernels: str) -> list[Case]:
    """All cases of these kernels, or of all of them, in f32."""
    return [case for kernel in kernels or CASES for case in cases(kernel, [("f32", "f32")])]


def check(library: Library, case: Case) -> None:
    """Fails unless `library` computes what NumPy does."""
    computed, expected = library.run(case)
    scale = max(1.0, float(np.abs(expected).max()))
    np.testing.assert_allclose(computed, expected, rtol=0, atol=TOLERANCES[case.result] * scale)


@pytest.fixture(scope="session")
def lowered(tmp_path_factory: pytest.TempPathFactory) -> Lower:
    """Lowers each payload once; what failed once fails again."""
    done: dict[object, Library | RuntimeError] = {}

    def lowered(name: str, payload: Sequence[Case], stages: Sequence[str], flags: Sequence[str] = ()) -> Library:
        key = (name, *stages, *flags)
        if key not in done:
            try:
                done[key] = lower(text(payload), stages, tmp_path_factory.mktemp(name), flags)
            except RuntimeError as error:
                done[key] = error
        found = done[key]
        if isinstance(found, RuntimeError):
            pytest.fail(str(found))
        return found

    return lowered


@pytest.mark.parametrize("case", [case for kernel in CASES for case in cases(kernel)], ids=str)
def test_pipeline(case: Case, lowered: Lower) -> None:
    check(lowered(case.kernel, cases(case.kernel), [KERNELS[case.kernel].pipeline]), case)


@pytest.mark.parametrize("case", f32_cases(), ids=str)
def test_scalar_lowering(case: Case, lowered: Lower) -> None:
    check(lowered("scalar", f32_cases(), ["scalar-lowering.yaml"]), case)


@pytest.mark.parametrize("case", f32_cases("matmul", "softmax", "matvec"), ids=str)
@pytest.mark.parametrize("cpu", ["x86-64", "x86-64-v2", "x86-64-v3"])
def test_other_processors(case: Case, cpu: str, lowered: Lower) -> None:
    if platform.machine() != "x86_64":
        pytest.skip("needs an x86-64 processor")
    check(
        lowered(
            f"{case.kernel}-{cpu}",
            cases(case.kernel, [("f32", "f32")]),
            [KERNELS[case.kernel].pipeline],
            [f"--cpu={cpu}"],
        ),
        case,
    )


# Stages in combination, and a pipeline on kernels that are not of its kind, which become loops.
COMBINATIONS = {
    "blocks of a size of one's own": (["matmul"], ["matmul.yaml{tile=[4,8]}"]),
    "packed and in loops": (["matmul", "batch_matmul"], ["block_pack.py", "bufferize.yaml", "lower-to-llvm.yaml"]),
    "a product that is spelled out": (["matmul", "matmul_transposed"], ["linalg-generalize-named-ops", "matmul.yaml"]),
    "any kernel as a matmul": (["matmul", "chain", "row_sum", "softmax", "convolution"], ["matmul.yaml"]),
    "any kernel as a reduction": (["matmul", "chain", "row_sum", "matvec", "convolution"], ["reduction.yaml"]),
    "tiled, peeled and unrolled": (
        ["matmul", "chain"],
        ["tile.py{sizes=[8,16] peel unroll=2}", "bufferize.yaml", "lower-to-llvm.yaml"],
    ),
    "tiled twice": (
        ["matmul"],
        ["tile.py{sizes=[8,16] interchange=[1,0]}", "tile.py{sizes=[0,0,4]}", "hoist.py", "vectors-to-llvm.yaml"],
    ),
    "vectors of sizes that are given": (
        ["matmul"],
        [
            "tile.py{sizes=[4,8,2] ops=[linalg.matmul]}",
            "vectorize.py{ops=[linalg.matmul] sizes=[4,8,2]}",
            "hoist.py",
            "vectors-to-llvm.yaml",
        ],
    ),
    "fused and masked": (
        ["chain", "softmax"],
        ["decompose-linalg.mlir", "fuse.py{sizes=[4]}", "vectorize.py{length=8 peel=false}", "vectors-to-llvm.yaml"],
    ),
    "without dimensions of one": (
        ["chain", "matmul", "convolution"],
        ["linalg-generalize-named-ops", "fold_unit_dims.py", "cleanup.yaml", "elementwise.yaml"],
    ),
    "forall in turn": (["chain", "matmul"], ["tile.py{sizes=[8,8] forall}", "bufferize.yaml", "lower-to-llvm.yaml"]),
    "parts, each a matmul": (["matmul", "matmul_add"], ["parallelize.py{size=8}", "matmul.yaml"]),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [
        pytest.param(name, case, id=f"{name}-{case}")
        for name, (kernels, _) in COMBINATIONS.items()
        for case in f32_cases(*kernels)
    ],
)
def test_combination(name: str, case: Case, lowered: Lower) -> None:
    kernels, stages = COMBINATIONS[name]
    check(lowered(name.replace(" ", "-").replace(",", ""), f32_cases(*kernels), stages), case)


def test_parts_in_threads(tmp_path: Path) -> None:
    runtime = ctypes.util.find_library("omp") or ctypes.util.find_library("omp5")
    if not runtime:
        pytest.skip("needs LLVM's OpenMP runtime, libomp")
    payload = f32_cases("matmul", "chain", "softmax")
    stages = ["parallelize.py{size=4}", "bufferize.yaml", "parallel-to-openmp.yaml", "lower-to-llvm.yaml"]
    library = lower(text(payload), stages, tmp_path / "openmp", ["--allow-undefined=__kmpc_*"], [f"-l:{runtime}"])
    for case in payload:
        check(library, case)


TOSA = """
func.func @dense(%a: tensor<1x4x8xf32>, %b: tensor<1x8x6xf32>) -> tensor<1x4x6xf32> {
  %zero = "tosa.const"() <{values = dense<0.0> : tensor<1xf32>}> : () -> tensor<1xf32>
  %0 = tosa.matmul %a, %b, %zero, %zero
      : (tensor<1x4x8xf32>, tensor<1x8x6xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<1x4x6xf32>
  %1 = tosa.clamp %0 {max_val = 1.0 : f32, min_val = -0.5 : f32} : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  %2 = tosa.sigmoid %1 : (tensor<1x4x6xf32>) -> tensor<1x4x6xf32>
  return %2 : tensor<1x4x6xf32>
}
"""


@pytest.mark.parametrize(
    "stages", [["scalar-lowering.yaml"], ["tosa-to-linalg.yaml", "batch-matmul.yaml"]], ids=["scalar", "batch-matmul"]
)
def test_tosa_f32_1x4x6x8(stages: Sequence[str], tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    a, b = (random.random(shape).astype(np.float32) - 0.5 for shape in ((1, 4, 8), (1, 8, 6)))
    result = np.full((1, 4, 6), 77, np.float32)
    lower(TOSA, stages, tmp_path / stages[0].partition(".")[0]).bind("dense", [a, b, result])()
    np.testing.assert_allclose(result, 1 / (1 + np.exp(-np.clip(a @ b, -0.5, 1))), rtol=0, atol=1e-6)
