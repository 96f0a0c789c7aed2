# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Suites run under ctest and as targets, filtered as lit's are, at the same time if need be; an empty one fails."""

import re
import subprocess

from run import MULTI, Project

# The arguments of a call, and what the error of CMake says.
FATAL = [
    ("", "DIRECTORY is missing"),
    ("DIRECTORY missing", "the directory 'missing' does not exist"),
    ("DIRECTORY empty", "there are no tests in the directory 'empty'"),
    ("DIRECTORY plain TOOLS nothing", "the tool 'nothing' is not an executable target"),
    ("DIRECTORY plain TOOLS depended", "the tool 'depended' is not an executable target"),
    ("DIRECTORY plain TOOL say", "unknown argument 'TOOL'; accepted are DIRECTORY, TOOLS, DEPENDS, ARGS, LABELS"),
]


def check(project: Project) -> None:
    project.write("empty/lit.cfg.py", "")
    for arguments, error in FATAL:
        project.write("case.cmake", f"lh_add_lit_suite(case {arguments})\n")
        project.configure(error=rf"lh_add_lit_suite\(case\): .*{error}")
    for name, error in (("plain", "there is a test 'plain' already"), ("$<1:a>", "is no name for a test")):
        project.write("case.cmake", f"lh_add_lit_suite({name} DIRECTORY plain)\n")
        project.configure(error=error)
    project.write("case.cmake", "")
    project.configure()
    project.build()
    project.expect_nothing()

    # Under ctest.
    listed = ctest(project, "-N")
    assert "Total Tests: 2" in listed, listed
    verbose = ctest(project, "-V")
    assert "100% tests passed, 0 tests failed out of 2" in verbose
    assert verbose.count("Passed: 2 (100.00%)") == 2, "each suite has two tests"
    assert "out of 1" in ctest(project, "-L", "quick")
    assert "out of 1" in ctest(project, "-R", "plain")
    # As a target, which builds what is needed.
    assert not (project.binary / "depended").exists()
    ran = target(project, "check-configured")
    assert "Passed: 2 (100.00%)" in ran
    assert (project.binary / "depended").exists()
    filters(project)
    at_the_same_time(project)
    failures(project)
    coverage(project)
    by_hand(project)


def filters(project: Project) -> None:
    """lit's own, from the environment."""
    for environment in ({"LIT_FILTER": "stage"}, {"LIT_OPTS": "--filter=stage"}):
        for output in (
            target(project, "check-configured", **environment),
            ctest(project, "-V", "-R", "conf", **environment),
        ):
            assert re.search(r"Passed *: 1 \(50\.00%\)", output), output
    ctest(project, "-R", "plain", "--output-on-failure", error="filter did not match any tests", LIT_FILTER="nothing")


def at_the_same_time(project: Project) -> None:
    """Runs of one suite keep out of each other's way: each writes to a place of its own."""
    test = project.source / "plain" / "slow.mlir"
    # Each run finds what it has written itself, and nothing else, after a second.
    test.write_text(
        "RUN: not ls '%t'\nRUN: %python -c 'import time; time.sleep(1.5)'\n"
        "RUN: echo x >> '%t'\nRUN: count 1 < '%t'\nRUN: rm '%t'\n"
    )
    command = ["cmake", "--build", str(project.binary), "--target", "check-plain"]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) for _ in range(2)]
    beside = ctest(project, "-R", "plain", "-V")
    outputs = [beside, *(run.communicate()[0] for run in runs)]
    assert all("Passed: 3 (100.00%)" in output for output in outputs), "\n".join(outputs)
    test.unlink()


def failures(project: Project) -> None:
    """What fails shows the RUN line and FileCheck's message; no tests at all is a failure."""
    project.edit("plain/b.mlir", "CHECK: func.func @g", "CHECK: func.func @h")
    output = ctest(project, "-R", "plain", "--output-on-failure", error="0% tests passed")
    assert "FAIL: plain :: b.mlir" in output
    assert re.search(r"__main__\.py --mlir-package=.* \S+/plain/b\.mlir", output), "the command to run by hand"
    assert re.search(r"b\.mlir:2(:11)?: error: ", output), output
    for name in ("a", "b"):
        (project.source / f"plain/{name}.mlir").unlink()
    project.write("plain/readme.txt", "no test")
    ctest(project, "-R", "plain", "--output-on-failure", error="did not discover any tests")
    project.write("plain/a.mlir", "func.func @f() { return }\n")
    ctest(project, "-R", "plain", "--output-on-failure", error=r"Test has no 'RUN:' line")
    # Without FileCheck no test runs.
    project.configure("-DLH_FILECHECK=/no/such/FileCheck")
    ctest(project, "-R", "plain", "--output-on-failure", error="no FileCheck at '/no/such/FileCheck'; give the path")
    project.configure("-DLH_FILECHECK=")


def coverage(project: Project) -> None:
    """Stages in RUN lines are tested ones."""
    output = target(project, "lh-untested-stages")
    assert re.findall(r"^(\w+)   \(", output, re.MULTILINE) == ["unused"], output
    assert "1 of 2 declared stages are not applied by any test" in output


def by_hand(project: Project) -> None:
    """One test of a suite can be run by its path in the build tree."""
    directory = project.binary / "configured.lit" / ("Release" if project.settings.generator == MULTI else "")
    lit = [project.settings.python, "-c", "from lit.main import main; main()"]
    output = project.run(*lit, "-v", str(directory / "stage.mlir"))
    assert "PASS: configured :: stage.mlir (1 of 1)" in output, output


def target(project: Project, name: str, **environment: str) -> str:
    command = ["cmake", "--build", str(project.binary), "--target", name]
    return project.run(*command, environment=environment)


def ctest(project: Project, *arguments: str, error: str | None = None, **environment: str) -> str:
    """Run ctest; what it printed. With `error`, it must fail and print what this expression matches."""
    command = ["ctest", "--test-dir", str(project.binary), "-C", "Release", "-j2", *arguments]
    return project.run(*command, error=error, environment=environment)
