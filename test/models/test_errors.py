# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What cannot become C++, and tools that do not do it: each a message with the place and the remedy, and no output."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from conftest import Run

GOOD = "func.func @f(%x: tensor<2xf32>) -> tensor<2xf32> {\n  return %x : tensor<2xf32>\n}\n"
STAGE = "--stage=lower-to-emitc.yaml"
CPP = ("--emit=cpp=out.cpp", "--namespace=n")

# Payload, place and message. All are lowered by `lower-to-emitc.yaml`.
PAYLOADS = {
    "operation": (
        "func.func @f(%x: i32) -> f32 {\n  %0 = arith.bitcast %x : i32 to f32\n  return %0 : f32\n}\n",
        r"p\.mlir:2:8: error: 'arith\.bitcast' has no equal in C\+\+: EmitC has nothing for it; write the model",
    ),
    "16-bit": (
        "func.func @f(%x: f32) -> f32 {\n  %0 = arith.truncf %x : f32 to f16\n  %1 = arith.addf %0, %0 : f16\n"
        "  %2 = arith.extf %1 : f16 to f32\n  return %2 : f32\n}\n",
        r"p\.mlir:\d+:\d+: error: .*(f16, which standard C\+\+ has no type for; use f32|has no equal in C\+\+)",
    ),
    "results by value": (
        "func.func @f(%x: f32) -> (f32, f32) {\n  return %x, %x : f32, f32\n}\n",
        r"p\.mlir:1:1: error: the model '@f' returns several numbers, for which there is one return; return tensors",
    ),
    "dynamic argument": (
        "func.func @f(%x: tensor<?xf32>) -> tensor<1xf32> {\n  %0 = tensor.empty() : tensor<1xf32>\n"
        "  return %0 : tensor<1xf32>\n}\n",
        r"p\.mlir:1:1: error: argument 0 of the model '@f' is a tensor<\?xf32>: its size is not known, .* static shape",
    ),
    "dynamic result": (
        "func.func @f(%n: i64) -> tensor<?xf32> {\n  %i = arith.index_cast %n : i64 to index\n"
        "  %0 = tensor.empty(%i) : tensor<?xf32>\n  return %0 : tensor<?xf32>\n}\n",
        r"p\.mlir:1:1: error: result 0 of the model '@f' is a tensor<\?xf32>: its size is not known",
    ),
    "memref": (
        "func.func @f(%x: memref<2xf32>) -> f32 {\n  %c = arith.constant 1.0 : f32\n  return %c : f32\n}\n",
        r"p\.mlir:1:1: error: argument 0 of the model '@f' is written to, but models only read their arguments; return",
    ),
    "index": (
        "func.func @f(%x: tensor<2xindex>) -> f32 {\n  %c = arith.constant 1.0 : f32\n  return %c : f32\n}\n",
        r"argument 0 of the model '@f' is a tensor<2xindex>: its size is not the same everywhere; use i64",
    ),
    "element type": (
        "func.func @f(%x: tensor<2xbf16>) -> f32 {\n  %c = arith.constant 1.0 : f32\n  return %c : f32\n}\n",
        r"is a tensor<2xbf16>: which C\+\+ has no standard type for; use one of i1, i8, i16, i32, i64, f32, f64, or",
    ),
    "no result": (
        "func.func @f(%x: tensor<2xf32>) {\n  return\n}\n",
        r"p\.mlir:1:1: error: the model '@f' has no result",
    ),
    "no model": (
        "func.func private @f(%x: f32) -> f32 {\n  return %x : f32\n}\n",
        r"'p\.mlir' has no public function, which could be a model",
    ),
    "name of a model": (
        'func.func @"serving.default"(%x: f32) -> f32 {\n  return %x : f32\n}\n',
        r"p\.mlir:1:1: error: the model '@serving\.default' has a name that is no identifier of C\+\+; rename it",
    ),
    "name of an argument": (
        'func.func @f(%x: f32 {lh.name = "a b"}) -> f32 {\n  return %x : f32\n}\n',
        r"argument 0 of the model '@f' is called 'a b', which is no identifier of C\+\+; give it another 'lh.name'",
    ),
    "names of arguments": (
        'func.func @f(%x: f32, %y: f32 {lh.name = "x"}) -> f32 {\n  return %x : f32\n}\n',
        r"argument 1 of the model '@f' is called 'x', as another one is; give it another 'lh.name'",
    ),
    "external function": (
        "func.func private @g(memref<2xf32>)\nfunc.func @f(%x: tensor<2xf32>) -> f32 {\n"
        "  %c = arith.constant 1.0 : f32\n  %m = memref.alloc() : memref<2xf32>\n"
        "  func.call @g(%m) : (memref<2xf32>) -> ()\n  return %c : f32\n}\n",
        r"p\.mlir:1:1: error: the declared function '@g' cannot be called from C\+\+; it may take numbers",
    ),
    "resource": (
        "func.func @f() -> tensor<2xf32> {\n  %c = arith.constant dense_resource<r> : tensor<2xf32>\n"
        "  return %c : tensor<2xf32>\n}\n"
        '{-# dialect_resources: { builtin: { r: "0x040000000000803F00000040" } } #-}\n',
        r"p\.mlir:2:8: error: the contents of the constant '.*' are not in the payload's text; write dense<",
    ),
}


