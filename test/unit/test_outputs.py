# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The edge protocol: all or none, early cutoff, times that reveal edits during the job."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from lighthouse_build import outputs
from lighthouse_build.errors import InputError
from lighthouse_build.outputs import Edge, depfile_text


def edge(directory: Path, *names: str) -> Edge:
    outputs = [str(directory / name) for name in names]
    return Edge(outputs, str(directory / "stamp"), str(directory / "dep.d"))


def test_first_run_writes_everything(tmp_path: Path) -> None:
    with edge(tmp_path, "a", "b") as e:
        e.commit({str(tmp_path / "a"): b"1", str(tmp_path / "b"): b"2"}, ["/in put"])
    assert (tmp_path / "a").read_bytes() == b"1"
    assert (tmp_path / "b").read_bytes() == b"2"
    assert (tmp_path / "dep.d").read_text() == f"{tmp_path}/stamp: \\\n  /in\\ put\n"
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"a", "b", "dep.d", "stamp", "stamp.lock"}


def test_only_what_changed_is_written(tmp_path: Path) -> None:
    for value in (b"1", b"2"):
        with edge(tmp_path, "same", "changes") as e:
            e.commit({str(tmp_path / "same"): b"x", str(tmp_path / "changes"): value}, [])
        if value == b"1":
            before = {name: (tmp_path / name).stat().st_mtime_ns for name in ("same", "changes", "stamp")}
            time.sleep(0.02)
    after = {name: (tmp_path / name).stat().st_mtime_ns for name in before}
    assert after["same"] == before["same"]
    assert after["changes"] > before["changes"]
    assert after["stamp"] > before["stamp"]


def test_an_edit_during_the_job_is_newer_than_the_outputs(tmp_path: Path) -> None:
    source = tmp_path / "input"
    with edge(tmp_path, "out") as e:
        time.sleep(0.02)
        source.write_text("edited while the job runs")
        e.commit({str(tmp_path / "out"): b"1"}, [str(source)])
    for name in ("out", "stamp", "dep.d"):
        assert (tmp_path / name).stat().st_mtime_ns < source.stat().st_mtime_ns


def test_an_edit_during_a_job_that_changes_nothing_renews_the_outputs(tmp_path: Path) -> None:
    # Ninja before version 1.12 notes the newest input where an output was left alone.
    source = tmp_path / "input"
    source.write_text("1")
    times = []
    for text in ("1", "of the future", "edited while the job runs"):
        if text == "of the future":
            os.utime(source, (2e9, 2e9))
        with edge(tmp_path, "out") as e:
            time.sleep(0.02)
            if text == "edited while the job runs":
                source.write_text(text)
            e.commit({str(tmp_path / "out"): b"1"}, [str(source)])
        times.append((tmp_path / "out").stat().st_mtime_ns)
    assert times[0] == times[1] < times[2] < source.stat().st_mtime_ns


def test_outputs_that_an_orphan_wrote_are_renewed(tmp_path: Path) -> None:
    """A killed build leaves a driver that reads an edit of after its start: what it writes is older than the edit."""
    source = tmp_path / "input"
    times = []
    for edited_meanwhile in (True, False, False):
        with edge(tmp_path, "out") as e:
            if edited_meanwhile:
                time.sleep(0.02)
                source.write_text("edited, and then read")
            e.commit({str(tmp_path / "out"): b"1"}, [str(source)])
        times.append((tmp_path / "out").stat().st_mtime_ns)
        time.sleep(0.02)
    # The next build looked before the orphan wrote: it compares with the edit what it takes for its own job's.
    assert times[0] < source.stat().st_mtime_ns < times[1] == times[2]


def test_outputs_of_a_driver_that_was_killed_meanwhile_are_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    child = os.fork()
    if child == 0:
        monkeypatch.setattr(outputs, "was_edited", lambda path, since: os._exit(9))  # when all has been written
        with edge(tmp_path, "out") as e:
            e.commit({str(tmp_path / "out"): b"1"}, ["in"])
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    times = [(tmp_path / "out").stat().st_mtime_ns]
    for _ in range(2):
        time.sleep(0.02)
        with edge(tmp_path, "out") as e:
            e.commit({str(tmp_path / "out"): b"1"}, ["in"])
        times.append((tmp_path / "out").stat().st_mtime_ns)
    assert times[0] < times[1] == times[2]


