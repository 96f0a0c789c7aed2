# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The judge of the oracle: what had to be lowered, and how that compares with what was."""

from __future__ import annotations

from pathlib import Path

import pytest
from edges import Edge
from model import READ, TOUCHED, UNLISTED, Key, Ledger, key_of

LABEL = "Lowering kernels/payloads/a"


def keys(digest: str, *files: str) -> dict[str, Key]:
    return {LABEL: Key(digest, frozenset(files), "payloads/a.mlir")}


def test_what_was_never_lowered_is_due_and_missed_until_it_runs() -> None:
    ledger = Ledger()
    for _ in range(2):
        assert ledger.judge(keys("1"), [], [], failing=False).missed == (LABEL,)
    judgement = ledger.judge(keys("1"), [LABEL], [], failing=False)
    assert (judgement.lowered, judgement.due, judgement.missed, judgement.needless) == (1, 1, (), {})
    assert ledger.judge(keys("1"), [], [], failing=False).due == 0


@pytest.mark.parametrize(
    ("written", "reason"), [("payloads/a.mlir", TOUCHED), ("modules/naming.py", READ), ("other.py", UNLISTED)]
)
def test_a_lowering_of_the_same_is_needless_for_a_reason(written: str, reason: str) -> None:
    ledger = Ledger({LABEL: "1"})
    judgement = ledger.judge(keys("1", "modules/naming.py"), [LABEL], [written], failing=False)
    assert judgement.needless == {LABEL: reason}


def test_a_build_that_fails_may_leave_out_what_is_due_and_the_next_may_not() -> None:
    ledger = Ledger({LABEL: "1"})
    assert ledger.judge(keys("2"), [], [], failing=True).missed == ()
    assert ledger.judge(keys("2"), [], [], failing=False).missed == (LABEL,)


def test_what_a_killed_build_may_have_lowered_is_judged_once_by_its_outputs_alone() -> None:
    ledger = Ledger({LABEL: "1"}, unsure={LABEL})
    assert ledger.judge(keys("2"), [], [], failing=False).missed == ()
    assert ledger.judge(keys("3"), [], [], failing=False).missed == (LABEL,)


@pytest.fixture
def edge(tmp_path: Path) -> Edge:
    """A lowering with a stage class, which imports a module and reads a table."""
    files = {
        "payloads/a.mlir": "module {}",
        "s.stage.mlir": 'lh.python = {class = "C", digest = "12ab", file = "schedules/c.py", options = ""}',
        "schedules/c.py": 'from naming import x\n\nTABLE = HERE / "tables" / "t.json"\n',
        "modules/naming.py": "def x():\n    return 1\n",
        "tables/t.json": "1",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    stage, payload = str(tmp_path / "s.stage.mlir"), str(tmp_path / "payloads/a.mlir")
    command = ("lh-opt", payload, f"--stage={stage}", f"--python-path={tmp_path / 'modules'}")
    return Edge(LABEL, command, str(tmp_path), (), (stage, payload), payload, (stage,), "")


@pytest.mark.parametrize(
    ("path", "old", "new", "due"),
    [
        ("payloads/a.mlir", "{}", "{ }", True),
        ("s.stage.mlir", "12ab", "34cd", False),
        ("s.stage.mlir", 'options = ""', 'options = "a=1"', True),
        ("schedules/c.py", "from", "# A comment.\nfrom", False),
        ("modules/naming.py", "return 1", "return  1  # one", False),
        ("modules/naming.py", "1", "2", True),
        ("tables/t.json", "1", "2", True),
    ],
)
def test_a_lowering_is_due_when_what_it_depends_on_means_something_else(
    edge: Edge, tmp_path: Path, path: str, old: str, new: str, due: bool
) -> None:
    before = key_of(edge, tmp_path, "driver")
    text = (tmp_path / path).read_text()
    assert old in text
    (tmp_path / path).write_text(text.replace(old, new))
    after = key_of(edge, tmp_path, "driver")
    assert before is not None
    assert after is not None
    assert (before.digest != after.digest) == due
    assert after.files == {"schedules/c.py", "modules/naming.py", "tables/t.json"}


def test_a_lowering_without_its_stage_cannot_run(edge: Edge, tmp_path: Path) -> None:
    (tmp_path / "s.stage.mlir").unlink()
    assert key_of(edge, tmp_path, "driver") is None
