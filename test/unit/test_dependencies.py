# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What counts as an input: what is read, by any means; not what is written, nor the interpreter's own library."""

from __future__ import annotations

import importlib
import json
import mmap
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from lighthouse_build import depends_on
from lighthouse_build.errors import UsageError
from lighthouse_build.resolution.dependencies import Dependencies


def mapped(path: Path) -> None:
    with open(path, "rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ):
        pass


def low_level(path: Path) -> None:
    os.close(os.open(path, os.O_RDONLY))


READERS: dict[str, Callable[[Path], object]] = {
    "open": lambda path: open(path).close(),
    "os.open": low_level,
    "pathlib": lambda path: path.read_text(),
    "json": lambda path: json.loads(path.read_bytes()),
    "mmap": mapped,
    "update": lambda path: open(path, "r+").close(),
    "depends_on": depends_on,
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_an_input(name: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text("{}")
    found = Dependencies()
    with found.recording():
        READERS[name](path)
    assert found.paths() == [str(path)]


def test_directories_that_are_listed_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    found = Dependencies()
    with found.recording():
        os.listdir(tmp_path)
        list((tmp_path / "sub").glob("*.py"))
    assert found.paths() == [str(tmp_path), str(tmp_path / "sub")]


def test_what_is_missed_counts_by_its_nearest_ancestor(tmp_path: Path) -> None:
    found = Dependencies()
    with found.recording(), pytest.raises(FileNotFoundError):
        (tmp_path / "no" / "such" / "file").read_text()
    assert found.paths() == [str(tmp_path)]


def test_what_is_written_is_no_input(tmp_path: Path) -> None:
    found = Dependencies()
    with found.recording():
        (tmp_path / "out").write_text("x")
        with open(tmp_path / "log", "a") as stream:
            stream.write("x")
        with tempfile.TemporaryFile(dir=tmp_path) as temporary:
            temporary.write(b"x")
        with tempfile.NamedTemporaryFile(dir=tmp_path):
            pass
    assert found.paths() == []


def test_the_test_of_incremental_builds_can_switch_discoveries_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "data.json"
    path.write_text("{}")
    monkeypatch.setenv("LH_TEST_BLIND_TO", "opens,driver")
    found = Dependencies()
    with found.recording():
        path.read_text()
        os.listdir(tmp_path)
    assert found.paths() == [str(tmp_path)]
    monkeypatch.setenv("LH_TEST_BLIND_TO", "opened")
    with pytest.raises(UsageError, match="no kind of dependency is called 'opened'; there are bindings, "):
        Dependencies()


def test_nothing_is_recorded_outside_or_while_paused(tmp_path: Path) -> None:
    path = tmp_path / "data"
    path.write_text("x")
    found = Dependencies()
    path.read_text()
    with found.recording(), found.paused():
        path.read_text()
    assert found.paths() == []


def test_the_interpreter_s_library_is_no_input() -> None:
    found = Dependencies()
    with found.recording():
        Path(json.__file__).read_text()
    assert found.paths() == []


def test_directories_that_imports_search_are_told_from_those_that_are_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "found_module_of_this_test.py").write_text("")
    (tmp_path / "data").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Dependencies()
    with found.recording():
        importlib.import_module("found_module_of_this_test")
        os.listdir(tmp_path / "data")
    module, data = str(tmp_path / "found_module_of_this_test.py"), str(tmp_path / "data")
    assert {str(tmp_path), module, data} <= set(found.paths())
    assert {module, data} <= set(found.paths(searched=False))
    assert str(tmp_path) not in found.paths(searched=False)
