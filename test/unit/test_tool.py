# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pure parts of TOOL and of embedded stages: steps read off text, what tools print, identities, C++ data."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from lighthouse_build.emission import embedding
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.stage_file import PASSES, PYTHON, SCHEDULE, TOOL_SCHEDULE, ResolvedStage, Step
from lighthouse_build.tool import messages
from lighthouse_build.tool.command import check_path, command, pipeline, steps_of
from lighthouse_build.tool.identity import files, identify
from lighthouse_build.tool.program import Tool

BODY = r"""module attributes {lh.stage} {
  module @step0 attributes {lh.pass_pipeline = "builtin.module(a{x=\22y\22},func.func(b))"} {
  }
  module @step1 attributes {transform.with_named_sequence} {
    module @step9 attributes {lh.pass_pipeline = "builtin.module(nested)"} {
    }
  }
  module @step2 attributes {lh.tool_schedule = {entry = "main", text = "module {\0A  \22\C3\A9\22 \\}\0A"}} {
  }
}
"""
STEPS = (Step(PASSES, "a"), Step(SCHEDULE, "s.mlir"), Step(TOOL_SCHEDULE, "t.mlir"))


def stage(*steps: Step, body: str = BODY, path: str = "x.stage.mlir") -> ResolvedStage:
    return ResolvedStage(steps or STEPS, body, "x", path=path)


def test_steps_are_read_off_the_text() -> None:
    first, second, third = steps_of(stage())
    assert first.passes == 'a{x="y"},func.func(b)'
    assert second.entry == "__lh_step1"
    assert not second.text
    assert (third.entry, third.text) == ("main", 'module {\n  "é" \\}\n')
    assert pipeline([first, second], "/l.mlir") == (
        "builtin.module(transform-preload-library{transform-library-paths=/l.mlir},"
        'a{x="y"},func.func(b),transform-interpreter{entry-point=__lh_step1})'
    )
    assert pipeline([first], "") == 'builtin.module(a{x="y"},func.func(b))'
    assert pipeline([], "") == "builtin.module()"


def test_a_damaged_stage_and_a_python_step_are_refused() -> None:
    with pytest.raises(InputError, match="does not agree with its manifest; resolve it again"):
        steps_of(stage(Step(PASSES, "a")))
    with pytest.raises(InputError, match=r"'x' cannot be applied by a tool: its step 'p\.py' runs Python"):
        steps_of(stage(Step(PASSES, "a"), Step(PYTHON, "p.py"), Step(PASSES, "b")))


def test_the_command_of_a_stage() -> None:
    holder = '  module @step0 attributes {lh.pass_pipeline = "builtin.module(a)"} {\n  }\n'
    body = f"module attributes {{lh.stage}} {{\n{holder}}}\n"
    passes = stage(Step(PASSES, "a"), body=body)
    assert command("foo-opt", ["k.mlir"], [passes, passes]) == "foo-opt k.mlir '--pass-pipeline=builtin.module(a,a)'"
    with pytest.raises(InputError, match=r"the step 't.mlir' wants a process of its own; .* lh-opt --tool=foo-opt"):
        command("foo-opt", [], [stage()])
    body = "module attributes {lh.stage} {\n  module @step0 attributes {transform.with_named_sequence} {\n  }\n}\n"
    one, two = (stage(Step(SCHEDULE, "s"), body=body, path=path) for path in ("/1.stage.mlir", "/2.stage.mlir"))
    assert "transform-library-paths=/1.stage.mlir}" in command("foo-opt", [], [one])
    with pytest.raises(InputError, match="resolve them to one with --emit=stage first"):
        command("foo-opt", [], [one, two])


def test_a_path_that_options_cannot_hold_is_refused() -> None:
    check_path("/a/b-c_d.mlir", "")
    for path in ("/a b", "/a,b", "/a{b", "/a)"):
        with pytest.raises(InputError, match="which options of passes cannot; do this"):
            check_path(path, "do this")


PRINTED = """\
k.mlir:3:10: error: 'tiny.eval' op cannot be expanded
  %out = tiny.eval %p(%in) : tensor<?xf32>
         ^
k.mlir:1:1: note: called from here
func.func @f()
^
<unknown>:0: error: MLIR Textual PassPipeline Parser:1:1: error: 'foo' does not refer to a registered pass or …
foo
^
k.mlir:7: warning: odd
  in two lines
"""


