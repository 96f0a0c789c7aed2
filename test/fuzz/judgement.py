# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What every run of `lh-opt` owes its user, whatever the input.

A run fails with a documented status and an error in clang's format, and has written nothing; or it succeeds, and then
its outputs are there, are valid, and are the same bytes when it runs again in another directory. It never ends by a
signal, hangs, or shows the driver's own frames.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

__all__ = ["DRIVER", "Input", "Verdict", "judge", "minimise"]

DRIVER = (
    sys.executable,
    "-I",
    "-B",
    str(Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"),
)
STATUSES = {0: "success", 1: "lowering", 2: "usage", 3: "input", 4: "crash"}
OUTPUT = "out"
DEPFILE = "out.d"
_KEPT = b"what was there before\n"
_MEMORY = 8 << 30
_SECONDS = 90.0  # a run that takes longer hangs
_ERROR = re.compile(r'^\s*\S.*?: error: \S|^\{"severity": "error", ', re.MULTILINE)
_DRIVER_FRAME = re.compile(r'^ *File "[^"]*lighthouse_build/', re.MULTILINE)


@dataclass(frozen=True)
class Input:
    """Files and arguments of one run.

    Attributes:
        kind: what is counted together.
        seed: what it was made of.
        files: name to contents.
        arguments: for lh-opt; the output is added.
        minimised: the file that may be cut down when something goes wrong, if any.
        emits: what is written; nothing for a command line that says so itself, or only asks.
        vandal: whether the input runs code, which may do as it likes with the directory.
    """

    kind: str
    seed: str
    files: Mapping[str, bytes]
    arguments: Sequence[str]
    minimised: str = ""
    emits: str = "mlir"
    vandal: bool = False

    def write(self, directory: Path) -> None:
        """Make `directory` and what the run needs in it."""
        directory.mkdir(parents=True)
        for name, data in self.files.items():
            path = directory / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    @property
    def command_line(self) -> list[str]:
        if not self.emits:
            return list(self.arguments)
        return [*self.arguments, f"--emit={self.emits}={OUTPUT}.{self.emits}", f"--depfile={DEPFILE}"]


@dataclass(frozen=True)
class Verdict:
    """How a run ended, and what was wrong with that."""

    status: int
    problems: tuple[str, ...] = ()
    stderr: str = field(default="", compare=False)

    @property
    def name(self) -> str:
        return STATUSES.get(self.status, f"status {self.status}")


@dataclass(frozen=True)
class _Run:
    status: int | None
    stdout: bytes
    stderr: str


def _run(arguments: Sequence[str], directory: Path, driver: Sequence[str]) -> _Run:
    """Run in a session of its own, so that what it leaves behind can be ended."""
    with (directory / ".stdout").open("w+b") as out, (directory / ".stderr").open("w+b") as err:
        process = subprocess.Popen(
            [*driver, *arguments],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY)),
        )
        status: int | None
        try:
            status = process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            status = None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read())
    for name in (".stdout", ".stderr"):
        (directory / name).unlink(missing_ok=True)
    return _Run(status, texts[0], texts[1].decode(errors="replace"))


def _snapshot(directory: Path) -> dict[str, bytes]:
    """The files below `directory`; the reproducers that a crash leaves on purpose are none of them."""
    found = {}
    for path in directory.rglob("*"):
        name = str(path.relative_to(directory))
        if ".reproducer" not in name and path.is_file() and not path.is_symlink():
            found[name] = path.read_bytes()
    return found


def judge(item: Input, work: Path, driver: Sequence[str] = DRIVER) -> Verdict:
    """Run `item` in a new directory below `work`; what was wrong."""
    shutil.rmtree(work, ignore_errors=True)
    first = work / "one"
    item.write(first)
    output = f"{OUTPUT}.{item.emits}"
    (first / output).write_bytes(_KEPT)
    before = _snapshot(first)
    run = _run(item.command_line, first, driver)
    problems = _about_process(run)
    if run.status is None:
        return Verdict(-1, tuple(problems), run.stderr)
    if run.status:
        problems += _about_failure(item, run, before, _snapshot(first))
    elif item.emits:
        problems += _about_success(item, work, driver)
    return Verdict(run.status, tuple(problems), run.stderr)


