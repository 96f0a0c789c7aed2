# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One of 200 payloads changes: one is lowered."""

from run import Project


def check(project: Project) -> None:
    project.configure()
    project.expect("Resolving stage cse", *(f"Lowering kernels/kernels/k{number}" for number in range(1, 201)))
    project.edit("kernels/k77.mlir", "@k77", "@changed")
    project.expect("Lowering kernels/kernels/k77")