def _write_tool(path: Path, script: str, version: str = "22.1.8") -> None:
    path.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo "  LLVM version {version}"; exit; fi\n{script}\n')
    path.chmod(0o755)


def _fails(lh_opt: Run, directory: Path, status: int, error: str, *arguments: str) -> None:
    done = lh_opt(*arguments, status=status, cwd=directory)
    assert re.search(error, done.stderr), done.stderr
    assert "Traceback" not in done.stderr
    assert not [path for path in directory.glob("out*") if path.suffix != ".reproducer"]


@pytest.mark.parametrize("name", PAYLOADS)
def test_a_payload_that_is_no_model(name: str, tmp_path: Path, lh_opt: Run, mlir_translate: str) -> None:
    text, error = PAYLOADS[name]
    (tmp_path / "p.mlir").write_text(text)
    done = lh_opt("p.mlir", STAGE, *CPP, f"--mlir-translate={mlir_translate}", cwd=tmp_path, status=None)
    assert done.returncode in (1, 3), (done.returncode, done.stderr)
    assert re.search(error, done.stderr), done.stderr
    assert not (tmp_path / "out.cpp").exists()


def test_a_payload_that_is_not_lowered(tmp_path: Path, lh_opt: Run) -> None:
    (tmp_path / "p.mlir").write_text(GOOD)
    error = (
        r"p\.mlir:\d+:\d+: error: '.*' has no equal in C\+\+.*: the payload is not lowered to EmitC; add tosa-to-emitc"
    )
    _fails(lh_opt, tmp_path, 1, error, "p.mlir", "--stage=canonicalize", *CPP)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["--emit=cpp=out.cpp"], "--emit=cpp wants a --namespace for its models"),
        (["--emit=cpp=out.cpp", "--namespace=a:b"], r"'a:b' is not a C\+\+ namespace; write it as outer::inner"),
        ([*CPP, "--emit=object=out.o"], "--emit=cpp and --emit=object exclude each other: stages end in EmitC or"),
        ([*CPP, "--symbol-prefix=p"], r"--symbol-prefix and --allow-undefined are for objects; C\+\+ has --namespace"),
        ([*CPP, "--emit=header=out.h", "--class-name=a-b"], "the class name 'a-b' gives 'a-b', which is no name in C"),
    ],
)
def test_arguments_that_contradict(
    arguments: list[str], error: str, tmp_path: Path, lh_opt: Run, mlir_translate: str
) -> None:
    (tmp_path / "p.mlir").write_text(GOOD)
    _fails(lh_opt, tmp_path, 2, error, "p.mlir", STAGE, f"--mlir-translate={mlir_translate}", *arguments)


