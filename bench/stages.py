#!/usr/bin/env python3
# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure kernels lowered with the shipped pipelines against NumPy and plain loops, in one thread.

The kernels are those of test/stages/kernels.py. They need NumPy, the MLIR bindings, llvmlite and clang 22. A missed
bar is reported, not an error: the exit status is 1 only if something does not build, does not run, or computes a wrong
result.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "test" / "stages"))

import payloads
from kernels import KERNELS, Case, Library, lower, text

__all__ = ["BARS", "CASES", "main", "measure", "report"]


def _f32(kernel: str, *shape: int, dynamic: bool = False) -> Case:
    return Case(kernel, "f32", "f32", shape, dynamic)


# Read by the libraries that NumPy may use, when they are loaded.
_THREADS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")

# Shapes of matmul are [rows, columns, depth] of the product.
CASES = [
    _f32("matmul", 512, 512, 512),
    _f32("matmul", 500, 500, 500),
    _f32("matmul", 384, 257, 1000),
    _f32("matmul", 384, 1000, 257),
    _f32("matmul", 512, 512, 512, dynamic=True),
    _f32("matmul", 500, 500, 500, dynamic=True),
    _f32("matmul", 384, 257, 1000, dynamic=True),
    _f32("batch_matmul", 8, 128, 128, 128),
    _f32("batch_matmul", 8, 100, 70, 130, dynamic=True),
    _f32("matvec", 512, 512),
    _f32("matvec", 1000, 777, dynamic=True),
    _f32("vecmat", 512, 512),
    _f32("chain", 512, 512),
    _f32("chain", 500, 333, dynamic=True),
    _f32("row_sum", 512, 512),
    _f32("softmax", 512, 512),
    _f32("softmax", 500, 333, dynamic=True),
    _f32("layer_norm", 512, 512),
    _f32("layer_norm", 500, 333, dynamic=True),
    _f32("convolution", 1, 28, 28, 64, 3, 3, 64),
    _f32("convolution", 1, 28, 28, 64, 3, 3, 64, dynamic=True),
    _f32("convolution_stride2", 1, 14, 14, 64, 3, 3, 64),
]

_LOOP_RUNS = 7  # of loops, which may take a hundred times as long

