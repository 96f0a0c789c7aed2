# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A short run of the fuzzer with a fixed seed, and proof that its oracle sees what it is for."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from lighthouse_build.language import values

sys.path.insert(0, str(Path(__file__).parent))

import judgement
import language
import misbehaviour
import mutations
import run
from judgement import Input

SEED = 1
ITEM = Input("test", "0", {"a.mlir": b"module {}\n", "b.mlir": b"\n"}, ["a.mlir"])


def driver(tmp_path: Path, body: str) -> list[str]:
    """A program that stands for lh-opt."""
    program = tmp_path / "driver.sh"
    program.write_text(f"out=out.mlir\n{body}\n")
    return ["sh", str(program)]


GOOD = "printf 'out.mlir: \\\\\\n a.mlir\\n' > out.d; echo 'module {}' > $out"
TRACEBACK = '  File "/x/lighthouse_build/driver.py", line 3, in main'


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("echo 'x.mlir:1:1: error: no' >&2; exit 3", ""),
        ("kill -SEGV $$", "exits by signal 11"),
        ("exit 139", "exits with status 139"),
        ("exit 3", "fails without an error"),
        ("echo 'lh-opt: error: internal error: x' >&2; exit 70", "reports a bug of the driver"),
        (f"echo 'lh-opt: error: x' >&2; echo {shlex.quote(TRACEBACK)} >&2; exit 1", "shows frames of the driver"),
        ("echo 'lh-opt: error: x' >&2; echo x; exit 1", "prints to standard output"),
        ("echo 'lh-opt: error: x' >&2; echo x > $out; exit 1", "leaves files though it fails: out.mlir"),
        ("echo 'lh-opt: error: x' >&2; echo x > .out.1.tmp; exit 1", "leaves files though it fails: .out.1.tmp"),
        ("echo 'lh-opt: error: x' >&2; rm b.mlir; exit 1", "leaves files though it fails: b.mlir"),
        ("exit 0", "succeeds without an output"),
        ("echo x > out.d", "succeeds without writing its output"),
        (f"{GOOD}; : > out.d", "succeeds with an empty depfile"),
        (f"{GOOD}; pwd > $out", "writes other bytes the second time"),
        (f"{GOOD}; case $PWD in *another*) exit 1;; esac", "succeeds once, then fails"),
        (f"{GOOD}; case $PWD in *check) echo bad >&2; exit 3;; esac", "succeeds with an output that is not valid"),
        (GOOD, ""),
    ],
)
def test_the_oracle_sees(tmp_path: Path, body: str, problem: str) -> None:
    verdict = judgement.judge(ITEM, tmp_path / "work", driver(tmp_path, body))
    assert (problem in "; ".join(verdict.problems)) if problem else verdict.problems == ()


def test_the_oracle_sees_a_hang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judgement, "_SECONDS", 0.2)
    verdict = judgement.judge(ITEM, tmp_path / "work", driver(tmp_path, "sleep 100"))
    assert verdict.problems == ("hangs: ran longer than 0.2 s",)


def test_the_oracle_cuts_down(tmp_path: Path) -> None:
    item = Input("test", "0", {"a": b"one\ntwo bad words\nthree\n"}, [], "a")
    assert judgement.minimise(item, lambda candidate: b"bad" in candidate.files["a"]).files["a"] == b"bad"


def test_bad_treatment_of_the_language_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "format_value", lambda value: "0")
    report = run.Report(None)
    run.try_language("value", SEED, 50, report)
    assert report.failures


@pytest.mark.parametrize("kind", language.KINDS)
def test_texts_of_the_language(kind: str) -> None:
    report = run.Report(None)
    for_driver = run.try_language(kind, SEED, 100, report)
    run.try_inputs(iter(for_driver[:: max(1, len(for_driver) // 2)]), report, jobs=2)
    assert report.failures == []
    assert report.malformed > 10 or kind == "command line"


@pytest.mark.parametrize("kind", ["schedule", "payload", "resolved", "interface"])
def test_mutations(kind: str) -> None:
    report = run.Report(None)
    run.try_inputs(run.inputs(kind, SEED, 4), report, jobs=2)
    assert report.failures == []
    assert report.total == 4


def test_python_that_misbehaves() -> None:
    """One in 16 of the systematic ones; `run.py` tries all."""
    report = run.Report(None)
    amount = len(misbehaviour.MISDEEDS) + len(misbehaviour.ENDINGS)
    items = [item for i, item in enumerate(run.inputs("generator", SEED, amount)) if i % 16 == 3]
    run.try_inputs(iter(items), report, jobs=2)
    assert report.failures == []


def test_the_corpus_is_right(tmp_path: Path) -> None:
    """What mutations start from does work: else they would all be refused for the same reason."""
    payloads, schedules = (mutations.parts(name) for name in ("payloads.mlir", "schedules.mlir"))
    items = [Input("corpus", f"payload {i}", {"p.mlir": data}, ["p.mlir"]) for i, data in enumerate(payloads)]
    arguments = {1: "{size=4 width=8 way=1}", 5: "[first]"}
    for i, data in enumerate(schedules):
        files = {"p.mlir": payloads[0], "s.mlir": data}
        items.append(Input("corpus", f"schedule {i}", files, ["p.mlir", f"--stage=s.mlir{arguments.get(i, '')}"]))
    report = run.Report(None)
    run.try_inputs(iter(items), report, jobs=2)
    assert report.failures == []
    assert report.malformed == 0
