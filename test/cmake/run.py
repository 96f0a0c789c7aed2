# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs one feature's test with a real CMake project: `run.py FEATURE --work DIR …`, as ctest does.

A feature is a folder beside this file: a project, and `check.py` with `check(project: Project)`, which configures,
builds and edits a copy of it and asserts what ran. What ran is read from the comments of the rules, as build tools
print them; what a batch lowered, from the records of its payloads.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Project", "Settings", "Skipped", "main", "need_mlir", "need_mlir_opt"]

SKIPPED = 77  # what ctest is told to report as skipped
MAKE = "Unix Makefiles"
NINJA = "Ninja"
MULTI = "Ninja Multi-Config"
_STEP = re.compile(r"^\[ *\d+(?:%|/\d+)\] (.*)$", re.MULTILINE)
_OURS = ("Resolving ", "Lowering ", "Writing the header ", "Identifying ", "Embedding ")
_BATCH = re.compile(r"Lowering .* and \d+ more$")
_IDENTITY = "Identifying lh-opt"  # when it runs is for driver_identity to check
# What Make prints of targets that are done, and Ninja whenever CMake looks for new files.
_NO_STEPS = ("Built target", "Re-checking globbed directories")
_LLVM = Path("/usr/lib/llvm-22")  # Debian's


class Skipped(Exception):
    """The test cannot run on this machine; the text says what is missing."""


def need_mlir() -> str:
    """The directory of the CMake package of an installed MLIR: of the environment variable MLIR_DIR, else Debian's."""
    for place in (Path(os.environ.get("MLIR_DIR", "")), _LLVM / "lib/cmake/mlir"):
        if (place / "MLIRConfig.cmake").is_file():
            return str(place)
    msg = "there is no installed MLIR; install libmlir-22-dev, llvm-22-dev and mlir-22-tools, or set MLIR_DIR"
    raise Skipped(msg)


def need_mlir_opt() -> str:
    """An installed mlir-opt of LLVM 22."""
    path = _LLVM / "bin/mlir-opt"
    if not path.is_file():
        msg = f"there is no {path}; install mlir-22-tools"
        raise Skipped(msg)
    return str(path)


@dataclass(frozen=True)
class Settings:
    """What the tests are run with: the CMake, its generator, and the Python environment that all share."""

    cmake: str
    generator: str
    python: str
    sources: Path
    arguments: tuple[str, ...] = ()


