# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The triple is the compiler's, the CPU its baseline, and `native` is pinned when CMake runs."""

import re

from run import NINJA, Project


def targets(output: str) -> dict[str, list[str]]:
    lines = re.findall(r"^TARGET (\w+)\|(.*)$", output, re.MULTILINE)
    return {name: text.split(";") for name, text in lines}


def check(project: Project) -> None:
    machine = project.run("cc", "-dumpmachine").strip()
    found = targets(project.configure())
    assert found["default"] == [machine, "", ""], found
    assert found["cross"] == ["aarch64-linux-gnu", "cortex-a72", "+crypto"], found
    project.build()
    elf = project.contents("cross/one.o")["cross/one.o"]
    assert elf[18:20] == b"\xb7\x00", "this is no object of AArch64"
    assert (
        b"aarch64" in project.contents("cross/one.s")["cross/one.s"]
        or b"w0" in project.contents("cross/one.s")["cross/one.s"]
    )
    project.expect_nothing()

    # The compiler is asked once; the machine at every configuration.
    triple, cpu, features = targets(project.configure("-DNATIVE=ON"))["native"]
    assert triple == machine
    assert cpu not in ("", "native")
    if project.settings.generator == NINJA:
        commands = (project.binary / "build.ninja").read_text()
        assert f"--cpu={cpu}" in commands
        assert "--cpu=native" not in commands
        assert features in commands
    project.build()
    extended = targets(project.configure("-DNATIVE=ON", "-DMORE=FEATURES;-mmx"))["native"]
    assert extended == [machine, cpu, ",".join(filter(None, (features, "-mmx")))]
    # Another machine is not this one.
    project.edit("CMakeLists.txt", "CPU native", "CPU native TARGET_TRIPLE riscv64-linux-gnu")
    project.configure(
        "-DNATIVE=ON", error="CPU native is the build machine's, of .*, but the code is for riscv64-linux-gnu"
    )
    project.edit("CMakeLists.txt", "CPU native TARGET_TRIPLE riscv64-linux-gnu", "CPU native")
    project.remove("CMakeCache.txt")
    cross = ("-DNATIVE=ON", "-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=x", "-DCMAKE_C_COMPILER_WORKS=ON")
    project.configure(*cross, error="CPU native is the build machine's, but this is a cross build; name the CPU")
