# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that are loaded by their path are modules like any other: what looks in `sys.modules` for one finds it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import lighthouse_build
import pytest
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.resolution import generators

ENTRY = Path(lighthouse_build.__file__).parent / "__main__.py"


def write(path: Path, text: str) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return str(path)


def load(path: str) -> ModuleType:
    return generators.load(path, SourceLocation(path))


def test_what_looks_for_the_module_finds_it(tmp_path: Path) -> None:
    path = write(
        tmp_path / "my.gen.py",
        """
from __future__ import annotations

import copy
import enum
import inspect
import pickle
import sys
import typing
from dataclasses import dataclass


@dataclass
class Tiling:
    rows: int = 8
    shared: typing.ClassVar[int] = 3


class Kind(enum.Enum):
    A = 1


def create():
    assert sys.modules[__name__].Tiling is Tiling
    assert [field for field in Tiling.__dataclass_fields__.values() if field._field_type.name == "_FIELD"]
    assert typing.get_type_hints(Tiling) == {"rows": int, "shared": typing.ClassVar[int]}
    assert typing.get_type_hints(outer) == {"tiling": Tiling}
    assert pickle.loads(pickle.dumps(Kind.A)) is Kind.A
    assert pickle._loads(pickle._dumps(Kind.A)) is Kind.A  # in Python, which imports otherwise
    assert pickle.loads(pickle.dumps([Tiling(4), outer])) == [Tiling(4), outer]
    assert copy.deepcopy(Tiling(2)) == Tiling(2)
    assert inspect.getsource(Kind) == "class Kind(enum.Enum):\\n    A = 1\\n"
    assert inspect.getsource(outer).startswith("def outer(tiling: Tiling)")
    assert inspect.getmodule(Tiling) is sys.modules[__name__]
    return "done"


def outer(tiling: Tiling):
    pass
""",
    )
    with generators.user_code([str(tmp_path)]):
        module = load(path)
        assert generators.call(module.create, {}, "create", SourceLocation(path)) == "done"
        assert sys.modules[module.__name__] is module
    assert module.__name__ not in sys.modules


def test_an_import_of_that_name_finds_what_it_would_find_without(tmp_path: Path) -> None:
    write(tmp_path / "library/tile.py", "WHOSE = 'the library'\n")
    write(tmp_path / "library/user.py", "from tile import WHOSE\n")
    stage = write(tmp_path / "stages/tile.py", "import json, tile, user\nWHOSE = 'the stage'\n")
    stages = [stage, write(tmp_path / "stages/json.py", "import json\nloads = json.loads\n")]
    with generators.user_code([str(tmp_path / "library"), str(tmp_path / "stages")]):
        tile, json = map(load, stages)
        assert (tile.WHOSE, tile.tile.WHOSE, tile.user.WHOSE) == ("the stage", "the library", "the library")
        assert json.loads("[1]") == [1]


def test_files_of_one_name_are_modules_of_their_own(tmp_path: Path) -> None:
    files = [write(tmp_path / name, f"class Here:\n    place = '{name}'\n") for name in ("a.py", "sub/a.py", "a_2.py")]
    with generators.user_code([str(tmp_path), str(tmp_path / "sub")]):
        modules = [load(path) for path in files]
        assert [m.Here.place for m in modules] == ["a.py", "sub/a.py", "a_2.py"]
        assert [sys.modules[m.Here.__module__] for m in modules] == modules
    names = [m.__name__ for m in modules]
    assert len(set(names)) == 3
    assert str(tmp_path) not in "".join(names)  # what is made of a name is the same in every tree


def test_a_file_is_loaded_anew(tmp_path: Path) -> None:
    path = write(tmp_path / "a.py", "VALUE = 1\n")
    names = []
    for value in (1, 2):
        write(tmp_path / "a.py", f"VALUE = {value}\n")
        os.utime(path, (1, 1))  # an edit that neither time nor size tells
        with generators.user_code([str(tmp_path)]):
            for _ in range(2):
                module = load(path)
                assert value == module.VALUE
                assert sys.modules[module.__name__] is module
                names.append(module.__name__)
    assert len(set(names)) == 1


def test_an_exception_of_the_file_goes_by_the_files_name(tmp_path: Path) -> None:
    path = write(tmp_path / "mine.py", "class Wrong(Exception): pass\ndef create(): raise Wrong(Wrong)\n")
    with generators.user_code([str(tmp_path)]), pytest.raises(InputError) as caught:
        generators.call(load(path).create, {}, "create", SourceLocation(path))
    assert caught.value.diagnostic.message == "'create' failed: mine.Wrong: <class 'mine.Wrong'>"


def test_a_generator_with_a_dataclass_and_postponed_annotations(tmp_path: Path) -> None:
    write(
        tmp_path / "tiling.py",
        """
from __future__ import annotations
from dataclasses import dataclass
from lighthouse_build.schedule import schedule

@dataclass
class Tiling:
    rows: int = 8

def create_schedule(rows: int = 8):
    with schedule() as s:
        s.tile(s.match("linalg.matmul"), [Tiling(rows).rows])
    return s.module
""",
    )
    command = [sys.executable, str(ENTRY), "--stage=tiling.py{rows=4}", "--emit=stage"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "tile_using_for" in run.stdout