@dataclass
class Project:
    """A copy of a feature's project and its build tree."""

    settings: Settings
    source: Path
    binary: Path
    log: list[str] = field(default_factory=list)
    patience: float = 600  # seconds for one command

    @property
    def ninja(self) -> bool:
        return "Ninja" in self.settings.generator

    def configure(self, *arguments: str, error: str | None = None, environment: Mapping[str, str] | None = None) -> str:
        """Run CMake; what it printed. With `error`, it must fail with a message that this expression matches."""
        settings = self.settings
        command = [settings.cmake, "-S", str(self.source), "-B", str(self.binary), "-G", settings.generator]
        command += [f"-DLH_PYTHON_ENV={settings.python}", f"-DLighthouse_DIR={settings.sources / 'cmake'}"]
        if settings.generator != MULTI:
            command.append("-DCMAKE_BUILD_TYPE=Release")
        else:
            command.append("-DCMAKE_DEFAULT_BUILD_TYPE=Release")
        return self.run(*command, *settings.arguments, *arguments, error=error, environment=environment)

    def build(self, *targets: str, error: str | None = None, jobs: int = 2) -> list[str]:
        """Build; what ran, in order. With `error`, the build must fail with output that this expression matches."""
        command = [self.settings.cmake, "--build", str(self.binary), f"-j{jobs}"]
        for target in targets:
            command += ["--target", target]
        before = self._records()
        output = self.run(*command, error=error)
        steps = [step for step in _STEP.findall(output) if not step.startswith(_NO_STEPS)]
        after = self._records()
        steps += [step for step in after if after[step] != before.get(step)]
        # Make numbers nothing when it compiles nothing, Ninja says so when there is nothing at all to do.
        return [re.sub(r"(Debug|Release)/", "", step) for step in steps]

    def _records(self) -> dict[str, int]:
        """What batches have lowered, as a step, and when."""
        found = {}
        for path in self.binary.glob("**/CMakeFiles/*.lh/**/*.lowered.json"):
            name, _, stem = str(path).rpartition("/CMakeFiles/")[2].partition(".lh/")
            with suppress(ValueError):  # damaged by the test
                found[f"Lowering {name}/{stem.removesuffix('.lowered.json')}"] = json.loads(path.read_text())["began"]
        return found

    def ours(self, steps: Iterable[str]) -> set[str]:
        """The steps of Lighthouse among `steps`, but for the driver's own identity, on which all depend."""
        return {s for s in steps if s.startswith(_OURS) and s != _IDENTITY and not _BATCH.match(s)}

    def expect(self, *steps: str, targets: tuple[str, ...] = ()) -> None:
        """Build and require that exactly these of our steps ran; then that a build right after runs nothing at all."""
        ran = self.ours(self.build(*targets))
        assert ran == set(steps), f"expected {sorted(steps)}, but these ran: {sorted(ran)}"
        self.expect_nothing(*targets)

    def expect_nothing(self, *targets: str) -> None:
        """Build and require that nothing runs."""
        ran = self.build(*targets)
        assert not ran, f"a build with nothing to do ran {ran}"

    def run(
        self,
        *command: str,
        error: str | None = None,
        environment: Mapping[str, str] | None = None,
        status: int = 0,
    ) -> str:
        """Run a command and return its output; on surprise, AssertionError."""
        started = time.monotonic()
        result = subprocess.run(
            command,
            cwd=self.source,
            env={k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "DESTDIR")} | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=self.patience,
            check=False,
        )
        entry = f"$ {' '.join(command)}   ({time.monotonic() - started:.1f} s)\n{result.stdout}"
        self.log.append(entry)
        if error is None:
            assert result.returncode == status, f"exit status {result.returncode}, expected {status}"
        else:
            assert result.returncode != 0, "this must fail, and did not"
            # CMake breaks lines where it likes.
            text = re.sub(r"\s+", " ", result.stdout)
            assert re.search(error, text), f"the error is not '{error}'"
            assert "Traceback" not in text, "the output has a traceback"
        return result.stdout

    def program(self, name: str, *arguments: str, status: int = 0) -> str:
        """Run a program of the build tree."""
        return self.run(str(self.artifact(name)), *arguments, status=status)

    def artifact(self, name: str) -> Path:
        """A file that is linked: multi-config generators have a directory for each configuration."""
        path = Path(name)
        if self.settings.generator == MULTI:
            path = path.parent / "Release" / path.name
        return self.binary / path

    def write(self, path: str, text: str) -> None:
        """Write a source file."""
        target = self.source / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace `old`, which must be there, in a source file."""
        text = (self.source / path).read_text()
        assert old in text, f"'{old}' is not in {path}"
        (self.source / path).write_text(text.replace(old, new))

    def touch(self, path: str) -> None:
        os.utime(self.source / path)

    def contents(self, *patterns: str) -> dict[str, bytes]:
        """The files of the build tree that match."""
        found = {p for pattern in patterns for p in self.binary.glob(pattern) if p.is_file()}
        return {str(p.relative_to(self.binary)): p.read_bytes() for p in sorted(found)}

    def depfiles(self) -> dict[str, bytes]:
        """The depfiles of rules, by what they are of; with CMake 4.4 what Ninja keeps of them."""
        if not self.has(".ninja_deps"):
            found = self.contents("**/CMakeFiles/*.lh/**/*.d").values()
            return {text.partition(b":")[0].decode(): text for text in found}
        printed = self.run("ninja", "-C", str(self.binary), "-t", "deps")
        # An output has a second, absolute name.
        notes = re.findall(r"^([^\s/].*): #deps \d+, .*\n((?:    .*\n)*)", printed, re.MULTILINE)
        return {name: names.encode() for name, names in notes}

    def has(self, path: str) -> bool:
        """Whether a file or directory of the build tree is there."""
        return (self.binary / path).exists()

    def remove(self, path: str) -> None:
        """Delete a file or directory of the build tree, which must be there."""
        target = self.binary / path
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()


def _load(feature: Path) -> Callable[[Project], None]:
    spec = importlib.util.spec_from_file_location("check", feature / "check.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run"] = sys.modules["__main__"]  # `from run import …` in a check
    spec.loader.exec_module(module)
    check: Callable[[Project], None] = module.check
    return check


def main() -> int:
    """Run a feature; the exit status for ctest."""
    parser = argparse.ArgumentParser(description="Run one feature's test.")
    parser.add_argument("feature", help="a folder beside this file")
    parser.add_argument("--work", required=True, type=Path, help="where to work; emptied first")
    parser.add_argument("--cmake", default="cmake")
    parser.add_argument("--generator", default=NINJA, choices=[NINJA, MULTI, MAKE])
    parser.add_argument("--python", default=sys.executable, help="what LH_PYTHON_ENV is set to")
    parser.add_argument("--verbose", action="store_true", help="print what was run also when all is well")
    parser.add_argument("arguments", nargs="*", help="further arguments for CMake, after --")
    options = parser.parse_args()
    tool = "make" if options.generator == MAKE else "ninja"
    if shutil.which(tool) is None:
        print(f"skipped: there is no {tool}")
        return SKIPPED
    sys.dont_write_bytecode = True
    here = Path(__file__).resolve().parent
    feature = here / options.feature
    work = options.work.resolve()
    shutil.rmtree(work, ignore_errors=True)
    source = work / "source"
    shutil.copytree(feature, source, ignore=shutil.ignore_patterns("check.py", "__pycache__"))
    settings = Settings(options.cmake, options.generator, options.python, here.parents[1], tuple(options.arguments))
    project = Project(settings, source, work / "build")
    try:
        _load(feature)(project)
    except Skipped as reason:
        print(f"skipped: {reason}")
        return SKIPPED
    except AssertionError as error:
        print("\n".join(project.log[-4:]))
        print(f"{options.feature} with {options.generator}: {error}")
        return 1
    if options.verbose:
        print("\n".join(project.log))
    shutil.rmtree(work, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
