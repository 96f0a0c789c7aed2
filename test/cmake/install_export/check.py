# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Install and export lowered libraries, and use them in a project that knows nothing of Lighthouse."""

from dataclasses import replace

from run import Project


def check(project: Project) -> None:
    project.configure()
    project.build()
    prefix = project.source.parent / "prefix"
    cmake = project.settings.cmake
    project.run(cmake, "--install", str(project.binary), "--prefix", str(prefix), "--config", "Release")
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
    assert {"include/static_kernels.h", "include/shared_kernels.h", "include/lighthouse/memref.h"} <= installed, (
        installed
    )
    exported = "".join(path.read_text() for path in prefix.glob("lib/cmake/kernels/*.cmake"))
    for word in (str(project.source.parent / "build"), "lighthouse_build", "Lighthouse"):
        assert word not in exported, f"the export mentions {word}"
    # The sources and the build tree are not needed any more.
    project.binary.rename(project.binary.with_name("away"))
    consumer = replace(project, source=project.source / "consumer", binary=project.source.parent / "consumer-build")
    consumer.configure(f"-DCMAKE_PREFIX_PATH={prefix}", "--no-warn-unused-cli")
    consumer.build()
    consumer.program("app")
