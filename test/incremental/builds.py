# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Incremental builds: run, killed, and edited under.

What ran is read from the comments that build tools print; what batches lowered, from the records of their payloads.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from edges import BATCH, LOWERING, RESOLVE
from settings import Settings, environment

__all__ = ["Build", "Incremental"]

_STEP = re.compile(r"^\[ *\d+(?:%|/\d+)\] (?!Built target)(.*)$", re.MULTILINE)
_AGAIN = re.compile(r" again for \S+$")
_LONGEST = 3600  # seconds that a build may take


@dataclass(frozen=True)
class Build:
    """One call of the build tool.

    Attributes:
        status: of its exit; negative for the signal that ended it.
        steps: comments of the rules that ran.
        output: all it printed.
        from_batches: labels of what batches lowered.
    """

    status: int
    steps: tuple[str, ...]
    output: str
    from_batches: tuple[str, ...] = ()

    @property
    def lowered(self) -> list[str]:
        alone = [step for step in self.steps if step.startswith(LOWERING) and not BATCH.fullmatch(step)]
        return [*alone, *self.from_batches]

    @property
    def resolved(self) -> list[str]:
        return [step for step in self.steps if step.startswith(RESOLVE)]


class Incremental:
    """The build tree whose builds are judged."""

    def __init__(self, settings: Settings, source: Path, build: Path) -> None:
        self.settings = settings
        self.source = source
        self.build_tree = build
        self.builds = 0
        self._records_before: dict[str, int] = {}

    def configure(self) -> None:
        self.settings.configure(self.source, self.build_tree, self.settings.generator)

    def build(self, *targets: str, extra: Mapping[str, str] | None = None) -> Build:
        """Build all that can be built; `extra` goes into the environment."""
        return self._finish(self._start(targets, extra))

    def build_killed(self, after: float, *, group: bool) -> Build:
        """Kill a build with SIGKILL.

        Args:
            after: seconds that it may run for.
            group: kill all of its processes; otherwise the build tool alone, and leave its drivers running.
        """
        process = self._start(())
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            # In a session of its own the build tool leads the group.
            (os.killpg if group else os.kill)(process.pid, signal.SIGKILL)
        return self._finish(process)

    def build_edited(self, after: float, edit: Callable[[], object]) -> Build:
        """Make an `edit` while a build runs, `after` seconds from its start."""
        process = self._start(())
        time.sleep(after)
        edit()
        return self._finish(process)

    def _start(self, targets: tuple[str, ...], extra: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        self.builds += 1
        self._records_before = self._records()
        command = self.settings.build_command(self.build_tree, self.settings.generator, *targets)
        with open(self._log, "wb") as log:  # not a pipe: drivers that outlive a build tool would hold it open
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(extra),
                start_new_session=True,
            )

    def _finish(self, process: subprocess.Popen[bytes]) -> Build:
        status = process.wait(_LONGEST)
        output = self._log.read_text(errors="replace")
        steps = tuple(_AGAIN.sub("", step) for step in _STEP.findall(output))
        records = self._records()
        lowered = tuple(label for label in records if records[label] != self._records_before.get(label))
        return Build(status, steps, output, lowered)

    def _records(self) -> dict[str, int]:
        """By label what batches have lowered, and when."""
        found = {}
        for path in self.build_tree.glob("**/CMakeFiles/*.lh/**/*.lowered.json"):
            name, _, stem = str(path).rpartition("/CMakeFiles/")[2].partition(".lh/")
            found[f"{LOWERING}{name}/{stem.removesuffix('.lowered.json')}"] = json.loads(path.read_text())["began"]
        return found

    @property
    def _log(self) -> Path:
        return self.build_tree.parent / "build.log"
