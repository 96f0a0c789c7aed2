# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Edits run exactly what they must, a build with nothing to do runs nothing, and what is deleted comes back."""

import os
import time
from concurrent.futures import ThreadPoolExecutor

from run import Project

UNROLL = "Resolving stage unroll"
LOWER = "Resolving stage lower"
TRIPLE = "Lowering kernels/kernels/triple"
POWER = "Lowering kernels/kernels/power"
HEADER = "Writing the header of kernels"
OUTPUTS = ("*.stage.mlir", "kernels/**/*")


def check(project: Project) -> None:
    configured = project.configure()
    assert "warning" not in configured.lower(), configured
    project.expect(UNROLL, LOWER, TRIPLE, POWER, HEADER)
    assert project.program("app") == "15 81\n"
    edits(project)
    edited_under(project)
    failure(project)
    deletions(project)
    same_as_clean(project)


def edits(project: Project) -> None:
    # A generator that generates the same schedule: nothing is lowered again (early cutoff), nothing linked.
    project.edit("schedules/unroll.py", "Unrolls", "Multiplies")
    assert project.build() == [UNROLL]
    project.expect_nothing()
    # Nor when the command that resolves it is another one.
    project.edit(
        "CMakeLists.txt", "SCHEDULE schedules/unroll.py", "SCHEDULE schedules/unroll.py INCLUDE_DIRECTORIES kernels"
    )
    project.expect(UNROLL)
    # What it reads and imports counts. The second edit keeps the size, and the second of the time.
    project.edit("schedules/factors.json", "2", "3")
    project.expect(UNROLL, TRIPLE, POWER)
    before = os.stat(project.source / "schedules/text.py")
    second = before.st_mtime_ns // 10**9 * 10**9
    os.utime(project.source / "schedules/text.py", ns=(second, second))
    project.build()
    project.edit("schedules/text.py", "SEED = 1", "SEED = 2")
    project.expect(UNROLL, TRIPLE, POWER)
    # An included pipeline that comes to the same, and one that does not.
    project.edit("cleanup.yaml", "Pipeline:", "# Tidies up.\nPipeline:")
    project.expect(LOWER)
    project.edit("cleanup.yaml", "pass: canonicalize", "pass: canonicalize{max-iterations=3}")
    project.expect(LOWER, TRIPLE, POWER)
    # One payload; its neighbour and the header stay, and the program is linked again.
    project.edit("kernels/triple.mlir", "constant 3 : index", "constant 30 : index")
    ran = project.build()
    assert project.ours(ran) == {TRIPLE}, ran
    assert not [step for step in ran if "main.c" in step], ran
    assert project.program("app") == "150 81\n"
    project.expect_nothing()
    # A payload that is newer but the same: no link.
    project.touch("kernels/power.mlir")
    assert project.build() == [POWER]
    # A changed interface: the header, and what includes it.
    project.edit("kernels/power.mlir", "@power", "@fourth_power")
    project.edit("main.c", "power(3)", "fourth_power(3)")
    ran = project.build()
    assert project.ours(ran) == {POWER, HEADER}, ran
    assert project.program("app") == "150 81\n"
    # A dependency that is gone is one that changed.
    project.edit("lower.yaml", "include: cleanup.yaml", "pass: canonicalize{max-iterations=3}")
    (project.source / "cleanup.yaml").unlink()
    project.expect(LOWER)


def edited_under(project: Project) -> None:
    """What is edited after a job has read it counts in the next build, also where the job comes to the same.

    Ninja before version 1.12 takes note of the newest input at the end of a job whose outputs stay the same.
    """
    gate = project.source.parent / "gate"  # not where stages are looked for
    gate.mkdir()
    wait = f"touch '{gate}/read'; while ! [ -e '{gate}/go' ]; do sleep 0.02; done"
    (gate / "go").touch()
    original = (project.source / "schedules/unroll.py").read_text()
    project.edit(
        "schedules/unroll.py",
        "    factors = ",
        f'    __import__("subprocess").run(["sh", "-c", {wait!r}], check=True)\n    factors = ',
    )
    project.edit("schedules/unroll.py", "from text import", "import text\nfrom text import")
    project.expect(UNROLL)
    for name in ("go", "read"):
        (gate / name).unlink()
    project.edit("schedules/unroll.py", "import text\n", "import text  # has been read\n")
    with ThreadPoolExecutor() as pool:
        first = pool.submit(project.build)
        while not (gate / "read").exists():
            assert not first.done(), first.result()
            time.sleep(0.02)
        project.edit("schedules/text.py", "SEED = 2", "SEED = 3")
        (gate / "go").touch()
        assert first.result().count(UNROLL) == 1
    project.expect(UNROLL, TRIPLE, POWER)
    project.write("schedules/unroll.py", original)
    project.expect(UNROLL)


def failure(project: Project) -> None:
    """A failed build leaves what was there, says why at the place, and goes on when the mistake is mended."""
    before = project.contents(*OUTPUTS)
    project.edit("kernels/triple.mlir", "arith.addi", "arith.oops")
    project.build(error=r"kernels/triple\.mlir:7:\d+: error: .*arith\.oops")
    project.edit("schedules/unroll.py", "    factors", "    raise ValueError('no')\n    factors")
    project.build(error=r"unroll\.py:11:\d*:? ?error: .*ValueError: no")
    assert project.contents(*OUTPUTS) == before
    project.edit("schedules/unroll.py", "    raise ValueError('no')\n", "")
    project.edit("kernels/triple.mlir", "arith.oops", "arith.addi")
    project.expect(UNROLL, TRIPLE)
    assert project.contents(*OUTPUTS) == before


def deletions(project: Project) -> None:
    """Each output and each file of the protocol, one at a time; with Make a file has a rule of its own."""
    time.sleep(0.01)
    before = project.contents(*OUTPUTS)
    again = {
        "unroll.stage.mlir": UNROLL,
        "kernels/kernels/triple.o": TRIPLE,
        "kernels/kernels/power.ll": POWER,
        "CMakeFiles/kernels.lh/kernels/power.interface.json": POWER,
        "kernels/include/kernels.h": HEADER,
    }
    for path, step in again.items():
        project.remove(path)
        ran = project.ours(project.build())
        expected = step if project.ninja else f"{step} again for {os.path.basename(path)}"
        assert expected in ran, f"without {path}: {ran}"
        project.expect_nothing()
        assert project.contents(*OUTPUTS) == before, path
    # CMake 4.4 lets Ninja take depfiles into its own log.
    suffix = "d" if project.ninja else "stamp"
    notes = {"unroll.lh/resolve": UNROLL, "kernels.lh/kernels/triple": TRIPLE, "kernels.header.lh/merge": HEADER}
    for path, step in notes.items():
        note = f"CMakeFiles/{path}.{suffix}"
        if project.has(note):
            project.remove(note)
            project.expect(step)
        else:
            assert project.has(".ninja_deps"), note
    project.remove("kernels")
    project.build()
    assert project.contents(*OUTPUTS) == before
    project.expect_nothing()


def same_as_clean(project: Project) -> None:
    before = project.contents(*OUTPUTS)
    project.build("clean")
    assert not project.contents(*OUTPUTS)
    project.expect(UNROLL, LOWER, TRIPLE, POWER, HEADER)
    assert project.contents(*OUTPUTS) == before
