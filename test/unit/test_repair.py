# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What user code does to the interpreter is undone, in this very process."""

from __future__ import annotations

import builtins
import json
import os
import signal
import sys

from lighthouse_build.resolution.repair import Snapshot


def test_functions_come_back() -> None:
    snapshot = Snapshot()
    before = builtins.len, builtins.print, os.getcwd, json.dumps, os.environ, sys.argv
    vars(builtins).update(len=None, print=None)
    vars(os).update(getcwd=None, environ=None)
    vars(json).update(dumps=None)
    del sys.argv
    snapshot.restore()
    assert before == (builtins.len, builtins.print, os.getcwd, json.dumps, os.environ, sys.argv)


def test_what_changes_rightly_stays() -> None:
    snapshot = Snapshot()
    sys.path.append("added")
    sys.modules["added"] = json
    vars(os)["environ_of_nobody"] = 3
    snapshot.restore()
    assert sys.path.pop() == "added"
    assert sys.modules.pop("added") is json
    assert vars(os).pop("environ_of_nobody") == 3


def test_modules_and_finders_come_back() -> None:
    snapshot = Snapshot()
    modules, finders = dict(sys.modules), list(sys.meta_path)
    sys.modules.pop("json")
    sys.meta_path.clear()
    snapshot.restore()
    assert sys.modules["json"] is modules["json"]
    assert sys.meta_path == finders


def test_signals_and_timers_come_back() -> None:
    snapshot = Snapshot()
    before = signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGTERM)

    def rings(number: int, frame: object) -> None:
        raise ValueError

    signal.signal(signal.SIGALRM, rings)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    signal.setitimer(signal.ITIMER_REAL, 1000)
    snapshot.restore()
    assert (signal.getsignal(signal.SIGALRM), signal.getsignal(signal.SIGTERM)) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, ())


def test_streams_come_back() -> None:
    identity = os.fstat(2).st_ino, os.fstat(2).st_dev
    snapshot = Snapshot()
    stderr = sys.stderr
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    sys.stderr = None
    open_before = len(os.listdir("/proc/self/fd"))
    snapshot.restore()
    assert (os.fstat(2).st_ino, os.fstat(2).st_dev) == identity
    assert sys.stderr is stderr
    assert len(os.listdir("/proc/self/fd")) == open_before - 2  # its own copies


def test_tracing_ends() -> None:
    snapshot = Snapshot()
    trace = sys.gettrace()
    sys.setprofile(lambda *arguments: None)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(limit - 1)
    snapshot.restore()
    assert sys.getprofile() is None
    assert sys.gettrace() is trace
    assert sys.getrecursionlimit() == limit
