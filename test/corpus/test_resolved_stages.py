# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A resolved stage does what its specs do: byte for byte, for every payload, with stages of all kinds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent
DRIVER = CORPUS.parents[1] / "python" / "lighthouse_build" / "__main__.py"
PAYLOADS = sorted(path for path in (CORPUS / "payloads").glob("*.mlir") if not path.name.endswith(".schedule.mlir"))


def lh_opt(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-I", str(DRIVER), *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def test_there_are_payloads() -> None:
    assert len(PAYLOADS) > 30


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda path: path.stem)
def test_resolved_equals_direct(payload: Path, tmp_path: Path) -> None:
    own = payload.with_suffix(".schedule.mlir")
    stages = CORPUS / "stages"
    specs = [
        str(stages / "generate.py"),
        str(own if own.exists() else stages / "schedule.mlir"),
        str(stages / "pipeline.yaml") + "{mark=lh.yaml}",
        payload.with_suffix(".pipeline").read_text().strip(),
    ]
    arguments = [f"--stage={spec}" for spec in specs]
    direct, resolved = tmp_path / "direct.mlir", tmp_path / "resolved.mlir"
    stage = tmp_path / "all.stage.mlir"
    first = lh_opt(str(payload), *arguments, "-o", str(direct))
    assert lh_opt("--emit=stage", *arguments, "-o", str(stage)).returncode == 0
    second = lh_opt(str(payload), f"--stage={stage}", "-o", str(resolved))
    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert resolved.read_bytes() == direct.read_bytes()
    assert direct.stat().st_size > 0
    # Reading a resolved stage and writing it again changes nothing.
    again = tmp_path / "again.stage.mlir"
    assert lh_opt("--emit=stage", f"--stage={stage}", "-o", str(again)).returncode == 0
    assert again.read_bytes() == stage.read_bytes()
