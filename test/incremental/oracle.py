# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Is an incremental build what a clean one is, whatever is edited? A random test of a whole project.

    python test/incremental/oracle.py --each 10                            # the long run, some 400 edits, about an hour
    python test/incremental/oracle.py --edits 60 --generator 'Unix Makefiles'
    python test/incremental/oracle.py --only rename,shadow_module --edits 20 --keep /tmp/oracle
    python test/incremental/oracle.py --plant all                          # planted bugs: does it find what it must?

It runs with the Python that has the MLIR bindings, which the builds use too, and needs Ninja.

**What it is.** A project of ten stages and twenty payloads (`project/`, `project.py`) is built, then edited at random
(`edits.py`, `disturbances.py`). After each edit it is built again (`builds.py`), and that is judged (`session.py`):

* every output, of stages, lowerings, headers and libraries, must be byte for byte that of a clean build elsewhere
  (`clean.py`), and a build that must fail must fail;
* the payloads that were lowered must be those that had to be (`model.py`), which follows from contents alone: neither
  depfiles nor times are looked at;
* a second build must run nothing.

    project ─► edit ─► incremental build ─┬─► outputs ───────► equal?
                 │                        └─► what was lowered ─► missed? needless?
                 └───► clean build elsewhere ─► outputs, stages ─► what had to be lowered

It fails if a lowering was missed, an output is different, or more than 2% of the lowerings were needless for a reason
that is not listed in `model.py`. The seed gives the same edits again; how far a build has come when it is killed or
edited under is up to the machine. After a problem the build tree is made anew, so that each is told once. Ctrl-C or
SIGTERM ends a run early, with its report. The report says what came of each kind of edit, and which were made too
rarely to tell.

**What it is not.** A test of what stages do, of CMake's arguments, or of the shapes of rules: `test/cmake` has those.
It finds no edit that leaves a file with an older time: that is none to Ninja or Make.

**Planted bugs** (`plants.py`) show that it sees. The driver is made blind to one kind of dependency, and an edit of
that kind must come out as a missed lowering.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path

import plants
from disturbances import DISTURBANCES
from edits import KINDS, Done, NotNow
from report import Report
from session import Session, Verdict
from settings import MAKE, NINJA, Settings, make_settings

__all__ = ["main"]

_FIRST = "the first build"
SKIPPED = 77  # what ctest is told to report as skipped
_EDITS = {kind.__name__: kind for kind in KINDS}
_DISTURBANCES = {kind.__name__: kind for kind in DISTURBANCES}


