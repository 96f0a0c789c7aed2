# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The work of a lowering alone: the same steps again and again in one process, which has loaded everything.

python3 bench/floor.py payload.mlir PIPELINE KIND RUNS      # prints the median seconds
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "python"))

from lighthouse_build.bindings import core
from lighthouse_build.emission import codegen


def main(path: str, pipeline: str, kind: str, runs: str) -> None:
    bindings = core(whole=False)
    target = codegen.resolve_target(None, None, ())
    times = []
    for _ in range(int(runs) + 1):
        started = time.perf_counter()
        context = bindings.context()
        with context, bindings.ir.Location.unknown(), bindings.generic_operations():
            context.enable_multithreading(False)
            module = bindings.ir.Module.parseFile(path)
            bindings.passmanager.PassManager.parse(f"builtin.module({pipeline})").run(module.operation)
            if kind == "mlir":
                module.operation.get_asm()
            else:
                text = bindings.translate_module_to_llvmir(module.operation)
                codegen.generate(text, target, optimize=2, kinds={kind}, declared=("malloc", "expf", "memrefCopy"))
        times.append(time.perf_counter() - started)
    print(statistics.median(times[1:]))


if __name__ == "__main__":
    main(*sys.argv[1:])
