# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Places that cannot be written, and a driver that is killed: one error, nothing new, nothing left running."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO

import pytest
from privileges import obeying_modes, with_mounts

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
COMMAND = [sys.executable, "-I", "-B", str(DRIVER)]
INPUT = 3

# Some kilobytes of output.
PAYLOAD = "".join(
    f"func.func @f{i}() -> i32 {{\n  %c = arith.constant {i} : i32\n  return %c : i32\n}}\n" for i in range(500)
)


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "k.mlir").write_text(PAYLOAD)
    return tmp_path


def names(directory: Path) -> set[str]:
    return {str(path.relative_to(directory)) for path in directory.rglob("*")}


def failing(command: list[str], directory: Path, stdout: IO[bytes] | int = subprocess.PIPE) -> str:
    run = subprocess.run(
        command, cwd=directory, stdout=stdout, stderr=subprocess.PIPE, text=True, timeout=120, check=False
    )
    assert run.returncode == INPUT, run.stderr
    assert "Traceback" not in run.stderr
    assert "internal error" not in run.stderr
    assert "Exception ignored" not in run.stderr
    return run.stderr


def test_full_disk(directory: Path) -> None:
    """A real one: a file system of 64 KB, mounted in a name space of its own."""
    (directory / "disk").mkdir()
    prefix = with_mounts(directory / "disk")
    script = (
        "mount -t tmpfs -o size=64k tmpfs disk || exit 99\n"
        "echo old > disk/a.mlir; head -c 40000 /dev/zero > disk/full\n"
        '"$@"; status=$?; ls -A disk; cat disk/a.mlir; umount disk; exit $status'
    )
    job = [
        *COMMAND,
        "k.mlir",
        "--emit=mlir=disk/a.mlir",
        "--emit=bytecode=disk/b.mlirbc",
        "--stamp=disk/s",
        "--depfile=disk/d",
    ]
    command = [*prefix, "sh", "-c", script, "sh", *job]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == INPUT, run.stderr
    assert "error: cannot write 'disk/a.mlir': No space left on device" in run.stderr
    assert run.stdout.split() == ["a.mlir", "full", "s.lock", "old"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no /dev/full")
def test_full_standard_output(directory: Path) -> None:
    with open("/dev/full", "wb") as full:
        error = failing([*COMMAND, "k.mlir"], directory, stdout=full)
    assert "error: cannot write to standard output: No space left on device" in error
    assert "error: cannot write '/dev/full': No space left on device" in failing(
        [*COMMAND, "k.mlir", "-o", "/dev/full"], directory
    )


def test_read_only_directory(directory: Path) -> None:
    prefix = obeying_modes()
    out = directory / "out"
    out.mkdir()
    (out / "old.mlir").write_text("old")
    (out / "old.mlir").chmod(0o444)
    out.chmod(0o555)
    try:
        for arguments, path in (
            (["-o", "out/new.mlir"], "out/new.mlir"),
            (["-o", "out/old.mlir"], "out/old.mlir"),
            (["-o", "new.mlir", "--stamp=out/s"], "out/s"),
            (["-o", "new.mlir", "--depfile=out/d"], "out/d"),
        ):
            error = failing([*prefix, *COMMAND, "k.mlir", *arguments], directory)
            assert f"error: cannot write '{path}': " in error
        assert names(directory) == {"k.mlir", "out", "out/old.mlir"}
        assert (out / "old.mlir").read_text() == "old"
    finally:
        out.chmod(0o755)


def test_killed_at_any_moment(directory: Path) -> None:
    """By SIGKILL, from start to end: an output is whole or not there, and where the stamp is, all are."""
    job = [*COMMAND, "k.mlir", "--emit=mlir=a.mlir", "--emit=bytecode=b.mlirbc", "--stamp=s", "--depfile=d"]
    subprocess.run(job, cwd=directory, check=True, timeout=120)
    good = [(directory / name).read_bytes() for name in ("a.mlir", "b.mlirbc", "d")]
    moments = random.Random(8)
    for _ in range(8):
        for name in ("a.mlir", "b.mlirbc", "d", "s"):
            (directory / name).unlink(missing_ok=True)
        process = subprocess.Popen(job, cwd=directory)
        time.sleep(moments.random() * 0.4)
        process.kill()
        process.wait(timeout=60)
        present = [(directory / name).exists() for name in ("a.mlir", "b.mlirbc", "d")]
        for name, data, there in zip(("a.mlir", "b.mlirbc", "d"), good, present):
            assert not there or (directory / name).read_bytes() == data
        assert all(present) or not (directory / "s").exists()
    subprocess.run(job, cwd=directory, check=True, timeout=120)
    assert [(directory / name).read_bytes() for name in ("a.mlir", "b.mlirbc", "d")] == good
    assert names(directory) == {"k.mlir", "a.mlir", "b.mlirbc", "d", "s", "s.lock"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_asked_to_end(directory: Path, number: signal.Signals) -> None:
    """The child, here in an endless loop, ends with the driver."""
    (directory / "loops.py").write_text(
        "import os\ndef create_schedule():\n    open('started', 'w').write(str(os.getpid()))\n    while True: pass\n"
    )
    command = [*COMMAND, "k.mlir", "--stage=loops.py", "-o", "out.mlir"]
    process = subprocess.Popen(command, cwd=directory, stderr=subprocess.PIPE, text=True)
    started = directory / "started"
    deadline = time.monotonic() + 100
    while not (started.exists() and started.read_text()) and time.monotonic() < deadline:
        time.sleep(0.02)
    child = int(started.read_text())
    process.send_signal(number)
    stderr = process.communicate(timeout=60)[1]
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGTERM)
    assert "Traceback" not in stderr
    assert names(directory) == {"k.mlir", "loops.py", "started"}
    while is_running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(child)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
