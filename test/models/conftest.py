# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tests of models run: the driver, and MLIR's translation to C++."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DRIVER = ROOT / "python" / "lighthouse_build" / "__main__.py"

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def _mlir_translate() -> str | None:
    """On PATH, or where Debian puts it."""
    directories = sorted(Path("/usr/lib").glob("llvm-*/bin"), key=lambda path: int(path.parent.name[5:]), reverse=True)
    return shutil.which("mlir-translate", path=os.pathsep.join([os.environ["PATH"], *map(str, directories)]))


@pytest.fixture(scope="session")
def mlir_translate() -> str:
    """The path of mlir-translate; tests that want it are skipped without one."""
    found = _mlir_translate()
    if found is None:
        pytest.skip("there is no mlir-translate; install mlir-22-tools")
    return found


@pytest.fixture(scope="session")
def lh_opt() -> Run:
    """Runs the driver: `lh_opt(*arguments, status=0, cwd=None)`; what it came to. With status None, any will do."""

    def run(
        *arguments: str | Path, status: int | None = 0, cwd: Path | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-I", "-B", DRIVER, *arguments], cwd=cwd, capture_output=True, text=True, check=False
        )
        assert status in (None, done.returncode), done.stderr
        return done

    return run
