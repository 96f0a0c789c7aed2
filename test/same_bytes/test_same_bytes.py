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
from lighthouse_build.prefix_map import PrefixMap

PACKAGE = Path(lighthouse_build.__file__).parent
DRIVER = [sys.executable, "-I", "-B", str(PACKAGE / "__main__.py")]
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
    command = [*DRIVER[:-1], str(driver / "__main__.py"), "sink.mlir", "--stage=x86.mlir", *arguments]
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


@pytest.mark.parametrize(("kind", "cpu"), [("mlir", "x86-64"), ("object", "x86-64"), ("object", "haswell")])
def test_neither_does_what_else_is_in_a_batch(tmp_path: Path, kind: str, cpu: str) -> None:
    """Nor whether there is one, which payload comes first, and how many are lowered at once."""
    there = project(tmp_path / "p")
    subprocess.run([*DRIVER, "--stage=x86.mlir", "--emit=stage", "-o", "x86.stage.mlir"], cwd=there, check=True)
    stages = ["x86.stage.mlir", "lower-to-llvm.yaml"] if kind == "object" else ["x86.stage.mlir"]
    if kind == "object":
        llvm = ["--stage=lower-to-llvm.yaml", "--emit=stage", "-o", "llvm.stage.mlir"]
        subprocess.run([*DRIVER, *llvm], cwd=there, check=True)
        stages[1] = "llvm.stage.mlir"
    target = ["--target-triple=x86_64-unknown-linux-gnu", f"--cpu={cpu}"]  # one that is known without LLVM, or not
    named = [*(f"--stage={stage}" for stage in stages), *target]
    subprocess.run([*DRIVER, "sink.mlir", *named, f"--emit={kind}=alone"], cwd=there, check=True)
    alone = (there / "alone").read_bytes()
    other = there / "other.mlir"
    other.write_text(PLAIN)
    for number, payloads in enumerate((["sink", "other"], ["other", "sink"], ["other"] * 3 + ["sink"] + ["other"] * 2)):
        parts = [f"r{n}\n{name}.mlir\n--emit={kind}=o{n}" for n, name in enumerate(payloads)]
        (there / "k.batch").write_text("\n\n".join(["\n".join([*named, f"-I{'x' * (number + 1)}"]), *parts]))
        for jobs in ("1", "2"):
            for left in there.glob("r?"):
                left.unlink()
            batch = ["--batch=k.batch", "--depfile=d", f"--jobs={jobs}", f"--driver-identity={there / 'i.json'}"]
            subprocess.run([*DRIVER, *batch], cwd=there, check=True)
            assert (there / f"o{payloads.index('sink')}").read_bytes() == alone, (payloads, jobs)


def test_neither_does_the_length_of_an_absolute_path(tmp_path: Path) -> None:
    """Where a name in locations does not depend on it, as in a build."""
    found = {}
    for length in (1, 80, 110, 140, 170, 200):
        there = project(tmp_path / ("x" * length))
        command = [*DRIVER, str(there / "sink.mlir"), f"--stage={there / 'x86.mlir'}", f"--prefix-map={there}=."]
        found[length] = subprocess.run(command, cwd=tmp_path, stdout=subprocess.PIPE, check=True).stdout
    assert {length for length, text in found.items() if text != found[1]} == set()


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
    command = [*DRIVER, str(directory / payload)]
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


FAILING = """
from mlir import ir
from mlir.dialects import transform
from mlir.dialects.transform import structured

def create_schedule():
    any_op, unit = transform.AnyOpType.get(), ir.UnitAttr.get()
    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = unit
    with ir.InsertionPoint(module.body):
        sequence = transform.NamedSequenceOp("__transform_main", [any_op], [], arg_attrs=[{"transform.readonly": unit}])
        with ir.InsertionPoint(sequence.body):
            function = structured.MatchOp.match_op_names(sequence.bodyTarget, ["func.func"])
            transform.apply_registered_pass(any_op, function, "convert-func-to-llvm")
            transform.YieldOp()
    return module
"""
FAILING_LINE = FAILING.splitlines().index(next(line for line in FAILING.splitlines() if "registered_pass" in line)) + 1


def build(directory: Path, driver: Path = PACKAGE) -> dict[str, bytes]:
    """Two stages, one of the other, and two interfaces of `directory`/source in `directory`/build, as CMake has it."""
    source, binary = directory / "source", directory / "build"
    source.mkdir(parents=True)
    binary.mkdir()
    (source / "failing.py").write_text(FAILING)
    for name in ("one", "two"):
        (source / f"{name}.mlir").write_text(PLAIN)
    names = [f"--prefix-map={source}=.", f"--prefix-map={binary}=."]
    part = str(binary / "part.stage.mlir")
    run("--stage=failing.py", "--stage=linalg-to-loops.yaml", "--emit=stage", "-o", part, *names, at=source, by=driver)
    whole = ["--emit=stage", "-o", str(binary / "whole.stage.mlir"), *names]
    run(f"--stage={part}", "--stage=failing.py", *whole, at=source, by=driver)
    for name in ("one", "two"):
        interface = f"--emit=interface={binary}/{name}.interface.json"
        run(str(source / f"{name}.mlir"), "--stage=lower-to-llvm.yaml", interface, *names, at=source, by=driver)
    return {path.name: path.read_bytes() for path in binary.iterdir()}