def test_registries_of_equal_names(tmp_path: Path, lh_opt: Run, mlir_translate: str) -> None:
    for name in ("p", "q"):
        (tmp_path / f"{name}.mlir").write_text(GOOD + GOOD.replace("@f", f"@g_{name}"))
        interface = f"--emit=interface={name}.interface.json"
        tool = f"--mlir-translate={mlir_translate}"
        lh_opt(f"{name}.mlir", STAGE, "--emit=cpp=x.cpp", "--namespace=n", interface, tool, cwd=tmp_path)
    merge = ["--emit=header=out.h", "--namespace=n"]
    error = r"q\.mlir:1: error: there are two models 'f', in 'q\.mlir' and in 'p\.mlir'; rename one"
    _fails(lh_opt, tmp_path, 3, error, "p.interface.json", "q.interface.json", *merge)
    error = (
        r"the models 'f' and 'g_p' would both be the class 'Model'; write \{\} for the model's name, as in '\{\}Model'"
    )
    _fails(lh_opt, tmp_path, 2, error, "p.interface.json", *merge, "--class-name=Model")
    (tmp_path / "c.interface.json").write_text('{"format": 1, "source": "c.mlir", "functions": [], "externals": []}')
    error = r"c\.interface\.json: error: C functions and models cannot be in one header; this file is of C functions"
    _fails(lh_opt, tmp_path, 3, error, "p.interface.json", "c.interface.json", *merge)


def test_without_a_tool(tmp_path: Path, lh_opt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.mlir").write_text(GOOD)
    error = "there is no program 'nowhere' to write C.. with; install LLVM's MLIR tools .*LH_MLIR_TRANSLATE in CMake"
    _fails(lh_opt, tmp_path, 3, error, "p.mlir", STAGE, *CPP, "--mlir-translate=nowhere")
    monkeypatch.setenv("PATH", str(tmp_path))
    _fails(lh_opt, tmp_path, 3, r"mlir-translate writes C\+\+, and is not on PATH", "p.mlir", STAGE, *CPP)


def test_the_newest_tool_on_path(tmp_path: Path, lh_opt: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.mlir").write_text(GOOD)
    for version in ("9", "23", "22"):
        _write_tool(tmp_path / f"mlir-translate-{version}", f"echo by {version} >&2; exit 1")
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/bin")
    _fails(lh_opt, tmp_path, 1, "error: by 23", "p.mlir", STAGE, *CPP)


@pytest.mark.parametrize(
    ("script", "version", "status", "error"),
    [
        (
            "kill -SEGV $$",
            "22.1.8",
            4,
            r"'tool' \(LLVM 22\.1\.8\) died by SIGSEGV while running the translation to C\+\+",
        ),
        ("sleep 600", "22.1.8", 4, r"ran longer than the timeout of 15 s while running the translation to C\+\+"),
        (
            "echo '<stdin>:3:1: error: unknown attribute' >&2; exit 1",
            "21.1.0",
            1,
            r"error: unknown attribute\n.*'tool' \(LLVM 21\.1\.0\) cannot read what the bindings .* \(LLVM 2.*\) "
            "write: it is too old; install",
        ),
        (
            "echo 'p.mlir:2:3: error: cannot emit this' >&2; exit 1",
            "22.1.8",
            1,
            r"p\.mlir:2:3: error: cannot emit this\n(.*\n)*.*'tool' \(LLVM 22\.1\.8\) cannot translate what the "
            r"bindings .* \(LLVM 2.*\) write; where they differ, take a newer tool",
        ),
    ],
    ids=["crash", "hang", "too old", "refusal"],
)
def test_a_tool_that_fails(script: str, version: str, status: int, error: str, tmp_path: Path, lh_opt: Run) -> None:
    (tmp_path / "p.mlir").write_text(GOOD)
    _write_tool(tmp_path / "tool", script, version)
    # Time for a busy machine to come to the translation.
    _fails(lh_opt, tmp_path, status, error, "p.mlir", STAGE, *CPP, f"--mlir-translate={tmp_path}/tool", "--timeout=15")
