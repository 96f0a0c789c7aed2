# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Mistakes in a call are fatal when CMake runs, and the message names the call and what is accepted."""

from run import NINJA, Project

STAGE_KEYWORDS = (
    "accepted are SCHEDULE, PIPELINE, GENERATOR, SEQUENCE, TOOL, TIMEOUT, "
    "PASSES, STAGES, OPTIONS, PARAMS, INCLUDE_DIRECTORIES, PYTHON_PATH, ENVIRONMENT, DEPENDS"
)
LOWER_KEYWORDS = (
    "accepted are STATIC, SHARED, OBJECT, NO_HEADER, HEADER, NAMESPACE, CLASS, SYMBOL_PREFIX, TARGET_TRIPLE, CPU, "
    "OPTIMIZE, OUTPUT_DIRECTORY, TIMEOUT, TOOL, JOB_POOL, BATCH_SIZE, SOURCES, STAGES, EMIT, FEATURES, LINK_LIBRARIES, "
    "ALLOW_UNDEFINED, DEPENDS"
)

# What is written in the CMakeLists.txt, and what the error says.
CASES = [
    # Keywords
    ("lh_add_stage(s TOOLS opt PASSES cse)", r"lh_add_stage\(s\): unknown argument 'TOOLS'; " + STAGE_KEYWORDS),
    ("lh_add_stage(s PASSES cse TOOLS opt)", r"lh_add_stage\(s\): unknown argument 'TOOLS'; " + STAGE_KEYWORDS),
    ("lh_add_stage(s PASSES cse TOOL opt)", r"lh_add_stage\(s\): the TOOL 'opt' is neither a target nor a program"),
    ("lh_add_stage(s PASSES cse TOOL not_a_stage)", "the TOOL 'not_a_stage' is a target, but not an executable"),
    (
        "lh_add_stage(s PASSES cse TOOL /bin/true)\nlh_add_check_test(t SOURCE a.mlir STAGES s CHECK a.mlir)",
        r"which alone can apply it; lower with lh_lower",
    ),
    (
        "lh_add_stage(s SCHEDULE a.mlir PARAMS p=1 TOOL /bin/true)",
        r"PARAMS does not go with TOOL and a \.mlir file, which is handed to the tool unparsed",
    ),
    ("lh_add_stage(s PASSES cse PARAMS p=1)", "PARAMS does not go with PASSES"),
    ("lh_add_stage(s SCHEDULE a.mlir extra)", "unknown argument 'extra'"),
    ("lh_lower(k SOURCES a.mlir STAGES cse VARIANTS x)", "unknown argument 'VARIANTS'; " + LOWER_KEYWORDS),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT c)", "unknown EMIT 'c'; accepted are object, .*, bitcode, cpp"),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT cpp)", r"EMIT cpp makes C\+\+ sources: enable CXX in project\(\)"),
    ("lh_lower(k SOURCES a.mlir STAGES cse BATCH_SIZE 0)", "BATCH_SIZE '0' is not a whole number greater than 0"),
    (
        "set(LH_BATCH_SIZE all)\nlh_lower(k SOURCES a.mlir STAGES cse)",
        "BATCH_SIZE 'all' is not a whole number greater than 0",
    ),
    ("lh_lower(k SOURCE a.mlir STAGES cse)", "unknown argument 'SOURCE'"),
    ("lh_lower(k SOURCES a.mlir STAGES cse CPU)", "CPU has no value"),
    ('lh_lower(k SOURCES a.mlir STAGES cse CPU "${unset}")', "an argument of CPU is empty"),
    ('lh_lower(k "" SOURCES a.mlir STAGES cse)', "an argument is empty"),
    ("lh_lower(k SOURCES a.mlir STAGES cse CPU x CPU y)", "CPU is given twice"),
    ("lh_lower(k SOURCES a.mlir SOURCES b.mlir STAGES cse)", "SOURCES is given twice"),
    ("lh_lower(k STAGES cse)", "SOURCES is missing"),
    ("lh_lower(k SOURCES a.mlir)", "STAGES is missing"),
    # Contradictions
    ("lh_add_stage(s)", "expected exactly one of PASSES, SCHEDULE, PIPELINE and STAGES"),
    ("lh_add_stage(s PASSES cse PIPELINE p.yaml)", "exactly one of .*, not 'PASSES and PIPELINE'"),
    ("lh_add_stage(s PASSES cse OPTIONS a=1)", r"OPTIONS does not go with PASSES; write it in the spec"),
    ("lh_add_stage(s PIPELINE p.yaml GENERATOR g)", "GENERATOR does not go with the .yaml file 'p.yaml'"),
    ("lh_add_stage(s SCHEDULE s.mlir GENERATOR g)", "GENERATOR does not go with the .mlir file 's.mlir'"),
    ("lh_add_stage(s SCHEDULE s.yaml)", "SCHEDULE 's.yaml' is not a .mlir or .py file"),
    ("lh_add_stage(s PIPELINE s.py)", "PIPELINE 's.py' is not a .yaml or .yml file"),
    ("lh_add_stage(s PASSES s.py)", "'s.py' is not a pass; use STAGES for targets and files"),
    ("lh_add_stage(s SCHEDULE s.py OPTIONS nothing)", "the option 'nothing' is not of the form name=value"),
    ("lh_lower(k STATIC SHARED SOURCES a.mlir STAGES cse)", "STATIC and SHARED exclude each other"),
    ("lh_lower(k NO_HEADER HEADER k.h SOURCES a.mlir STAGES cse)", "HEADER and NO_HEADER exclude each other"),
    ("lh_lower(k NO_HEADER NAMESPACE n SOURCES a.mlir STAGES cse)", "NAMESPACE is for the header, but NO_HEADER"),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT mlir HEADER k.h)", "HEADER is for a library, but EMIT has no object"),
    ("lh_lower(k SHARED SOURCES a.mlir STAGES cse EMIT mlir)", "are for a library, but EMIT has no object"),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT mlir mlir)", "EMIT names a kind twice"),
    ("lh_lower(k OBJECT SOURCES a.mlir STAGES cse)", r"enable ASM, project\(\.\.\. LANGUAGES C ASM\)"),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT assembly)", "a library of assembly is assembled by CMake: enable ASM"),
    # Values
    ("lh_lower(k SOURCES a.mlir STAGES cse OPTIMIZE 4)", "OPTIMIZE '4' is not 0, 1, 2 or 3"),
    ("lh_lower(k SOURCES a.mlir STAGES cse TIMEOUT soon)", "TIMEOUT 'soon' is not a number of seconds"),
    ("lh_add_stage(s PASSES cse TIMEOUT 0)", "TIMEOUT '0' is not a number of seconds"),
    ("lh_lower(k SOURCES a.mlir STAGES cse TIMEOUT 0)", "TIMEOUT '0' is not a number of seconds"),
    (
        "lh_lower(k SOURCES a.mlir STAGES cse SYMBOL_PREFIX 1x)",
        "SYMBOL_PREFIX '1x' is not the beginning of a C identif",
    ),
    ("lh_lower(k SOURCES a.mlir STAGES cse NAMESPACE a:b)", r"NAMESPACE 'a:b' is not a C\+\+ namespace"),
    ("lh_lower(k SOURCES a.mlir STAGES cse HEADER ../k.h)", r"HEADER '\.\./k\.h' is not a relative path of a header"),
    (
        "lh_lower(math SOURCES a.mlir STAGES cse)",
        r"the header 'math\.h' would take the place of another: #include <math\.h> would find it; give a HEADER of",
    ),
    ("lh_lower(k SOURCES a.mlir STAGES cse HEADER Stdint.h)", "the header 'Stdint.h' would take the place of another"),
    (
        "lh_lower(k SOURCES a.mlir STAGES cse HEADER lighthouse/memref.h)",
        "#include <lighthouse/memref.h> would find it",
    ),
    ("lh_lower(k SOURCES a.mlir STAGES cse HEADER k)", "HEADER 'k' is not a relative path of a header"),
    ("lh_lower(k SOURCES a.mlir STAGES cse FEATURES avx2)", r"the feature 'avx2' is not of the form \+name or -name"),
    (
        "lh_lower(k SOURCES a.mlir STAGES cse TARGET_TRIPLE aarch64-linux-gnu CPU cortex-a721)",
        r"lh_lower\(k\): unknown CPU 'cortex-a721' for aarch64-unknown-linux-gnu; did you mean 'cortex-a72'\?.*"
        r"case\.cmake:1 \(lh_lower\)",
    ),
    (
        "set(cpu nosuch)\nlh_lower(k SOURCES a.mlir STAGES cse TARGET_TRIPLE x86_64-linux-gnu CPU ${cpu})",
        r"lh_lower\(k\): unknown CPU 'nosuch' for x86_64-unknown-linux-gnu.* case\.cmake:2 \(lh_lower\)",
    ),
    (
        "lh_lower(k SOURCES a.mlir STAGES cse TARGET_TRIPLE x86_64-linux-gnu FEATURES +sse2 +avx3)",
        "unknown CPU feature 'avx3' for x86_64-unknown-linux-gnu; did you mean 'avx'",
    ),
    (
        "lh_lower(k SOURCES a.mlir STAGES cse TARGET_TRIPLE x87-linux-gnu EMIT mlir)",
        "unknown target triple 'x87-unknown-linux-gnu': LLVM has no code generator for 'x87'",
    ),
    ("lh_add_stage(s SCHEDULE s.py ENVIRONMENT 1=2)", "ENVIRONMENT '1=2' is not of the form name or name=value"),
    ("lh_add_stage(s SCHEDULE s.py ENVIRONMENT LH_TEST_UNSET)", "environment variable LH_TEST_UNSET is not set"),
    # Sources and outputs
    ("lh_lower(k SOURCES missing.mlir STAGES cse)", "the source 'missing.mlir' does not exist"),
    ("lh_lower(k SOURCES a.txt STAGES cse)", r"the source 'a\.txt' is not a \.mlir or \.mlirbc file"),
    ("lh_lower(k SOURCES a.mlir ./a.mlir STAGES cse)", r"the source '\./a\.mlir' is named twice"),
    ("lh_lower(k SOURCES a.mlir a.mlirbc STAGES cse)", r"'.*/k/a\.o' would be written twice, .* by lh_lower\(k\)"),
    ('lh_lower(k SOURCES "$<1:a.mlir>" STAGES cse)', "the path .* holds a generator expression"),
    # Targets
    ("lh_add_stage(not_a_stage PASSES cse)", "there is a target 'not_a_stage' already, made in"),
    ("lh_add_stage(declared PASSES cse)", "there is a target 'declared' already, made in"),
    ("lh_add_stage(all PASSES cse)", r"lh_add_stage\(all\): 'all' is a target that CMake makes itself; choose another"),
    ("lh_lower(edit_cache SOURCES a.mlir STAGES cse)", r"lh_lower\(edit_cache\): 'edit_cache' is a target that CMake"),
    ("lh_add_stage(a::b PASSES cse)", "'a::b' is no name for a target"),
    ("lh_lower(declared SOURCES a.mlir STAGES cse)", "there is a target 'declared' already"),
    ("lh_lower(k SOURCES a.mlir STAGES not_a_stage)", "the target 'not_a_stage' is not a stage; declare stages with"),
    ("lh_lower(k SOURCES a.mlir STAGES my::stage)", "there is no stage 'my::stage'; declare it with lh_add_stage"),
    (
        "lh_lower(k SOURCES a.mlir STAGES late)\nlh_add_stage(late PASSES cse)",
        r"lh_add_stage\(late\): lh_lower\(k\) has used 'late' as a pass already; declare the stage before it is used",
    ),
    ("lh_add_stage(cse PASSES cse)", "'cse' is a pass of MLIR; a stage needs another name"),
    # What lists and rules cannot carry
    ('lh_lower(k SOURCES a.mlir STAGES [=[s.mlir[s]{t="["}]=] cse)', "has an unbalanced square bracket"),
    ('lh_lower(k SOURCES "a.mlir;b.mlir" STAGES cse)', "holds a semicolon"),
    ('lh_lower(k SOURCES a.mlir STAGES cse "dir\\\\")', "ends in a backslash"),
    ("lh_lower(k SOURCES [[with#hash.mlir]] STAGES cse)", "holds a '#', which build rules of Ninja cannot; rename it"),
    ("lh_add_stage(s SCHEDULE [[a#b.py]])", "holds a '#', which build rules of Ninja cannot"),
    ("lh_lower(k SOURCES [[what?.mlir]] STAGES cse)", r"holds a '\?', which build rules of Ninja cannot"),
]
NINJA_CASES = [("lh_lower(k SOURCES a.mlir STAGES cse JOB_POOL p)", "the JOB_POOL 'p' is not defined")]
NO_LANGUAGE_CASES = [
    ("lh_lower(k SOURCES a.mlir STAGES cse)", r"enable C or CXX in project\(\), or EMIT neither object nor assembly"),
    ("lh_lower(k SOURCES a.mlir STAGES cse EMIT llvmir)", "no compiler to take the target triple from"),
]


