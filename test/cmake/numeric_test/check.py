# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lowered functions are called from Python and compared with a reference; what is wrong is told where it is wrong."""

import re

from run import Project

LIBRARY = "LIBRARY kernels"

# The arguments of a call, and what the error of CMake says.
FATAL = [
    ("LIBRARY kernels FUNCTION matmul", "REFERENCE is missing"),
    ("LIBRARY kernels REFERENCE reference.py", "FUNCTION is missing"),
    ("FUNCTION matmul REFERENCE reference.py", "LIBRARY is missing"),
    (
        "LIBRARY kernel FUNCTION matmul REFERENCE reference.py",
        r"there is no target 'kernel'; make it with lh_lower\(\)",
    ),
    ("LIBRARY plain FUNCTION matmul REFERENCE reference.py", r"the target 'plain' is not made by lh_lower\(\)"),
    ("LIBRARY files FUNCTION matmul REFERENCE reference.py", "'files' has no code to call"),
    ("LIBRARY bare FUNCTION matmul REFERENCE reference.py", "'bare' has NO_HEADER"),
    (LIBRARY + " FUNCTION matmul REFERENCE missing.py", "the file 'missing.py' does not exist"),
    (
        LIBRARY + " FUNCTION matmul REFERENCE reference",
        r"REFERENCE 'reference' is not of the form file\.py\[function\]",
    ),
    (LIBRARY + " FUNCTION matmul REFERENCE reference.py TOLERANCE low", "TOLERANCE 'low' is not a number"),
    (LIBRARY + " FUNCTION matmul REFERENCE reference.py TOLERANCE 1 2 3", "TOLERANCE takes a relative and an absolute"),
    (LIBRARY + " FUNCTION matmul REFERENCE reference.py SEED -1", "SEED '-1' is not a number"),
    (
        LIBRARY + " FUNCTION matmul REFERENCE reference.py INPUT 3",
        "accepted are LIBRARY, FUNCTION, REFERENCE, SEED, INPUTS",
    ),
]

# The arguments of a call, and what the test prints when it fails.
FAILING = [
    (
        "FUNCTION matmul REFERENCE reference.py[wrong]",
        r"result 0 of @matmul differs from reference\.py\[wrong\]: 8 of 32 elem",
    ),
    (
        "FUNCTION matmul REFERENCE reference.py[wrong]",
        r"note: the worst at \[\d, 3\] is [-\d.e]+, the reference says [-\d.e]+",
    ),
    ("FUNCTION matmul REFERENCE reference.py[wrong]", "note: inputs: a: 8x16xf32, b: 16x4xf32; seed 0"),
    ("FUNCTION matmul REFERENCE reference.py[wrong]", "note: by hand: .* numeric --name="),
    (
        "FUNCTION matmul REFERENCE reference.py[transposed]",
        r"reference\.py: error: case_\d+: reference\.py\[transposed\] returned 4x8 of float32 as result 0, "
        "but it is a tensor<8x4xf32>",
    ),
    ("FUNCTION matmul REFERENCE reference.py[double]", "returned 8x4 of float64 as result 0, .*; return float32"),
    ("FUNCTION matmul REFERENCE reference.py[nothing]", "returned nothing, but @matmul returns tensor<8x4xf32>"),
    (
        "FUNCTION matmul REFERENCE reference.py[raises]",
        r"reference\.py:\d+:\d+: error: .* ValueError: shapes \(8, 16\)",
    ),
    ("FUNCTION matmul REFERENCE reference.py[matmult]", r"no function 'matmult' in .*did you mean 'matmul'\?"),
    (
        "FUNCTION matmul REFERENCE reference.py[not_a_function]",
        "'not_a_function' in .* is of type 'int', not a function",
    ),
    ("FUNCTION matmult REFERENCE reference.py", r"has no public function 'matmult'; did you mean 'matmul'\?"),
    ("FUNCTION scale REFERENCE reference.py", r"argument 'a' has sizes \?x\?: give them with INPUTS a=<sizes>"),
    ("FUNCTION scale REFERENCE reference.py INPUTS 7", r"'7' does not fit the sizes \?x\? of the argument 'a'"),
    ("FUNCTION scale REFERENCE reference.py INPUTS b=7x7", r"@scale has no argument 'b'; it has a, factor"),
    (
        "FUNCTION add_to REFERENCE reference.py INPUTS 4",
        "argument 'at' is of type index: say what it may be with INPUTS at=<value>",
    ),
    ("FUNCTION overrun REFERENCE reference.py", "@overrun wrote outside of argument 'x'"),
    ("FUNCTION forgets REFERENCE reference.py", "the element may never have been written"),
    ("FUNCTION crash REFERENCE reference.py INPUTS 8", "@crash died by SIGSEGV"),
]


def check(project: Project) -> None:
    project.write("case.cmake", "add_library(plain INTERFACE)\n")
    for arguments, error in FATAL:
        project.write("case.cmake", f"add_library(plain INTERFACE)\nlh_add_numeric_test(case {arguments})\n")
        project.configure(error=rf"lh_add_numeric_test\(case\): .*{error}")
    calls = list(dict.fromkeys(arguments for arguments, _ in FAILING))
    tests = [f"lh_add_numeric_test(case_{i} LIBRARY kernels {call} LABELS failing)\n" for i, call in enumerate(calls)]
    project.write("case.cmake", "".join(tests))
    project.configure()
    project.build()
    project.expect_nothing()

    passed = ctest(project, "-LE", "failing")
    assert "100% tests passed, 0 tests failed out of 17" in passed
    assert "tests failed out of 3" in ctest(project, "-L", "matmul", "-R", "matmul")
    failed = ctest(project, "-L", "failing", "--output-on-failure", error=f"0% tests passed, {len(calls)} tests failed")
    outputs = dict(
        re.findall(r"Test +#\d+: (case_\d+) .*?\n(.*?)(?= +Start| *\d+/\d+ Test|\n\d+% tests)", failed, re.DOTALL)
    )
    for call, error in FAILING:
        output = outputs[f"case_{calls.index(call)}"]
        assert re.search(error, output), f"{call}: the error is not '{error}':\n{output}"
        assert "Traceback" not in output, output
        assert "in this stage" not in output, output


def ctest(project: Project, *arguments: str, error: str | None = None) -> str:
    """Run ctest; what it printed. With `error`, it must fail and print what this expression matches."""
    return project.run("ctest", "--test-dir", str(project.binary), "-C", "Release", "-j2", *arguments, error=error)
