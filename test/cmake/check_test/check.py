# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Payloads are lowered and compared with FileCheck; failures say what to do; untested stages are found."""

import re

from run import Project

# The arguments of a call, and what the error of CMake says.
FATAL = [
    ("SOURCE fold.mlir", "STAGES is missing"),
    ("STAGES cse", "SOURCE is missing"),
    ("RESOLVED STAGES cse", "CHECK is missing; RESOLVED without SOURCE needs a file with directives"),
    ("RESOLVED STAGES cse EMIT mlir SOURCE fold.mlir", "RESOLVED and EMIT exclude each other"),
    ("SOURCE fold.mlir STAGES cse EMIT object", "unknown EMIT 'object'; accepted are mlir, llvmir, assembly"),
    ("SOURCE fold.mlir STAGES cse CHECK_PREFIXES A:", "CHECK_PREFIXES 'A:' is not of the form A,B"),
    ("SOURCE missing.mlir STAGES cse", "the file 'missing.mlir' does not exist"),
    ("SOURCE fold.mlir STAGES cse CHECK missing.check", "the file 'missing.check' does not exist"),
    ("SOURCE fold.mlir STAGES simplfy", "there is no stage 'simplfy', and no pass of that name"),
    ("SOURCE fold.mlir STAGES late", "there is no stage 'late', and no pass of that name"),
    ("SOURCE fold.mlir STAGES other::stage", "there is no stage 'other::stage'"),
    ("SOURCE fold.mlir STAGES not_a_stage", "the target 'not_a_stage' is not a stage"),
    (
        "SOURCE fold.mlir STAGES cse CHECKS x",
        "unknown argument 'CHECKS'; accepted are RESOLVED, SOURCE, CHECK, CHECK_PREFIXES, EMIT",
    ),
]

# The arguments of a call, and what the test prints when it fails.
WRONG = "SOURCE wrong.mlir STAGES simplify"
FAILING = [
    ("SOURCE unchecked.mlir STAGES cse", r"unchecked\.mlir: error: no directive CHECK:, so that any result would do"),
    ("SOURCE fold.mlir STAGES cse CHECK_PREFIXES CHECK,A", r"fold\.mlir: error: no directive A:, so that"),
    # LLVM's FileCheck and the Python one word it differently.
    (WRONG, r"wrong\.mlir:1(:11)?: error: (CHECK: expected string not found in input|Couldn't match)"),
    (WRONG, r"error: case_\d+: the result does not match .*wrong\.mlir"),
    (WRONG, "note: stage 'simplify', steps: canonicalize, cse"),
    (WRONG, r"note: by hand: .*__main__\.py .*wrong\.mlir --stage=.*simplify\.stage\.mlir .*\| .*[fF]ile[cC]heck.* "),
    ("SOURCE fold.mlir STAGES annotate.py cse CHECK_PREFIXES APPLIED CHECK annotate.check", "steps: annotate.py, cse"),
    ("SOURCE unsupported.mlir STAGES simplify", r"unsupported\.mlir:3:\d+: error: .*unregistered dialect"),
    ("SOURCE unsupported.mlir STAGES simplify", r"error: case_\d+: lh-opt failed"),
]


def check(project: Project) -> None:
    targets = "add_custom_target(not_a_stage)\n"
    for arguments, error in FATAL:
        project.write("case.cmake", f"{targets}lh_add_check_test(case {arguments})\n")
        project.configure(error=rf"lh_add_check_test\(case\): .*{error}")
    project.write("case.cmake", "lh_add_check_test(payload SOURCE fold.mlir STAGES cse)\n")
    project.configure(error="there is a test 'payload' already")

    calls = list(dict.fromkeys(arguments for arguments, _ in FAILING))
    tests = [f"lh_add_check_test(case_{i} {call} LABELS failing)\n" for i, call in enumerate(calls)]
    project.write("case.cmake", "".join(tests))
    project.configure()
    project.build()
    project.expect_nothing()
    assert "100% tests passed, 0 tests failed out of 9" in ctest(project, "-LE", "failing")
    assert "out of 1" in ctest(project, "-L", "quick")
    failed = ctest(project, "-L", "failing", "--output-on-failure", error=f"0% tests passed, {len(calls)} tests failed")
    outputs = dict(
        re.findall(r"Test +#\d+: (case_\d+) .*?\n(.*?)(?= +Start| *\d+/\d+ Test|\n\d+% tests)", failed, re.DOTALL)
    )
    for call, error in FAILING:
        output = outputs[f"case_{calls.index(call)}"]
        assert re.search(error, output), f"{call}: the error is not '{error}':\n{output}"
        assert "Traceback" not in output, output
    no_filecheck(project)
    coverage(project)


def no_filecheck(project: Project) -> None:
    """A FileCheck that is not there is an error, not a pass."""
    project.configure("-DLH_FILECHECK=no/such/FileCheck")
    ctest(
        project,
        "-R",
        "^payload$",
        "--output-on-failure",
        error="error: no FileCheck at '.*no/such/FileCheck'; give the path",
    )
    project.configure("-DLH_FILECHECK=")


def coverage(project: Project) -> None:
    """A stage that only another stage is made of counts as tested with it; one that nothing applies is printed."""
    output = project.run("cmake", "--build", str(project.binary), "--target", "lh-untested-stages")
    assert re.search(
        r"^unused   \(.*/source\)\n1 of 6 declared stages are not applied by any test$", output, re.MULTILINE
    ), output
    project.edit("CMakeLists.txt", "lh_add_check_test(payload SOURCE fold.mlir STAGES simplify_twice)", "")
    project.write("case.cmake", "")
    output = project.run("cmake", "--build", str(project.binary), "--target", "lh-untested-stages")
    untested = re.findall(r"^(\w+)   \(", output, re.MULTILINE)
    assert untested == ["simplify", "simplify_twice", "unused"], output


def ctest(project: Project, *arguments: str, error: str | None = None) -> str:
    """Run ctest; what it printed. With `error`, it must fail and print what this expression matches."""
    return project.run("ctest", "--test-dir", str(project.binary), "-C", "Release", "-j2", *arguments, error=error)
