# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large results come through whole, whichever way they take, and do not take the pipe."""

from __future__ import annotations

import os
import resource
from pathlib import Path
from typing import Any

import pytest
from lighthouse_build import handover as module
from lighthouse_build.errors import InputError
from lighthouse_build.handover import Handover
from lighthouse_build.outputs import Edge
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


def has_nameless_files(directory: Path) -> bool:
    """Whether the system has files without a name in `directory`."""
    try:
        os.close(os.open(directory, os.O_TMPFILE | os.O_RDWR))
    except (AttributeError, OSError):
        return False
    return True


needs_nameless_files = pytest.mark.skipif(
    not has_nameless_files(Path.cwd()), reason="needs a file system with files without a name (O_TMPFILE)"
)


@pytest.fixture
def here() -> Any:
    """A directory on the file system of the current one."""
    import tempfile

    with tempfile.TemporaryDirectory(dir=Path.cwd()) as path:
        yield Path(path)


def committed(handover: Handover, sent: dict[str, Any], stamp: Path) -> None:
    with Edge(list(sent), str(stamp), None) as edge:
        edge.commit(handover.taken(sent), [], handover.name)


@needs_nameless_files
def test_the_first_large_result_becomes_its_output_without_a_copy(here: Path) -> None:
    large, other = str(here / "large"), str(here / "other")
    handover = Handover(large)
    (disk,) = set(handover.descriptors) - {handover.descriptors[0]}

    def job(progress: Progress) -> dict[str, Any]:
        pieces = (memoryview(LARGE)[i : i + 70000] for i in range(0, len(LARGE), 70000))
        return {large: handover.keep(pieces), other: handover.keep(LARGE[::-1])}

    sent = supervise(job, None)
    assert list(here.iterdir()) == []
    # What a driver that was killed has left.
    (here / ".large.tmp").write_bytes(b"half")
    committed(handover, sent, here / "stamp")
    assert {Path(large).read_bytes(), Path(other).read_bytes()} == {LARGE, LARGE[::-1]}
    assert os.stat(large).st_ino == os.fstat(disk).st_ino
    (here / "as others").touch()
    assert os.stat(large).st_mode == os.stat(here / "as others").st_mode
    assert os.stat(large).st_mtime_ns == os.stat(other).st_mtime_ns < os.stat(here / "as others").st_mtime_ns
    assert {path.name for path in here.iterdir()} == {"large", "other", "as others", "stamp", "stamp.lock"}


@needs_nameless_files
def test_an_output_of_the_same_content_stays_the_same_file(here: Path) -> None:
    large = here / "large"
    large.write_bytes(LARGE)
    before = os.stat(large)
    handover = Handover(str(large))
    committed(handover, {str(large): handover.keep(LARGE)}, here / "stamp")
    assert (os.stat(large).st_ino, os.stat(large).st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert {path.name for path in here.iterdir()} == {"large", "stamp", "stamp.lock"}


@needs_nameless_files
def test_two_outputs_of_one_result_are_two_files(here: Path) -> None:
    handover = Handover(str(here / "a"))
    kept = handover.keep(LARGE)
    committed(handover, {str(here / "a"): kept, str(here / "b"): kept}, here / "stamp")
    assert (here / "a").read_bytes() == (here / "b").read_bytes() == LARGE
    assert os.stat(here / "a").st_ino != os.stat(here / "b").st_ino


@needs_nameless_files
@pytest.mark.parametrize("lacking", ["link", "O_TMPFILE", "both"])
def test_where_the_system_cannot_name_it_it_is_copied(
    lacking: str, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*arguments: object, **more: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    if lacking == "link":
        monkeypatch.setattr(os, "link", link)
    else:
        monkeypatch.delattr(os, "O_TMPFILE")
    if lacking == "both":
        monkeypatch.delattr(os, "memfd_create")
    large = here / "large"
    handover = Handover(str(large))
    assert len(handover.descriptors) == {"link": 2, "O_TMPFILE": 1, "both": 0}[lacking]
    committed(handover, {str(large): handover.keep(iter([LARGE, b"end"]))}, here / "stamp")
    assert large.read_bytes() == LARGE + b"end"


@needs_nameless_files
@pytest.mark.parametrize("output", ["large", ""])
def test_a_full_disk_is_an_error(output: str, here: Path) -> None:
    path = str(here / output) if output else ""
    handover = Handover(path)

    def job(progress: Progress) -> Any:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        return handover.keep(LARGE)

    what = f"cannot write '{path}': File too large" if output else "cannot hand over what was made: File too large"
    with pytest.raises(InputError) as caught:
        supervise(job, None)
    assert caught.value.message == what
    assert list(here.iterdir()) == []
