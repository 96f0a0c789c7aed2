# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Same input, same bytes: whoever builds, wherever, and wherever memory lies.

The payload is one on which MLIR's pattern `sink_vector_producer_ops` moves operations in the order of their addresses,
so that without a fixed address layout it comes out differently in nearly every run.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import lighthouse_build
import pytest

PACKAGE = Path(lighthouse_build.__file__).parent
COUNT = 24
SCHEDULE = """
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%module: !transform.any_op {transform.readonly}) {
    %function = transform.structured.match ops{["func.func"]} in %module : (!transform.any_op) -> !transform.any_op
    transform.apply_patterns to %function {
      transform.apply_patterns.x86.sink_vector_producer_ops
    } : !transform.any_op
    transform.yield
  }
}
"""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or resource.getrlimit(resource.RLIMIT_STACK)[0] == resource.RLIM_INFINITY,
    reason="addresses are fixed on Linux alone, and not with an unlimited stack",
)


def payload() -> str:
    """Vectors that are read in order, and used in another."""
    every = range(COUNT)
    lines = [f"%c{i} = arith.constant {i} : index" for i in every]
    lines += ["%zero = arith.constant 0.0 : f32"]
    read = "vector.transfer_read %m[%c{}, %c0], %zero {{in_bounds = [true]}} : memref<64x64xf32>, vector<16xf32>"
    lines += [f"%v{i} = {read.format(i)}" for i in every]
    lines += [f"%a{i} = arith.addf %v{i}, %v{(7 * i + 3) % COUNT} : vector<16xf32>" for i in every]
    write = "vector.transfer_write %a{0}, %o[%c{0}, %c0] {{in_bounds = [true]}} : vector<16xf32>, memref<64x64xf32>"
    lines += [write.format(i) for i in every]
    body = "\n  ".join([*lines, "return"])
    return f"func.func @sink(%m: memref<64x64xf32>, %o: memref<64x64xf32>) {{\n  {body}\n}}\n"


def project(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "sink.mlir").write_text(payload())
    (directory / "x86.mlir").write_text(SCHEDULE)
    return directory


def lowered(
    directory: Path, *arguments: str, driver: Path = PACKAGE, environment: Mapping[str, str] | None = None
) -> bytes:
    command = [sys.executable, "-I", "-B", str(driver / "__main__.py"), "sink.mlir", "--stage=x86.mlir", *arguments]
    variables = os.environ | dict(environment or {})
    return subprocess.run(command, cwd=directory, env=variables, stdout=subprocess.PIPE, check=True).stdout


def test_addresses_do_not_matter(tmp_path: Path) -> None:
    there = project(tmp_path / "p")
    assert len({lowered(there) for _ in range(4)}) == 1


def test_addresses_in_a_tool_do_not_matter(tmp_path: Path) -> None:
    tool = shutil.which("mlir-opt-22") or shutil.which("/usr/lib/llvm-22/bin/mlir-opt")
    if tool is None:
        pytest.skip("there is no mlir-opt of LLVM 22; install mlir-22-tools")
    there = project(tmp_path / "p")
    (there / "x86.mlir").write_text(SCHEDULE.replace(".x86.", ".x86vector."))  # as LLVM 22 called it
    assert len({lowered(there, f"--tool={tool}") for _ in range(4)}) == 1


def test_neither_do_the_environment_the_arguments_nor_the_place(tmp_path: Path) -> None:
    there = project(tmp_path / "p")
    elsewhere = project(tmp_path / "another place" / ("long" * 40) / "p")
    driver = shutil.copytree(PACKAGE, tmp_path / "copy" / ("x" * 100) / "lighthouse_build")
    outputs = {
        "first": lowered(there),
        "environment": lowered(there, environment={"LONG": "x" * 5000, "HOME": "/nowhere"}),
        "arguments": lowered(there, "--timeout=1000", f"-I{elsewhere}", f"--depfile={tmp_path}/d"),
        "directory": lowered(elsewhere),
        "driver": lowered(there, driver=driver),
    }
    assert {name for name, text in outputs.items() if text != outputs["first"]} == set()


