# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What counts as an input: what is read, by any means; not what is written, nor the interpreter's own library."""

from __future__ import annotations

import importlib
import json
import linecache
import mmap
import os
import py_compile
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import lighthouse_build
import pytest
from lighthouse_build import depends_on
from lighthouse_build.errors import UsageError
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.pass_files import add_pass_files
from lighthouse_build.resolution.recording import paused


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
    "sqlite": lambda path: sqlite3.connect(path).close(),
    "depends_on": depends_on,
    "os.stat": lambda path: os.stat(path),
    "os.lstat": lambda path: os.lstat(path),
    "os.access": lambda path: os.access(path, os.R_OK),
    "os.path.exists": os.path.exists,
    "os.path.isfile": lambda path: os.path.isfile(str(path)),
    "os.path.getmtime": os.path.getmtime,
    "os.path.samefile": lambda path: os.path.samefile(path, __file__),
    "Path.exists": lambda path: path.exists(),
    "Path.is_file": lambda path: path.is_file(),
    "Path.stat": lambda path: path.stat(),
    "Path.resolve": lambda path: path.resolve(),
    "shutil": lambda path: shutil.copyfile(path, os.devnull),
    "linecache": lambda path: linecache.getline(str(path), 1),
}


@pytest.mark.parametrize("name", READERS)
def test_what_is_read_is_an_input(name: str, tmp_path: Path) -> None:
    path = tmp_path / "data.json"
    path.write_text("{}")
    found = Dependencies()
    with found.recording():
        READERS[name](path)
    assert str(path) in found.paths()
    assert not [p for p in found.paths() if os.path.isdir(p)], "a directory that was not listed"


def test_entries_of_a_directory_that_are_asked_for_more_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    found = Dependencies()
    with found.recording(), os.scandir(tmp_path) as entries:
        names = [(entry.name, entry.is_file(), os.fspath(entry)) for entry in entries]
    assert names == [("a", True, str(tmp_path / "a"))]
    assert found.paths() == [str(tmp_path)]
    with found.recording():
        assert [entry.stat().st_size for entry in os.scandir(tmp_path)] == [0]
    assert found.paths() == [str(tmp_path), str(tmp_path / "a")]


def test_directory_descriptors_are_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "b").write_text("")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    found = Dependencies()
    with found.recording():
        os.close(os.open("a", os.O_RDONLY, dir_fd=descriptor))
        os.stat("b", dir_fd=descriptor)
    os.close(descriptor)
    assert found.paths() == [str(tmp_path / "a"), str(tmp_path / "b")]


def test_links_are_inputs(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    (tmp_path / "link").symlink_to("a")
    found = Dependencies()
    with found.recording():
        os.readlink(tmp_path / "link")
    assert found.paths() == [str(tmp_path / "link")]


def test_a_directory_that_is_only_looked_at_counts_unless_an_input_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "with").mkdir()
    (tmp_path / "without").mkdir()
    (tmp_path / "with" / "a").write_text("")
    found = Dependencies()
    with found.recording():
        assert (tmp_path / "with").is_dir()
        assert (tmp_path / "without").is_dir()
        (tmp_path / "with" / "a").read_text()
    assert found.paths() == [str(tmp_path / "with" / "a"), str(tmp_path / "without")]


def test_what_is_looked_for_in_vain_counts_by_its_nearest_ancestor(tmp_path: Path) -> None:
    found = Dependencies()
    with found.recording():
        assert not (tmp_path / "no" / "such").exists()
    assert found.paths() == [str(tmp_path)]
    assert found.paths(searched=False) == []


def test_directories_above_the_interpreters_library_do_not_count_unless_listed(tmp_path: Path) -> None:
    above = [str(path) for path in Path(os.__file__).resolve().parents[1:]]
    (tmp_path / "bare").mkdir()
    found = Dependencies()
    with found.recording():
        for path in [*above, str(tmp_path / "bare")]:
            os.stat(path)
            os.readlink(path) if os.path.islink(path) else os.lstat(path)
    assert found.paths() == [str(tmp_path / "bare")]
    with found.recording():
        os.listdir(above[0])
    assert found.paths() == sorted([above[0], str(tmp_path / "bare")])


def test_a_list_of_a_directory_counts_where_what_it_names_was_looked_for(tmp_path: Path) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_text(f"{tmp_path}\na.py\n")
    found = Dependencies([str(listing), str(tmp_path / "deleted.txt")])
    found.looked_for(str(tmp_path / "b.yaml"))
    found.saw(str(tmp_path), "searched")
    assert found.paths() == [str(listing)]
    assert found.paths(searched=False) == []
    found.looked_for(str(tmp_path / "built.stage.mlir"))  # not on the list
    assert found.paths() == [str(tmp_path), str(listing)]


