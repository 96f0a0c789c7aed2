# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every shipped stage has a test of what it does, beside those of what its results compute."""

from __future__ import annotations

from pathlib import Path

import pytest
from lighthouse_build.resolution.search import SHIPPED

TESTS = Path(__file__).parent / "schedules"
STAGES = sorted(p.name for p in Path(SHIPPED).iterdir() if p.is_file() and not p.name.startswith(("_", ".")))


def run_lines() -> str:
    return "\n".join(line for path in TESTS.glob("*.mlir") for line in path.read_text().splitlines() if "RUN:" in line)


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_is_checked_with_filecheck(stage: str) -> None:
    assert any(f"--stage={quote}{stage}" in run_lines() for quote in ("", "'")), (
        f"no RUN line in {TESTS} applies {stage}"
    )