def _about_process(run: _Run) -> list[str]:
    if run.status is None:
        return [f"hangs: ran longer than {_SECONDS:g} s"]
    problems = []
    if run.status < 0:
        problems.append(f"exits by signal {-run.status}")
    elif run.status not in STATUSES:
        problems.append(f"exits with status {run.status}")
    if _DRIVER_FRAME.search(run.stderr):
        problems.append("shows frames of the driver")
    if "internal error" in run.stderr:
        problems.append("reports a bug of the driver")
    return problems


def _about_failure(item: Input, run: _Run, before: Mapping[str, bytes], after: Mapping[str, bytes]) -> list[str]:
    problems = []
    if run.stdout and not item.vandal:
        problems.append("prints to standard output though it fails")
    if not _ERROR.search(run.stderr) and run.status is not None and run.status > 0:
        problems.append("fails without an error")
    output = f"{OUTPUT}.{item.emits}"
    ours = {output, DEPFILE} if item.vandal else {*before, *after}
    changed = [name for name in ours if before.get(name) != after.get(name)]
    left = [name for name in after if name.endswith((".tmp", ".probe", ".lock"))]
    if changed or left:
        problems.append(f"leaves files though it fails: {', '.join(sorted({*changed, *left}))}")
    return problems


def _about_success(item: Input, work: Path, driver: Sequence[str]) -> list[str]:
    name = f"{OUTPUT}.{item.emits}"
    try:
        data = (work / "one" / name).read_bytes()
        depfile = (work / "one" / DEPFILE).read_text(errors="surrogateescape")
    except OSError as error:
        return [f"succeeds without an output: {error}"]
    if data == _KEPT:
        return ["succeeds without writing its output"]
    problems = []
    if not depfile.strip().endswith((".py", ".so", ".ll", ".txt")) and "\\\n" not in depfile:
        problems.append("succeeds with an empty depfile")
    invalid = _invalid(item.emits, data, work, driver)
    if invalid:
        problems.append(f"succeeds with an output that is not valid: {invalid}")
    again = work / "another directory"
    item.write(again)
    second = _run(item.command_line, again, driver)
    if second.status != 0:
        problems.append(f"succeeds once, then fails: {second.stderr[-300:]}")
    elif (again / name).read_bytes() != data:
        problems.append("writes other bytes the second time")
    return problems


def _invalid(emits: str, data: bytes, work: Path, driver: Sequence[str]) -> str:
    """What is wrong with an output, as another process sees it."""
    check = work / "check"
    check.mkdir()
    if emits in ("mlir", "bytecode", "stage"):
        file = check / {"mlir": "x.mlir", "bytecode": "x.mlirbc", "stage": "x.stage.mlir"}[emits]
        file.write_bytes(data)
        (check / "empty.mlir").write_text("module {}\n")
        # A resolved stage is read by resolving it again; what it does to a payload is not the question.
        arguments = [f"--stage={file}", "--emit=stage=y.stage.mlir"] if emits == "stage" else [str(file), "-o", "y"]
        run = _run([*arguments, "--allow-unregistered-dialect"], check, driver)
        return "" if run.status == 0 else run.stderr[-300:]
    if emits == "llvmir":
        code = "import sys; from llvmlite import binding as b; b.parse_assembly(open(sys.argv[1]).read()).verify()"
        file = check / "x.ll"
        file.write_bytes(data)
        run = _run(["-c", code, str(file)], check, [sys.executable, "-I", "-B"])
        return "" if run.status == 0 else run.stderr[-300:]
    if emits == "interface":
        try:
            json.loads(data)
        except ValueError as error:
            return str(error)
        return ""
    if emits == "object":
        return "" if data[:4] == b"\x7fELF" else "no object file"
    return "" if data.endswith(b"\n") else "cut off"


def minimise(item: Input, is_failure: Callable[[Input], bool], tries: int = 60) -> Input:
    """Cut down the file `item.minimised` while `is_failure` holds: first lines, then pieces of what is left."""
    if not item.minimised:
        return item
    for separator in (b"\n", b" "):
        pieces = item.files[item.minimised].split(separator)
        size = max(1, len(pieces) // 2)
        while size:
            start = 0
            while start < len(pieces) and tries > 0:
                shorter = pieces[:start] + pieces[start + size :]
                candidate = replace(item, files={**item.files, item.minimised: separator.join(shorter)})
                tries -= 1
                if is_failure(candidate):
                    item, pieces = candidate, shorter
                else:
                    start += size
            size //= 2
    return item
