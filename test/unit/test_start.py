# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How the driver finds its own modules: as Python does, but for the way there."""

from __future__ import annotations

import compileall
import py_compile
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "python" / "lighthouse_build"
WHAT = """
import sys
sys.path.append(sys.argv[1])
import lighthouse_build.start
from lighthouse_build import scopes
import lighthouse_build.language as package
print(type(scopes.__loader__).__name__, scopes.contextmanager.__name__, getattr(scopes, "NEW", ""))
assert scopes.__spec__.origin == scopes.__file__, scopes.__spec__
assert scopes.contextmanager.__code__.co_filename == scopes.__file__, scopes.contextmanager.__code__
print(scopes.__file__, scopes.__cached__, scopes.__package__, *package.__path__, package.__file__)
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package with bytecode."""
    package = tmp_path / "lighthouse_build"
    (package / "language").mkdir(parents=True)
    for name in ("__init__.py", "start.py", "scopes.py", "language/__init__.py"):
        shutil.copy(SOURCE / name, package / name)
    compileall.compile_dir(package, quiet=2)
    return package


def found(package: Path, *flags: str) -> list[str]:
    """How the module was loaded, and where it is."""
    command = [sys.executable, "-I", "-S", "-B", *flags, "-c", WHAT, str(package.parent)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_bytecode_is_taken(package: Path) -> None:
    how, where = found(package)
    assert how == "_Loader contextmanager "
    cached = package / "__pycache__" / f"scopes.{sys.implementation.cache_tag}.pyc"
    language = package / "language"
    assert where == f"{package / 'scopes.py'} {cached} lighthouse_build {language} {language / '__init__.py'}"


def test_bytecode_of_another_place_names_this_one(package: Path) -> None:
    """As it is installed, or compiled by a relative path."""
    compileall.compile_dir(package, quiet=2, force=True, ddir="elsewhere")
    assert found(package)[0] == "_Loader contextmanager "


def test_where_python_finds_it_it_is_the_same(package: Path) -> None:
    _, where = found(package)
    shutil.rmtree(package / "__pycache__")
    shutil.rmtree(package / "language" / "__pycache__")
    assert found(package) == ["SourceFileLoader contextmanager ", where]


def test_old_bytecode_is_not_taken(package: Path) -> None:
    with (package / "scopes.py").open("a") as stream:
        stream.write("NEW = 'new'\n")
    assert found(package)[0] == "SourceFileLoader contextmanager new"


def test_bytecode_that_python_checks_otherwise_is_left_to_it(package: Path) -> None:
    py_compile.compile(
        str(package / "scopes.py"), invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH, doraise=True
    )
    assert found(package)[0] == "SourceFileLoader contextmanager "


def test_optimised_bytecode_is_left_to_python(package: Path) -> None:
    assert found(package, "-O")[0] == "SourceFileLoader contextmanager "