def check(project: Project) -> None:
    for case, error in CASES + (NINJA_CASES if project.settings.generator == NINJA else []):
        project.write("case.cmake", case + "\n")
        project.configure(error=error)
    project.edit("CMakeLists.txt", "LANGUAGES C)", "LANGUAGES NONE)")
    project.remove("CMakeCache.txt")
    for case, error in NO_LANGUAGE_CASES:
        project.write("case.cmake", case + "\n")
        project.configure(error=error)
    # The checks do not refuse what is right, and a name that is no pass may be a stage.
    project.write(
        "case.cmake", "lh_add_stage(tile PASSES canonicalize)\nlh_lower(k SOURCES a.mlir STAGES tile EMIT mlir)\n"
    )
    project.configure()
    # A mistake in a spec shows when it is resolved, and points at the call.
    project.write(
        "case.cmake",
        'lh_add_stage(tile STAGES cse\n  "nosuchpass")\nlh_lower(k SOURCES a.mlir STAGES tile EMIT mlir)\n',
    )
    project.configure()
    project.build(error=r"case\.cmake:2:4: error: .*'nosuchpass'")
    # So does one that is nowhere in the call: the compiler's triple.
    project.write("case.cmake", "# Below.\nlh_lower(k SOURCES a.mlir STAGES cse)\n")
    project.edit("CMakeLists.txt", "LANGUAGES NONE)", "LANGUAGES C)")
    project.configure("-DCMAKE_C_COMPILER_TARGET=nosuch-linux-gnu")
    project.build(
        error=r"case\.cmake:2:1: error: unknown target triple 'nosuch-unknown-linux-gnu': .* lh_lower\(k SOURCES"
    )
