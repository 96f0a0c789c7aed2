# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A rule of many payloads lowers those that must be, as a rule for each would: after edits, mistakes, and a kill."""

import os
import platform
import re
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from run import Project

STAGES = {"Resolving stage unroll", "Resolving stage check", "Resolving stage lower-to-llvm.yaml"}
HEADER = "Writing the header of kernels"
KERNELS = {name: f"Lowering kernels/kernels/{name}" for name in "abcdef"} | {"made": "Lowering kernels/made"}
RENAMED = {name: f"Lowering renamed/kernels/{name}" for name in "abc"}
NAMED = {*(f"Lowering named/others/{name}" for name in ("header", "x")), "Writing the header of named"}
OTHERS = {
    "Lowering chain/others/x",
    "Lowering chain/others/y",
    "Lowering chain/made",
    "Resolving stage canonicalize",
    *NAMED,
}
OUTPUTS = ("*.stage.mlir", "kernels/**/*.*", "renamed/**/*.*", "named/**/*.*")


def check(project: Project) -> None:
    configured = project.configure()
    assert "warning" not in configured.lower(), configured
    everything(project, OTHERS)
    assert project.program("app") == "4 8 12 16 20 24 7\n"
    another_rule(project)
    # Up to three payloads a rule, of about the same number, with nothing else between them.
    rules = [re.findall(r"/kernels/(\w)\.mlir$", path.read_text(), re.M) for path in batches(project)]
    assert rules == [["a", "b"], ["c", "d"], ["e", "f"]], rules
    edits(project)
    python_steps(project)
    mistakes(project)
    crash(project)
    deletions(project)
    regrouped(project)
    killed(project)
    orphaned(project)
    vanishing(project)
    alone(project)


def everything(project: Project, others: set[str]) -> None:
    ran = project.build()
    assert lowered(project, ran) == {*STAGES, *KERNELS.values(), *RENAMED.values(), *others, HEADER}, ran
    project.expect_nothing()


def another_rule(project: Project) -> None:
    """What a rule of its own has written since is not what a batch has lowered before."""
    first = project.contents("named/**/*.*")
    steps = [
        ("SYMBOL_PREFIX p_ BATCH_SIZE 1", "SYMBOL_PREFIX p_"),
        ("SYMBOL_PREFIX p_", "SYMBOL_PREFIX q_ BATCH_SIZE 1"),
    ]
    for old, new in (*steps, ("SYMBOL_PREFIX q_ BATCH_SIZE 1", "SYMBOL_PREFIX p_")):
        project.edit("CMakeLists.txt", old, new)
        project.build()
        project.expect_nothing()
    assert project.contents("named/**/*.*") == first


def batches(project: Project) -> list[Path]:
    """The batch files of `kernels`."""
    return sorted(project.binary.glob("CMakeFiles/kernels.lh/kernels/*.batch"))


def edits(project: Project) -> None:
    project.edit("kernels/c.mlir", "constant 3", "constant 5")
    ran = project.build()
    assert project.ours(ran) == {KERNELS["c"], RENAMED["c"]}, ran
    assert not [step for step in ran if "main.c" in step], ran
    assert project.program("app") == "4 8 20 16 20 24 7\n"
    project.expect_nothing()
    # Newer is changed, as to a build tool.
    project.touch("kernels/d.mlir")
    project.expect(KERNELS["d"])
    # Several at once, in one batch and in two.
    project.edit("kernels/e.mlir", "constant 5", "constant 6")
    project.edit("kernels/f.mlir", "constant 6", "constant 7")
    project.edit("kernels/a.mlir", "constant 1 : i32", "constant 2 : i32")
    project.expect(KERNELS["a"], KERNELS["e"], KERNELS["f"], RENAMED["a"])
    assert project.program("app") == "8 8 20 16 24 28 7\n"
    # A schedule that comes to the same, and one that does not.
    project.edit("unroll.py", "FACTOR = 2", "FACTOR = 1 + 1")
    project.expect("Resolving stage unroll")
    project.edit("unroll.py", "FACTOR = 1 + 1", "FACTOR = 3")
    project.expect("Resolving stage unroll", *KERNELS.values())
    # Another interface: the header.
    project.edit("kernels/f.mlir", "@f(%x: i32)", "@f(%x: i32, %y: i32)")
    project.edit("main.c", "f(0)", "f(0, 1)")
    project.expect(KERNELS["f"], HEADER)
    # An option concerns all.
    project.edit("CMakeLists.txt", "unroll lower-to-llvm.yaml", "unroll lower-to-llvm.yaml OPTIMIZE 1")
    project.expect(*KERNELS.values())


def python_steps(project: Project) -> None:
    """What a Python step reads counts for the payload for which it has read it."""
    project.write("tables/b.json", '"of b once more"')
    project.expect(RENAMED["b"])
    assert 'lh_suffix = "of b once more"' in (project.binary / "renamed/kernels/b.mlir").read_text()
    project.edit("rename.py", '"x"', '"y"')
    project.expect("Resolving stage check", *RENAMED.values())