def test_outputs_keep_their_time_after_a_failure(tmp_path: Path) -> None:
    """The build tool has seen it, and looks again."""
    times = []
    for fails in (False, True, False):
        with suppress(InputError), edge(tmp_path, "out") as e:
            e.announce()
            if fails:
                raise InputError("mistake")
            e.commit({str(tmp_path / "out"): b"1"}, ["in"])
        times.append((tmp_path / "out").stat().st_mtime_ns)
        time.sleep(0.02)
    assert times[0] == times[1] == times[2]


def test_an_edit_in_the_tick_in_which_the_job_begins_is_newer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Many file systems tell time in ticks of some milliseconds, some of seconds.
    tick = 1_800_000_000_004_000_000
    monkeypatch.setattr(outputs, "_now", lambda probe: tick)
    source = tmp_path / "input"
    with edge(tmp_path, "out") as e:
        source.write_text("edited as soon as it has been read")
        os.utime(source, ns=(tick, tick))
        e.commit({str(tmp_path / "out"): b"1"}, [str(source)])
    for name in ("out", "stamp", "dep.d"):
        assert (tmp_path / name).stat().st_mtime_ns < tick


def test_a_failure_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "old").write_bytes(b"old")
    contents = {str(tmp_path / "old"): b"new", str(tmp_path / "folder" / "x"): b"1"}
    with edge(tmp_path, "old", "folder/x") as e:
        (tmp_path / "folder").rmdir()  # goes away after the check
        with pytest.raises(InputError, match="cannot write"):
            e.commit(contents, [])
    assert (tmp_path / "old").read_bytes() == b"old"
    assert not (tmp_path / "stamp").exists()
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".tmp")]


def test_without_a_stamp_everything_is_written(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_bytes(b"1")
    os.utime(out, (1, 1))
    with Edge([str(out)], None, None) as e:
        e.commit({str(out): b"1"}, [])
    assert out.stat().st_mtime > 1


def test_the_lock_keeps_a_second_driver_out(tmp_path: Path) -> None:
    code = (
        "import sys; from lighthouse_build.outputs import Edge\n"
        "with Edge([], sys.argv[1], None) as e: e.commit({}, [])\n"
    )
    package = Path(__file__).parents[2] / "python"
    command = [sys.executable, "-c", code, str(tmp_path / "stamp")]
    with edge(tmp_path):
        other = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(package)})
        with pytest.raises(subprocess.TimeoutExpired):
            other.wait(timeout=1)
    assert other.wait(timeout=30) == 0
    assert (tmp_path / "stamp").exists()


def test_depfiles_escape_what_make_reads_otherwise() -> None:
    assert depfile_text("a b", ["c$d", "e#f", "g[h]"]) == "a\\ b: \\\n  c$$d \\\n  e\\#f \\\n  g[h]\n"


def test_depfiles_name_files_as_the_build_tool_does() -> None:
    inputs = ["/b/sub/x $", "/b", "/b/", "/bb/x", "/s/x"]
    text = depfile_text("/b/sub/dir/s", inputs, [("/b", "..")])
    assert text == "../sub/dir/s: \\\n  ../sub/x\\ $$ \\\n  /b \\\n  /b/ \\\n  /bb/x \\\n  /s/x\n"
    assert depfile_text("/b/s", ["/b/x"], [("/b", ".")]) == "s: \\\n  x\n"
    assert depfile_text("/s/b/s", ["/s/b/x", "/s/y"], [("/s/b", "."), ("/s", "..")]) == "s: \\\n  x \\\n  ../y\n"


def test_depfiles_leave_out_what_they_are_told(tmp_path: Path) -> None:
    depfile = tmp_path / "dep.d"
    with Edge([str(tmp_path / "out")], depfile=str(depfile), omitted=["/a"]) as e:
        e.commit({str(tmp_path / "out"): b""}, ["/a", "/a/b"])
    assert depfile.read_text() == f"{tmp_path}/out: \\\n  /a/b\n"


def test_without_a_stamp_the_first_output_is_what_the_depfile_is_of(tmp_path: Path) -> None:
    """And lock and probe are named after the depfile; what is the same stays."""
    outputs = [str(tmp_path / name) for name in ("a", "b")]
    for value in (b"1", b"2"):
        with Edge(outputs, depfile=str(tmp_path / "dep.d"), if_changed=True) as e:
            e.commit({outputs[1]: value, outputs[0]: b""}, ["/in"])
        if value == b"1":
            before = [Path(path).stat().st_mtime_ns for path in outputs]
            time.sleep(0.02)
    after = [Path(path).stat().st_mtime_ns for path in outputs]
    assert after[0] == before[0]
    assert after[1] > before[1]
    assert (tmp_path / "dep.d").read_text() == f"{outputs[0]}: \\\n  /in\n"
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "dep.d", "dep.d.lock"}


