# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What dies, and what it leaves: the step, the operation or pass that ran, and a folder that dies again."""

from __future__ import annotations

import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
LOWERING, INPUT, CRASH = 1, 3, 4

LOOP = """\
func.func @first() {
  return
}
func.func @f(%A: memref<64xf32>, %v: f32, %n: index) {
  affine.for %i = 0 to 64 {
    affine.store %v, %A[%i] : memref<64xf32>
  }
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  scf.for %i = %c0 to %n step %c1 {
    %a = memref.load %A[%i] : memref<64xf32>
    memref.store %v, %A[%i] : memref<64xf32>
  }
  return
}
"""
# It dies in a loop, in a sequence that another one includes, behind a matcher.
NESTED = """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @is_loop(%op: !transform.any_op {transform.readonly}) -> !transform.any_op {
    transform.match.operation_name %op ["scf.for"] : !transform.any_op
    transform.yield %op : !transform.any_op
  }
  transform.named_sequence @pipeline(%loop: !transform.any_op {transform.readonly}) {
    transform.foreach %loop : !transform.any_op {
    ^bb0(%one: !transform.any_op):
      %cast = transform.cast %one : !transform.any_op to !transform.op<"scf.for">
      %x = transform.loop.pipeline %cast {iteration_interval = 0 : i64, read_latency = 0 : i64}
        : (!transform.op<"scf.for">) -> !transform.any_op
    }
    transform.yield
  }
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    transform.apply_patterns to %root {
      transform.apply_patterns.canonicalization
    } : !transform.any_op
    %updated = transform.foreach_match in %root @is_loop -> @pipeline : (!transform.any_op) -> !transform.any_op
    transform.print {name = "not reached"}
    transform.yield
  }
}
"""
UNKNOWN_INTRINSIC = """\
llvm.func @f(%a: i32) -> i32 {
  %0 = llvm.call_intrinsic "llvm.nosuch.thing"(%a) : (i32) -> i32
  llvm.return %0 : i32
}
"""
# LLVM prints an error and leaves with status 1.
BAD_CONSTRAINT = """\
llvm.func @f(%a: i32) -> i32 {
  %0 = llvm.inline_asm "nop", "={nosuch},{register}" %a : (i32) -> i32
  llvm.return %0 : i32
}
"""
DIES = "import os\ndef helper():\n    os.abort()\ndef create_schedule():\n    helper()\n"

needs_x86 = pytest.mark.skipif(
    platform.machine() not in ("x86_64", "AMD64"), reason="a division by zero kills the process only on x86"
)


def lh_opt(directory: Path, *arguments: str, status: int, driver: Path = DRIVER) -> str:
    command = [sys.executable, "-I", "-B", str(driver), *arguments]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    return run.stderr