def run(*arguments: str, at: Path, by: Path = PACKAGE, status: int = 0) -> str:
    """Run the driver; what it said."""
    command = [sys.executable, "-I", "-B", str(by / "__main__.py"), *arguments]
    result = subprocess.run(command, cwd=at, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stderr
    return result.stderr


def test_what_only_messages_read_is_the_same(tmp_path: Path) -> None:
    one = build(tmp_path / "first")
    assert len(one) == 6
    driver = shutil.copytree(PACKAGE, tmp_path / "installed elsewhere" / "lighthouse_build")
    assert one == build(tmp_path / "second" / "longer", driver)
    assert [name for name, data in one.items() if str(tmp_path).encode() in data] == []
    assert b'"./failing.py", 15, 13]' in one["whole.stage.mlir.loc"]
    assert b'"<lighthouse_build>/stages/linalg-to-loops.yaml"' in one["whole.stage.mlir.loc"]
    assert b'"source": "./one.mlir"' in one["one.interface.json"]


def test_neither_does_a_symbolic_link_matter(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    built = build(tmp_path / "link" / "tree")
    assert [name for name, data in built.items() if str(tmp_path).encode() in data] == []


@pytest.mark.parametrize("stage", ["part", "whole"])
def test_places_of_a_stage_have_the_real_name(tmp_path: Path, stage: str) -> None:
    build(tmp_path)
    source, binary = tmp_path / "source", tmp_path / "build"
    place = f"{source}/failing.py:{FAILING_LINE}:13: note: pass pipeline failed\n"
    command = [str(source / "one.mlir"), f"--stage={binary / stage}.stage.mlir"]
    names = [f"--prefix-map={source}=.", f"--prefix-map={binary}=."]
    assert place in run(*command, *names, at=tmp_path, status=1)
    # By hand, without these arguments, a build tree of CMake is known.
    assert f" ./failing.py:{FAILING_LINE}:13: note: " in run(*command, at=tmp_path, status=1)
    (binary / "CMakeCache.txt").write_text(f"A:STRING=1\nCMAKE_HOME_DIRECTORY:INTERNAL={source}\n")
    assert place in run(*command, at=tmp_path, status=1)


def test_places_of_shipped_stages_have_the_real_name(tmp_path: Path) -> None:
    (tmp_path / "p.mlir").write_text("func.func @f(%m: memref<4xf32>) { return }")
    run("--stage=lower-to-llvm.yaml", "--emit=stage", "-o", "s.stage.mlir", at=tmp_path)
    text = (tmp_path / "s.stage.mlir").read_text()
    (tmp_path / "s.stage.mlir").write_text(text.replace("builtin.module(convert-scf-to-cf", "builtin.module(oops"))
    said = run("p.mlir", "--stage=s.stage.mlir", at=tmp_path, status=3)
    assert f"{PACKAGE}/stages/lower-to-llvm.yaml:16:11: error: not a pass pipeline: 'oops' does" in said


def test_places_of_functions_have_the_real_name(tmp_path: Path) -> None:
    build(tmp_path)
    source, binary = tmp_path / "source", tmp_path / "build"
    names = [f"--prefix-map={source}=.", f"--prefix-map={binary}=."]
    interfaces = [str(binary / f"{name}.interface.json") for name in ("one", "two")]
    said = run(*interfaces, "--emit=header=k.h", *names, at=tmp_path, status=3)
    assert f"{source}/two.mlir:2: error: the C function 'f' is defined by '{source}/two.mlir' and by" in said


def test_a_name_of_several_files_is_that_of_the_first_that_exists(tmp_path: Path) -> None:
    names = PrefixMap([(f"{tmp_path}/source", "."), (f"{tmp_path}/build", ".")])
    for directory in ("source", "build"):
        (tmp_path / directory).mkdir()
    assert names.real("./copied.py") == f"{tmp_path}/source/copied.py"
    (tmp_path / "build/copied.py").touch()
    assert names.real("./copied.py") == f"{tmp_path}/build/copied.py"
    (tmp_path / "source/copied.py").touch()
    assert names.real("./copied.py") == f"{tmp_path}/source/copied.py"
    for name in ("copied.py", "<command line>", ".hidden", "/usr/x.py", str(tmp_path)):
        assert names.real(name) == name
    assert names.real(names(f"{tmp_path}/source")) == f"{tmp_path}/source"


def test_a_bad_prefix_map_is_a_usage_error(tmp_path: Path) -> None:
    command = [sys.executable, "-I", "-B", str(PACKAGE / "__main__.py"), "--prefix-map=x"]
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "'--prefix-map=x' wants OLD=NEW" in result.stderr
