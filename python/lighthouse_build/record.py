# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a payload of a batch was last lowered from, so that it is lowered again when that has changed, and only then.

A record is what a build tool keeps of a rule: the command, and the files that were read with their times. A file counts
as changed when its modification time or size is another one: that is finer than "newer than the output", by which build
tools go. Outputs count, too: another rule may have written them since. An input that was edited while the payload was
lowered has no time in the record, and counts as changed.

A record that is missing, cannot be read, or is of another version says that all has changed.
"""

from __future__ import annotations

import os

from lighthouse_build import plain_json
from lighthouse_build.frozen import frozen, replace
from lighthouse_build.outputs import was_edited

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["SUFFIX", "Record"]

FORMAT = 1
SUFFIX = ".lowered.json"
_UNSURE = [-1, -1]  # of a file that may have been read before an edit or after it, or is gone: what no file has


@frozen
class Record:
    """One lowering that was done.

    Attributes:
        command: what was asked for, in words.
        inputs: absolute paths of files and directories to modification time, in nanoseconds, and size in bytes.
        outputs: the files that were written, likewise.
        began: when the inputs began to be read, in nanoseconds; for who wants to know whether it was done again.
    """

    command: list[str]
    inputs: Mapping[str, list[int]]
    outputs: Mapping[str, list[int]]
    began: int

    @classmethod
    def of(cls, command: Iterable[str], inputs: Iterable[str], outputs: Iterable[str], began: int) -> Record:
        """The record of a lowering that began to read `inputs` at the time `began` and has written `outputs`."""
        known = {path: _UNSURE if was_edited(path, began) else _look(path) or _UNSURE for path in inputs}
        return cls(list(command), known, {path: _look(path) or _UNSURE for path in outputs}, began)

    def renewed(self) -> Record:
        """This record, when the outputs have got other times and nothing else."""
        return replace(self, outputs={path: _look(path) or _UNSURE for path in self.outputs})

    @classmethod
    def read(cls, path: str) -> Record | None:
        """The record in the file `path`, if there is one."""
        try:
            with open(path, encoding="utf-8") as stream:
                data = plain_json.loads(stream.read())
            if data.pop("format") != FORMAT:
                return None
            return cls(data["command"], dict(data["inputs"]), dict(data["outputs"]), data["began"])
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def to_json(self) -> str:
        return plain_json.dumps({"format": FORMAT, **vars(self)}) + "\n"

    def holds(self, command: Iterable[str]) -> bool:
        """Whether a lowering by `command` now would be of the same inputs, and what this one wrote is still there."""
        return (
            self.command == list(command)
            and all(_look(path) == known for path, known in self.inputs.items())
            and all(_look(path) == known for path, known in self.outputs.items())
        )


def _look(path: str) -> list[int] | None:
    """Time and size of a file as it is now, if there is one."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    # The size of a directory is the file system's own affair.
    return [status.st_mtime_ns, 0 if os.path.isdir(path) else status.st_size]
