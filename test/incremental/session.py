# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One project under test: the tree that is edited, its incremental build, its clean build, and the comparison."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from builds import Build, Incremental
from clean import Clean, Replay, read_outputs, rebuild
from edges import Edge
from model import Judgement, Key, Ledger, key_of
from project import write_project
from settings import Settings

__all__ = ["Session", "Verdict"]


@dataclass(frozen=True)
class Verdict:
    """What was found out about one build.

    Attributes:
        build: that was judged.
        judgement: of the lowerings that ran.
        failing: whether a clean build fails, too.
        problems: everything that breaks the law, in words.
    """

    build: Build
    judgement: Judgement
    failing: bool
    problems: tuple[str, ...]


class Session:
    """A project in a directory of its own."""

    def __init__(self, settings: Settings, work: Path, rng: random.Random, targets: Iterable[str] = ()) -> None:
        """Args:
        settings: what to build with.
        work: an empty directory.
        rng: numbers of the payloads.
        targets: of `lh_lower()`; by default everything is built and compared.
        """
        self.settings = settings
        self.work = work
        self.targets = tuple(targets)
        self.tree = write_project(work / "tree", rng)
        self.incremental = Incremental(settings, self.tree.root, work / "build")
        self.replay = Replay(settings, self.tree.root, work / "clean", self.targets)
        self.ledger = Ledger()

    def start(self) -> Verdict:
        """Configure and build a new build tree."""
        shutil.rmtree(self.incremental.build_tree, ignore_errors=True)
        self.ledger = Ledger()
        self.incremental.configure()
        return self.check(self.build())

    def retarget(self, targets: Iterable[str]) -> None:
        """From here on, build and judge these."""
        self.targets = self.replay.targets = tuple(targets)
        self.ledger = Ledger()

    def build(self, extra: Mapping[str, str] | None = None) -> Build:
        """Build what the session is about."""
        return self.incremental.build(*self.targets, extra=extra)

    def expected(self) -> tuple[Clean, dict[str, Key]]:
        """A clean build, and what each lowering that can run depends on, by label."""
        clean = self.replay.build()
        identity = self.settings.identity()
        found = {edge.label: key_of(edge, self.tree.root, identity) for edge in clean.edges if edge.is_lowering}
        return clean, {label: key for label, key in found.items() if key is not None}

    def check(
        self, build: Build, *, settled: bool = True, full: bool = False, extra: Mapping[str, str] | None = None
    ) -> Verdict:
        """Compare an incremental build, which was run just now, with a clean one.

        Args:
            build: to judge.
            settled: no file is of the future, so that a second build has nothing to do.
            full: also configure and build anew elsewhere, and compare with that.
            extra: environment for the second build.
        """
        clean, keys = self.expected()
        failing = bool(clean.failed or clean.blocked)
        problems = _statuses(build, clean)
        judgement = self.ledger.judge(keys, build.lowered, self.tree.written, failing)
        problems += [f"missed: {label}" for label in judgement.missed]
        edges = [edge for edge in clean.edges if edge.label in build.lowered] if failing else clean.edges
        problems += self._differences(edges, clean, failing)
        if not failing:
            self.tree.written.clear()
            if settled:
                again = self.build(extra)
                problems += [f"a second build ran: {step}" for step in again.steps]
            if full:
                work = self.work / "rebuilt"
                built = rebuild(self.settings, self.tree, clean, self.replay.build_tree, work)
                problems += _compare(clean.contents, built, "not what a build elsewhere gives")
        return Verdict(build, judgement, failing, tuple(problems))

    def _differences(self, edges: Iterable[Edge], clean: Clean, failing: bool) -> list[str]:
        build = self.incremental.build_tree
        contents = read_outputs(edges, self.replay.build_tree, build)
        libraries = [path for path in clean.contents if path.endswith(".a")]
        if failing:
            wanted = {path: data for path, data in clean.contents.items() if path in contents}
        else:
            wanted = {p: d for p, d in clean.contents.items() if not self.targets or not p.endswith(".a")}
            contents |= {path: (build / path).read_bytes() for path in libraries if (build / path).is_file()}
        return _compare(wanted, contents, "not what a clean build gives")


def _statuses(build: Build, clean: Clean) -> list[str]:
    failing = clean.failed or clean.blocked
    if build.status == 0 and failing:
        return [f"the build succeeded, but a clean one fails at: {', '.join([*clean.failed, *sorted(clean.blocked)])}"]
    if build.status != 0 and not failing:
        tail = "\n    ".join(build.output.strip().splitlines()[-12:])
        return [f"the build failed (status {build.status}), but a clean one succeeds:\n    {tail}"]
    return []


def _compare(wanted: Mapping[str, bytes], found: Mapping[str, bytes], what: str) -> list[str]:
    return [
        f"{path}: {what}" if path in found else f"{path}: is not there"
        for path, data in sorted(wanted.items())
        if found.get(path) != data
    ]
