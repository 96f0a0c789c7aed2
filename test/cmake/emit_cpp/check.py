# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models as C++: what the program computes, what is built again when something changes, and what is refused."""

import importlib.util
import itertools
import math
import os
import shutil
import sys
from pathlib import Path

from run import NINJA, SKIPPED, Project

FEATURES = [0.5, -1.25, 2.0, 0.125]
LOWER = "lh_lower(k SOURCES models/decide.mlir STAGES cse"

# What is written in the CMakeLists.txt, and what the error says.
CASES = [
    (f"{LOWER} EMIT cpp object)", "EMIT cpp and object exclude each other: stages end in EmitC or in the LLVM dialect"),
    (f"{LOWER} EMIT mlir cpp llvmir)", "EMIT cpp and llvmir exclude each other"),
    (f"{LOWER} EMIT cpp NO_HEADER)", "with NO_HEADER nobody can call the models"),
    (f"{LOWER} EMIT cpp SYMBOL_PREFIX p)", "SYMBOL_PREFIX is for the code generator, but with EMIT cpp"),
    (f"{LOWER} EMIT cpp CPU native)", r"CPU is for the code generator, but with EMIT cpp the project's C\+\+ compiler"),
    (f"{LOWER} EMIT cpp OPTIMIZE 3)", "OPTIMIZE is for the code generator"),
    (f"{LOWER} CLASS Model)", "CLASS is for models, but EMIT has no cpp"),
    (f"{LOWER} EMIT cpp CLASS a-b)", r"CLASS 'a-b' is not the name of a C\+\+ class"),
    (f"{LOWER} EMIT cpp NAMESPACE a::1)", r"NAMESPACE 'a::1' is not a C\+\+ namespace"),
    (
        LOWER.replace("(k", "(k-1") + " EMIT cpp)",
        r"the namespace 'k-1' by default, which C\+\+ does not allow; give NAM",
    ),
    (
        f"{LOWER} EMIT cpp NAMESPACE n)\n{LOWER.replace('(k', '(l')} EMIT cpp NAMESPACE n)",
        r"lh_lower\(l\): the namespace 'n' has the models of lh_lower\(k\) already; give another NAMESPACE",
    ),
    (
        "add_executable(old IMPORTED)\n"
        'set_target_properties(old PROPERTIES IMPORTED_LOCATION "${CMAKE_SOURCE_DIR}/old")\n'
        f"set(LH_MLIR_TRANSLATE old)\n{LOWER} EMIT cpp)",
        "'.*/old' is of LLVM 19.1.7, which is too old",
    ),
    (
        f"{LOWER} EMIT cpp)\nenable_testing()\n"
        "lh_add_numeric_test(t LIBRARY k FUNCTION decide REFERENCE models/score.py)",
        r"lh_add_numeric_test\(t\): 'k' has models in C\+\+, which only a program can call",
    ),
    (
        f"set(LH_MLIR_TRANSLATE nowhere/mlir-translate)\n{LOWER} EMIT cpp)",
        "LH_MLIR_TRANSLATE 'nowhere/mlir-translate' is neither a target nor a program",
    ),
    (
        f"add_custom_target(translator)\nset(LH_MLIR_TRANSLATE translator)\n{LOWER} EMIT cpp)",
        "LH_MLIR_TRANSLATE 'translator' is a target, but no executable",
    ),
    (
        f'set(LH_MLIR_TRANSLATE "${{CMAKE_SOURCE_DIR}}/old")\n{LOWER} EMIT cpp)',
        "'.*/old' is of LLVM 19.1.7, which is too old; EMIT cpp needs LLVM 22 or newer; set LH_MLIR_TRANSLATE",
    ),
    (
        f'set(LH_MLIR_TRANSLATE "${{CMAKE_COMMAND}}")\n{LOWER} EMIT cpp)',
        "does not tell its version of LLVM; set LH_MLIR_TRANSLATE to an mlir-translate",
    ),
    (
        f"set(CMAKE_FIND_USE_SYSTEM_ENVIRONMENT_PATH OFF)\nfunction(find_program)\nendfunction()\n{LOWER} EMIT cpp)",
        r"EMIT cpp needs mlir-translate, which is not found: install LLVM's MLIR tools \(mlir-22-tools or newer",
    ),
]


def mlir_translate() -> str | None:
    directories = sorted(Path("/usr/lib").glob("llvm-*/bin"), key=lambda path: int(path.parent.name[5:]), reverse=True)
    return shutil.which("mlir-translate", path=os.pathsep.join([os.environ["PATH"], *map(str, directories)]))