def mistakes(project: Project) -> None:
    """All mistakes of a batch are told, what is right is lowered, and later only what is mended."""
    before = project.contents(*OUTPUTS)
    for name in "ab":
        project.edit(f"kernels/{name}.mlir", "arith.addi", "arith.oops")
    project.edit("kernels/c.mlir", "arith.addi", "arith.oops")
    project.edit("kernels/d.mlir", "constant 4 : i32", "constant 9 : i32")
    project.build(error=r"kernels/a\.mlir:7:\d+: error: .*arith\.oops.*kernels/b\.mlir:7:\d+: error: .*arith\.oops")
    after = project.contents(*OUTPUTS)
    for name in "abc":
        path = f"kernels/kernels/{name}.o"
        assert after[path] == before[path], path
    for name in "ab":
        project.edit(f"kernels/{name}.mlir", "arith.oops", "arith.addi")
    project.edit("kernels/c.mlir", "arith.oops", "arith.addi")
    ran = project.build()
    assert {KERNELS[name] for name in "abc"} <= project.ours(ran) <= {*KERNELS.values(), *RENAMED.values()}, ran
    assert not [step for step in ran if "main.c" in step], ran
    project.expect_nothing()
    assert project.program("app") == "8 8 20 36 24 28 7\n"


def crash(project: Project) -> None:
    """A payload that kills MLIR leaves a reproducer; its neighbour is lowered."""
    if platform.machine() not in ("x86_64", "AMD64"):
        return  # a division by zero kills the process only on x86
    original = (project.source / "unroll.py").read_text()
    project.write(
        "unroll.py",
        '''from mlir import ir


def create_schedule():
    return ir.Module.parse("""
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%m: !transform.any_op {transform.readonly}) {
    %l = transform.structured.match ops{["scf.for"]} in %m : (!transform.any_op) -> !transform.op<"scf.for">
    %x = transform.loop.pipeline %l {iteration_interval = 0 : i64, read_latency = 0 : i64}
      : (!transform.op<"scf.for">) -> !transform.any_op
    transform.yield
  }
}
""")
''',
    )
    died = r"error: died by SIGFPE while running stage .*kernels/{0}\.mlir"
    project.build(error=f"{died.format('a')}.*{died.format('b')}.* a reproducer is in '.*'; run it with: sh ")
    for left in project.binary.glob("kernels/kernels/*.reproducer"):
        shutil.rmtree(left)
    project.write("unroll.py", original)
    project.build()
    project.expect_nothing()


def deletions(project: Project) -> None:
    """What is deleted comes back, alone."""
    before = project.contents(*OUTPUTS)
    again = "Lowering kernels/kernels/a and 1 more again for {}"
    project.remove("kernels/kernels/b.o")
    ran = project.build()
    assert project.ours(ran) - {again.format("b.o")} == {KERNELS["b"]}, ran
    project.expect_nothing()
    same(project, before)
    # What a batch writes of all its interfaces is joined again, without lowering.
    project.remove("CMakeFiles/kernels.header.lh/kernels/a.interface.json")
    ran = project.build()
    assert project.ours(ran) <= {again.format("a.interface.json"), HEADER}, ran
    assert [step for step in ran if step.startswith("Lowering kernels/kernels/a and 1 more")], ran
    project.expect_nothing()
    same(project, before)
    # Without a record nothing is known of a payload, when its batch runs.
    project.remove("CMakeFiles/kernels.lh/kernels/a.lowered.json")
    project.expect_nothing()
    project.touch("kernels/b.mlir")
    project.expect(KERNELS["a"], KERNELS["b"], RENAMED["b"])
    record = project.binary / "CMakeFiles/kernels.lh/kernels/c.lowered.json"
    record.write_text(record.read_text()[:-20])
    project.touch("kernels/d.mlir")
    project.expect(KERNELS["c"], KERNELS["d"])
    project.remove("kernels")
    project.build()
    same(project, before)
    project.expect_nothing()
    project.build("clean")
    assert not [path for path in project.contents(*OUTPUTS) if path.endswith(".o")]
    everything(project, OTHERS - {"Writing the header of named"})  # a batch of all writes it
    same(project, before)


def lowered(project: Project, ran: list[str]) -> set[str]:
    """Our steps of `ran`, but for the rules of single files that Make has."""
    return {step for step in project.ours(ran) if " again for " not in step}


def same(project: Project, before: dict[str, bytes]) -> None:
    after = project.contents(*OUTPUTS)
    different = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
    assert not different, f"these are not as before: {different}"


