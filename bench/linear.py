# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seconds of processor time that the driver's own work on large constants takes.

python3 bench/linear.py 16 256      # MiB; prints JSON: what to a list of seconds, one a size
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from lighthouse_build import limits
from lighthouse_build.emission import llvm_ir
from lighthouse_build.outputs import Edge

_RUNS = 2


def _least(work: Callable[[], object]) -> float:
    times = []
    for _ in range(_RUNS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def _times(mib: int, scratch: Path) -> dict[str, float]:
    size = mib << 20
    payload = scratch / "payload.mlir"
    digits = (os.urandom(1 << 19).hex() * mib)[: size - 100]
    payload.write_text(f'%c = arith.constant dense<"0x{digits}"> : tensor<1xf32>\n')
    ir = f'@c = constant [{size} x i8] c"{digits}"\n'
    floats = "".join(
        "@t = constant [4 x float] [float 1.100000e+00, float 2.0e+00, float f0x3DCCCCCD]\n" * (size // 88)
    )
    out = str(scratch / "out")

    def write(data: bytes) -> None:
        with Edge([out], out + ".stamp", None) as edge:
            edge.commit({out: data}, [])

    data = ir.encode()
    write(data)
    return {
        "check a payload with one constant": _least(lambda: limits.check_mlir_file(str(payload), "payload")),
        "rewrite LLVM IR, one constant of bytes": _least(lambda: llvm_ir.to_reader(ir)),
        "rewrite LLVM IR, a sixteenth as much of small constants": _least(lambda: llvm_ir.to_reader(floats)),
        "compare an output with the file": _least(lambda: write(data)),
    }


def main(sizes: list[int]) -> None:
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for mib in sizes:
            for what, seconds in _times(mib, Path(scratch)).items():
                found.setdefault(what, []).append(seconds)
    print(json.dumps(found))


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]])
