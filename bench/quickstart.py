#!/usr/bin/env python3
# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measure the kernel of examples/quickstart against plain C++ loops.

Builds the example, runs it several times and reports medians, spreads and ratios. A missed bar is reported, not an
error: the exit status is 1 only if something does not build, does not run, or computes a wrong result.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["main", "measure", "parse", "report", "summarize"]

ROOT = Path(__file__).resolve().parent.parent
KERNEL = "lowered kernel"
BARS = {"plain loops, i-k-j": 3.0, "plain loops, i-j-k": 10.0}  # how many times as fast the kernel is to be
_LINE = re.compile(r"^(?P<name>\S.*?)\s+(?P<gflops>[0-9.]+) GFLOP/s\b", re.MULTILINE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--build-dir", type=Path, default=ROOT / "build", help="build tree to use or to make (default: build)"
    )
    parser.add_argument("--runs", type=int, default=7, help="how often to run the program (default: 7)")
    parser.add_argument("--repeat", type=int, default=7, help="how often each run times each contestant (default: 7)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to FILE, too")
    options = parser.parse_args(arguments)
    if options.runs < 1 or options.repeat < 1:
        parser.error("--runs and --repeat must be at least 1")
    try:
        program = build(options.build_dir)
        figures = summarize(measure(program, options.runs, options.repeat))
        figures["repeat"] = options.repeat
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        print(f"quickstart.py: error: {error}", file=sys.stderr)
        return 1
    print(report(figures))
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n")
    return 0


def build(directory: Path) -> Path:
    """Configure `directory` if it is not yet, and build the example in it; returns the program."""
    if not (directory / "CMakeCache.txt").exists():
        subprocess.run(["cmake", "-S", ROOT, "-B", directory, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], check=True)
    subprocess.run(["cmake", "--build", directory, "--config", "Release", "--target", "quickstart"], check=True)
    found = [p for p in (directory / "examples" / "quickstart").rglob("quickstart") if p.is_file()]
    if not found:
        raise ValueError(f"there is no program 'quickstart' below '{directory}'; is LH_BUILD_EXAMPLES off there?")
    return found[0]


def measure(program: Path, runs: int, repeat: int) -> list[dict[str, float]]:
    """Run `program` `runs` times; returns GFLOP/s by contestant for each, medians of `repeat` timings in turns."""
    command = [str(program), "--repeat", str(repeat)]
    return [parse(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout) for _ in range(runs)]


def parse(output: str) -> dict[str, float]:
    """Returns GFLOP/s by contestant from what the program prints; ValueError unless all are there."""
    gflops = {match["name"]: float(match["gflops"]) for match in _LINE.finditer(output)}
    if set(gflops) != {KERNEL, *BARS}:
        raise ValueError(f"the program did not report on {', '.join([KERNEL, *BARS])}, but:\n{output}")
    return gflops


def summarize(samples: Sequence[dict[str, float]]) -> dict[str, Any]:
    """Returns medians, extremes and ratios; a ratio is taken within a run, where both sides met the same load."""
    ratios = {}
    for name, bar in BARS.items():
        ratio = _spread([sample[KERNEL] / sample[name] for sample in samples])
        ratios[name] = {**ratio, "bar": bar, "met": ratio["median"] >= bar}
    return {
        "cpu": _cpu(),
        "load_average": os.getloadavg()[0],
        "runs": len(samples),
        "gflops": {name: _spread([sample[name] for sample in samples]) for name in (KERNEL, *BARS)},
        "ratios": ratios,
    }


def report(figures: dict[str, Any]) -> str:
    """Returns the figures as a table in Markdown."""
    lines = [
        "relu(A * B + bias), f32, 512 x 512 x 512, one thread",
        f"{figures['cpu']}, load {figures['load_average']:.1f}, medians of {figures['runs']} runs (least to most)",
        "",
        f"| {'':20} | {'GFLOP/s':22} | {'kernel is faster by':22} | {'bar':12} |",
        f"|{'-' * 22}|{'-' * 24}|{'-' * 24}|{'-' * 14}|",
    ]
    for name, gflops in figures["gflops"].items():
        ratio = figures["ratios"].get(name)
        faster = bar = ""
        if ratio:
            faster = f"{_text(ratio)}x"
            bar = f"{ratio['bar']:.0f}x {'met' if ratio['met'] else 'MISSED'}"
        lines.append(f"| {name:20} | {_text(gflops):22} | {faster:22} | {bar:12} |")
    return "\n".join(lines)


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def _text(spread: dict[str, float]) -> str:
    return f"{spread['median']:.1f} ({spread['min']:.1f} to {spread['max']:.1f})"


def _cpu() -> str:
    """Returns the model of this machine's CPU and how many of its cores there are."""
    try:
        model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        model = None
    return f"{model[1] if model else platform.processor() or platform.machine()}, {os.cpu_count()} cores"


if __name__ == "__main__":
    sys.exit(main())
