# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Coverage of stages: which declared stages of a project no test applies.

Reads `lighthouse-stages/stages.json` of a build tree, which CMake writes, and the RUN lines of the project's lit
suites.
"""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lighthouse_build.errors import InputError, SourceLocation

__all__ = ["Project", "Stage", "main"]

FORMAT = 1
_RUN = re.compile(r"RUN:(.*)")
_APPLIED = re.compile(r"([\w.+-]+)\.stage\.mlir")
_NO_TESTS = {"Output", "__pycache__"}


@dataclass(frozen=True)
class Stage:
    """A stage of a project.

    Attributes:
        name: its target.
        directory: the source directory that declares it.
        stages: the names of the stages that it is made of.
        implicit: made of the inline specs of a call, not declared.
    """

    name: str
    directory: str
    stages: tuple[str, ...] = ()
    implicit: bool = False


@dataclass(frozen=True)
class Project:
    """What a build knows of stages and tests.

    Attributes:
        stages: all stages.
        applied: test to the stages that it names, of tests that are no lit suites.
        suites: the directories of lit suites.
    """

    stages: tuple[Stage, ...]
    applied: dict[str, tuple[str, ...]]
    suites: tuple[str, ...]

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Project:
        """Read what CMake wrote. Raises InputError."""
        place = SourceLocation(os.fspath(path))
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
            if data["format"] != FORMAT:
                msg = "written by another version of Lighthouse Build; run CMake again"
                raise InputError(msg, place)
            stages = tuple(Stage(s["name"], s["directory"], tuple(s["stages"]), s["implicit"]) for s in data["stages"])
            applied = {f"{t['kind']} {t['name']}": tuple(t["stages"]) for t in data["tests"]}
            return cls(stages, applied, tuple(s["directory"] for s in data["suites"]))
        except OSError as error:
            msg = f"cannot read what the build knows of stages: {error.strerror}; run CMake"
            raise InputError(msg, place) from None
        except (ValueError, KeyError, TypeError) as error:
            msg = f"not what CMake writes of stages ({error!r}); run CMake again"
            raise InputError(msg, place) from None

    def untested(self) -> list[Stage]:
        """The declared stages that no test applies, in the order of their declaration."""
        known = {stage.name: stage for stage in self.stages}
        pending = [name for names in self.applied.values() for name in names]
        for directory in self.suites:
            pending += _stages_of_run_lines(Path(directory))
        tested: set[str] = set()
        while pending:
            name = pending.pop()
            if name in known and name not in tested:
                tested.add(name)
                pending += known[name].stages
        return [stage for stage in self.stages if not stage.implicit and stage.name not in tested]


def _stages_of_run_lines(directory: Path) -> Iterator[str]:
    """Names of the resolved stages that stand in RUN lines below a directory."""
    for root, directories, files in os.walk(directory):
        directories[:] = sorted(set(directories) - _NO_TESTS)
        for file in sorted(files):
            text = Path(root, file).read_text(encoding="utf-8", errors="replace")
            for run in _RUN.finditer(text):
                yield from _APPLIED.findall(run[1])


def main(argv: Sequence[str]) -> int:
    """Print the untested stages; the exit status."""
    parser = argparse.ArgumentParser(
        prog="untested", description="Print the declared stages that no test applies, one a line."
    )
    parser.add_argument("stages", help="lighthouse-stages/stages.json of a build tree")
    parser.add_argument("--error", action="store_true", help="fail if there are any")
    options = parser.parse_args(argv)
    project = Project.read(options.stages)
    untested = project.untested()
    for stage in untested:
        print(f"{stage.name}   ({stage.directory})")
    declared = sum(not stage.implicit for stage in project.stages)
    print(f"{len(untested)} of {declared} declared stages are not applied by any test")
    return 1 if untested and options.error else 0
