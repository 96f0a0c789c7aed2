# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Seconds of processor time that the driver's own work on large constants takes.

python3 bench/linear.py 16 256      # MiB; prints JSON: what to a list of seconds, one a size
python3 bench/linear.py 16 256 --speeds     # a table of MiB a second, with how the cost of one grows

A row counts the bytes of what the driver reads, or those of the constant itself where the row says so. The first row is
what the machine does: a copy in memory.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from lighthouse_build import identity, limits
from lighthouse_build.emission import constants, llvm_ir
from lighthouse_build.handover import Handover
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
    contents = {"c": os.urandom(1 << 20) * mib}
    empty = f"; of a module\n@c = private constant [{size} x i8] zeroinitializer\n".encode()

    def hand_over(result: Callable[[], bytes | Iterable[constants.Piece]], output: str = "") -> None:
        handover = Handover(output)
        handover.taken({out: handover.keep(result())})
        for file in handover.descriptors:
            os.close(file)

    return {
        "copy in memory": _least(lambda: bytearray(data)),
        "hash a file": _least(lambda: identity.digest([str(payload)])),
        "hand a result over to the parent": _least(lambda: hand_over(lambda: data)),
        "the same, in a file that becomes the output": _least(lambda: hand_over(lambda: data, out)),
        "put a constant into LLVM IR for the code generator": _least(lambda: constants.fill_in(empty, contents)),
        "write a constant in digits to such a file": _least(
            lambda: hand_over(lambda: constants.pieces(empty, contents, readable=True), out)
        ),
        "check a payload with one constant": _least(lambda: limits.check_mlir_file(str(payload), "payload")),
        "rewrite LLVM IR with one long string": _least(lambda: llvm_ir.to_reader(ir)),
        "rewrite LLVM IR of small constants alone": _least(lambda: llvm_ir.to_reader(floats)),
        "compare an output with the file": _least(lambda: write(data)),
    }


def main(sizes: list[int], *, speeds: bool) -> None:
    found: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for mib in sizes:
            for what, seconds in _times(mib, Path(scratch)).items():
                found.setdefault(what, []).append(seconds)
    if not speeds:
        print(json.dumps(found))
        return
    for what, seconds in found.items():
        rates = [mib / second for mib, second in zip(sizes, seconds)]
        least, *_, most = rates
        print(f"| {what} | {' | '.join(f'{rate:.0f}' for rate in rates)} | {least / most:.2f} |")


if __name__ == "__main__":
    words = sys.argv[1:]
    main([int(word) for word in words if word.isdigit()], speeds="--speeds" in words)