def test_links_and_pipes_stay(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    os.mkfifo(tmp_path / "pipe")
    reader = subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE)
    outputs = [str(tmp_path / "link"), str(tmp_path / "pipe")]
    with Edge(outputs, None, None) as e:
        e.commit(dict.fromkeys(outputs, b"new"), [])
    assert reader.communicate(timeout=30)[0] == b"new"
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


PACKAGE = Path(__file__).parents[2] / "python"
# Writes a value to two outputs, each large enough to take a while.
WRITER = """
import sys
from lighthouse_build.outputs import Edge
directory, value = sys.argv[1:]
paths = [directory + "/a", directory + "/b"]
print("ready", flush=True)
with Edge(paths, directory + "/stamp", directory + "/dep.d") as edge:
    edge.commit({path: value.encode() * (4 << 20) for path in paths}, [value])
"""


def writer(directory: Path, value: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(directory), value],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        stdout=subprocess.PIPE,
        text=True,
    )


def finished(process: subprocess.Popen[str]) -> int:
    process.communicate(timeout=60)
    return process.returncode


def held(path: Path) -> str:
    """The value of an output that is whole."""
    data = path.read_bytes()
    assert len(data) == 4 << 20
    assert data == data[:1] * len(data)
    return data[:1].decode()


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """No output is ever partial, and the stamp is new only when all outputs are."""
    moments = random.Random(8)
    assert finished(writer(tmp_path, "0")) == 0
    killed = 0
    for round_number in range(1, 25):
        value = str(round_number % 10)
        before = (tmp_path / "stamp").stat().st_mtime_ns
        process = writer(tmp_path, value)
        with process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(moments.random() * 0.03)
            process.kill()
        killed += process.returncode < 0
        values = {held(tmp_path / "a"), held(tmp_path / "b")}
        if (tmp_path / "stamp").stat().st_mtime_ns != before:
            assert values == {value}
    # Whatever the last one left, the next one mends.
    assert finished(writer(tmp_path, "x")) == 0
    assert (held(tmp_path / "a"), held(tmp_path / "b")) == ("x", "x")
    assert {path.name for path in tmp_path.iterdir()} == {"a", "b", "dep.d", "stamp", "stamp.lock"}
    print(f"{killed} of 24 were killed in time")


def test_several_at_once(tmp_path: Path) -> None:
    """Outputs, depfile and stamp are all of one of them, the one that came last."""
    processes = [writer(tmp_path, value) for value in "abcd"]
    assert [finished(process) for process in processes] == [0] * 4
    value = held(tmp_path / "a")
    assert held(tmp_path / "b") == value
    assert (tmp_path / "dep.d").read_text().split()[-1] == value


def test_a_clock_that_went_back(tmp_path: Path) -> None:
    """Outputs of the future do not pass for new: what is written gets the time at which its inputs were read."""
    for value in (b"1", b"2"):
        with edge(tmp_path, "same", "changes") as e:
            e.commit({str(tmp_path / "same"): b"0", str(tmp_path / "changes"): value}, [])
        times = {name: (tmp_path / name).stat().st_mtime_ns for name in ("same", "changes", "stamp", "dep.d")}
        if value == b"1":
            for name in times:
                os.utime(tmp_path / name, ns=(2 << 61, 2 << 61))
    assert times["changes"] == times["stamp"] == times["dep.d"]
    assert times["stamp"] <= time.time_ns()
    assert times["same"] == 2 << 61  # what depends on it is built again, for nothing, until its time has come


def test_an_output_that_becomes_a_directory(tmp_path: Path) -> None:
    """Also between the check and the end of the job."""
    contents = {str(tmp_path / "a"): b"1", str(tmp_path / "b"): b"2"}
    with edge(tmp_path, "a", "b") as e:
        (tmp_path / "b").mkdir()
        with pytest.raises(InputError, match=r"cannot write '.*/b': "):
            e.commit(contents, [])
    assert {path.name for path in tmp_path.iterdir()} == {"b", "stamp.lock"}
    with pytest.raises(InputError, match="it is a directory"), edge(tmp_path, "a", "b"):
        pass
