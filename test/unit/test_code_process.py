# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The code generator in another process: the same code, the same errors, and a death that is the job's."""

from __future__ import annotations

import faulthandler
import os
import signal
from typing import Any

import pytest
from lighthouse_build import supervisor
from lighthouse_build.emission import code_process, codegen
from lighthouse_build.emission.code_process import CodeProcess
from lighthouse_build.errors import LoweringError, UsageError
from lighthouse_build.target import Target

TARGET = Target("x86_64-unknown-linux-gnu", "x86-64")
HOW: dict[str, Any] = {
    "optimize": 2,
    "kinds": {"object", "bitcode"},
    "declared": ("puts",),
    "allow_undefined": ["_*"],
    "constants": {},
}
CODE = "declare i32 @puts(ptr)\ndefine i32 @f(ptr %s) {\n  %r = call i32 @puts(ptr %s)\n  ret i32 %r\n}\n"
TABLE = "; As LLVM prints it.\n@t = constant [8192 x i8] zeroinitializer\n"


@pytest.fixture(autouse=True)
def in_time() -> Any:
    signal.alarm(120)
    yield
    signal.alarm(0)


def test_generates_the_same() -> None:
    constants = {"t": bytes(range(256)) * 32}
    how = HOW | {"constants": constants}
    assert CodeProcess(TARGET).generate(TABLE + CODE, TARGET, **how) == codegen.generate(TABLE + CODE, TARGET, **how)


def test_much_is_generated_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_process, "_MOST", 1000)
    supervisor.reap()
    aside = CodeProcess(TARGET)
    monkeypatch.setattr(codegen, "generate", lambda *_, **how: sorted(how["constants"]))
    generated: Any = aside.generate(TABLE, TARGET, **HOW | {"constants": {"t": bytes(8192)}})
    assert generated == ["t"]
    assert os.waitpid(-1, 0)[1] == 0  # it has ended, as nothing was asked of it


def test_its_errors_are_the_jobs() -> None:
    with pytest.raises(LoweringError, match="cannot read the LLVM IR of the payload"):
        CodeProcess(TARGET).generate("define", TARGET, **HOW)
    with pytest.raises(RuntimeError, match="unknown kinds"):
        CodeProcess(TARGET).generate(CODE, TARGET, **HOW | {"kinds": {"tape"}})


def test_what_it_does_not_know_of_its_target_is_the_jobs_error() -> None:
    supervisor.reap()
    aside = CodeProcess(Target(TARGET.triple, "no-such"))
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # before it is asked
    with pytest.raises(UsageError, match="unknown CPU 'no-such'"):
        aside.generate(CODE, TARGET, **HOW)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGKILL])
def test_its_death_is_the_jobs(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codegen, "generate", lambda *_, **__: os.kill(os.getpid(), number))
    job = os.fork()
    if job == 0:
        faulthandler.disable()
        try:
            CodeProcess(TARGET).generate(CODE, TARGET, **HOW)
        finally:
            os._exit(0)
    assert os.WTERMSIG(os.waitpid(job, 0)[1]) == number
