# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Inside another project: no tests, no installation, no Python installed, none of the project's variables set."""

from run import Project


def check(project: Project) -> None:
    output = project.configure(f"-DLIGHTHOUSE_SOURCES={project.settings.sources}")
    assert "PYTHON VARIABLES ''" in output, output
    project.expect("Resolving stage lower", "Lowering k/k")
    project.program("app")
    prefix = project.source.parent / "prefix"
    project.run(
        project.settings.cmake, "--install", str(project.binary), "--prefix", str(prefix), "--config", "Release"
    )
    installed = [str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()]
    assert installed == ["bin/app"], installed
    # Nothing is ever installed unasked in somebody else's build: SYSTEM is the default.
    command = [project.settings.cmake, "-S", str(project.source), "-B", str(project.source.parent / "other")]
    command += ["-G", project.settings.generator, f"-DLIGHTHOUSE_SOURCES={project.settings.sources}"]
    command += ["-DLH_MLIR_PACKAGE=nowhere"]
    project.run(
        *command, error=r"LH_PYTHON_ENV is 'SYSTEM'\): .*lacks LH_MLIR|LH_PYTHON_ENV is 'SYSTEM'\): .*'nowhere'"
    )
