# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""TOOL with a program: what crosses to and from it, how often it runs, and what is said when something is wrong."""

import os
import time
from pathlib import Path

from run import NINJA, Project, need_mlir_opt

LATE = (
    "LLVM ERROR: Loading a dialect (arith) while in a multi-threaded execution context (maybe the PassManager): this "
    "can indicate a missing \\`dependentDialects\\` in a pass for example."
)
BINDINGS = r"the bindings \S+ \S+ \(LLVM \d+\.\d+\S*\)"
K = "Lowering k/k"
TEXT = "Lowering text/only"
BINARY = "Lowering binary/only"
GENERATED = "Lowering generated/payload-value-7"
LOWER = "SOURCES k.mlir EMIT mlir"


def check(project: Project) -> None:
    opt = need_mlir_opt()
    script(project, opt, "")
    case(project, "include(good.cmake)")
    project.configure()
    good(project)
    by_hand(project, opt)
    incremental(project, opt)
    if project.settings.generator == NINJA:  # they are found before a generator does anything
        configure_errors(project, opt)
    build_errors(project, opt)


def case(project: Project, text: str) -> None:
    project.write("case.cmake", text + "\n")


def script(project: Project, opt: str, condition: str, name: str = "opt") -> None:
    """A tool that notes each of its runs, and does `condition` first."""
    log = project.source.parent / "runs.log"  # not where stages are looked for
    project.write(name, f'#!/bin/sh\necho "$*" >> "{log}"\n{condition}\nexec {opt} "$@"\n')
    (project.source / name).chmod(0o755)
    log.unlink(missing_ok=True)


def runs(project: Project) -> list[str]:
    """The runs of the tool that applied something, since the last question."""
    log = project.source.parent / "runs.log"  # not where stages are looked for
    lines = log.read_text().splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return [line for line in lines if "--pass-pipeline=" in line and not line.startswith("- ")]


def good(project: Project) -> None:
    ran = project.ours(project.build())
    assert {K, TEXT, BINARY, GENERATED, "Identifying opt"} <= ran, ran
    assert project.program("app") == "55 7\n"
    text = (project.binary / "text/only.mlir").read_text()
    assert "!test.i32" in text, text
    assert "attributes {own}" in text, text
    assert "arith.constant 2 : i32" in text, text  # folded by a pass of the tool's
    assert (project.binary / "binary/only.mlirbc").read_bytes()[:4] == b"ML\xefR"
    lowered = (project.binary / "k/k.mlir").read_text()
    assert "llvm.func @sum" in lowered, lowered
    assert "{first, llvm.emit_c_interface, mark = 17 : i64, own}" in lowered, lowered
    assert lowered.count("llvm.load") >= 2, lowered  # unrolled
    project.expect_nothing()


def by_hand(project: Project, opt: str) -> None:
    """The printed command does what the driver does; so does the flat library of a stage."""
    python = project.settings.python
    interpreter = f"{python}/bin/python3" if os.path.isdir(python) else python
    driver = [interpreter, "-B", str(project.settings.sources / "python/lighthouse_build/__main__.py")]
    payload = str(project.source / "k.mlir")
    stage = f"--stage={project.binary / 'unroll.stage.mlir'}"
    expected = project.run(*driver, payload, stage, f"--tool={opt}")
    command = project.run(*driver, payload, stage, f"--tool={opt}", "--print-tool-command").strip()
    assert project.run("/bin/sh", "-c", command).strip() == expected.strip()
    both = f"--stage={project.binary / 'annotate.stage.mlir'}"
    library = project.binary / "flat.mlir"
    project.run(*driver, both, stage, "--emit=schedule", "-o", str(library))
    assert "@helper_1" in library.read_text(), library.read_text()
    pipeline = f"builtin.module(transform-preload-library{{transform-library-paths={library}}},%s)" % ",".join(
        f"transform-interpreter{{entry-point=__lh_step{n}}}" for n in range(2)
    )
    flat = project.run(opt, payload, f"--pass-pipeline={pipeline}")
    assert flat.strip() == project.run(*driver, payload, both, stage, f"--tool={opt}").strip()
    assert "first, mark = 17 : i64" in flat, flat


def incremental(project: Project, opt: str) -> None:
    # All steps of resolved stages in one process, a schedule that only the tool reads in its own.
    runs(project)
    project.touch("k.mlir")
    project.build()
    (first, second, third, *_) = found = [
        line for line in runs(project) if "--pass-pipeline=builtin.module()" not in line
    ]
    assert len(found) == 3, found
    assert "entry-point=__lh_step0},cse,transform-interpreter{entry-point=__lh_step1}" in first, first
    assert "entry-point=only_one" in second, second
    assert "convert-to-llvm" in third, third
    # The same tool once more, and another one.
    project.touch("opt")
    assert project.ours(project.build()) == {"Identifying opt"}
    project.expect_nothing()
    time.sleep(0.01)
    script(project, opt, "# another")
    ran = project.ours(project.build())
    assert {K, TEXT, BINARY, GENERATED, "Identifying opt", "Resolving stage own"} <= ran, ran
    project.expect_nothing()
    # A comment in a schedule that the tool reads is not the schedule.
    project.edit("own.mlir", "// With", "// Here with")
    assert project.ours(project.build()) == {"Resolving stage own"}


