# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Stages as data in a C++ program: what they are, what a change rebuilds, what cannot be embedded."""

import os
import shutil

from run import MULTI, Project, Skipped, need_mlir_opt

MARK = "Resolving stage mark.it"
CLEANUP = "Resolving stage cleanup"
STAGES = "Embedding stages stages"
MORE = "Embedding stages more"
DECLARED = "lh_add_stage(s SCHEDULE mark.py OPTIONS name=x)\n"


def check(project: Project) -> None:
    case(project, "include(good.cmake)")
    configured = project.configure(
        f"-DCMAKE_INSTALL_PREFIX={project.binary / 'prefix'}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror"
    )
    assert "warning" not in configured.lower(), configured
    project.expect(MARK, CLEANUP, STAGES, MORE)
    assert project.program("app") == "mark_it 1 mark.py; cleanup 2 canonicalize func.func(cse)\n"
    # What is embedded is the file but for its manifest, and no Python is in it.
    _, text = (project.binary / "mark.it.stage.mlir").read_text().split("\n", 1)
    assert project.program("app", "text") == text
    assert "python" not in project.run("ldd", str(project.artifact("app"))).lower()
    incremental(project)
    installed(project)
    if project.settings.generator != MULTI:
        configure_errors(project)
        build_errors(project)


def case(project: Project, text: str) -> None:
    project.write("case.cmake", text + "\n")


def incremental(project: Project) -> None:
    """A changed stage compiles its library and links; an unchanged one does nothing."""
    project.edit("mark.py", '"""Returns the schedule."""', '"""The schedule."""')
    assert project.build() == [MARK]
    project.edit("mark.py", 'sequence.match("func.func"), name', 'sequence.match("func.func"), name + "!"')
    ran = project.build()
    assert project.ours(ran) == {MARK, STAGES}, ran
    compiled = [os.path.basename(step) for step in ran if step.startswith("Building CXX object")]
    assert compiled == ["stages.cpp.o"], ran
    project.expect_nothing()
    assert "!" in project.program("app", "text")
    note = f"CMakeFiles/stages.lh/embed.{'d' if project.ninja else 'stamp'}"
    for path in ("stages/include/stages.h", "stages/stages.cpp", note):
        if not project.has(path):
            continue  # CMake 4.4 lets Ninja take depfiles into its own log
        before = project.contents("stages/**/*")
        project.remove(path)
        project.build()
        assert project.contents("stages/**/*") == before, path
        project.expect_nothing()


def installed(project: Project) -> None:
    """The library can be installed and used where there is no Lighthouse Build."""
    project.run(project.settings.cmake, "--install", str(project.binary), "--config", "Release")
    prefix = project.binary / "prefix"
    assert (prefix / "include/lighthouse/apply_stage.h").is_file()
    consumer = Project(project.settings, project.source / "consumer", project.binary / "consumer")
    consumer.configure(f"-DCMAKE_PREFIX_PATH={prefix}")
    consumer.build()
    assert consumer.program("consumer") == "canonicalize\n"
    shutil.rmtree(consumer.binary)


def configure_errors(project: Project) -> None:
    cases = [
        ("lh_embed_stage(e)", r"lh_embed_stage\(e\): STAGES is missing"),
        ("lh_embed_stage(e STAGES cse)", "'cse' is not a declared stage; declare it with lh_add_stage"),
        ("lh_embed_stage(e STAGES no::such)", "there is no stage 'no::such'"),
        (DECLARED + "lh_embed_stage(e STAGES s s)", "the stage 's' is named twice"),
        (DECLARED + "lh_embed_stage(e STAGES s HEADER e.txt)", "HEADER 'e.txt' is not a relative path of a header"),
        (DECLARED + "lh_embed_stage(e STAGES s NAMESPACE a-b)", "NAMESPACE 'a-b' is not a C.. namespace"),
        (DECLARED + "lh_embed_stage(e STAGES s KIND x)", "unknown argument|unknown argument 'KIND'"),
        (
            "lh_add_stage(a.b PASSES cse)\nlh_add_stage(a-b PASSES cse)\nlh_embed_stage(e STAGES a.b a-b)",
            "the constant of 'a-b' would be called 'a_b', as that of another stage; rename one",
        ),
        (
            "lh_add_stage(s SCHEDULE mark.py GENERATOR aware)\nlh_embed_stage(e STAGES s)",
            r"the stage 's' cannot be embedded: it runs Python when it is applied "
            r"\(mark.py\[aware\]: 'aware' takes the payload\)",
        ),
        (
            'lh_add_stage(inner STAGES cse "mark.py[stage=Stage]")\nlh_add_stage(s STAGES inner)\n'
            "lh_embed_stage(e STAGES s)",
            r"the stage 'inner' cannot be embedded: .* \(mark.py\[stage=Stage\]: 'Stage' is a stage class\)",
        ),
    ]
    for text, error in cases:
        case(project, text)
        project.configure(error=error)


def build_errors(project: Project) -> None:
    """What is only known when a stage is resolved."""
    case(project, "lh_add_stage(s SCHEDULE mark.py GENERATOR hidden)\nlh_embed_stage(e STAGES s)")
    project.configure()
    project.build(
        error=r"the stage 's' cannot be embedded: its step 'mark.py\[hidden\]' runs Python on the payload, and"
    )
    try:
        opt = need_mlir_opt()
    except Skipped as reason:
        print(f"not tested with TOOL: {reason}")
        return
    # Schedules of the bindings' version of MLIR, for a compiler of another one.
    case(project, f"lh_add_stage(s PIPELINE bufferize.yaml)\nlh_embed_stage(e STAGES s TOOL {opt})")
    project.configure()
    project.build(
        error=r"the stage, written by the bindings \S+ \S+, cannot be read by 'mlir-opt' \(LLVM 22\.\S+\): 'tr"
    )
    case(project, DECLARED + f"lh_add_stage(p PASSES cse)\nlh_embed_stage(e STAGES s p TOOL {opt})")
    project.configure()
    project.build()
