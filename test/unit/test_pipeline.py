# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The library API: the same stages, the same errors, in memory."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lighthouse_build import Pipeline, Target
from lighthouse_build.bindings import activate
from lighthouse_build.errors import InputError, LoweringError

INPUTS = Path(__file__).parents[1] / "driver" / "Inputs"
DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"

FIVE_LINES = """\
from lighthouse_build.schedule import schedule

def create_schedule(sizes=(2, 4), forall=False):
    with schedule() as s:
        tiled = s.tile(s.match("linalg.matmul"), sizes, forall=forall)
        s.annotate(tiled, "tiled")
        s.passes("canonicalize", "cse")
    return s.module
"""


@pytest.fixture(scope="module")
def ir() -> Any:
    activate()
    from mlir import ir

    return ir


@pytest.fixture
def module(ir: Any) -> Iterator[Any]:
    with ir.Context():
        yield ir.Module.parse((INPUTS / "matmul.mlir").read_text())


def test_specs_do_what_the_driver_does(module: Any) -> None:
    stages = ["canonicalize", "tile.py{sizes=[2,2]}", "outer.yaml"]
    Pipeline(*stages, include=[INPUTS]).apply(module)
    command = [sys.executable, "-I", str(DRIVER), str(INPUTS / "matmul.mlir"), "-I", str(INPUTS)]
    run = subprocess.run(
        [*command, *(f"--stage={s}" for s in stages)], capture_output=True, text=True, check=True, timeout=120
    )
    assert str(module).strip() == run.stdout.strip()


def test_a_pipeline_is_resolved_once_and_applied_often(ir: Any, tmp_path: Path) -> None:
    counter = tmp_path / "runs"
    count = f"    with open({str(counter)!r}, 'a') as runs:\n        runs.write('x')\n"
    text = FIVE_LINES.replace("    with schedule", count + "    with schedule")
    (tmp_path / "gen.py").write_text(text)
    pipeline = Pipeline(tmp_path / "gen.py")
    for _ in range(3):
        with ir.Context():
            module = ir.Module.parse((INPUTS / "matmul.mlir").read_text())
            assert "linalg.matmul {tiled}" in str(pipeline.apply(module))
    assert counter.read_text() == "x"
    assert str(tmp_path / "gen.py") in pipeline.inputs()


def test_modules_and_resolved_stages_are_stages(module: Any, ir: Any) -> None:
    schedule = ir.Module.parse((INPUTS / "annotate.mlir").read_text())
    (resolved,) = Pipeline("canonicalize").resolve()
    Pipeline(schedule, resolved).apply(module)
    assert "linalg.matmul {seen}" in str(module)


def test_helpers_write_a_schedule_in_five_lines(module: Any, tmp_path: Path) -> None:
    (tmp_path / "gen.py").write_text(FIVE_LINES)
    Pipeline("gen.py{sizes=[4,2] forall}", include=[tmp_path]).apply(module)
    assert "scf.forall (%arg3, %arg4) in (2, 4)" in str(module)
    assert "linalg.matmul {tiled}" in str(module)


def test_the_target_is_the_caller_s(module: Any) -> None:
    target = Target("x86_64-unknown-linux-gnu", "x86-64-v3")
    (stage,) = Pipeline("steps.py[by_target]", include=[INPUTS], target=target).resolve()
    assert "tile_sizes [1, 8]" in stage.body


def test_a_stage_class_may_replace_the_module(module: Any) -> None:
    assert "@replaced" in str(Pipeline("steps.py[stage=Replace]", include=[INPUTS]).apply(module))


def test_errors_are_exceptions(module: Any, ir: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not found"):
        Pipeline("nowhere.py")
    with pytest.raises(InputError, match="did you mean 'canonicalize'"):
        Pipeline("canonicalise").apply(module)
    with pytest.raises(TypeError, match="not a int"):
        Pipeline(3)
    with pytest.raises(ValueError, match="no stage file"):
        Pipeline(tmp_path / "x.txt")
    schedule = tmp_path / "fails.mlir"
    schedule.write_text(
        "module attributes {transform.with_named_sequence} {\n"
        "transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {\n"
        "%0:2 = transform.split_handle %r : (!transform.any_op) -> (!transform.any_op, !transform.any_op)\n"
        "transform.yield } }\n"
    )
    with pytest.raises(LoweringError, match=r"fails\.mlir' failed") as caught:
        Pipeline(schedule).apply(module)
    assert str(caught.value.causes[0].location) == f"{schedule}:3:8"