def test_what_a_tool_prints_becomes_diagnostics() -> None:
    first, second, third = messages.diagnostics(PRINTED, lambda at: at)
    assert (first.message, first.location) == ("'tiny.eval' op cannot be expanded", SourceLocation("k.mlir", 3, 10))
    assert [(n.message, n.severity) for n in first.notes] == [("called from here", "note")]
    assert second.location is None
    assert second.message == "'foo' does not refer to a registered pass or …"
    assert (third.severity, third.message) == ("warning", "odd\n  in two lines")
    assert messages.unknown_pass(PRINTED) == "foo"
    assert messages.how_it_died(-11) == "died by SIGSEGV"


def test_the_end_of_a_tool_with_assertions_is_explained() -> None:
    text = "LLVM ERROR: Loading a dialect (arith) while in a multi-threaded execution context …"
    assert "'arith' while passes ran" in messages.explain_abort(text)
    assert not messages.explain_abort("LLVM ERROR: out of memory")


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_the_version_of_a_tool(tmp_path: Path) -> None:
    old = script(tmp_path / "old", "echo '  Debian LLVM version 17.0.6'")
    assert Tool(old).version() == "17.0.6"
    with pytest.raises(InputError, match=r"old' has LLVM 17\.0\.6, which is too old; stages need LLVM 18 or newer"):
        Tool(old).check_version()
    silent = Tool(script(tmp_path / "silent", "exit 1"))
    assert not silent.version()
    silent.check_version()
    with pytest.raises(InputError, match="which does not exist; build it first"):
        Tool(str(tmp_path / "none"))
    (tmp_path / "data").write_text("")
    with pytest.raises(InputError, match="which is not a program"):
        Tool(str(tmp_path / "data"))


@pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")
def test_the_identity_is_of_the_tool_and_its_own_libraries(tmp_path: Path) -> None:
    def build(value: int) -> None:
        (tmp_path / "l.c").write_text(f"int f(void) {{ return {value}; }}\n")
        subprocess.run(["cc", "-shared", "-fPIC", "l.c", "-o", "libl.so"], cwd=tmp_path, check=True)

    build(1)
    (tmp_path / "m.c").write_text("int f(void); int main(void) { return f(); }\n")
    subprocess.run(["cc", "m.c", "-o", "m", "-L.", "-ll", "-Wl,-rpath,$ORIGIN"], cwd=tmp_path, check=True)
    program = str(tmp_path / "m")
    assert files(program) == [program, str(tmp_path / "libl.so")]
    first = identify(program)
    build(1)
    assert identify(program) == first
    build(2)
    assert identify(program) != first
    (tmp_path / "libl.so").unlink()
    with pytest.raises(InputError, match=r"its shared library 'libl\.so' is not found"):
        identify(program)


def test_text_as_a_literal_of_cxx(tmp_path: Path) -> None:
    body = 'module {\n  a = "é\\0A??=\\\\"\n}\n'
    source = embedding.render_source(
        [stage(Step(PASSES, "x"), body=body, path="a-b.stage.mlir")], header="h.h", namespace="n::m", origin="x"
    )
    assert '    "  a = \\"\\303\\251\\\\0A\\?\\?=\\\\\\\\\\"\\n"' in source, source
    assert "const ::lh::EmbeddedStage a_b = {" in source
    assert "namespace n::m {" in source


def test_stages_that_cannot_be_embedded() -> None:
    one = stage(Step(PASSES, "x"), path="d/while.stage.mlir")
    with pytest.raises(InputError, match="a stage called 'while' cannot be a constant of C"):
        embedding.render_header([one], guard_name="h.h")
    with pytest.raises(InputError, match="two stages would be called 'a_b'; rename one"):
        embedding.render_header([stage(path="a.b.stage.mlir"), stage(path="a-b.stage.mlir")], guard_name="h.h")
    with pytest.raises(InputError, match=r"'s' cannot be embedded: its step 'p\.py' runs Python on the payload"):
        embedding.render_header([stage(Step(PYTHON, "p.py"), path="s.stage.mlir")], guard_name="h.h")
    needs = ResolvedStage((), "", "x", requires=("ext",), path="s.stage.mlir")
    with pytest.raises(InputError, match="'s' cannot be embedded: it needs 'ext', which Python defines"):
        embedding.render_header([needs], guard_name="h.h")
