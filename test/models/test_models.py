# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models as C++ compute what NumPy does, and their sources compile without a warning."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from cases import CASES, Array
from conftest import ROOT, Run

COMPILERS = [name for name in ("g++", "clang++", "clang++-22", "clang++-14") if shutil.which(name)]
FLAGS = ["-std=c++17", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory, lh_opt: Run, mlir_translate: str) -> Path:
    """A directory with the C++ of all models and their header."""
    directory = tmp_path_factory.mktemp("models")
    for name, case in CASES.items():
        (directory / f"{name}.mlir").write_text(case.text)
        outputs = [f"--emit=cpp={name}.cpp", f"--emit=interface={name}.interface.json", "--namespace=tests"]
        arguments = [f"{name}.mlir", f"--stage={case.stage}", *outputs, f"--mlir-translate={mlir_translate}"]
        assert lh_opt(*arguments, cwd=directory).stderr == ""
    interfaces = [f"{name}.interface.json" for name in CASES]
    lh_opt(*interfaces, "--emit=header=models.h", "--namespace=tests", "--class-name={}Model", cwd=directory)
    return directory


@pytest.fixture(scope="module", params=[(c, level) for c in COMPILERS for level in ("-O0", "-O2")], ids="".join)
def program(request: pytest.FixtureRequest, sources: Path) -> Path:
    """The models with a program that evaluates them by name."""
    compiler, level = request.param
    path: Path = sources / f"evaluate{compiler}{level}"
    command = [compiler, *FLAGS, level, "-I", ROOT / "python/lighthouse_build/include", "-I", sources]
    files = [Path(__file__).parent / "main.cpp", *(sources / f"{name}.cpp" for name in CASES)]
    done = subprocess.run([*command, *files, "-o", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return path


@pytest.mark.parametrize("name", CASES)
def test_a_model_computes_what_numpy_does(name: str, program: Path) -> None:
    case = CASES[name]
    with np.errstate(all="ignore"):
        for inputs in zip(*case.inputs.values()):
            expected = case.reference(*inputs)
            data = b"".join(np.asarray(array).tobytes() for array in inputs)
            output = subprocess.run([program, name], input=data, capture_output=True, check=True).stdout
            for result in map(np.asarray, expected):
                found = np.frombuffer(output[: result.nbytes], result.dtype).reshape(result.shape)
                output = output[result.nbytes :]
                _compare(found, result, case.tolerance)
            assert not output


def _compare(found: Array, expected: Array, tolerance: float) -> None:
    if tolerance == 0 or not np.issubdtype(expected.dtype, np.floating):
        np.testing.assert_array_equal(found, expected)
    else:
        scale = np.max(np.abs(expected), initial=0, where=np.isfinite(expected))
        np.testing.assert_allclose(found, expected, rtol=0, atol=tolerance * scale)


def test_the_registry_knows_names_types_and_shapes(program: Path) -> None:
    listed = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert listed == [
        "mlp( features:5x1x4x8 ) -> result:5x4x3",
        "inline_policy( callee_users:4 callsite_cost:4 depth:3 reward:5 ) -> decision:4 weighted:5x3",
        "embedding( ids:3x1x5 ) -> result0:5x1x4 result1:3",
        "quantized( x:1x1x3x6 mask:0x1x3x4 bias:2x4 ) -> result0:1x1x3x4 result1:0x1x3x4",
        "cost( x:6 n:4 flag:0 ) -> result:6",
        "while( class:5x2 evaluate:5x2 ) -> result0:5x2 result1:6x2x2",
    ]
    assert subprocess.run([program, "mpl"], capture_output=True, check=False).returncode == 2


def test_nothing_is_needed_at_run_time(program: Path) -> None:
    """Neither Python nor MLIR."""
    needed = subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout
    assert not [line for line in needed.splitlines() if "ython" in line or "MLIR" in line or "LLVM" in line]


def test_the_same_input_gives_the_same_bytes(sources: Path, tmp_path: Path, lh_opt: Run, mlir_translate: str) -> None:
    shutil.copy(sources / "mlp.mlir", tmp_path)
    arguments = ["mlp.mlir", "--stage=tosa-to-emitc.yaml", "--emit=cpp=mlp.cpp", "--namespace=tests"]
    lh_opt(*arguments, f"--mlir-translate={mlir_translate}", cwd=tmp_path)
    assert (tmp_path / "mlp.cpp").read_bytes() == (sources / "mlp.cpp").read_bytes()


def test_constants_keep_every_bit(tmp_path: Path, lh_opt: Run, mlir_translate: str) -> None:
    """Those in arrays, and those that stand in the code."""
    random = np.random.default_rng(0)
    singles = random.integers(0, 2**32, 64, dtype=np.uint32).view(np.float32)
    doubles = random.integers(0, 2**64, 64, dtype=np.uint64).view(np.float64)
    singles, doubles = singles[np.isfinite(singles)], doubles[np.isfinite(doubles)]
    text = []
    for kind, values in (("f32", singles), ("f64", doubles)):
        bits = [f"0x{value.tobytes()[::-1].hex().upper()}" for value in values]
        array = f"dense<[{', '.join(bits)}]> : tensor<{len(values)}x{kind}>"
        text.append(f"func.func @array_{kind}() -> tensor<{len(values)}x{kind}> {{")
        text.append(f"  %c = arith.constant {array}\n  return %c : tensor<{len(values)}x{kind}>\n}}")
        text.append(f"func.func @code_{kind}(%i: tensor<{len(values)}x{kind}>) -> tensor<{len(values)}x{kind}> {{")
        text.append(f"  %e = tensor.empty() : tensor<{len(values)}x{kind}>")
        names = [f"%c{index}" for index in range(len(values))]
        text += [f"  {name} = arith.constant {value} : {kind}" for name, value in zip(names, bits)]
        text.append(f"  %r = tensor.from_elements {', '.join(names)} : tensor<{len(values)}x{kind}>")
        text.append(f"  return %r : tensor<{len(values)}x{kind}>\n}}")
    (tmp_path / "bits.mlir").write_text("\n".join(text))
    arguments = ["bits.mlir", "--stage=lower-to-emitc.yaml", "--emit=cpp=bits.cpp", "--emit=header=bits.h"]
    lh_opt(*arguments, "--namespace=bits", f"--mlir-translate={mlir_translate}", cwd=tmp_path)
    (tmp_path / "main.cpp").write_text(
        '#include "bits.h"\n#include <cstdio>\nint main() {\n  static double in[64], out[64];\n'
        "  const void *inputs[] = {in};\n  void *results[] = {out};\n  for (const lh::model &m : bits::registry) {\n"
        "    m.evaluate(inputs, results);\n    std::fwrite(out, 1, m.results[0].bytes(), stdout);\n  }\n}\n"
    )
    include = ROOT / "python/lighthouse_build/include"
    subprocess.run(["g++", *FLAGS, "-I", include, "main.cpp", "bits.cpp", "-o", "main"], cwd=tmp_path, check=True)
    found = subprocess.run([tmp_path / "main"], capture_output=True, check=True).stdout
    assert found == singles.tobytes() * 2 + doubles.tobytes() * 2


def test_a_link_to_the_tool_is_a_dependency_with_what_it_links(
    sources: Path, tmp_path: Path, lh_opt: Run, mlir_translate: str
) -> None:
    """As Debian has one on PATH, away from the libraries that it finds by its place."""
    (tmp_path / "mlir-translate-22").symlink_to(Path(mlir_translate).resolve())
    arguments = [sources / "cost.mlir", "--stage=lower-to-emitc.yaml", "--emit=cpp=cost.cpp", "--namespace=tests"]
    tool = f"--mlir-translate={tmp_path}/mlir-translate-22"
    lh_opt(*arguments, tool, "--depfile=cost.d", "--stamp=cost.stamp", cwd=tmp_path)
    assert (tmp_path / "cost.cpp").read_bytes() == (sources / "cost.cpp").read_bytes()
    inputs = [line.strip(" \\") for line in (tmp_path / "cost.d").read_text().splitlines()[1:]]
    assert f"{tmp_path}/mlir-translate-22" in inputs
    linked = subprocess.run(["ldd", Path(mlir_translate).resolve()], capture_output=True, text=True, check=False).stdout
    assert [i for i in inputs if "libMLIR" in i] or "libMLIR" not in linked


def test_stages_may_be_applied_by_a_tool(tmp_path: Path, lh_opt: Run, mlir_translate: str) -> None:
    """A project's own tool lowers to EmitC, of its version of MLIR."""
    tool = Path(mlir_translate).resolve().parent / "mlir-opt"
    if not tool.exists():
        pytest.skip(f"there is no mlir-opt beside {mlir_translate}; install mlir-22-tools")
    text = "func.func @twice(%x: f32) -> f32 {\n  %0 = arith.addf %x, %x : f32\n  return %0 : f32\n}\n"
    (tmp_path / "twice.mlir").write_text(text)
    arguments = ["twice.mlir", f"--tool={tool}", "--stage=convert-to-emitc", "--emit=cpp=twice.cpp", "--namespace=n"]
    lh_opt(*arguments, f"--mlir-translate={mlir_translate}", cwd=tmp_path)
    assert "float v2 = v1 + v1;" in (tmp_path / "twice.cpp").read_text()