def configure_errors(project: Project, opt: str) -> None:
    """What is known at configure time."""
    project.write("old", "#!/bin/sh\necho 'LLVM version 16.0.6'\n")
    (project.source / "old").chmod(0o755)
    cases = [
        (f"lh_lower(k {LOWER} STAGES cse TOOL old)", r"old' has LLVM 16\.0\.6, which is too old; .* LLVM 18 or newer"),
        (f"lh_lower(k {LOWER} STAGES cse TOOL main.c)", "the tool is '.*main.c', which is not a program"),
        (f"lh_lower(k {LOWER} STAGES cse TOOL gone)", "the TOOL 'gone' is neither a target nor a program"),
        (
            f"lh_add_stage(s PASSES cse TOOL opt)\nlh_lower(k {LOWER} STAGES s)",
            r"lh_lower\(k\): the stage 's' is declared with TOOL \S+/opt, which alone can apply it",
        ),
        (
            f"lh_add_stage(s PASSES cse TOOL opt)\nlh_lower(k {LOWER} STAGES s TOOL {opt})",
            r"the stage 's' is declared with TOOL \S+/opt, not with \S+/mlir-opt",
        ),
        (
            f"lh_add_stage(s SCHEDULE annotate.py GENERATOR aware)\nlh_lower(k {LOWER} STAGES s TOOL opt)",
            r"the stage 's' cannot be applied by a tool: .* \(annotate.py\[aware\]: 'aware' takes the payload\)",
        ),
        (
            f'lh_lower(k {LOWER} STAGES "annotate.py[stage=Stage]" TOOL opt)',
            r"cannot be applied by a tool: .* \(annotate.py\[stage=Stage\]: 'Stage' is a stage class\)",
        ),
    ]
    for text, error in cases:
        case(project, text)
        project.configure(error=error)


def build_errors(project: Project, opt: str) -> None:
    """What is known when the tool runs."""
    project.write(
        "bad.mlir",
        "module attributes {transform.with_named_sequence} {\n"
        "  transform.named_sequence @a(%r: !transform.any_op) {\n    transform.nope %r : !transform.any_op\n"
        "    transform.yield\n  }\n}\n",
    )
    script(project, opt, f'case "$*" in *cse*) echo "{LATE}" >&2; kill -ABRT $$;; esac', "late")
    script(project, opt, 'case "$*" in *cse*) kill -SEGV $$;; esac', "dies")
    script(project, opt, r'case "$*" in -\ *) ;; *cse*) echo $$ >> "$0.pids"; exec sleep 600;; esac', "hangs")
    script(project, opt, 'case "$*" in *cse*) echo "not MLIR"; exit 0;; esac', "lies")
    tool = r"'[\w-]+' \(LLVM 22\.\S+\)"
    cases = [
        # Checked by the tool when the stage is resolved, at the place where it is declared.
        (
            "lh_add_stage(s PASSES cse no-such-pass TOOL opt)",
            rf"{tool} has no pass 'no-such-pass', which the step 'no-such-pass' needs; register it in the tool",
        ),
        (
            'lh_add_stage(s PASSES "canonicalize{max-iterationz=3}" TOOL opt)',
            rf"{tool} refuses the step 'canonicalize\{{max-iterationz=3\}}': no such option max-iterationz",
        ),
        (
            "lh_add_stage(s SCHEDULE bad.mlir TOOL opt)",
            rf"bad\.mlir:3:5: error: {tool} cannot read the schedule 'bad\.mlir': .*'transform\.nope'",
        ),
        (
            "lh_add_stage(s SCHEDULE unroll.mlir SEQUENCE nope TOOL opt)",
            r"has no named sequence 'nope'; the sequences are 'helper', '__transform_main'",
        ),
        (
            'lh_add_stage(s STAGES "unroll.mlir{factor=2}" TOOL opt)',
            r"'unroll\.mlir' takes no parameters: .* gets it unparsed",
        ),
        # When a payload is lowered.
        (
            f"lh_lower(k {LOWER} STAGES cse TOOL dies)",
            rf"tool {tool} died by SIGSEGV while running stage '\S+', step 'cse' on '\S+/k\.mlir' .* a reproducer is",
        ),
        (
            f"lh_lower(k {LOWER} STAGES cse TOOL late)",
            r"died by SIGABRT while running .* it loaded the dialect 'arith' while passes ran, .*getDependentDialects",
        ),
        (
            f"lh_lower(k {LOWER} STAGES cse TIMEOUT 2 TOOL hangs)",
            r"ran longer than the timeout of 2 s while running .* in the tool 'hangs'",
        ),
        (
            "lh_lower(k SOURCES k.mlir STAGES cse TOOL lies)",
            rf"the lowered payload, written by the tool {tool}, cannot be read by {BINDINGS}: .* different versions",
        ),
        # A transform operation that has more results in the bindings' version of MLIR than in the tool's.
        (
            f"lh_add_stage(s PIPELINE bufferize.yaml)\nlh_lower(k {LOWER} STAGES s TOOL {opt})",
            rf"written by {BINDINGS}, cannot be read by the tool {tool}: .* they are of different versions of MLIR",
        ),
    ]
    for text, error in cases:
        case(project, text)
        project.configure()
        project.build(error=error)
    pids = (project.source / "hangs.pids").read_text().split()
    assert pids
    assert not [pid for pid in pids if _runs(pid)], "the tool outlived its time"


def _runs(pid: str) -> bool:
    """Whether a process is there that is not dead; init may be slow to take note of one that is."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"
