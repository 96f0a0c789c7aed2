# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Generators that ask for the target, stage classes, generated payloads, parameters of sequences."""

from run import Project

AWARE_V3 = "Resolving stage aware for x86-64-v3"
AWARE_V4 = "Resolving stage aware for x86-64-v4"
AROUND_V4 = "Resolving stage around for x86-64-v4"
ALONE = "Resolving stage alone"
OTHERS = ("alone", "unaware", "rename", "flag", "flag_and_clean")
RENAMED = {f"Lowering renamed/{name}" for name in ("payload", "payloads", "payloads-create_payload-functions-2")}


def text(project: Project, output: str) -> str:
    return project.contents(output)[output].decode()


def check(project: Project) -> None:
    project.configure()
    ran = project.build()
    resolved = [step for step in ran if step.startswith("Resolving")]
    assert sorted(resolved) == sorted(
        [AWARE_V3, AWARE_V4, AROUND_V4, *(f"Resolving stage {name}" for name in OTHERS)]
    ), ran
    assert "%c8 = " in text(project, "v3/payload.mlir")
    assert "%c8 = " in text(project, "v3_again/payload.mlir")
    assert "%c16 = " in text(project, "v4/payload.mlir")
    for name in ("tuned_v3", "tuned_v4"):
        assert "{tile = 4 : i64, unroll = 16 : i64}" in text(project, f"{name}/payload.mlir")
    assert "@mm_new_x" in text(project, "renamed/payload.mlir")
    assert "@f0_new_x" in text(project, "renamed/payloads.mlir")
    assert "@f1_new_x" not in text(project, "renamed/payloads.mlir")
    assert "@f1_new_x" in text(project, "renamed/payloads-create_payload-functions-2.mlir")
    project.expect_nothing()
    # A comment: resolved again, nothing is lowered.
    project.edit("aware.py", "def create", "# A comment.\ndef create")
    project.expect(AWARE_V3, AWARE_V4, ALONE)
    broken(project)
    # What a Python step imports is an input of the lowering.
    project.edit("modules/naming.py", "_new", "_newer")
    ran = project.build()
    assert set(ran) >= {"Resolving stage rename", *RENAMED}, ran
    assert "@mm_newer_x" in text(project, "renamed/payload.mlir")
    # So is the implementation of an operation, though the text of the stage stays the same.
    assert "{flagged}" in text(project, "flagged/payload.mlir")
    project.edit("modules/flags.py", '"flagged"', '"flown"')
    project.expect("Resolving stage flag", "Resolving stage flag_and_clean", "Lowering flagged/payload")
    assert "{flown}" in text(project, "flagged/payload.mlir")
    project.expect_nothing()
    project.edit("payloads.py", "@f", "@g")
    project.expect("Lowering renamed/payloads", "Lowering renamed/payloads-create_payload-functions-2")
    project.expect_nothing()
    # A generator that comes to ask for the target after CMake has run is refused, not resolved for one of two.
    project.edit("aware.py", "create_schedule(target: Target)", "create_schedule(target: 'Target' = None)")
    project.build()
    project.edit("CMakeLists.txt", "SCHEDULE tune.mlir SEQUENCE tune PARAMS tile=4 unroll=16", "SCHEDULE late.py")
    (project.source / "late.py").write_text((project.source / "aware.py").read_text().replace("target: 'Target'", "t"))
    project.edit("late.py", "target.vector_bits // 32", "8")
    project.build()
    project.edit("late.py", "t = None", "t: Target")
    project.build(error="asks for the target, which it did not when the build was configured; run CMake again")
    project.configure()
    project.build()


def broken(project: Project) -> None:
    """What is wrong with a stage that may ask for the target fails the build, though nothing uses the stage."""
    declared = "lh_add_stage(alone SCHEDULE aware.py)"
    missing = declared.replace(")", " GENERATOR missing)")
    project.edit("CMakeLists.txt", declared, missing)
    project.build(
        error=r"CMakeLists\.txt:\d+:1: error: no function 'missing' in '\S*aware\.py'; it has create_schedule"
    )
    project.edit("CMakeLists.txt", missing, declared)
    # One that refuses its own target is not resolved for that if it is used for others.
    refusing = 'def create_schedule(target: Target):\n    assert "-v" in target.cpu, target.cpu\n'
    project.edit("aware.py", "def create_schedule(target: Target):\n", refusing)
    project.build(error=r"aware\.py:7:\d+: error: 'create_schedule' failed: AssertionError")
    project.edit("CMakeLists.txt", declared, "")
    project.build()
    project.expect_nothing()
    project.edit("CMakeLists.txt", "# Used for no target: resolved for the default one.\n", f"# Used\n{declared}\n")
    project.edit("aware.py", refusing, "def create_schedule(target: Target):\n")
    project.build()