def check(project: Project) -> None:
    tool = mlir_translate()
    if tool is None:
        print("skipped: there is no mlir-translate (LLVM's MLIR tools, mlir-22-tools on Debian)")
        sys.exit(SKIPPED)
    if project.settings.generator == NINJA:  # they are found before a generator does anything
        mistakes(project)
    properties = project.configure()
    root = project.binary
    assert (
        f"PROPERTIES policies|STATIC_LIBRARY|{root}/policies/models/decide.cpp;{root}/policies/models/decide.mlir;"
        in (properties)
    ), properties
    assert f"|{root}/policies/include/demo/policies.h\n" in properties, properties
    assert f"PROPERTIES more|OBJECT_LIBRARY|{root}/more/models/decide.cpp|{root}/more/include/more.h" in properties
    project.build()
    project.expect_nothing()
    computes(project, seed=7)
    project.program("app_shared")
    installs(project)
    rebuilds(project, tool)
    failures(project)


def mistakes(project: Project) -> None:
    project.write("old", "#!/bin/sh\necho 'LLVM (http://llvm.org/):'\necho '  LLVM version 19.1.7'\n")
    (project.source / "old").chmod(0o755)
    for case, error in CASES:
        project.write("case.cmake", case + "\n")
        project.configure(error=error)
        project.remove("CMakeCache.txt")
    (project.source / "case.cmake").unlink()


def computes(project: Project, seed: int) -> None:
    lines = project.program("app", *map(str, FEATURES)).splitlines()
    expected = reference(project, seed)
    found = [float(word) for word in lines[0].split()]
    assert all(math.isclose(a, b, rel_tol=1e-5) for a, b in zip(found, expected)), (found, expected)
    assert lines[1:] == ["decide of 3 choice", "2"] * 2, lines


def reference(project: Project, seed: int) -> list[float]:
    """What NumPy makes of the weights."""
    import numpy as np

    spec = importlib.util.spec_from_file_location("score", project.source / "models" / "score.py")
    assert spec is not None
    assert spec.loader is not None
    sys.modules.setdefault("mlir", type(sys)("mlir"))  # the weights need none of it
    vars(sys.modules["mlir"]).setdefault("ir", None)
    score = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(score)
    x = np.array(FEATURES)
    for (weights, bias), (m, n) in zip(score.layers(seed), itertools.pairwise(score.SIZES)):
        x = np.tanh(x @ np.reshape(weights, (m, n)) + bias)
    return [float(value) for value in x]


def installs(project: Project) -> None:
    prefix = project.source.parent / "installed"
    project.run(project.settings.cmake, "--install", str(project.binary), "--prefix", str(prefix))
    installed = {str(path.relative_to(prefix)) for path in prefix.glob("include/**/*.h")}
    assert installed == {"include/demo/policies.h", "include/lighthouse/model.h"}, installed


def rebuilds(project: Project, tool: str) -> None:
    # Other weights: other sources, the same header.
    project.edit("models/decide.mlir", "-1.5, 0.25", "-1.5, 0.0")
    decide = {f"Lowering {name}/models/decide" for name in ("policies", "more", "shared")}
    project.expect(*decide)
    assert project.program("app", *map(str, FEATURES)).splitlines()[2] == "0"
    # Another name: another header.
    project.edit("models/decide.mlir", '"choice"', '"choice2"')
    project.edit("shared.cpp", "choice", "choice2")
    project.expect(*decide, *(f"Writing the header of {name}" for name in ("policies", "shared")))
    project.edit("CMakeLists.txt", "{seed=7}", "{seed=8}")
    project.build()
    project.expect_nothing()
    assert project.program("app", *map(str, FEATURES)).splitlines()[0] != ""
    lines = project.program("app", *map(str, FEATURES)).splitlines()
    assert math.isclose(float(lines[0].split()[0]), reference(project, 8)[0], rel_tol=1e-5), lines
    # The tool is an input.
    project.write("translate", f'#!/bin/sh\nexec {tool} "$@"\n')
    (project.source / "translate").chmod(0o755)
    project.configure(f"-DLH_MLIR_TRANSLATE={project.source}/translate")
    project.build()
    project.expect_nothing()
    # The same bytes are the same tool.
    project.touch("translate")
    ran = project.ours(project.build())
    assert ran == {"Identifying translate"}, ran
    project.write("translate", f'#!/bin/sh\n# another\nexec {tool} "$@"\n')
    score = {"Lowering policies/models/score-seed-8", "Lowering shared/models/score"}
    ran = project.ours(project.build())
    assert decide | score <= ran, ran
    project.expect_nothing()


def failures(project: Project) -> None:
    before = project.contents("policies/**/*")
    project.edit("models/decide.mlir", "tosa.add", "tosa.nosuch")
    project.build(error=r"decide\.mlir:9:\d+: error: ")
    project.edit("models/decide.mlir", "tosa.nosuch", "tosa.add")
    text = (project.source / "models/decide.mlir").read_text()
    project.write(
        "models/decide.mlir",
        text + "func.func @more(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }\n",
    )
    project.build(
        error=r"decide\.mlir:15:1: error: argument 0 of the model '@more' is a tensor<\?xf32>: its size is not"
    )
    assert project.contents("policies/**/*") == before
