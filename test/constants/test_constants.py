# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large constants cross LLVM IR as bytes, and mean the same."""

from __future__ import annotations

import ctypes
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
COUNT = 3000
STAGES = ["lower-to-llvm.yaml"]

# Element type of MLIR, format of struct, type of ctypes.
TYPES: dict[str, tuple[str, Any]] = {
    "f32": ("f", ctypes.c_float),
    "f64": ("d", ctypes.c_double),
    "i8": ("b", ctypes.c_int8),
    "i16": ("h", ctypes.c_int16),
    "i32": ("i", ctypes.c_int32),
    "i64": ("q", ctypes.c_int64),
}


def values(format: str) -> list[Any]:
    if format in "fd":
        return [0.1 * i - 7 for i in range(COUNT)]
    return [(i * 37) % 251 - 125 for i in range(COUNT)]


def payload(element: str, data: str) -> str:
    return f"""
memref.global "private" constant @data : memref<{COUNT}x{element}> = dense<{data}>
func.func @at(%i: index) -> {element} {{
  %0 = memref.get_global @data : memref<{COUNT}x{element}>
  %1 = memref.load %0[%i] : memref<{COUNT}x{element}>
  return %1 : {element}
}}
"""


def lower(text: str, *arguments: str) -> None:
    command = [sys.executable, "-I", str(DRIVER), "-", *(f"--stage={s}" for s in STAGES), *arguments]
    subprocess.run(command, input=text, text=True, check=True, timeout=120)


@pytest.mark.parametrize("element", TYPES)
@pytest.mark.parametrize("splat", [False, True], ids=["list", "splat"])
def test_elements_are_what_the_payload_says(element: str, splat: bool, tmp_path: Path) -> None:
    format, c_type = TYPES[element]
    expected = values(format)
    if splat:
        expected = [expected[1]] * COUNT
        data = str(expected[0])
    else:
        data = '"0x' + struct.pack(f"<{COUNT}{format}", *expected).hex().upper() + '"'
    lower(payload(element, data), f"--emit=object={tmp_path / 'k.o'}", f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert f"[{COUNT * struct.calcsize(format)} x i8] c" in (tmp_path / "k.ll").read_text()
    subprocess.run(["gcc", "-shared", "-o", tmp_path / "k.so", tmp_path / "k.o"], check=True)
    at = ctypes.CDLL(str(tmp_path / "k.so")).at
    at.argtypes, at.restype = [ctypes.c_int64], c_type
    assert [at(i) for i in range(COUNT)] == [c_type(value).value for value in expected]


def test_small_and_odd_constants_stay_readable(tmp_path: Path) -> None:
    lower(payload("f32", "1.5").replace(str(COUNT), "8"), f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert "[8 x float]" in (tmp_path / "k.ll").read_text()
    lower(payload("i1", "true"), f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert f"[{COUNT} x i1]" in (tmp_path / "k.ll").read_text()


def test_big_endian_targets_keep_numbers(tmp_path: Path) -> None:
    lower(payload("f32", "1.5"), f"--emit=llvmir={tmp_path / 'k.ll'}", "--target-triple=s390x-unknown-linux-gnu")
    assert f"[{COUNT} x float]" in (tmp_path / "k.ll").read_text()