PLAIN = """
func.func @f(%a: i32) -> i32 {
  %0 = arith.addi %a, %a : i32
  return %0 : i32
}
"""
GENERATED = """
from mlir import ir
from mlir.dialects import arith, func

def create_payload():
    module = ir.Module.create()
    i32 = ir.IntegerType.get_signless(32)
    with ir.InsertionPoint(module.body):
        function = func.FuncOp("g", ([i32], [i32]))
        with ir.InsertionPoint(function.add_entry_block()):
            func.ReturnOp([arith.AddIOp(*function.arguments, *function.arguments)])
    return module
"""
KINDS = ("mlir", "bytecode", "llvmir", "object", "header")


def emitted(directory: Path, payload: str, *prefix_map: str) -> dict[str, bytes]:
    """What is emitted with debug information, to files outside of `directory`."""
    out = directory.parent / "out"
    out.mkdir(exist_ok=True)
    (directory / "p.mlir").write_text(PLAIN)
    (directory / "p.py").write_text(GENERATED)
    command = [sys.executable, "-I", "-B", str(PACKAGE / "__main__.py"), str(directory / payload)]
    command += ["--stage=lower-to-llvm.yaml", "--stage=ensure-debug-info-scope-on-llvm-func", "--mlir-print-debuginfo"]
    command += [f"--emit={kind}={out / 'k'}.{kind}" for kind in KINDS]
    subprocess.run([*command, *(f"--prefix-map={entry}" for entry in prefix_map)], cwd=directory, check=True)
    return {kind: (out / f"k.{kind}").read_bytes() for kind in KINDS}


@pytest.mark.parametrize("payload", ["p.mlir", "p.py"])
def test_directories_of_the_build_machine_stay_out(tmp_path: Path, payload: str) -> None:
    first, second = project(tmp_path / "first" / "p"), project(tmp_path / "second" / "longer" / "p")
    one = emitted(first, payload, f"{first}=.")
    assert one == emitted(second, payload, f"{first}=/nowhere", f"{tmp_path}=/nowhere", f"{second}=.")
    assert [kind for kind, data in one.items() if str(tmp_path).encode() in data] == []
    for kind in ("mlir", "bytecode"):
        assert f"./{payload}".encode() in one[kind]
    assert b'directory: "."' in one["llvmir"]


@pytest.mark.parametrize("payload", ["p.mlir", "p.py"])
def test_prefixes_map_to_any_name(tmp_path: Path, payload: str) -> None:
    there = project(tmp_path / "p")
    outputs = emitted(there, payload, f"{tmp_path}=/usr/src")
    assert f"/usr/src/p/{payload}".encode() in outputs["mlir"]
    assert f"/usr/src/p/{payload}".encode() in outputs["bytecode"]
    assert b'directory: "/usr/src/p"' in outputs["llvmir"]
    assert [kind for kind, data in outputs.items() if str(tmp_path).encode() in data] == []


def test_messages_have_the_real_name(tmp_path: Path) -> None:
    there = project(tmp_path / "p")
    (there / "bad.mlir").write_text("func.func @f(%a: i32) {\n  test.oops\n}")
    command = [sys.executable, "-I", "-B", str(PACKAGE / "__main__.py"), str(there / "bad.mlir")]
    result = subprocess.run([*command, f"--prefix-map={there}=."], capture_output=True, text=True, check=False)
    assert f"{there}/bad.mlir:2:3: error: " in result.stderr
    assert "  test.oops\n" in result.stderr


def test_a_bad_prefix_map_is_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-B", str(PACKAGE / "__main__.py"), "--prefix-map=x"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "'--prefix-map=x' wants OLD=NEW" in result.stderr