class Deck:
    """Kinds of edits in random order, each as often as any other; what cannot be done now is done later."""

    def __init__(self, names: Sequence[str], rng: random.Random) -> None:
        self.names = list(names)
        self.rng = rng
        self.waiting: deque[str] = deque()

    def draw(self) -> str:
        if not self.waiting:
            self.waiting.extend(self.rng.sample(self.names, len(self.names)))
        return self.waiting.popleft()

    def put_back(self, name: str) -> None:
        """Not now: somewhere in the next round."""
        if not self.waiting:
            self.waiting.extend(self.rng.sample(self.names, len(self.names)))
        self.waiting.insert(self.rng.randint(len(self.waiting) // 2, len(self.waiting)), name)


class Run:
    """Edits and judges, and keeps the count."""

    def __init__(self, session: Session, rng: random.Random, kinds: Iterable[str], full_every: int) -> None:
        self.session = session
        self.rng = rng
        self.full_every = full_every
        self.report = Report(kinds)

    def start(self) -> None:
        started = time.monotonic()
        self._count(_FIRST, _FIRST, self.session.start(), started)

    def edit(self, name: str) -> None:
        """Make one edit of the kind `name`, build, and judge.

        Raises:
            NotNow: the tree has nothing for it.
        """
        started = time.monotonic()
        session = self.session
        if name in _DISTURBANCES:
            done = Done(_DISTURBANCES[name](session, self.rng))
        else:
            done = _EDITS[name](session.tree, self.rng)
        number = self.report.made(name)
        full = number % self.full_every == 0 and done.then is None
        title = f"{number} {name}: {done.what}"
        verdict = session.check(session.build(), settled=done.settle is None, full=full)
        sound = self._count(name, title, verdict, started)
        if done.then is not None:
            done.then()
            verdict = session.check(session.build(), settled=done.settle is None)
            sound &= self._count(name, f"{title} (2)", verdict, started)
        if done.settle is not None:
            done.settle()
        if not sound:
            session.start()

    def _count(self, kind: str, title: str, verdict: Verdict, started: float) -> bool:
        """Whether there was no problem."""
        self.report.add(kind, title, verdict)
        judgement = verdict.judgement
        seconds = time.monotonic() - started
        found = f"{len(verdict.build.resolved)} resolved, {judgement.lowered} lowered, {judgement.due} due"
        print(f"{title}: {found}{', fails' if verdict.failing else ''} ({seconds:.1f} s)", flush=True)
        for problem in verdict.problems:
            print(f"  PROBLEM {problem}", flush=True)
        for label, reason in judgement.needless.items():
            print(f"  needless: {label}: {reason}", flush=True)
        return not verdict.problems


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Random edits: is an incremental build what a clean one is?")
    parser.add_argument("--seed", type=int, default=None, help="of the edits (a new one each time)")
    parser.add_argument("--edits", type=int, default=None, help="how many (100)")
    parser.add_argument("--each", type=int, default=0, help="or: until each kind was made so often")
    parser.add_argument("--only", default="", help=f"kinds, with commas: {', '.join([*_EDITS, *_DISTURBANCES])}")
    parser.add_argument("--full-every", type=int, default=20, help="configure and build elsewhere after so many (20)")
    parser.add_argument("--plant", default="", help=f"instead: 'all', or kinds with commas: {', '.join(plants.PLANTS)}")
    parser.add_argument("--generator", default=NINJA, choices=[NINJA, MAKE])
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--python", default=sys.executable, help="an interpreter with the bindings (this one)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="work there, and leave it all")
    return parser.parse_args()


def _edits(options: argparse.Namespace, settings: Settings, work: Path) -> bool:
    rng = random.Random(options.seed)
    names = options.only.split(",") if options.only else [*_EDITS, *_DISTURBANCES]
    run = Run(Session(settings, work / "session", rng), rng, names, options.full_every)
    report = run.report
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ended = "ended early"
    try:
        run.start()
        deck = Deck(names, rng)
        while report.rare(options.each) if options.each else report.edits < (options.edits or 100):
            name = deck.draw()
            try:
                run.edit(name)
            except NotNow:
                deck.put_back(name)
        ended = "complete"
    except KeyboardInterrupt:
        pass
    finally:
        print(f"\nseed {options.seed}, {options.generator}, {run.session.incremental.builds} builds, {ended}")
        print(f"clean runs of the driver to compare with: {run.session.replay.runs}\n{report.text()}", flush=True)
    return report.passed and report.edits > 0


def main() -> int:
    """Run the test; the exit status."""
    options = _arguments()
    for tool in ("ninja", *(["make"] if options.generator == MAKE else [])):
        if shutil.which(tool) is None:
            print(f"skipped: there is no {tool}")
            return SKIPPED
    sys.dont_write_bytecode = True
    if options.seed is None:
        options.seed = random.SystemRandom().randint(0, 10**6)
    print(f"seed {options.seed}", flush=True)
    work = options.keep or Path(tempfile.mkdtemp(prefix="lh-oracle-"))
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    work = Path(os.path.realpath(work))
    settings = make_settings(work, options.cmake, options.generator, options.python, options.jobs)
    try:
        if options.plant:
            passed = plants.run(options.plant, settings, work, random.Random(options.seed))
        else:
            passed = _edits(options, settings, work)
    finally:
        if not options.keep:
            shutil.rmtree(work, ignore_errors=True)
    print("passed" if passed else "FAILED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
