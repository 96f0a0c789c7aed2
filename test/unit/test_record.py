# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Records of lowerings: whatever changes, they say so; what they cannot know counts as changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from lighthouse_build.record import Record

COMMAND = ["-O2", "a.mlir"]


def lowered(directory: Path) -> Record:
    """A record of files that have been there for a while."""
    (directory / "listed").mkdir()
    os.utime(directory / "listed", (1, 1))
    for name in ("payload", "stage", "out"):
        (directory / name).write_text(name)
    inputs = [str(directory / name) for name in ("payload", "stage", "listed")]
    return Record.of(COMMAND, inputs, [str(directory / "out")], time.time_ns() + 10**9)


def test_holds_until_something_changes(tmp_path: Path) -> None:
    record = lowered(tmp_path)
    assert record.holds(COMMAND)
    path = tmp_path / "record.json"
    path.write_text(record.to_json())
    assert Record.read(str(path)) == record


CHANGES: dict[str, Callable[[Path], object]] = {
    "an input is newer": lambda d: os.utime(d / "stage"),
    "an input is older": lambda d: os.utime(d / "stage", ns=(1, 1)),
    "an input is of another size": lambda d: _rewritten(d / "payload", "longer than before"),
    "an input is gone": lambda d: (d / "payload").unlink(),
    "a listed directory has another file": lambda d: (d / "listed" / "new").write_text(""),
    "an output is gone": lambda d: (d / "out").unlink(),
    "an output is of another size": lambda d: _rewritten(d / "out", "cut"[:1]),
    "an output was written by somebody else": lambda d: os.utime(d / "out"),
}


def _rewritten(path: Path, text: str) -> None:
    """With the time of before."""
    status = path.stat()
    path.write_text(text)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", CHANGES)
def test_tells_a_change(change: str, tmp_path: Path) -> None:
    record = lowered(tmp_path)
    CHANGES[change](tmp_path)
    assert not record.holds(COMMAND)


def test_tells_another_command(tmp_path: Path) -> None:
    assert not lowered(tmp_path).holds(["-O3", "a.mlir"])


def test_an_input_that_was_edited_meanwhile_counts_as_changed(tmp_path: Path) -> None:
    source = tmp_path / "payload"
    source.write_text("1")
    before = source.stat().st_mtime_ns
    assert not Record.of(COMMAND, [str(source)], [], before).holds(COMMAND)  # in the same tick of the clock
    assert Record.of(COMMAND, [str(source)], [], before + 1).holds(COMMAND)
    source.unlink()
    record = Record.of(COMMAND, [str(source)], [str(source)], before + 1)
    assert not record.holds(COMMAND)
    assert not record.renewed().holds(COMMAND)


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"format": 0, "command": [], "inputs": {}, "outputs": {}, "began": 0}', "\0"]
)
def test_what_is_no_record_is_none(text: str, tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text(text)
    assert Record.read(str(path)) is None
    assert Record.read(str(tmp_path / "none.json")) is None