def test_a_list_of_a_directory_says_nothing_of_other_files(tmp_path: Path) -> None:
    listing = tmp_path / "listing.txt"
    listing.write_text(f"{tmp_path}\n")
    found = [Dependencies([str(listing)]) for _ in range(3)]
    found[0].looked_for(str(tmp_path / "none" / "b.yaml"))
    found[1].saw(str(tmp_path / "table.json"), "stats")
    found[2].saw(str(tmp_path), "listings")
    assert [each.paths() for each in found] == [[str(tmp_path)]] * 3


def test_what_user_code_makes_itself_is_no_input(tmp_path: Path) -> None:
    found = Dependencies()
    with found.recording():
        with tempfile.TemporaryDirectory(dir=tmp_path) as directory:
            path = Path(directory) / "sub" / "data"
            path.parent.mkdir()
            path.write_text("x")
            assert path.exists()
            path.rename(path.with_name("other"))
            assert path.with_name("other").read_text() == "x"
        with tempfile.NamedTemporaryFile("w+", dir=tmp_path) as stream:
            assert os.path.getsize(stream.name) == 0
    assert found.paths() == []


def test_installed_modules_are_inputs_also_when_loaded_from_bytecode(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "bytecode_of_this_test.py"
    source.write_text("")
    py_compile.compile(str(source))
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Dependencies()
    with found.recording():
        importlib.import_module(source.stem)
    del sys.modules[source.stem]
    assert str(source) in found.paths(searched=False)


def test_extension_modules_and_libraries_are_inputs() -> None:
    command = (
        "from lighthouse_build.resolution.dependencies import Dependencies\n"
        "found = Dependencies()\n"
        "with found.recording():\n"
        "    from llvmlite import binding\n"
        "    binding.llvm_version_info\n"
        "print(*found.paths(), sep='\\n')\n"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(lighthouse_build.__file__).parents[1])}
    output = subprocess.run(
        [sys.executable, "-c", command], env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout
    assert re.search(r"llvmlite/binding/lib\w+\.\w+$", output, re.MULTILINE), output


def test_modules_that_came_with_the_bindings_are_inputs() -> None:
    found = Dependencies()
    with found.recording(frozenset(set(sys.modules) - {"pytest"})):
        pass
    assert found.paths(searched=False) == [pytest.__file__]


def test_files_that_options_of_passes_name_are_inputs(tmp_path: Path) -> None:
    directory = tmp_path / "libraries"
    directory.mkdir()
    for path in (tmp_path / "one.mlir", tmp_path / "device.bin", directory / "two.mlir", directory / "readme"):
        path.write_text("")
    preload = f"transform-preload-library{{transform-library-paths={tmp_path}/one.mlir,{directory}}}"
    apply = "transform.apply_registered_pass"
    body = "\n".join(
        [
            f'module @step0 attributes {{lh.pass_pipeline = "builtin.module({preload},cse{{x=/usr}})"}} {{',
            f'  %0 = {apply} "a" with options = {{"O" = 3 : i64, "l" = "{tmp_path}/device.bin"}} to %a : (!t) -> !t',
            f'  %1 = {apply} "b" with options = {{"l" = "{tmp_path}/missing/lib.bc"}} to %a : (!t) -> !t',
        ]
    )
    found = Dependencies()
    add_pass_files(body, found)
    named = {"one.mlir", "device.bin", "libraries", "libraries/two.mlir"}
    assert set(found.paths(searched=False)) == {str(tmp_path / name) for name in named}
    assert str(tmp_path) in found.paths()


@pytest.mark.parametrize("declared", [False, True])
def test_a_program_that_is_started_gets_a_warning_unless_what_it_reads_is_declared(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], declared: bool
) -> None:
    found = Dependencies()
    with found.recording():
        subprocess.run(["true"], check=True)
        line = sys._getframe().f_lineno - 1
        if declared:
            depends_on(tmp_path)
    warning = (
        f"{__file__}:{line}: warning: the program 'true' is started here, and what it reads is not noticed; "
        "declare that with lighthouse_build.depends_on(path)"
    )
    assert (warning in capfd.readouterr().err) is not declared
    assert shutil.which("true") in found.paths()
    assert (str(tmp_path) in found.paths()) is declared


def test_functions_are_as_before(tmp_path: Path) -> None:
    before = {name: getattr(os, name) for name in ("stat", "lstat", "access", "readlink", "open", "scandir")}
    with Dependencies().recording():
        assert os.stat is not before["stat"]
        assert os.stat in os.supports_dir_fd
        assert os.stat(tmp_path, follow_symlinks=False).st_ino == before["stat"](tmp_path).st_ino
    assert {name: getattr(os, name) for name in before} == before


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
    with found.recording(), paused():
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