def regrouped(project: Project) -> None:
    """Payloads that move to another batch are not lowered again, but with Make: CMake deletes what a rule has made when
    another rule is to make it."""
    payloads = set() if project.ninja else {*KERNELS.values(), "Lowering kernels/kernels/_"}
    project.write("kernels/_.mlir", "func.func @first(%x: i32) -> i32 { return %x : i32 }\n")
    project.edit("CMakeLists.txt", "  SOURCES kernels/a.mlir", "  SOURCES kernels/_.mlir kernels/a.mlir")
    ran = project.build()
    assert lowered(project, ran) - payloads == {"Lowering kernels/kernels/_", HEADER} - payloads, ran
    project.expect_nothing()
    for old, new in ((3, 5), (5, 4)):
        project.edit("CMakeLists.txt", f"BATCH_SIZE {old}", f"BATCH_SIZE {new}")
        ran = project.build()
        assert not lowered(project, ran) - {HEADER} - payloads, ran
        project.expect_nothing()
    project.edit("CMakeLists.txt", "BATCH_SIZE 4", "BATCH_SIZE 3")
    project.edit("CMakeLists.txt", " kernels/_.mlir", "")
    ran = project.build()
    assert lowered(project, ran) - payloads == {HEADER}, ran
    project.expect_nothing()
    assert project.program("app") == "8 8 20 36 24 28 7\n"


def killed(project: Project) -> None:
    """What a batch has lowered before it was killed, it does not lower again."""
    gate = slow(project, "b")
    build = start(project)
    wait_for(gate / "read")
    kill_all(build)
    gate.joinpath("go").touch()
    ran = project.build()
    assert project.ours(ran) == {RENAMED["b"], RENAMED["c"]}, ran
    same_as_clean(project)


def orphaned(project: Project) -> None:
    """A batch that outlives its build tool reads an edit, and writes when the next build has looked already."""
    gate = slow(project, "b")
    first = start(project)
    wait_for(gate / "read")
    first.kill()
    first.communicate(timeout=300)
    project.edit("kernels/c.mlir", "constant 5", "constant 3")
    second = start(project)
    time.sleep(1)
    gate.joinpath("go").touch()
    second.communicate(timeout=300)
    assert second.returncode == 0, (project.binary / "printed.txt").read_text()
    project.expect_nothing()
    same_as_clean(project)


def vanishing(project: Project) -> None:
    """An input that is deleted when it has been read counts as changed in the next build."""
    gate = slow(project, "c")
    first = start(project)
    wait_for(gate / "read")
    (project.source / "tables/b.json").unlink()  # b has been lowered
    gate.joinpath("go").touch()
    first.communicate(timeout=300)
    assert first.returncode == 0, (project.binary / "printed.txt").read_text()
    project.build()
    project.expect_nothing()
    same_as_clean(project)
    assert 'lh_suffix = "y"' in (project.binary / "renamed/kernels/b.mlir").read_text()
    project.write("tables/b.json", '"of b"')
    project.touch("rename.py")
    project.build()


def slow(project: Project, name: str) -> Path:
    """Let the Python step of `renamed` wait in the payload `name`: for the file `go` in the directory that is returned;
    when it waits, there is a file `read`."""
    gate = project.source.parent / f"gate{len(list(project.source.parent.glob('gate*')))}"
    gate.mkdir()
    shell = f"touch '{gate}/read'; until [ -e '{gate}/go' ]; do sleep 0.02; done"
    call = f'name != {name!r} or __import__("subprocess").run(["sh", "-c", {shell!r}], check=True)'
    text = (project.source / "rename.py").read_text()
    lines = [line for line in text.splitlines() if "__import__" not in line]
    at = next(number for number, line in enumerate(lines) if "name = " in line)
    lines.insert(at + 1, f"            {call}")
    project.write("rename.py", "\n".join(lines) + "\n")
    return gate


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < deadline, path
        time.sleep(0.02)


def start(project: Project) -> "subprocess.Popen[str]":
    command = [project.settings.cmake, "--build", str(project.binary)]
    log = project.binary / "printed.txt"  # no pipe: what outlives the build tool would hold it open
    with log.open("w") as stream:
        return subprocess.Popen(command, stdout=stream, stderr=stream, text=True, start_new_session=True)


def kill_all(build: "subprocess.Popen[str]") -> None:
    """Kill a build with all that it has started: Ninja gives each command a group of its own."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with suppress(OSError):
                if os.getsid(int(entry.name)) == build.pid:
                    os.kill(int(entry.name), signal.SIGKILL)
    build.communicate(timeout=300)


def same_as_clean(project: Project) -> None:
    incremental = project.contents(*OUTPUTS)
    project.expect_nothing()
    project.build("clean")
    project.build()
    same(project, incremental)


def alone(project: Project) -> None:
    """A rule for each payload gives the same bytes."""
    before = project.contents(*OUTPUTS)
    project.edit("CMakeLists.txt", "BATCH_SIZE 3", "BATCH_SIZE 1")
    ran = project.build()
    assert project.ours(ran) == {*KERNELS.values(), HEADER} - {KERNELS["made"]}, ran
    assert not project.ninja or not [step for step in ran if "Linking" in step], ran
    project.expect_nothing()
    same(project, before)
