# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files written for llvm/lighthouse, and whatever else is built like them, run unchanged.

`Inputs/site` holds a package of that name and shape; `Inputs/project` a project beside it. The suite of that project
itself runs in `test/lighthouse`.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
INPUTS = Path(__file__).parent / "Inputs"
SCHEDULES = "site/lighthouse/schedule"
PIPELINES = "site/lighthouse/pipeline/descriptors"
SITE = "--python-path=site"

LOWERING, INPUT = 1, 3


@pytest.fixture
def inputs(tmp_path: Path) -> Path:
    """A copy of the inputs, to run in."""
    copy = tmp_path / "inputs"
    shutil.copytree(INPUTS, copy)
    return copy


def lh_opt(directory: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    isolated = [] if environment else ["-I"]
    return subprocess.run(
        [sys.executable, *isolated, str(DRIVER), *arguments],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )


def lowered(directory: Path, *arguments: str, **environment: str) -> str:
    run = lh_opt(directory, *arguments, **environment)
    assert run.returncode == 0, run.stderr
    return run.stdout


def manifest(stage: str) -> Any:
    return json.loads(stage.partition("\n")[0].removeprefix("// lighthouse-stage: "))


def marks(text: str) -> dict[str, str]:
    """The attributes of the matmul."""
    found = re.search(r"linalg\.matmul \{(.*)\} ins", text)
    assert found, text
    return dict(re.findall(r'"?(\w+)"?(?: = "((?:[^"\\]|\\.)*)")?', found[1]))


# --- operations that Python defines -------------------------------------------------------------------------------


def test_schedules_with_operations_of_python_are_text(inputs: Path) -> None:
    spec = f"--stage={SCHEDULES}/marking.py{{label=lamp}}"
    stage = lowered(inputs, SITE, spec, "--emit=stage")
    assert manifest(stage)["requires"] == ["lighthouse.dialects"]
    assert manifest(stage)["steps"] == [{"kind": "schedule", "name": "marking.py"}]
    assert stage.count('"beacon.mark"') == 2
    # Again from the text, by itself and as a part of another.
    (inputs / "s.stage.mlir").write_text(stage)
    assert lowered(inputs, SITE, "--stage=s.stage.mlir", "--emit=stage") == stage
    first = lowered(inputs, SITE, spec, "matmul.mlir")
    assert marks(first) == {"lamp": "lamp", "lamp_again": "lamp_again"}
    assert lowered(inputs, SITE, "--stage=s.stage.mlir", "matmul.mlir") == first


def test_what_a_stage_requires_must_be_found(inputs: Path) -> None:
    (inputs / "s.stage.mlir").write_text(lowered(inputs, SITE, f"--stage={SCHEDULES}/marking.py", "--emit=stage"))
    run = lh_opt(inputs, "--stage=s.stage.mlir", "matmul.mlir")
    assert run.returncode == INPUT
    assert (
        "error: the stage requires the Python module 'lighthouse.dialects', and there is no 'lighthouse'" in run.stderr
    )
    assert "--python-path (PYTHON_PATH in CMake)" in run.stderr


def test_who_uses_no_such_operation_does_not_pay(inputs: Path) -> None:
    stage = lowered(inputs, SITE, f"--stage={SCHEDULES}/plain.py", "--emit=stage")
    assert manifest(stage)["requires"] == []
    lowered(inputs, SITE, f"--stage={SCHEDULES}/plain.py", "matmul.mlir", "-o", "out.mlir", "--depfile=out.d")
    assert "lighthouse/schedule/plain.py" in (inputs / "out.d").read_text()
    assert "lighthouse/dialects" not in (inputs / "out.d").read_text()


def test_their_implementation_is_an_input_of_the_lowering(inputs: Path) -> None:
    (inputs / "s.stage.mlir").write_text(lowered(inputs, SITE, f"--stage={SCHEDULES}/marking.py", "--emit=stage"))
    lowered(inputs, SITE, "--stage=s.stage.mlir", "matmul.mlir", "-o", "out.mlir", "--depfile=out.d")
    inputs_found = (inputs / "out.d").read_text()
    assert "lighthouse/dialects/beacon.py" in inputs_found
    assert "lighthouse/schedule/marking.py" not in inputs_found  # its generator did not run


def test_what_they_raise_is_told_at_its_line(inputs: Path) -> None:
    run = lh_opt(inputs, SITE, f"--stage={SCHEDULES}/marking.py{{label=unlit}}", "matmul.mlir")
    line = (
        (inputs / "site/lighthouse/dialects/beacon.py")
        .read_text()
        .splitlines()
        .index("                raise KeyError(label)")
    )
    assert run.returncode == LOWERING, run.stderr
    assert f"beacon.py:{line + 1}:" in run.stderr
    assert "', step 'marking.py' failed on 'matmul.mlir': KeyError: 'unlit'" in run.stderr
    assert "Traceback" not in run.stderr
    assert run.stdout == ""


def test_a_dialect_needs_no_package_and_no_function_that_registers_it(inputs: Path) -> None:
    stage = lowered(inputs, "--stage=project/floating.py", "--emit=stage")
    assert manifest(stage)["requires"] == ["project/buoy.py"]
    (inputs / "s.stage.mlir").write_text(stage)
    assert marks(lowered(inputs, "--stage=s.stage.mlir", "matmul.mlir")) == {"afloat": ""}
    # Where the dialect is defined in the generator's own file, too; and twice in one job.
    stage = lowered(inputs, "--stage=project/raft.py", "--stage=project/raft.py", "--emit=stage")
    assert manifest(stage)["requires"] == ["project/raft.py"]
    assert marks(lowered(inputs, "--stage=project/raft.py", "--stage=project/floating.py", "matmul.mlir")) == {
        "afloat": ""
    }
    (inputs / "project" / "buoy.py").unlink()
    run = lh_opt(inputs, "--stage=s.stage.mlir", "matmul.mlir")
    assert run.returncode == INPUT
    assert "buoy.py', which does not exist; resolve the stage again" in run.stderr


def test_a_stage_class_may_use_them(inputs: Path) -> None:
    assert marks(lowered(inputs, "--stage=project/floating.py[stage=Float]", "matmul.mlir")) == {"afloat": ""}


def test_a_dialect_that_comes_too_late_is_an_error(inputs: Path) -> None:
    run = lh_opt(inputs, "--stage=project/floating.py[late]", "matmul.mlir")
    assert run.returncode == INPUT
    assert (
        "error: 'late' imports 'raft', which defines the dialect 'raft', while it runs; import it at the top"
        in run.stderr
    )


@pytest.mark.parametrize("generator", ["create_schedule", "verifies"])
def test_a_mismatch_of_bindings_names_both(inputs: Path, generator: str) -> None:
    package = inputs / "site" / "wreck"
    package.mkdir()
    (package / "__init__.py").write_text('__version__ = "1.2.3"\n')
    shutil.copy(inputs / "project" / "mismatch.py", package)
    (inputs / "site" / "pyproject.toml").write_text('dependencies = ["mlir-python-bindings==20990101+abc"]\n')
    run = lh_opt(inputs, f"--stage=site/wreck/mismatch.py[{generator}]", "matmul.mlir")
    assert run.returncode == INPUT
    bindings = re.search(r"MLIR bindings: (\w+ \S+),", lh_opt(inputs, "--version").stdout)
    assert bindings
    assert (
        f"error: operations that 'wreck' 1.2.3 defines do not fit the MLIR bindings {bindings[1]}; 'wreck' asks for"
        in (run.stderr)
    )
    assert "mlir-python-bindings==20990101+abc: SinkOp.Effects.get_effects() takes 1 positional" in run.stderr
    assert run.stderr.count(" error: ") == 1
    assert "Traceback" not in run.stderr


def test_the_library_api_takes_them(inputs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from lighthouse_build import Pipeline
    from lighthouse_build.bindings import activate

    activate()
    from mlir import ir

    monkeypatch.chdir(inputs)
    texts = []
    for _ in range(2):  # another context, the same package
        pipeline = Pipeline("marking.py", "plain.py{n=1}", python_path=["site"])
        with ir.Context():
            module = ir.Module.parse((inputs / "matmul.mlir").read_text())
            texts.append(str(pipeline.apply(module)))
        assert any(path.endswith("dialects/beacon.py") for path in pipeline.inputs())
    assert texts[0] == texts[1]
    assert marks(texts[0]) == {"lit": "lit", "lit_again": "lit_again", "n": "1"}


# --- schedules that do not verify ---------------------------------------------------------------------------------


def test_a_schedule_that_does_not_verify_but_applies_stays_python(inputs: Path) -> None:
    spec = f"--stage={SCHEDULES}/loose.py{{label=found}}"
    run = lh_opt(inputs, spec, "--emit=stage", "-o", "s.stage.mlir")
    assert run.returncode == 0, run.stderr
    assert (
        "remark: the schedule 'loose.py' does not verify, so it cannot be written as text; its generator runs"
        in run.stderr
    )
    assert "error" not in run.stderr
    assert manifest((inputs / "s.stage.mlir").read_text())["steps"] == [{"kind": "python", "name": "loose.py"}]
    applied = lh_opt(inputs, "--stage=s.stage.mlir", "pack.mlir")
    assert applied.returncode == 0
    assert re.search(r'linalg.transpose .* \{found = "found"\}', applied.stdout)
    assert applied.stderr == ""  # told when it was resolved
    assert lowered(inputs, spec, "pack.mlir") == applied.stdout


@pytest.mark.parametrize(
    ("generator", "fault"),
    [
        ("unterminated", "expected 'transform.yield' as terminator"),
        ("wrong_type", "must be TransformHandleTypeInterface"),
    ],
)
def test_any_other_fault_is_an_error(inputs: Path, generator: str, fault: str) -> None:
    run = lh_opt(inputs, f"--stage={SCHEDULES}/loose.py[{generator}]", "pack.mlir")
    assert run.returncode == INPUT
    assert fault in run.stderr
    assert f"error: the schedule 'loose.py[{generator}]' does not verify" in run.stderr
    assert run.stdout == ""


# --- names --------------------------------------------------------------------------------------------------------


def test_names_in_the_package_mean_the_package(inputs: Path) -> None:
    """Multi-line scalars, a space before the brace, `../`, variables that begin with a digit, `schedule:` too."""
    found = marks(lowered(inputs, SITE, f"--stage={PIPELINES}/kinds/tiled.yaml", "matmul.mlir"))
    expected = {"cleanup": "'theirs'", "2D": "[1, 8]", "some": "[2]", "all": "[4, 4]", "nested": "True"}
    assert found == {**expected, "beacon": "beacon", "beacon_again": "beacon_again"}


def test_elsewhere_shipped_stages_come_first(inputs: Path) -> None:
    assert marks(lowered(inputs, SITE, "--stage=project/names.yaml", "matmul.mlir")) == {"found": "True"}
    # The directories of -I are the project's own choice, and come before both.
    assert marks(lowered(inputs, SITE, f"-I{PIPELINES}", "--stage=project/names.yaml", "matmul.mlir")) == {
        "found": "True",
        "cleanup": "'theirs'",
    }


def test_the_command_line_may_name_its_stages(inputs: Path) -> None:
    assert marks(lowered(inputs, SITE, "--stage=marking.py{label=a}", "matmul.mlir")) == {
        "a": "a",
        "a_again": "a_again",
    }
    assert marks(lowered(inputs, SITE, "--stage=kinds/tiled.yaml", "matmul.mlir"))["2D"] == "[1, 8]"
    # On PYTHONPATH as well, which a build, isolated from it, does not see.
    for stage, found in (("plain.py{n=1}", {"n": "1"}), ("marking.py", {"lit": "lit", "lit_again": "lit_again"})):
        assert marks(lowered(inputs, f"--stage={stage}", "matmul.mlir", PYTHONPATH="site")) == found
    stage = lowered(inputs, "--stage=plain.py", "--stage=marking.py", "--emit=stage", PYTHONPATH="site")
    assert manifest(stage)["requires"] == ["lighthouse.dialects"]
    run = lh_opt(inputs, "--stage=plain.py", "matmul.mlir")
    assert run.returncode == INPUT
    assert "error: stage file 'plain.py' not found" in run.stderr


def test_a_file_of_a_package_is_imported_as_that(inputs: Path) -> None:
    """By its dotted name, for relative imports, and not as the module of that name in another package."""
    for name in ("one", "two"):
        package = inputs / name / "kernels"
        package.mkdir(parents=True)
        (package / "__init__.py").write_text("")
        (package / "label.py").write_text(f"LABEL = {name!r}\n")
        (package / "make.py").write_text(
            "from lighthouse_build.schedule import schedule\nfrom .label import LABEL\n\n"
            "def create_schedule():\n    with schedule() as s:\n"
            "        s.annotate(s.match('linalg.matmul'), LABEL)\n    return s.module\n"
        )
    stages = ["--stage=one/kernels/make.py", "--stage=two/kernels/make.py", "--stage=one/kernels/make.py"]
    assert marks(lowered(inputs, *stages, "matmul.mlir")) == {"one": "", "two": ""}


def test_a_pipeline_that_a_generator_reads_is_an_input(inputs: Path) -> None:
    run = lh_opt(inputs, f"--stage={SCHEDULES}/bundle.py", "--emit=stage", "--depfile=s.d")
    stage = run.stdout
    assert manifest(stage)["steps"] == [{"kind": "schedule", "name": "bundle.py"}]
    # What it prints is not mixed into the IR.
    assert "applying" not in stage
    assert "module { } // applying tidy.yaml" in run.stderr
    assert re.findall(r'apply_registered_pass "(\w+)"', stage) == ["cse", "canonicalize"]
    assert "pipeline/descriptors/tidy.yaml" in (inputs / "s.d").read_text()


@pytest.fixture(autouse=True)
def _no_bytecode_in_the_inputs() -> Iterator[None]:
    yield
    assert not list(INPUTS.rglob("__pycache__"))
