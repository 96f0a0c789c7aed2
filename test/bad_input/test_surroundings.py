# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Surroundings: odd ones change nothing in the outputs, broken ones are named."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from lighthouse_build.bindings import find
from privileges import obeying_modes

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
INPUT = 3
PAYLOAD = "func.func @f(%A: tensor<64xf32>) -> tensor<64xf32> {\n  return %A : tensor<64xf32>\n}\n"
GENERATOR = """\
from mlir import ir
def create_schedule(name="é"):
    return ir.Module.parse('''
      module attributes {transform.with_named_sequence} {
        transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {
          %p = transform.param.constant "''' + name + '''" -> !transform.any_param
          transform.yield
        }
      }''')
"""
OUTPUTS = ("s.stage.mlir", "k.o", "k.mlir.out")


def fill(directory: Path) -> None:
    (directory / "k é.mlir").write_text(PAYLOAD, encoding="utf-8")
    (directory / "gen é.py").write_text(GENERATOR, encoding="utf-8")


def run(
    directory: Path,
    *arguments: str,
    prefix: tuple[str, ...] = (),
    environment: Mapping[str, str] | None = None,
    umask: int = -1,
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*prefix, sys.executable, "-I", "-B", str(DRIVER), *arguments],
        cwd=directory,
        env=None if environment is None else dict(environment),
        umask=umask,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def build(directory: Path, **options: object) -> list[bytes]:
    """What a build runs: resolve a generator, lower a payload; the outputs."""
    steps = (
        ["--stage=gen é.py", "--emit=stage", "-o", "s.stage.mlir", "--stamp=s.stamp", "--depfile=s.d"],
        [
            "k é.mlir",
            "--stage=s.stage.mlir",
            "--stage=bufferize.yaml",
            "--stage=lower-to-llvm.yaml",
            "--emit=object=k.o",
            "--emit=mlir=k.mlir.out",
            "--cpu=x86-64",
            "--target-triple=x86_64-unknown-linux-gnu",
            "--stamp=k.stamp",
            "--depfile=k.d",
        ],
    )
    for step in steps:
        done = run(directory, *step, **options)  # type: ignore[arg-type]
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
    return [(directory / name).read_bytes() for name in OUTPUTS]


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    directory = tmp_path_factory.mktemp("usual")
    fill(directory)
    return build(directory)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    fill(tmp_path)
    return tmp_path


PATH = os.environ["PATH"]


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {"PATH": PATH, "HOME": "/nonexistent"},
        {"PATH": PATH, "HOME": ""},
        {"PATH": PATH, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        {"PATH": PATH, "LC_ALL": "no_SUCH.locale", "TMPDIR": "/nonexistent"},
        {"PATH": PATH, "PYTHONPATH": "/nonexistent", "PYTHONHOME": "/nonexistent", "PYTHONDONTWRITEBYTECODE": ""},
    ],
    ids=["empty", "no home", "empty home", "C locale", "unknown locale", "Python's variables"],
)
def test_environment(environment: dict[str, str], directory: Path, usual: list[bytes]) -> None:
    assert build(directory, environment=environment) == usual


def test_read_only_home(directory: Path, usual: list[bytes]) -> None:
    home = directory / "home"
    home.mkdir()
    home.chmod(0o555)
    assert build(directory, environment={"PATH": PATH, "HOME": str(home)}, prefix=obeying_modes()) == usual
    assert not list(home.iterdir())


@pytest.mark.parametrize("umask", [0o077, 0o022, 0])
def test_umask(umask: int, directory: Path, usual: list[bytes]) -> None:
    """The outputs have the modes that the user's umask leaves, as a compiler's have."""
    assert build(directory, umask=umask) == usual
    for name in (*OUTPUTS, "s.stamp", "s.d"):
        assert stat.S_IMODE((directory / name).stat().st_mode) == 0o666 & ~umask, name


