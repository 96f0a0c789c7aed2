# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A crash leaves a reproducer in the build tree; killed and doubled builds leave nothing that is taken for a result."""

import os
import platform
import random
import re
import signal
import subprocess
import time

from run import Project

OUTPUTS = ("transform.stage.mlir", "kernels/*.mlir")


def check(project: Project) -> None:
    project.configure()
    project.build()
    good = project.contents(*OUTPUTS)
    assert len(good) == 3, good
    crash(project)
    fallen_asleep(project)
    assert project.contents(*OUTPUTS) == good
    killed(project)
    twice_at_once(project)
    orphaned(project)
    project.edit("schedule.py", "factor=3", "factor=1")
    project.build()
    project.expect_nothing()
    assert project.contents(*OUTPUTS) == good


def crash(project: Project) -> None:
    """A mistake in a generator that kills MLIR: its line, the payload, a reproducer beside the output."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return  # a division by zero kills the process only on x86
    project.edit("schedule.py", "factor=1", "factor=0")
    died = r"schedule\.py:10: error: died by SIGFPE while running stage .* on '\S*kernel\.mlir', in 'transform\.loop\."
    shown = r"transform\.stage\.mlir:6:12: note: this operation of the resolved stage"
    project.build(error=f"{died}.*{shown}.* a reproducer is in '.*'; run it with: sh ")
    # In the log the line is whole.
    command = re.search(r"run it with: sh (\S+)$", project.log[-1], re.MULTILINE)
    assert command, project.log[-1]
    script = project.binary / command[1]
    assert script.is_relative_to(project.binary), script
    project.run("sh", str(script), error="died by SIGFPE")
    project.edit("schedule.py", "factor=0", "factor=1")
    project.build()
    project.expect_nothing()


def fallen_asleep(project: Project) -> None:
    """TIMEOUT ends a lowering and a generator that do not."""
    project.edit("CMakeLists.txt", "EMIT mlir)", "EMIT mlir TIMEOUT 3)")
    project.edit("CMakeLists.txt", "STAGES transform", "STAGES transform schedule.py[stage=Sleeps]")
    with open(project.source / "schedule.py", "a") as stream:
        stream.write("\n\nclass Sleeps:\n    def apply(self, module):\n        while True:\n            pass\n")
    project.build(error=r"error: ran longer than the timeout of 3 s while running .*Sleeps")
    project.edit("schedule.py", "while True:", "if False:")
    project.edit("CMakeLists.txt", "SCHEDULE schedule.py", "SCHEDULE schedule.py TIMEOUT 3")
    project.edit("CMakeLists.txt", "EMIT mlir TIMEOUT 3)", "EMIT mlir)")  # a machine with much to do may take longer
    project.edit("schedule.py", "(factor=1):", "(factor=1):\n    while factor: pass")
    asleep = r"schedule\.py:\d+(:\d+)?: error: ran longer than the timeout of 3 s while running stage 'transform' "
    project.build(error=rf"{asleep}(.|\n)*CMakeLists\.txt:5:1: note: in lh_add_stage\(transform\)")
    project.edit("schedule.py", "\n    while factor: pass", "")
    project.edit("CMakeLists.txt", " TIMEOUT 3", "")
    project.build()
    project.expect_nothing()


def killed(project: Project) -> None:
    """By SIGKILL, the build tool with all that it runs, at any moment."""
    moments = random.Random(8)
    for factor in (2, 3):
        project.edit("schedule.py", f"factor={factor - 1}", f"factor={factor}")
        build = start(project)
        time.sleep(moments.random())
        os.killpg(build.pid, signal.SIGKILL)
        build.communicate(timeout=300)
    project.build()
    same_as_clean(project)


def twice_at_once(project: Project) -> None:
    """Two build tools in one tree know nothing of each other."""
    project.edit("schedule.py", "def create_schedule", "# Once more.\ndef create_schedule")
    project.edit("kernel.mlir", "memref<64xf32>", "memref<32xf32>")
    both = [start(project) for _ in range(2)]
    outputs = [build.communicate(timeout=300)[0] for build in both]
    assert [build.returncode for build in both] == [0, 0], outputs
    project.build()  # ninja may have lost what it logged
    same_as_clean(project)
    project.edit("kernel.mlir", "memref<32xf32>", "memref<64xf32>")


def orphaned(project: Project) -> None:
    """A driver that outlives its build reads an edit, and writes when the next build has looked already."""
    slow = "import pathlib, time\n    time.sleep(1.5)\n    pathlib.Path(__file__).with_name('data.txt').read_text()"
    project.write("data.txt", "1")
    project.edit("schedule.py", "(factor=3):", f"(factor=3):\n    {slow}")
    build = start(project)
    time.sleep(0.7)
    project.write("data.txt", "2")
    os.killpg(build.pid, signal.SIGKILL)
    build.communicate(timeout=300)
    project.build()
    same_as_clean(project)
    project.edit("schedule.py", f"\n    {slow}", "")


def start(project: Project) -> "subprocess.Popen[str]":
    command = [project.settings.cmake, "--build", str(project.binary)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )


def same_as_clean(project: Project) -> None:
    incremental = project.contents(*OUTPUTS)
    project.expect_nothing()
    project.run(project.settings.cmake, "--build", str(project.binary), "--target", "clean")
    assert not project.contents(*OUTPUTS), "clean leaves outputs"
    project.build()
    assert project.contents(*OUTPUTS) == incremental, "an incremental build differs from a clean one"
