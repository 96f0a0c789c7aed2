# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is verified where: payloads and schedules as they come in, the payload after every step and for translation."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
LOWERING, INPUT = 1, 3

PYTHON = """\
from mlir import ir
from mlir.dialects import transform

def invalid_payload():
    module = ir.Module.create()
    with ir.InsertionPoint(module.body):
        ir.Operation.create("func.func")
    return module

def invalid_schedule():
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    with ir.InsertionPoint(module.body):
        sequence = transform.NamedSequenceOp("__transform_main", [transform.AnyOpType.get()], [])
    with ir.InsertionPoint(sequence.body):
        one = ir.IntegerAttr.get(ir.IntegerType.get_signless(64), 1)
        handle = transform.AnyOpType.get()
        ir.Operation.create("transform.param.constant", results=[handle], attributes={"value": one})
        transform.YieldOp([])
    return module

class Breaks:
    def apply(self, module):
        with ir.InsertionPoint(module.body):
            ir.Operation.create("func.func")

class Replaces:
    def apply(self, module):
        return invalid_payload()
"""
# Splits at a negative size: the transformation succeeds and leaves a type that does not exist.
NEGATIVE = """\
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.fill"]} in %root : (!transform.any_op) -> !transform.any_op
    %1 = transform.structured.split %0 after -3 { dimension = 0 } : !transform.any_op
    transform.yield
  }
"""
FILL = """\
  func.func @f(%A: tensor<64xf32>, %v: f32) -> tensor<64xf32> {
    %0 = linalg.fill ins(%v : f32) outs(%A : tensor<64xf32>) -> tensor<64xf32>
    return %0 : tensor<64xf32>
  }
"""
MODULE = "module attributes {transform.with_named_sequence} {\n"


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "steps.py").write_text(PYTHON)
    (tmp_path / "k.mlir").write_text(FILL)
    (tmp_path / "negative.mlir").write_text(MODULE + NEGATIVE + "}\n")
    (tmp_path / "both.mlir").write_text(MODULE + FILL + NEGATIVE + "}\n")
    return tmp_path


def failing(directory: Path, status: int, *arguments: str) -> str:
    before = set(directory.iterdir())
    command = [sys.executable, "-I", "-B", str(DRIVER), *arguments, "-o", "out"]
    run = subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == status, run.stderr
    assert "Traceback" not in run.stderr
    assert set(directory.iterdir()) == before
    return run.stderr


def test_generated_payload(directory: Path) -> None:
    stderr = failing(directory, INPUT, "steps.py[invalid_payload]")
    assert re.search(r"steps.py:7:9: error: 'func.func' op requires one region", stderr), stderr
    assert "error: the payload that 'invalid_payload' in " in stderr


def test_generated_schedule(directory: Path) -> None:
    stderr = failing(directory, INPUT, "k.mlir", "--stage=steps.py[invalid_schedule]")
    assert re.search(r"steps.py:18:9: error: 'transform.param.constant' op result #0 must be", stderr), stderr
    assert "error: the schedule 'steps.py[invalid_schedule]' does not verify" in stderr


@pytest.mark.parametrize("name", ["Breaks", "Replaces"])
def test_stage_class(directory: Path, name: str) -> None:
    stderr = failing(directory, LOWERING, "k.mlir", f"--stage=steps.py[stage={name}]", "--stage=symbol-dce")
    assert re.search(r"steps.py:\d+:\d+: error: 'func.func' op requires one region", stderr), stderr
    assert f"error: stage 'steps.py[stage={name}]' left invalid IR on 'k.mlir'" in stderr


@pytest.mark.parametrize("flag", ["--verify-each", "--verify-each=0"])
def test_schedule_that_leaves_invalid_ir(directory: Path, flag: str) -> None:
    """The interpreter does not verify what it leaves; the driver does, also when told not to verify after each pass."""
    stderr = failing(directory, LOWERING, "k.mlir", "--stage=negative.mlir", "--stage=symbol-dce", flag)
    assert "k.mlir:2:10: error: expected sizes to be non-negative, but got -3" in stderr
    assert "error: stage 'negative.mlir' left invalid IR on 'k.mlir'" in stderr


def test_verify_each(directory: Path) -> None:
    """With it a pass that leaves invalid IR fails; without it, the step does at its end."""
    job = ["both.mlir", "--stage=transform-interpreter,symbol-dce"]
    name = "stage 'transform-interpreter,symbol-dce'"
    for flags in ([], ["--verify-each"], ["--verify-each=1"], ["-verify-each=true"]):
        assert f"error: {name} failed on 'both.mlir'" in failing(directory, LOWERING, *job, *flags)
    for flag in ("--verify-each=0", "-verify-each=false"):
        assert f"error: {name} left invalid IR on 'both.mlir'" in failing(directory, LOWERING, *job, flag)


@pytest.mark.parametrize(
    "payload",
    [
        "%0 = builtin.unrealized_conversion_cast %a : i32 to i64\n  llvm.return %0 : i64",
        '%0 = "unknown.op"(%a) : (i32) -> i64\n  llvm.return %0 : i64',
        "%0 = arith.extsi %a : i32 to i64\n  llvm.return %0 : i64",
        "%0 = llvm.sext %a : i32 to i64\n  scf.execute_region { scf.yield }\n  llvm.return %0 : i64",
    ],
    ids=["cast", "unregistered", "arith", "region"],
)
@pytest.mark.parametrize("kind", ["llvmir", "object"])
def test_nothing_unlowered_is_translated(directory: Path, payload: str, kind: str) -> None:
    (directory / "left.mlir").write_text(f"llvm.func @f(%a: i32) -> i64 {{\n  {payload}\n}}\n")
    stderr = failing(directory, LOWERING, "left.mlir", f"--emit={kind}", "--allow-unregistered-dialect")
    name = re.search(r"[a-z]+\.[a-z_]+", payload.replace("llvm.sext", ""))
    assert name
    assert f"error: the payload is not lowered to the LLVM dialect: '{name[0]}'" in stderr
    assert re.search(rf"left.mlir:[23]:\d+: note: '{name[0]}' is here", stderr)


def test_no_nested_module_is_translated(directory: Path) -> None:
    (directory / "nested.mlir").write_text("module {\n  module {\n    llvm.func @f() { llvm.return }\n  }\n}\n")
    stderr = failing(directory, LOWERING, "nested.mlir", "--emit=llvmir")
    assert "nested.mlir:2:3: note: 'builtin.module' is here" in stderr