@pytest.fixture
def open_directory() -> Iterator[Path]:
    """A directory that other users reach; those of pytest are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_another_user(open_directory: Path, usual: list[bytes]) -> None:
    """One without a home, or an entry in the password file, builds in a tree that somebody else has begun."""
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    prefix = (*obeying_modes(), "--reuid=54321", "--regid=54321", "--clear-groups")
    again = "import subprocess, sys; import numpy; subprocess.run([sys.executable, '-c', 'pass'], check=True)"
    probe = [*prefix, sys.executable, "-c", f"open({str(DRIVER)!r}); {again}"]
    reachable = subprocess.run(probe, capture_output=True, check=False)
    if reachable.returncode:
        what = f"{sys.executable}, its packages or {DRIVER}"
        pytest.skip(f"another user cannot read {what}: they lie in a directory that is private")
    fill(open_directory)
    assert build(open_directory, prefix=prefix, environment={"PATH": PATH}) == usual
    # What root made is not theirs to change.
    for name in ("k.stamp", "k.o", "k.stamp.lock"):
        os.chown(open_directory / name, 0, 0)
        (open_directory / name).chmod(0o644)
    open_directory.chmod(0o755)
    done = run(
        open_directory, "k é.mlir", "--emit=mlir=k.o", "--stamp=k.stamp", prefix=prefix, environment={"PATH": PATH}
    )
    assert done.returncode == INPUT
    assert re.search(r"error: cannot write 'k.(o|stamp)': permission denied", done.stderr)
    assert (open_directory / "k.o").read_bytes() == usual[1]


# --- Broken bindings --------------------------------------------------------------------------------------------------


def broken_bindings(directory: Path, without: str) -> dict[str, str]:
    """The bindings with links instead of files, `without` those that match; the environment that they come first in."""
    root = Path(find().root)
    package = directory / "site" / root.name
    removed = 0
    for path in root.rglob("*"):
        if path.is_dir() or "__pycache__" in path.parts:
            continue
        if re.search(without, path.name):
            removed += 1
            continue
        link = package / path.relative_to(root)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(path)
    assert removed, f"the bindings have nothing like '{without}'"
    return {"PATH": PATH, "PYTHONPATH": str(directory / "site")}


@pytest.mark.parametrize(
    "without",
    [r"^_mlir\.|^_mlir\..*\.so$", r"^lib.*(CAPI|LLVM|MLIR).*\.so", r"^_mlirTransformInterpreter"],
    ids=["core", "library", "extension"],
)
def test_bindings_that_lack_a_shared_object(without: str, directory: Path) -> None:
    environment = broken_bindings(directory, without)
    (directory / "schedule.mlir").write_text(
        "module attributes {transform.with_named_sequence} {\n"
        "  transform.named_sequence @s(%r: !transform.any_op {transform.readonly}) {\n    transform.yield\n  }\n}\n"
    )
    done = subprocess.run(
        [
            sys.executable,
            "-B",
            str(DRIVER),
            "k é.mlir",
            "--stage=schedule.mlir",
            "-o",
            "out",
            f"--mlir-package={find().name}",
        ],
        cwd=directory,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == INPUT, done.stderr
    assert re.search(rf"error: .*{find().name}.*; (choose others with|install them)", done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert not (directory / "out").exists()


def test_a_stage_of_another_mlir(directory: Path) -> None:
    """An operation that these bindings do not know, or know otherwise: the stage says which bindings cannot read it."""
    (directory / "new.stage.mlir").write_text(
        '// lighthouse-stage: {"format": 1, "requires": [], "steps": [{"kind": "schedule", "name": "s.mlir"}]}\n'
        "module attributes {lh.stage} {\n  module @step0 attributes {transform.with_named_sequence} {\n"
        "    transform.named_sequence @__lh_step0(%r: !transform.any_op {transform.readonly}) {\n"
        "      transform.of_the_future %r : !transform.any_op\n      transform.yield\n    }\n  }\n}\n"
    )
    done = run(directory, "k é.mlir", "--stage=new.stage.mlir", "-o", "out")
    assert done.returncode == INPUT
    assert "new.stage.mlir:5:7: error: custom op 'transform.of_the_future' is unknown" in done.stderr
    assert re.search(
        r"error: the resolved stage cannot be read by these bindings \(.*\); resolve it again", done.stderr
    )
    (directory / "new.mlirbc").write_bytes(b"ML\xefR" + bytes([0xFD]) + b"MLIR999\0" + bytes(64))
    done = run(directory, "new.mlirbc", "-o", "out")
    assert done.returncode == INPUT
    assert re.search(r"new.mlirbc(:1:1)?: error: the payload is not valid MLIR: ", done.stderr)
