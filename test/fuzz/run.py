# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Tries `lh-opt` on input that is wrong, and counts what it makes of it.

    python test/fuzz/run.py                               # the long run: about 3,000 inputs
    python test/fuzz/run.py --seed 7 --scale 0.1          # another one, a tenth as long
    python test/fuzz/run.py --only schedule --scale 5     # much of one kind
    python test/fuzz/run.py --again 'schedule/0/17'       # one input of an earlier run

Inputs are made of a seed: the same command tries the same. `judgement.py` says what is demanded of every run. What
fails is cut down and saved in a folder with the command that repeats it. Exit status: 0 if nothing failed.

The text of the stage language is made by hypothesis (`language.py`); schedules, payloads, resolved stages and interface
files are made of those in `corpus/` and in other tests (`mutations.py`); Python that misbehaves is put together of what
it may do, how it may end and where it may stand (`misbehaviour.py`).
"""

from __future__ import annotations

import argparse
import collections
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import language
import misbehaviour
import mutations
from judgement import Input, Verdict, judge, minimise

__all__ = ["AMOUNTS", "Report", "inputs", "try_inputs", "try_language"]

# How many of each; one in `_SHARE` of the language goes through the driver, too.
AMOUNTS = {
    "spec": 600,
    "value": 300,
    "YAML": 600,
    "command line": 150,
    "schedule": 500,
    "payload": 400,
    "resolved": 150,
    "interface": 100,
    "generator": 300,
    "source": len(misbehaviour.SOURCES),
}
_SHARE = 8
_MAKERS: dict[str, Callable[[str], Input]] = {
    "schedule": mutations.schedule,
    "payload": mutations.payload,
    "resolved": mutations.resolved,
    "interface": mutations.interface,
}


class Report:
    """Counts, by kind of input and how it ended, and what went wrong.

    Args:
        save: the folder for what went wrong, or None.
    """

    def __init__(self, save: Path | None) -> None:
        self.counts: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
        self.failures: list[tuple[str, str]] = []
        self.save = save
        self._shown = 0.0

    @property
    def malformed(self) -> int:
        """The inputs that were refused."""
        return sum(n for counter in self.counts.values() for name, n in counter.items() if name != "success")

    @property
    def total(self) -> int:
        return sum(sum(counter.values()) for counter in self.counts.values())

    def count(self, kind: str, outcome: str) -> None:
        self.counts[kind][outcome] += 1
        now = time.monotonic()
        if sys.stderr.isatty() and now - self._shown > 0.2:
            self._shown = now
            print(
                f"\r{self.total} inputs, {self.malformed} refused, {len(self.failures)} wrong", end="", file=sys.stderr
            )

    def failed(self, item: Input, verdict: Verdict) -> None:
        """Remember what went wrong, cut down if it can be, and save it."""
        self.failures.append((f"{item.kind}: {item.seed}", "; ".join(verdict.problems)))
        print(f"\nwrong: {item.kind}: {item.seed}: {'; '.join(verdict.problems)}", file=sys.stderr)
        if self.save is None:
            return
        with tempfile.TemporaryDirectory() as work:

            def fails(candidate: Input) -> bool:
                kinds = {problem.partition(":")[0] for problem in judge(candidate, Path(work) / "run").problems}
                return bool(kinds & {problem.partition(":")[0] for problem in verdict.problems})

            item = minimise(item, fails)
        folder = next(f for f in (self.save / f"{n:03}" for n in itertools.count(1)) if not f.exists())
        item.write(folder)
        command = " ".join(f"'{argument}'" for argument in item.command_line)
        (folder / "README").write_text(
            f"{item.kind}: {item.seed}\nlh-opt {command}\n\n"
            + "\n".join(verdict.problems)
            + f"\n\n{verdict.stderr[-5000:]}",
            errors="backslashreplace",
        )

    def __str__(self) -> str:
        """The counts as a table."""
        outcomes = sorted({name for counter in self.counts.values() for name in counter})
        width = max([5, *map(len, self.counts)])
        rows = [f"{'kind':{width}} {'total':>6} " + " ".join(f"{name:>9}" for name in outcomes)]
        for kind, counter in [
            *sorted(self.counts.items()),
            ("total", sum(self.counts.values(), collections.Counter())),
        ]:
            cells = " ".join(f"{counter[name]:>9}" for name in outcomes)
            rows.append(f"{kind:{width}} {sum(counter.values()):>6} {cells}")
        rows.append(
            f"{self.malformed} of {self.total} inputs were malformed; {len(self.failures)} were treated wrongly"
        )
        return "\n".join(rows)


def inputs(kind: str, seed: int, count: int) -> Iterator[Input]:
    """The runs of the driver that are not of the stage language."""
    for index in range(count):
        if kind == "source":
            yield misbehaviour.source(list(misbehaviour.SOURCES)[index % len(misbehaviour.SOURCES)])
        elif kind == "generator":
            yield misbehaviour.generator(f"{kind}/{seed}/{index}", index)
        else:
            yield _MAKERS[kind](f"{kind}/{seed}/{index}")


def try_language(kind: str, seed: int, count: int, report: Report) -> list[Input]:
    """Try texts of the stage language in this process; a share of them, for the driver."""
    examples: list[Any] = []

    def check(example: Any) -> None:
        examples.append(example)
        if kind != "command line":
            malformed = language.try_text(kind, example)
            report.count(f"{kind}, in process", "input" if malformed else "success")

    try:
        language.explore(kind, count, seed, check)
    except Exception as error:  # whatever it is: hypothesis has cut the example down, and it is the last
        verdict = Verdict(-1, (f"{type(error).__name__}: {error}",))
        report.failed(Input(f"{kind}, in process", repr(examples[-1]), {}, []), verdict)
    share = examples if kind == "command line" else examples[::_SHARE]
    return [item for i, e in enumerate(share) for item in language.write(kind, e, f"{kind}/{seed}/{i}: {e!r}")]


def try_inputs(items: Iterator[Input], report: Report, jobs: int) -> None:
    """Run the driver on `items`."""
    with tempfile.TemporaryDirectory(prefix="lh-fuzz-") as work, ThreadPoolExecutor(jobs) as pool:
        numbered = enumerate(items)

        def one(pair: tuple[int, Input]) -> tuple[Input, Verdict]:
            return pair[1], judge(pair[1], Path(work) / str(pair[0]))

        for item, verdict in pool.map(one, numbered):
            report.count(item.kind, verdict.name)
            if verdict.problems:
                report.failed(item, verdict)


def _items(arguments: argparse.Namespace, report: Report) -> Iterator[Input]:
    for kind, amount in AMOUNTS.items():
        if arguments.only and kind not in arguments.only:
            continue
        count = max(1, round(amount * arguments.scale))
        if kind in language.KINDS:
            yield from try_language(kind, arguments.seed, count, report)
        else:
            yield from inputs(kind, arguments.seed, count)


def _again(name: str) -> Iterator[Input]:
    kind, seed, index = name.split("/")
    yield list(inputs(kind, int(seed), int(index) + 1))[-1]


def main() -> int:
    """Run, and print the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0, help="how many times the usual amount")
    parser.add_argument("--only", action="append", choices=list(AMOUNTS), help="only this kind; may be repeated")
    parser.add_argument("--again", metavar="NAME", help="only this input")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, default=Path("fuzz-failures"), help="folder for what goes wrong")
    arguments = parser.parse_args()
    report = Report(arguments.save)
    try_inputs(_again(arguments.again) if arguments.again else _items(arguments, report), report, arguments.jobs)
    print(f"\n{report}" if sys.stderr.isatty() else report)
    for name, problems in report.failures:
        print(f"wrong: {name}: {problems}")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
