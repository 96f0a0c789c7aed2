# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Paths with spaces, `$`, brackets and braces, of sources, of the build tree, and in depfiles."""

from run import Project

INLINE = "Resolving stage func.func(cse, canonicalize{max-iterations=3}), lower-to-..."
LOWERINGS = {"Lowering k/dir with space/k 1", "Lowering k/cost$1/[k]{2}"}


def check(project: Project) -> None:
    project.binary = project.source.parent / "build tree [of] {x}"
    project.configure()
    stages = {"Resolving stage spaced", "Resolving stage dollar", "Resolving stage plus", INLINE}
    project.expect(*stages, *LOWERINGS)
    project.program("app")
    # Every one of them is a dependency.
    for path, step in {
        "dir with space/k 1.mlir": "Lowering k/dir with space/k 1",
        "cost$1/[k]{2}.mlir": "Lowering k/cost$1/[k]{2}",
        "dir with space/sched ule.py": "Resolving stage spaced",
        "dir with space/da ta$.txt": "Resolving stage spaced",
        "cost$1/[x]{y}.py": "Resolving stage dollar",
        "cost$1/da ta$.txt": "Resolving stage dollar",
        "a+b@c/p(1)=x.yaml": "Resolving stage plus",
    }.items():
        project.touch(path)
        project.expect(step)
