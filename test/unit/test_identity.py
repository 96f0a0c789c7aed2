# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tells the driver from a changed one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import lighthouse_build
import pytest
from lighthouse_build import identity
from lighthouse_build.identity import Identity, driver_files, package_files

PACKAGE = Path(lighthouse_build.__file__).parent


def lh_opt(*arguments: str, package: Path = PACKAGE, cwd: Path, status: int = 0) -> str:
    command = [sys.executable, "-I", "-S", "-B", str(package / "__main__.py"), *arguments]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stderr
    return done.stderr


def identified(tmp_path: Path, package: Path) -> dict[str, str]:
    lh_opt("--emit=driver-identity", "-o", "i.json", package=package, cwd=tmp_path)
    parts: dict[str, str] = json.loads((tmp_path / "i.json").read_text())
    return parts


def test_the_driver_is_its_sources_without_stages_and_headers() -> None:
    names = {os.path.relpath(path, PACKAGE) for path in driver_files()}
    assert {"driver.py", "identity.py", "tool/identity.py", "emission/runtime/__truncsfhf2.ll"} <= names
    assert not [name for name in names if name.startswith(("stages", "include")) or "__pycache__" in name]


def test_a_copy_elsewhere_is_the_same_and_a_changed_one_is_not(tmp_path: Path) -> None:
    copy = tmp_path / "lighthouse_build"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    before = identified(tmp_path, PACKAGE)
    assert set(before) == {"driver", "python", "bindings", "packages"}
    assert identified(tmp_path, copy) == before
    (copy / "names.py").write_text("")
    added = identified(tmp_path, copy)
    assert {part for part in before if before[part] != added[part]} == {"driver"}
    (copy / "names.py").rename(copy / "labels.py")
    assert identified(tmp_path, copy)["driver"] not in (before["driver"], added["driver"])


def test_a_package_counts_by_its_record_or_by_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some/__init__.py").write_text("")
    (tmp_path / "some/lib.so.1").write_text("")
    (tmp_path / "some/notes.txt").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    found = [os.path.relpath(path, tmp_path) for path in package_files("some")]
    assert found == ["some/__init__.py", "some/lib.so.1"]
    (tmp_path / "some-1.0.dist-info").mkdir()
    (tmp_path / "some-1.0.dist-info/RECORD").write_text("")
    (tmp_path / "some_other-1.0.dist-info").mkdir()
    (tmp_path / "some_other-1.0.dist-info/RECORD").write_text("")
    assert package_files("some") == [str(tmp_path / "some-1.0.dist-info/RECORD")]
    assert package_files("there_is_no_such_package") == []


def test_each_part_is_told_from_a_changed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {part: tmp_path / part for part in ("driver", "python", "bindings", "packages")}
    for path in files.values():
        path.write_text("")
    monkeypatch.setattr(identity, "_PACKAGE", str(tmp_path))
    own = Identity()
    own.own, own.interpreter = [str(files["driver"])], str(files["python"])
    own.bindings, own.packages = [str(files["bindings"])], [str(files["packages"])]
    before = json.loads(own.text())
    for part, path in files.items():
        path.write_text("new")
        after = json.loads(own.text())
        assert {name for name in after if after[name] != before[name]} == {part}
        before = after


def test_its_depfile_names_files_and_directories(tmp_path: Path) -> None:
    lh_opt("--emit=driver-identity", "-o", "i.json", "--depfile=i.d", cwd=tmp_path)
    named = {line.strip(" \\") for line in (tmp_path / "i.d").read_text().splitlines()[1:]}
    own = Identity()
    files = {*own.own, *own.directories, *own.bindings, *own.packages, own.interpreter}
    assert {str(PACKAGE), str(PACKAGE / "language")} <= set(own.directories)
    assert files == named
    assert any("llvmlite" in path for path in own.packages)
    assert any("yaml" in path.lower() for path in own.packages)


def test_with_an_identity_nothing_else_names_the_driver(tmp_path: Path) -> None:
    (tmp_path / "p.mlir").write_text("func.func @f() { return }\n")
    lowering = ("p.mlir", "--stage=canonicalize", "-o", "out.mlir", "--depfile=out.d")
    lh_opt(*lowering, cwd=tmp_path)
    alone = (tmp_path / "out.d").read_text()
    assert set(driver_files()) | set(Identity().bindings) <= {line.strip(" \\") for line in alone.splitlines()}
    lh_opt(*lowering, "--driver-identity=i.json", cwd=tmp_path)
    named = [line.strip(" \\") for line in (tmp_path / "out.d").read_text().splitlines()[1:]]
    # That it does not exist yet makes no difference to what is named.
    assert named == [str(tmp_path / "i.json"), str(tmp_path / "p.mlir")]


def test_it_goes_alone(tmp_path: Path) -> None:
    for wrong in (["--stage=cse"], ["--driver-identity=i.json"]):
        said = lh_opt("--emit=driver-identity", *wrong, cwd=tmp_path, status=2)
        assert "--emit=driver-identity takes neither --stage nor --driver-identity" in said