def reproduce(stderr: str, directory: Path, *arguments: str) -> tuple[int, str]:
    """Run the command that the note tells, as it is told; its status and what it said."""
    match = re.search(r"a reproducer is in '(.*)'; run it with: (sh \S+)$", stderr, re.MULTILINE)
    assert match, stderr
    assert {path.name for path in (directory / match[1]).iterdir()} >= {"run.sh"}
    command = " ".join([match[2], *arguments])
    environment = {"PATH": os.environ["PATH"]}
    run = subprocess.run(
        command, shell=True, cwd=directory, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    return run.returncode, run.stderr


@needs_x86
def test_transform_operation(tmp_path: Path) -> None:
    (tmp_path / "loop.mlir").write_text(LOOP)
    (tmp_path / "nested.mlir").write_text(NESTED)
    stages = ["--stage=cse", "--stage=nested.mlir", "--stage=canonicalize"]
    stderr = lh_opt(tmp_path, "loop.mlir", *stages, "-o", "out.mlir", status=CRASH)
    message = "error: died by SIGFPE while running stage 'nested.mlir' on 'loop.mlir', in 'transform.loop.pipeline'"
    assert f"nested.mlir:10:12: {message}" in stderr
    assert not (tmp_path / "out.mlir").exists()

    # That step alone, with nothing but what is in the folder.
    folder = tmp_path / "out.mlir.reproducer"
    assert sorted(path.name for path in folder.iterdir()) == ["payload.mlir", "run.sh", "stage.stage.mlir"]
    payload = (folder / "payload.mlir").read_text()
    assert "memref.load" not in payload, "the payload is not what cse left"
    assert "canonicalize" not in (folder / "stage.stage.mlir").read_text()
    moved = tmp_path / "else where"
    moved.mkdir()
    folder.rename(moved / "case")
    (tmp_path / "loop.mlir").unlink()
    (tmp_path / "nested.mlir").unlink()
    run = subprocess.run(["sh", moved / "case" / "run.sh"], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == CRASH
    assert "in 'transform.loop.pipeline'" in run.stderr
    assert "reproducer is in" not in run.stderr, "a reproducer leaves no reproducer"


def test_on_another_machine(tmp_path: Path) -> None:
    """Where neither the driver nor the project is where it was."""
    here, there = tmp_path / "here", tmp_path / "there"
    driver = shutil.copytree(DRIVER.parent, here / "driver" / "lighthouse_build") / "__main__.py"
    project = here / "a project"
    project.mkdir()
    there.mkdir()
    (project / "fails.mlir").write_text(FAILS)
    (project / "stages.py").write_text("class Fails:\n    def apply(self, module):\n        raise ValueError('mine')\n")
    (project / "dies.py").write_text(DIES)
    (project / "loop.mlir").write_text(LOOP)
    job = ["loop.mlir", "--save-reproducer", f"--project-root={project}", f"--python-path={project}/modules"]
    cases = [
        ("fails.mlir", LOWERING, "expected to contain 2 payloads"),
        (
            "stages.py[stage=Fails]",
            INPUT,
            "elsewhere/a project/stages.py:3:9: error: 'Fails.apply' failed: ValueError: mine",
        ),
        (f"{project}/dies.py", CRASH, "elsewhere/a project/dies.py:3: error: died by SIGABRT"),
    ]
    for number, (stage, status, _) in enumerate(cases):
        said = lh_opt(project, *job, f"--stage={stage}", "-o", f"{there}/{number}", status=status, driver=driver)
        assert f"{there}/{number}.reproducer" in said
    text = (there / "0.reproducer" / "run.sh").read_text()
    assert "LH_OPT (by default lh-opt).\n" in text, "a schedule needs nothing but the driver"
    assert str(project) not in text
    here.rename(tmp_path / "elsewhere")
    (tmp_path / "bin").mkdir()
    installed = tmp_path / "bin" / "lh-opt"
    installed.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -B {shlex.quote(str(DRIVER))} "$@"\n')
    installed.chmod(0o755)
    # Installed, or as a command of several words.
    for environment in ({"PATH": f"{installed.parent}:{os.environ['PATH']}"}, {"LH_OPT": f"sh {installed}"}):
        environment = os.environ | environment | {"LH_PROJECT_ROOT": f"{tmp_path}/elsewhere/a project"}
        for number, (_, status, message) in enumerate(cases):
            script = there / f"{number}.reproducer" / "run.sh"
            run = subprocess.run(
                ["sh", script], env=environment, capture_output=True, text=True, timeout=120, check=False
            )
            assert run.returncode == status, run.stderr
            assert message in run.stderr


@needs_x86
def test_pass(tmp_path: Path) -> None:
    (tmp_path / "loop.mlir").write_text(LOOP)
    pipeline = "cse,func.func(cse,affine-loop-unroll-jam{unroll-jam-factor=0}),sccp"
    stderr = lh_opt(tmp_path, "loop.mlir", f"--stage={pipeline}", "-o", "out.mlir", status=CRASH)
    where = "in the pass 'affine-loop-unroll-jam' on 'func.func @f'"
    assert re.search(f"died by SIGFPE while running stage '.*' on 'loop.mlir', {where}", stderr)
    status, said = reproduce(stderr, tmp_path)
    assert status == CRASH
    assert "died by SIGFPE" in said


def test_translation(tmp_path: Path) -> None:
    (tmp_path / "k.mlir").write_text(UNKNOWN_INTRINSIC)
    (tmp_path / "k.o").write_text("old")
    stderr = lh_opt(tmp_path, "k.mlir", "--stage=canonicalize", "--emit=object=k.o", status=CRASH)
    assert re.search(r"error: died by SIG\w+ while running the translation to LLVM IR on 'k.mlir'", stderr)
    assert (tmp_path / "k.o").read_text() == "old"
    assert reproduce(stderr, tmp_path)[0] == CRASH


def test_code_generator_that_leaves(tmp_path: Path) -> None:
    (tmp_path / "k.mlir").write_text(BAD_CONSTRAINT)
    stderr = lh_opt(tmp_path, "k.mlir", "--emit=object=k.o", "--emit=assembly=k.s", status=CRASH)
    assert "couldn't allocate output register for constraint '{nosuch}'" in stderr
    assert "error: exited with status 1 while running the code generator on 'k.mlir'" in stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["k.mlir", "k.o.reproducer"]
    status, said = reproduce(stderr, tmp_path)
    assert status == CRASH
    assert "couldn't allocate output register" in said


def test_generator(tmp_path: Path) -> None:
    """There is nothing to cut down: the command runs where it was given; the user's frames say where it was."""
    (tmp_path / "dies.py").write_text(DIES)
    (tmp_path / "loop.mlir").write_text(LOOP)
    stderr = lh_opt(tmp_path, "loop.mlir", "--stage=dies.py", status=CRASH)
    assert re.search(r"dies.py:3: error: died by SIGABRT while running stage 'dies.py' \(resolving it\)", stderr)
    assert re.search(r"dies.py:5: note: in create_schedule", stderr)
    assert "lighthouse_build" not in stderr
    assert (tmp_path / "loop.mlir.reproducer").is_dir()  # in the working directory, as there is no output file
    assert reproduce(stderr, tmp_path)[0] == CRASH
    stderr = lh_opt(tmp_path, "--stage=dies.py", "--emit=stage", "-o", "dies.stage.mlir", status=CRASH)
    assert reproduce(stderr, tmp_path)[0] == CRASH


def test_standard_input(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-B", str(DRIVER), "-", "--emit=llvmir", "-o", "k.ll"]
    run = subprocess.run(
        command, cwd=tmp_path, input=UNKNOWN_INTRINSIC, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == CRASH, run.stderr
    assert reproduce(run.stderr, tmp_path)[0] == CRASH


def test_timeout_in_a_generator(tmp_path: Path) -> None:
    (tmp_path / "loops.py").write_text(
        "def spin():\n    while True:\n        pass\ndef create_schedule():\n    spin()\n"
    )
    stderr = lh_opt(tmp_path, "--stage=loops.py", "--emit=stage", "-o", "l.stage.mlir", "--timeout=4", status=CRASH)
    assert re.search(r"loops.py:[23]: error: ran longer than the timeout of 4 s while running stage", stderr), stderr
    assert "it was stopped" in stderr
    assert "loops.py:5: note: in create_schedule" in stderr
    status, said = reproduce(stderr, tmp_path)
    assert status == CRASH
    assert "ran longer than the timeout" in said


FAILS = """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["scf.for"]} in %r : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.split_handle %0 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
"""


def test_any_failure_on_demand(tmp_path: Path) -> None:
    (tmp_path / "loop.mlir").write_text(LOOP)
    (tmp_path / "fails.mlir").write_text(FAILS)
    (tmp_path / "raises.py").write_text("def create_schedule():\n    raise ValueError('no')\n")
    job = ["loop.mlir", "--stage=cse", "--stage=fails.mlir", "-o", "out.mlir"]
    lh_opt(tmp_path, *job, status=LOWERING)
    assert not list(tmp_path.glob("*reproducer*")), "nobody asked for a reproducer"
    stderr = lh_opt(tmp_path, *job, "--save-reproducer", status=LOWERING)
    assert "fails.mlir:4:12: error: " in stderr
    status, said = reproduce(stderr, tmp_path)
    assert status == LOWERING
    assert "expected to contain 2 payloads" in said
    stderr = lh_opt(tmp_path, "loop.mlir", "--stage=raises.py", "-o", "o", "--save-reproducer", status=INPUT)
    assert reproduce(stderr, tmp_path)[0] == INPUT


def test_place_and_name(tmp_path: Path) -> None:
    (tmp_path / "dies.py").write_text(DIES)
    job = ["--stage=dies.py", "--emit=stage", "-o", "s.stage.mlir"]
    for _ in range(2):  # a second one replaces the first
        lh_opt(tmp_path, *job, status=CRASH)
        assert [path.name for path in tmp_path.glob("*rep*")] == ["s.stage.mlir.reproducer"]
    stderr = lh_opt(tmp_path, *job, "--crash-diagnostics-dir=a/b", status=CRASH)
    assert (tmp_path / "a" / "b" / "s.stage.mlir.reproducer" / "run.sh").exists()
    assert reproduce(stderr, tmp_path)[0] == CRASH
    # What somebody else has put there stays.
    theirs = tmp_path / "t.stage.mlir.reproducer"
    theirs.mkdir()
    (theirs / "precious").write_text("mine")
    lh_opt(tmp_path, "--stage=dies.py", "--emit=stage", "-o", "t.stage.mlir", status=CRASH)
    assert (theirs / "precious").read_text() == "mine"
    assert (tmp_path / "t.stage.mlir.reproducer-1" / "run.sh").exists()
    before = sorted(tmp_path.rglob("*"))
    stderr = lh_opt(tmp_path, *job, "--no-crash-diagnostics", status=CRASH)
    assert "reproducer" not in stderr
    assert sorted(tmp_path.rglob("*")) == before
