# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The example of a C++ compiler, as a project of its own: its tool lowers, its stages are embedded, and only what must
be is built again."""

import os
import re
import shutil

from run import Project, need_mlir

RUNTIME = {"Lowering runtime/runtime/exp", "Lowering runtime_estrin/runtime/sin"}
VECTORIZE = {"Resolving stage vectorize_narrow", "Resolving stage vectorize_wide"}
TOOL_STAGES = {"Resolving stage expand", "Resolving stage estrin", "Resolving stage to_llvm"}
IDENTIFY = "Identifying tiny-opt"
EMBED = "Embedding stages stages"
COMPILE = "Compiling quadratic.mlir with tinyc"
STRICT = "add_executable(strict-opt strict-opt.cpp)\ntarget_link_libraries(strict-opt PRIVATE tiny-dialect)\n"
LATE = """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.consumed}) {
    %0 = transform.apply_registered_pass "convert-scf-to-emitc" to %root : (!transform.any_op) -> !transform.any_op
    transform.yield
  }
}
"""
UNKNOWN = """\
func.func @f(%p: !tiny.poly, %x: memref<?xf32>, %y: memref<?xf32>) {
  %in = bufferization.to_tensor %x restrict : memref<?xf32> to tensor<?xf32>
  %out = tiny.eval %p(%in) : tensor<?xf32>
  bufferization.materialize_in_destination %out in restrict writable %y : (tensor<?xf32>, memref<?xf32>) -> ()
  return
}
"""


def check(project: Project) -> None:
    mlir = need_mlir()
    shutil.copytree(project.settings.sources / "examples/compiler", project.source, dirs_exist_ok=True)
    shutil.copy(project.settings.sources / "test/cmake/compiler/strict-opt.cpp", project.source / "tools")
    project.write("late.mlir", LATE)
    project.edit("tools/CMakeLists.txt", "add_executable(tiny-opt", STRICT + "add_executable(tiny-opt")
    project.patience = 3000  # for what takes two minutes of an idle machine
    project.configure(
        f"-DMLIR_DIR={mlir}",
        f"-DLIGHTHOUSE_SOURCE_DIR={project.settings.sources}",
        "-DCMAKE_CXX_FLAGS_RELEASE=-O0 -DNDEBUG",  # half the time
    )
    ran = project.ours(project.build())
    assert RUNTIME | VECTORIZE | TOOL_STAGES | {IDENTIFY, EMBED} <= ran, ran
    project.expect_nothing()
    assert "largest error" in project.program("program")
    without_python(project)
    diagnostics(project)
    late_dialect(project)
    generator(project)
    tool(project)


def without_python(project: Project) -> None:
    """The compiler does without Python."""
    tinyc = project.artifact("tinyc")
    assert "python" not in project.run("ldd", str(tinyc)).lower()
    again = project.binary / "again.o"
    payload = str(project.source / "test/quadratic.mlir")
    empty = project.binary / "empty"
    empty.mkdir()
    project.run("/usr/bin/env", "-i", f"PATH={empty}", str(tinyc), payload, "-o", str(again))
    assert again.read_bytes() == (project.binary / "quadratic.o").read_bytes()
    narrow, wide = (project.run(str(tinyc), payload, "--emit-mlir", f"--width={width}") for width in ("narrow", "wide"))
    assert "vector<4xf32>" in narrow, narrow
    assert "vector<16xf32>" in wide, wide


def diagnostics(project: Project) -> None:
    """What fails in an embedded stage is told as MLIR tells it, and which step it was."""
    payload = project.binary / "unknown.mlir"  # in the sources it would be a place where stages are looked for
    payload.write_text(UNKNOWN)
    output = project.run(str(project.artifact("tinyc")), str(payload), "-o", "-", status=1)
    assert "unknown.mlir:3:10: error: 'tiny.eval' op cannot be expanded: its polynomial is not known here" in output
    assert "error: the embedded stage 'expand' failed in its step 'tiny-expand'" in output, output


def late_dialect(project: Project) -> None:
    """What ends a tool that is built with assertions, and in a program nothing at all: no pass manager runs."""
    schedule = str(project.source / "late.mlir")
    payload = str(project.source / "test/quadratic.mlir")
    strict = str(project.artifact("tools/strict-opt"))
    driver = [project.settings.python, "-B", str(project.settings.sources / "python/lighthouse_build/__main__.py")]
    if os.path.isdir(project.settings.python):
        driver[0] = f"{project.settings.python}/bin/python3"
    stage = str(project.binary / "late.stage.mlir")
    project.run(*driver, f"--stage={schedule}", "--emit=stage", "-o", stage)
    output = project.run(
        *driver,
        payload,
        "--stage=canonicalize",
        f"--stage={stage}",
        f"--tool={strict}",
        "--no-crash-diagnostics",
        status=4,
    )
    assert "the tool 'strict-opt' (LLVM 22" in output, output
    assert "died by SIGABRT while running stage" in output, output
    assert "step 'late.mlir'" in output, output
    assert re.search("it loaded the dialect '\\w+' while passes ran, which LLVM builds with assertions refuse", output)
    assert "getDependentDialects()" in output, output


def generator(project: Project) -> None:
    """A generator that generates the same: nothing else. One that does not: the stages, what they lower, the link."""
    project.edit("stages/vectorize.py", '"""Returns the schedule.', '"""Return the schedule.')
    ran = project.build()
    assert set(ran) == VECTORIZE, ran
    project.edit("stages/vectorize.py", "[width]), [width])", "[2 * width]), [2 * width])")
    ran = project.build()
    assert project.ours(ran) == VECTORIZE | RUNTIME | {EMBED}, ran
    assert COMPILE in ran, ran
    compiled = [step for step in ran if step.startswith("Building CXX object")]
    assert [os.path.basename(step) for step in compiled] == ["stages.cpp.o"], ran
    project.expect_nothing()
    assert "largest error" in project.program("program")


def tool(project: Project) -> None:
    """A tool of the same bytes lowers nothing; a pass that changed, in a shared library of the tool, lowers again."""
    project.edit("tiny/Expand.cpp", "// Estrin: pairs", "// After Estrin: pairs")
    ran = project.build()
    assert "Building CXX object tiny/CMakeFiles/tiny-dialect.dir/Expand.cpp.o" in ran, ran
    assert project.ours(ran) == {IDENTIFY}, ran
    project.expect_nothing()
    objects = ("runtime/runtime/*.o", "runtime_estrin/runtime/*.o")
    before = project.contents(*objects)
    executable = project.artifact("tools/tiny-opt").read_bytes()
    # Another polynomial, to be noticed.
    project.edit("tiny/Expand.cpp", "arith::AddFOp::create(builder, loc, product, c)", "product")
    ran = project.build()
    assert project.artifact("tools/tiny-opt").read_bytes() == executable
    assert project.ours(ran) == TOOL_STAGES | RUNTIME | {IDENTIFY, EMBED}, ran
    after = project.contents(*objects)
    assert after.keys() == before.keys()
    assert all(after[name] != before[name] for name in before), list(before)
    project.program("program", status=1)
    project.expect_nothing()
