# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generators that misbehave: what they raise is told at their lines, what they leave behind changes nothing."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
INPUT, LOWERING, CRASH = 3, 1, 4

GENERATOR = """\
from mlir import ir
from mlir.dialects import transform

def create_schedule(sizes=1):
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    handle = transform.AnyOpType.get()
    with ir.InsertionPoint(module.body):
        sequence = transform.NamedSequenceOp(
            "__transform_main", [handle], [], arg_attrs=[{"transform.readonly": ir.UnitAttr.get()}]
        )
    with ir.InsertionPoint(sequence.body):
        found = match(sequence.body.arguments[0])
        split(found, sizes)
        transform.YieldOp([])
    return module

def match(root):
    names = ir.ArrayAttr.get([ir.StringAttr.get("func.func")])
    return ir.Operation.create(
        "transform.structured.match", results=[root.type], operands=[root], attributes={"ops": names}
    ).result

def split(found, count):
    ir.Operation.create("transform.split_handle", results=[found.type] * count, operands=[found])
"""
PAYLOAD = "func.func @f() {\n  return\n}\n"


def lh_opt(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-B", str(DRIVER), *arguments]
    # Into files: a pipe ends with the last process that a generator has left behind, not with the driver.
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        run = subprocess.run(
            command, cwd=directory, stdin=subprocess.DEVNULL, stdout=out, stderr=err, timeout=120, check=False
        )
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(command, run.returncode, out.read(), err.read())


def resolve(directory: Path, body: str, *arguments: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Resolve a generator that runs `body` and then makes a good schedule."""
    (directory / "good.py").write_text(GENERATOR)
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    (directory / "gen.py").write_text(
        f"import good\n{before}\ndef create_schedule():\n{lines}    return good.create_schedule()\n"
    )
    run = lh_opt(directory, "--stage=gen.py", "--emit=stage", "-o", "gen.stage.mlir", *arguments)
    assert "Traceback" not in run.stderr
    assert "/lighthouse_build/" not in run.stderr
    assert (directory / "gen.stage.mlir").exists() == (run.returncode == 0), run.stderr
    return run


def test_exception_with_notes_and_causes(tmp_path: Path) -> None:
    run = resolve(
        tmp_path,
        """\
try:
    table = {}["size"]
except KeyError as error:
    problem = ValueError("no size")
    if hasattr(problem, "add_note"):
        problem.add_note("sizes stand in sizes.json")
    else:
        problem.__notes__ = []
    helper(problem, error)""",
        before="def helper(problem, cause):\n    raise problem from cause",
    )
    assert run.returncode == INPUT
    assert re.search(r"gen.py:3:\d+: error: 'create_schedule' failed: ValueError: no size", run.stderr)
    assert re.search(r"gen.py:13(:\d+)?: note: in create_schedule", run.stderr)
    assert re.search(r"gen.py:6(:\d+)?: note: caused by KeyError: 'size'", run.stderr)
    if sys.version_info >= (3, 11):
        assert "sizes stand in sizes.json" in run.stderr


@pytest.mark.parametrize("stop", ["raise SystemExit(0)", "import sys; sys.exit('enough')", "raise KeyboardInterrupt"])
def test_leaving(tmp_path: Path, stop: str) -> None:
    run = resolve(tmp_path, stop)
    assert run.returncode == INPUT
    assert re.search(
        r"gen.py:4:\d+: error: 'create_schedule' failed: (it called sys.exit\(|KeyboardInterrupt)", run.stderr
    )


def test_leaving_for_good(tmp_path: Path) -> None:
    run = resolve(tmp_path, "import os; os._exit(0)")
    assert run.returncode == CRASH
    assert "error: exited with status 0 while running stage 'gen.py' (resolving it)" in run.stderr


def test_output(tmp_path: Path) -> None:
    """Standard output is the IR's alone, whoever writes to it and however."""
    (tmp_path / "k.mlir").write_text(PAYLOAD)
    resolve(
        tmp_path,
        "import os, sys\nprint('said')\nos.write(1, b'wrote\\n')\nos.system('echo ran')\nprint('err', file=sys.stderr)",
    )
    run = lh_opt(tmp_path, "k.mlir", "--stage=gen.py")
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("module {\n  func.func @f()")
    assert not re.search("said|wrote|ran|err", run.stdout)
    assert {"err", "ran", "said", "wrote"} <= set(run.stderr.splitlines())


def test_changed_process(tmp_path: Path) -> None:
    """What a generator does to its process reaches neither the next one nor the outputs."""
    (tmp_path / "k.mlir").write_text(PAYLOAD)
    (tmp_path / "elsewhere").mkdir()
    resolve(
        tmp_path,
        "import os, sys, builtins\nos.chdir('elsewhere')\nos.umask(0o777)\nos.environ['CHANGED'] = 'yes'\n"
        "sys.path.insert(0, '/nowhere')\n"
        "sys.argv[:] = []\nsys.setrecursionlimit(200)\nos.close(0)",
    )
    (tmp_path / "second.py").write_text(
        "import os\nimport good\ndef create_schedule():\n    print(os.getcwd())\n    return good.create_schedule()\n"
    )
    run = lh_opt(tmp_path, "k.mlir", "--stage=gen.py", "--stage=second.py", "-o", "out.mlir")
    assert run.returncode == 0, run.stderr
    assert run.stderr.strip() == str(tmp_path)
    assert (tmp_path / "out.mlir").stat().st_mode & 0o777 == 0o666 & ~current_umask()
    assert not list((tmp_path / "elsewhere").iterdir())


def current_umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize(
    "left",
    [
        "import threading, time\nthreading.Thread(target=time.sleep, args=(1000,)).start()",
        "import threading\ndef spin():\n    while True: pass\nthreading.Thread(target=spin, daemon=True).start()",
        # These two keep the pipe to the driver open, for longer than a test may take.
        "import subprocess\nleft = subprocess.Popen(['sleep', '1000'], close_fds=False)\n"
        "open('left', 'w').write(str(left.pid))",
        "import os, time\nleft = os.fork()\nif left == 0:\n    time.sleep(1000)\n    os._exit(0)\n"
        "open('left', 'w').write(str(left))",
        # It comes back from the generator, too.
        "import os\nos.fork()",
        "import atexit, os\natexit.register(os.abort)",
    ],
    ids=["thread", "busy thread", "program", "process", "twin", "atexit"],
)
def test_leftovers(tmp_path: Path, left: str) -> None:
    run = resolve(tmp_path, left)
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "gen.stage.mlir").read_text().count("transform.split_handle") == 1
    if (tmp_path / "left").exists():
        os.kill(int((tmp_path / "left").read_text()), signal.SIGKILL)  # which fails if the driver waited for it


def test_sources_that_are_no_utf8(tmp_path: Path) -> None:
    (tmp_path / "latin.py").write_bytes(b"name = 'caf\xe9'\ndef create_schedule(): pass\n")
    run = lh_opt(tmp_path, "--stage=latin.py", "--emit=stage", "-o", "s.stage.mlir")
    assert run.returncode == INPUT
    assert re.search(r"latin.py(:\d+)*: error: SyntaxError: .*(utf-8|UTF-8)", run.stderr), run.stderr
    assert "Traceback" not in run.stderr
    # With a declaration, and a name that is no ASCII, it is as good as any.
    (tmp_path / "good.py").write_text(GENERATOR)
    source = (
        "# -*- coding: latin-1 -*-\nimport good\nname = 'café'\ndef create_schedule():\n    assert len(name) == 4\n"
    )
    (tmp_path / "déclaré.py").write_bytes((source + "    return good.create_schedule()\n").encode("latin-1"))
    run = lh_opt(tmp_path, "--stage=déclaré.py", "--emit=stage", "-o", "s.stage.mlir")
    assert run.returncode == 0, run.stderr


def test_null_bytes_and_endless_recursion(tmp_path: Path) -> None:
    (tmp_path / "null.py").write_bytes(b"def create_schedule(): pass\n\0\n")
    run = lh_opt(tmp_path, "--stage=null.py", "--emit=stage", "-o", "s.stage.mlir")
    assert run.returncode == INPUT
    assert re.search(r"null.py(:\d+)*: error: ", run.stderr)
    assert "Traceback" not in run.stderr
    run = resolve(tmp_path, "again()", before="def again(): return again()")
    assert run.returncode == INPUT
    assert "RecursionError" in run.stderr
    assert len(run.stderr.splitlines()) < 90


def test_failing_operation_is_named_twice(tmp_path: Path) -> None:
    """At the line of Python that built it, and in the resolved stage; from a file and in memory."""
    (tmp_path / "k.mlir").write_text(PAYLOAD)
    (tmp_path / "good.py").write_text(GENERATOR)
    line = GENERATOR.splitlines().index("def split(found, count):") + 2
    stage = "good.py{sizes=2}"
    assert lh_opt(tmp_path, f"--stage={stage}", "--emit=stage", "-o", "s.stage.mlir").returncode == 0
    text = (tmp_path / "s.stage.mlir").read_text().splitlines()
    number = next(i for i, content in enumerate(text, start=1) if "transform.split_handle" in content)
    run = lh_opt(tmp_path, "k.mlir", "--stage=s.stage.mlir", "-o", "out.mlir")
    assert run.returncode == LOWERING
    assert re.search(rf"good.py:{line}:\d+: error: .*expected to contain 2 payloads", run.stderr), run.stderr
    assert f"s.stage.mlir:{number}:14: note: this operation of the resolved stage\n  {text[number - 1]}\n" in run.stderr
    assert "s.stage.mlir', step 'good.py' failed on 'k.mlir'" in run.stderr
    run = lh_opt(tmp_path, "k.mlir", f"--stage={stage}", "-o", "out.mlir")
    assert run.returncode == LOWERING
    assert re.search(rf"good.py:{line}:\d+: error: .*expected to contain 2 payloads", run.stderr)
    assert (
        f"<stage {stage}>:{number - 1}:14: note: this operation of the resolved stage\n  {text[number - 1]}\n"
        in run.stderr
    )
    assert not (tmp_path / "out.mlir").exists()
