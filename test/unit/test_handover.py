# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large results come through whole, whichever way they take, and do not take the pipe."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from lighthouse_build import handover as module
from lighthouse_build.handover import Handover
from lighthouse_build.supervisor import Progress, supervise

LARGE = os.urandom(3 << 20)


def test_large_and_small_results_come_from_the_child() -> None:
    handover = Handover()
    results = {"large": LARGE, "small": b"x", "empty": b"", "other": LARGE[::-1]}

    def job(progress: Progress) -> dict[str, Any]:
        return {path: handover.keep(data) for path, data in results.items()}

    sent = supervise(job, None)
    assert [isinstance(data, tuple) for data in sent.values()] == [True, False, False, True]
    assert {path: bytes(data) for path, data in handover.taken(sent).items()} == results


def test_without_such_files_they_take_the_pipe(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "memfd_create", raising=False)
    handover = Handover()
    assert not handover.takes_text
    assert handover.keep(LARGE) is LARGE
    assert handover.taken({"a": LARGE}) == {"a": LARGE}


@pytest.mark.skipif(not Handover().takes_text, reason="needs files without a name (memfd), and /proc to open them by")
@pytest.mark.parametrize("size", [0, 1, 5000, module._LEAST - 1, module._LEAST, 3 << 20])
@pytest.mark.parametrize("breaks", [0, 1, 2, 7])
def test_a_printed_text_ends_with_one_line_break(size: int, breaks: int) -> None:
    handover = Handover()
    text = b"ab\nc"[:1] * size
    sent = handover.printed(lambda path: (Path(path).write_bytes(text + b"\n" * breaks), None)[1])
    assert isinstance(sent, tuple) == (size >= module._LEAST)
    # A second result goes behind a large text, and does not touch it.
    assert handover.takes_text == (not isinstance(sent, tuple))
    found = handover.taken({"text": sent, "large": handover.keep(LARGE)})
    assert bytes(found["text"]) == text + b"\n"
    assert bytes(found["large"]) == LARGE
