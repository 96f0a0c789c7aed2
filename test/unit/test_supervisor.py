# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The supervisor: results and errors cross, deaths and hangs are told, standard output stays the parent's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from lighthouse_build.errors import CrashError, Diagnostic, LoweringError, SourceLocation
from lighthouse_build.supervisor import InternalError, Progress, reap, supervise


def test_a_result_crosses() -> None:
    assert supervise(lambda progress: {"a": b"\0" * (3 << 20)}, None) == {"a": b"\0" * (3 << 20)}


def test_a_child_that_somebody_else_has_waited_for_is_no_matter() -> None:
    assert supervise(lambda progress: 1, None) == 1
    os.waitpid(-1, 0)
    reap()
    assert supervise(lambda progress: 2, None) == 2


def test_an_error_crosses_whole() -> None:
    place = SourceLocation("f.mlir", 3, 4)
    error = LoweringError("no", place, [Diagnostic("note", place, "note")], [Diagnostic("cause")])

    def job(progress: Progress) -> None:
        raise error

    with pytest.raises(LoweringError) as caught:
        supervise(job, None)
    assert caught.value.diagnostic == error.diagnostic
    assert caught.value.causes == error.causes


def test_a_bug_is_told_from_an_error() -> None:
    def job(progress: Progress) -> None:
        raise ZeroDivisionError

    with pytest.raises(InternalError, match="ZeroDivisionError"):
        supervise(job, None)


def test_death_by_a_signal_names_what_ran() -> None:
    def job(progress: Progress) -> None:
        progress("step 'a'")
        os.kill(os.getpid(), signal.SIGSEGV)

    with pytest.raises(CrashError, match="died by SIGSEGV while running step 'a'"):
        supervise(job, None)


@pytest.mark.parametrize(
    ("raised", "how"), [(MemoryError, "ran out of memory"), (KeyboardInterrupt, "was interrupted")]
)
def test_an_end_that_is_no_bug(raised: type[BaseException], how: str) -> None:
    def job(progress: Progress) -> None:
        progress("step 'a'")
        raise raised

    with pytest.raises(CrashError, match=f"{how} while running step 'a'") as caught:
        supervise(job, None)
    assert caught.value.how == how


def test_a_child_that_closes_the_pipe_and_stays_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lighthouse_build.supervisor._LAST_PATIENCE", 0.2)

    def job(progress: Progress) -> None:
        os.closerange(3, 100)
        os.kill(os.getpid(), signal.SIGSTOP)

    with pytest.raises(CrashError, match=r"longer than the timeout of 0\.1 s"):
        supervise(job, 0.1, runs_python=True)
    with pytest.raises(CrashError, match="died by SIGKILL"):
        supervise(job, None, runs_python=True)


def test_leaving_silently_is_no_success() -> None:
    def job(progress: Progress) -> None:
        os._exit(0)

    with pytest.raises(CrashError, match="exited with status 0"):
        supervise(job, None)


def test_a_hang_ends() -> None:
    started = time.monotonic()
    with pytest.raises(CrashError, match=r"longer than the timeout of 0\.2 s"):
        supervise(lambda progress: time.sleep(60), 0.2)
    assert time.monotonic() - started < 30


def test_standard_output_is_the_parent_s_alone() -> None:
    package = Path(__file__).parents[2] / "python"
    code = (
        "import os; from lighthouse_build.supervisor import supervise\n"
        "def job(progress):\n    print('said'); os.write(1, b'wrote\\n'); os.system('echo ran')\n"
        "supervise(job, None); print('parent')\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout == "parent\n"
    assert sorted(run.stderr.split()) == ["ran", "said", "wrote"]