# How fast a kernel is to be, NumPy being 1. There are none but for products of matrices.
BARS = {
    "matmul-f32-512x512x512": 0.70,
    "matmul-f32-500x500x500": 0.45,
    "matmul-f32-384x257x1000": 0.45,
    "matmul-f32-384x1000x257": 0.45,
    "matmul-f32-512x512x512-dynamic": 0.35,
    "matmul-f32-500x500x500-dynamic": 0.35,
    "matmul-f32-384x257x1000-dynamic": 0.35,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--pairs", type=int, default=200, help="how often to time each, in turns (default: 200)")
    parser.add_argument("--cpu", default="native", help="what to generate code for (default: native)")
    parser.add_argument("--only", default="", metavar="TEXT", help="only kernels whose names have this text in them")
    parser.add_argument("--clang", default="/usr/lib/llvm-22/bin/clang", help="what compiles the plain loops")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    options = parser.parse_args(arguments)
    if options.pairs < 1:
        parser.error("--pairs must be at least 1")
    cases = [case for case in CASES if options.only in str(case)]
    if not cases:
        parser.error(f"no kernel has '{options.only}' in its name")
    try:
        figures = measure(cases, options.pairs, options.cpu, options.clang)
    except (OSError, RuntimeError) as error:
        print(f"stages.py: error: {error}", file=sys.stderr)
        return 1
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return 0


def measure(cases: Sequence[Case], pairs: int, cpu: str, clang: str) -> dict[str, Any]:
    """Lower `cases`, check what they compute, and time each, NumPy, and plain loops compiled by `clang -O3` in turns.

    Raises:
        RuntimeError: a kernel cannot be lowered, or its result is wrong.
    """
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        for pipeline in dict.fromkeys(KERNELS[case.kernel].pipeline for case in cases):
            own = [case for case in cases if KERNELS[case.kernel].pipeline == pipeline]
            work = Path(directory) / Path(pipeline).stem
            library = lower(text(own), [pipeline], work, [f"--cpu={cpu}"])
            loops = _loops([case for case in own if case.kernel != "softmax"], work / "loops", cpu, clang)
            rows += [_measure(library, None if case.kernel == "softmax" else loops, case, pairs) for case in own]
    return {"cpu": cpu, "pairs": pairs, "load_average": os.getloadavg()[0], "numpy": np.__version__, "kernels": rows}


def _loops(cases: Sequence[Case], plain: Path, cpu: str, clang: str) -> Library | None:
    """`cases` as loops, without any schedule, compiled by `clang` in the directory `plain`.

    `linalg.softmax` has none: it is several operations first.
    """
    if not cases:
        return None
    plain.mkdir()
    (plain / "payload.mlir").write_text(text(cases))
    driver = Path(__file__).resolve().parents[1] / "python" / "lighthouse_build" / "__main__.py"
    stages = [f"--stage={payloads.PIPELINE}"]
    for command in (
        [sys.executable, "-I", str(driver), "payload.mlir", *stages, f"--cpu={cpu}", "--emit=llvmir=payload.ll"],
        [clang, "-O3", f"-march={cpu}", "-fPIC", "-Wno-override-module", "-shared", "payload.ll", "-o", "l.so", "-lm"],
    ):
        done = subprocess.run(command, cwd=plain, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
    return Library(plain / "l.so")


def _measure(library: Library, loops: Library | None, case: Case, pairs: int) -> dict[str, Any]:
    for which in filter(None, (library, loops)):
        computed, expected = which.run(case)
        error = float(np.abs(computed - expected).max() / max(1.0, np.abs(expected).max()))
        if not error < 1e-5:
            msg = f"{case}: wrong by {error:.1e}"
            raise RuntimeError(msg)
    inputs, out = case.arrays()
    kernel = library.bind(case.function, [*inputs, out])
    reference = _numpy(case, inputs)
    # As often as it takes to time it well.
    times = max(1, round(1e-4 / _seconds(reference, 1)))
    seconds: tuple[list[float], list[float]] = ([], [])
    for _ in range(pairs):
        seconds[0].append(_seconds(kernel, times))
        seconds[1].append(_seconds(reference, times))
    ours, numpys = map(statistics.median, seconds)
    plain = loops.bind(case.function, [*inputs, out]) if loops else None
    slow = statistics.median(_seconds(plain, times) for _ in range(min(pairs, _LOOP_RUNS))) if plain else None
    ratio, bar, flops = numpys / ours, BARS.get(str(case)), KERNELS[case.kernel].flops(case.shape)
    return {
        "name": str(case),
        "pipeline": KERNELS[case.kernel].pipeline,
        "seconds": ours,
        "numpy_seconds": numpys,
        "loops_seconds": slow,
        "ratio": ratio,
        "gflops": flops / ours / 1e9 if flops else None,
        "bar": bar,
        "met": None if bar is None else ratio >= bar,
    }


def _numpy(case: Case, inputs: Sequence[Any]) -> Callable[[], object]:
    """What NumPy does for `case`; products of matrices go to memory that is there already, as they do here."""
    kernel = KERNELS[case.kernel]
    if case.kernel in ("matmul", "batch_matmul", "matvec", "vecmat"):
        result = np.empty(kernel.shapes(case.shape)[-1], np.float32)
        return lambda: np.matmul(*inputs, out=result)
    return lambda: kernel.reference(*inputs)


def _seconds(call: Callable[[], object], times: int) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - begin) / times


def report(figures: dict[str, Any]) -> str:
    """Returns the figures as a table in Markdown."""
    lines = [
        f"NumPy {figures['numpy']}, one thread, load {figures['load_average']:.1f}, {figures['pairs']} pairs, medians",
        "",
        f"| {'kernel':44} | {'us':>8} | {'NumPy us':>8} | {'GFLOP/s':>7} | NumPy = 1 | loops = 1 | {'bar':11} |",
        f"|{'-' * 46}|{'-' * 9}:|{'-' * 9}:|{'-' * 8}:|{'-' * 10}:|{'-' * 10}:|{'-' * 13}|",
    ]
    for row in figures["kernels"]:
        gflops = f"{row['gflops']:.1f}" if row["gflops"] else ""
        bar = f"{row['bar']:.2f} {'met' if row['met'] else 'MISSED'}" if row["bar"] else ""
        times = f"{row['seconds'] * 1e6:8.1f} | {row['numpy_seconds'] * 1e6:8.1f}"
        loops = f"{row['loops_seconds'] / row['seconds']:.1f}" if row["loops_seconds"] else ""
        lines.append(f"| {row['name']:44} | {times} | {gflops:>7} | {row['ratio']:9.2f} | {loops:>9} | {bar:11} |")
    return "\n".join(lines)


if __name__ == "__main__":
    if any(os.environ.get(variable) != "1" for variable in _THREADS):
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **dict.fromkeys(_THREADS, "1")})
    sys.exit(main())
