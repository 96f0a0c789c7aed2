# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Search paths, module paths, pinned variables, generated inputs, and stages of stages."""

from run import Project

PINNED = "Resolving stage pinned"
MADE = "Resolving stage made"
CHAIN = "Resolving stage chain"
LOWERING = "Lowering ir/made/payload"
OUTPUT = "ir/made/payload.mlir"


def check(project: Project) -> None:
    project.configure(environment={"LH_TEST_FACTOR": "eight", "LH_TEST_HIDDEN": "1"})
    ran = project.build()
    assert ran.index("Making files") < ran.index(MADE) < ran.index(CHAIN) < ran.index(LOWERING), ran
    assert project.ours(ran) == {PINNED, MADE, CHAIN, LOWERING}, ran
    assert b"factor_eight" in project.contents(OUTPUT)[OUTPUT]
    project.expect_nothing()
    # The variable is what it was when CMake ran; another configuration takes the new value.
    project.run(project.settings.cmake, "--build", str(project.binary), environment={"LH_TEST_FACTOR": "nine"})
    assert b"factor_eight" in project.contents(OUTPUT)[OUTPUT]
    project.configure(environment={"LH_TEST_FACTOR": "nine"})
    ran = project.build()
    assert PINNED in ran, ran
    assert b"factor_nine" in project.contents(OUTPUT)[OUTPUT]
    project.expect_nothing()
    # A module on the module path, a generated payload and an explicit dependency.
    project.edit("modules/searched_module.py", "factor_", "number_")
    project.expect(PINNED, CHAIN, LOWERING)
    project.edit("gen/payload.mlir", "@f", "@g")
    ran = project.build()
    assert {"Making files", LOWERING} <= set(ran), ran
    assert b"@g" in project.contents(OUTPUT)[OUTPUT]
    project.touch("extra.txt")
    project.expect(LOWERING)
