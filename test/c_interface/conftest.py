# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lowers payloads with the real driver, builds C and C++ programs with them and runs those."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INPUTS = Path(__file__).parent / "Inputs"
INCLUDE = ROOT / "python/lighthouse_build/include"
STAGES = ("bufferize.yaml", "lower-to-llvm.yaml")
_WARNINGS = ("-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Werror")
_CXX_WARNINGS = ("-Wold-style-cast", "-Wuseless-cast", "-Weffc++")
_SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-O1", "-g")


@dataclass(frozen=True)
class Target:
    """Where programs run: `triple` and compilers' prefix, and what runs them if not the machine itself."""

    name: str
    triple: str = ""
    prefix: str = ""
    emulator: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    def missing(self) -> str:
        """What this needs and the machine lacks, or the empty string."""
        tools = [self.prefix + "gcc", self.prefix + "g++", *self.emulator[:1]]
        return ", ".join(tool for tool in tools if not shutil.which(tool))


NATIVE = Target("native", flags=_SANITIZERS)
PLAIN = Target("plain", flags=("-O2",))
CROSS = tuple(
    Target(arch, f"{arch}-unknown-linux-gnu", f"{arch}-linux-gnu-", (f"qemu-{arch}",), ("-O2", "-static"))
    for arch in ("aarch64", "riscv64")
)


class Workbench:
    """A directory to lower, build and run in."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text)
        return path

    def lh_opt(self, *arguments: str | os.PathLike[str], fails: bool = False, prints: bool = False) -> str:
        """Run the driver; what it printed on standard error, which is nothing unless it `fails` or `prints`."""
        command = [sys.executable, ROOT / "tools/lh-opt", *arguments]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(command, cwd=self.directory, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode != 0) == fails, done.stderr
        assert fails or prints or not done.stderr, done.stderr
        return done.stderr

    def lower(
        self,
        payload: str | Path,
        *flags: str,
        target: Target = NATIVE,
        stages: Sequence[str] = STAGES,
        fails: bool = False,
    ) -> str:
        """Lower `payload` (a file) to `<stem>.o`, `<stem>.h` and `<stem>.interface.json`."""
        stem = Path(payload).stem
        triple = [f"--target-triple={target.triple}"] if target.triple else []
        outputs = [f"--emit=object={stem}.o", f"--emit=header={stem}.h", f"--emit=interface={stem}.interface.json"]
        return self.lh_opt(payload, *(f"--stage={s}" for s in stages), *outputs, *triple, *flags, fails=fails)

    def build(self, source: str | Path, *objects: str, target: Target = NATIVE, name: str = "program") -> Path:
        """Compile `source`, C or C++ by its suffix, and link it with `objects`."""
        is_c = Path(source).suffix == ".c"
        compiler = (
            [target.prefix + "gcc", "-std=c99"] if is_c else [target.prefix + "g++", "-std=c++17", *_CXX_WARNINGS]
        )
        includes = [f"-I{INCLUDE}", f"-I{self.directory}", f"-I{INPUTS}"]
        command = [*compiler, *_WARNINGS, *target.flags, *includes, source, *objects, "-o", name, "-lm"]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return self.directory / name

    def run(self, program: Path, *wrapper: str, target: Target = NATIVE) -> str:
        """Run `program` to its good end; its output."""
        command: list[str | os.PathLike[str]] = [*wrapper, *target.emulator, program]
        done = subprocess.run(command, cwd=self.directory, capture_output=True, text=True, check=False, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def symbols(self, path: str, *flags: str) -> dict[str, str]:
        """Names in the symbol table of `path` and their kinds as nm prints them."""
        done = subprocess.run(["nm", *flags, path], cwd=self.directory, capture_output=True, text=True, check=True)
        rows = [line.split() for line in done.stdout.splitlines()]
        return {row[-1]: row[-2] for row in rows}


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


@pytest.fixture(params=[NATIVE, *CROSS], ids=lambda target: target.name)
def target(request: pytest.FixtureRequest) -> Target:
    """The machine itself with sanitizers, then emulated ones."""
    found: Target = request.param
    if missing := found.missing():
        pytest.skip(f"to call code for {found.name} needs {missing}")
    return found


@functools.cache
def has(tool: str) -> bool:
    return shutil.which(tool) is not None
