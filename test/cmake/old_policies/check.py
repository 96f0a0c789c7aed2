# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""In a project with the policies of CMake 3.18 and rules in subdirectories, nothing runs that need not."""

from run import Project

CLEANUP = "Resolving stage cleanup"
LOWER = "Resolving stage lower-to-llvm.yaml"


def check(project: Project) -> None:
    project.configure("-DCMAKE_WARN_DEPRECATED=OFF")
    project.expect(CLEANUP, LOWER, "Lowering k/k")
    project.program("app")
    project.edit("sub/stages/cleanup.py", "does nothing", "does not do anything")
    project.expect(CLEANUP)
    project.edit("sub/k.mlir", "constant 1 ", "constant 2 ")
    project.expect("Lowering k/k")
    project.program("app", status=1)
