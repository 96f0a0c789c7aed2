# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The report of the oracle: what it counts, and when a run has passed."""

from __future__ import annotations

from collections.abc import Sequence

from builds import Build
from model import READ, UNLISTED, Judgement
from report import Report
from session import Verdict


def verdict(
    lowered: int, *, missed: Sequence[str] = (), problems: Sequence[str] = (), needless: Sequence[str] = ()
) -> Verdict:
    judgement = Judgement(lowered, lowered, tuple(missed), {f"Lowering {n}": why for n, why in enumerate(needless)})
    return Verdict(Build(0, ("Resolving stage a",), ""), judgement, failing=False, problems=tuple(problems))


def test_each_kind_is_counted_and_what_is_rare_is_told() -> None:
    report = Report(["touch", "rename", "option"])
    report.add("the first build", "the first build", verdict(20))
    for _ in range(10):
        report.made("touch")
        report.add("touch", "1 touch", verdict(2, needless=[READ]))
    report.made("rename")
    report.add("rename", "2 rename", verdict(1))
    report.add("rename", "2 rename (2)", verdict(1))
    lines = {line.split("  ")[0]: line.split()[-12:] for line in report.text().splitlines() if line.endswith("-")}
    assert lines["touch"][-11:] == ["10", "10", "20", "20", "0", "10", "-", "10", "-", "-", "-"]
    assert lines["rename"][-11:] == ["1", "2", "2", "2", "0", "0", "-", "-", "-", "-", "-"]
    assert "fewer than 10 times: option 0, rename 1" in report.text()
    assert report.rare(1) == ["option"]
    assert report.passed


def test_what_is_missed_or_different_fails_a_run() -> None:
    for bad in (verdict(1, missed=["a"]), verdict(1, problems=["a: is not there"])):
        report = Report(["touch"])
        report.add("touch", "1 touch", bad)
        assert not report.passed


def test_a_few_needless_lowerings_are_borne() -> None:
    for needless, passed in ((2, True), (3, False)):
        report = Report(["touch"])
        report.add("touch", "1 touch", verdict(100, needless=[UNLISTED] * needless))
        assert report.passed == passed
        assert len(report.problems) == needless
        assert f"{needless}.00%" in report.text()


def test_a_run_that_lowered_nothing_does_not_pass() -> None:
    report = Report(["touch"])
    report.add("touch", "1 touch", verdict(0))
    assert not report.passed
