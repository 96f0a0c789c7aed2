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
MANY = 5000  # of elements of one byte: smaller constants stay readable
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


# Element types that C has no equal of: the width of an element in bytes, and how a payload makes an i64 of one.
WIDENED = {
    "f16": (2, "%1 = arith.bitcast %0 : f16 to i16\n  %2 = arith.extui %1 : i16 to i64"),
    "bf16": (2, "%1 = arith.bitcast %0 : bf16 to i16\n  %2 = arith.extui %1 : i16 to i64"),
    "i1": (1, "%2 = arith.extui %0 : i1 to i64"),
    "i4": (1, "%2 = arith.extui %0 : i4 to i64"),
    "complex<f32>": (
        8,
        "%r = complex.re %0 : complex<f32>\n  %m = complex.im %0 : complex<f32>\n"
        "  %a = arith.bitcast %r : f32 to i32\n  %b = arith.bitcast %m : f32 to i32\n"
        "  %c = arith.extui %a : i32 to i64\n  %d = arith.extui %b : i32 to i64\n"
        "  %s = arith.constant 32 : i64\n  %e = arith.shli %d, %s : i64\n  %2 = arith.ori %c, %e : i64",
    ),
}


def widened(element: str, data: str, steps: str) -> str:
    return f"""
memref.global "private" constant @data : memref<{MANY}x{element}> = {data}
func.func @at(%i: index) -> i64 {{
  %g = memref.get_global @data : memref<{MANY}x{element}>
  %0 = memref.load %g[%i] : memref<{MANY}x{element}>
  {steps}
  return %2 : i64
}}
"""


def elements(width: int, top: int) -> list[int]:
    """Bits of elements; those of floats are no infinity and no NaN."""
    return [int.from_bytes(bytes((i * 37 + k * 11) % top for k in range(width)), "little") for i in range(MANY)]


def read_back(text: str, size: int, tmp_path: Path) -> list[int]:
    """What `at` of the payload `text` returns for each index; its constant must be `size` bytes in LLVM IR."""
    lower(text, f"--emit=object={tmp_path / 'k.o'}", f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert f"[{size} x i8] c" in (tmp_path / "k.ll").read_text()
    subprocess.run(["gcc", "-shared", "-o", tmp_path / "k.so", tmp_path / "k.o"], check=True)
    at = ctypes.CDLL(str(tmp_path / "k.so")).at
    at.argtypes, at.restype = [ctypes.c_int64], ctypes.c_uint64
    return [at(i) for i in range(MANY)]


@pytest.mark.parametrize("element", WIDENED)
def test_elements_that_python_has_no_buffers_of(element: str, tmp_path: Path) -> None:
    width, steps = WIDENED[element]
    expected = elements(width, {"i1": 2, "i4": 16}.get(element, 120))
    digits = b"".join(value.to_bytes(width, "little") for value in expected).hex()
    text = widened(element, f'dense<"0x{digits}">', steps)
    assert read_back(text, width * MANY, tmp_path) == expected


@pytest.mark.parametrize(
    ("element", "value", "bits"),
    [("f16", "-1.5", 0xBE00), ("f16", "0x7C01", 0x7C01), ("bf16", "1.5", 0x3FC0), ("i1", "true", 1), ("i4", "-3", 13)],
)
def test_splats(element: str, value: str, bits: int, tmp_path: Path) -> None:
    width, steps = WIDENED[element]
    text = widened(element, f"dense<{value}>", steps)
    assert read_back(text, width * MANY, tmp_path) == [bits] * MANY


@pytest.mark.parametrize("data", ["7", '"0x' + "0700000000000000" * MANY + '"', "[" + "7, " * (MANY - 1) + "8]"])
def test_an_index_of_32_bits(data: str, tmp_path: Path) -> None:
    """MLIR keeps it in 64."""
    text = f"""
memref.global "private" constant @data : memref<{MANY}xindex> = dense<{data}>
func.func @at(%i: index) -> index {{
  %g = memref.get_global @data : memref<{MANY}xindex>
  %0 = memref.load %g[%i] : memref<{MANY}xindex>
  return %0 : index
}}
"""
    passes = ",".join(f"{p}{{index-bitwidth=32}}" for p in ("finalize-memref-to-llvm", "convert-func-to-llvm"))
    passes += ",reconcile-unrealized-casts"
    command = [
        sys.executable,
        "-I",
        str(DRIVER),
        "-",
        f"--stage={passes}",
        "--emit=llvmir",
        "-o",
        str(tmp_path / "k.ll"),
    ]
    subprocess.run(command, input=text, text=True, check=True, timeout=120)
    assert f"[{MANY} x i32] [i32 7, i32 7, i32 7" in (tmp_path / "k.ll").read_text()


@pytest.mark.parametrize("name", ["weights", r'"a \22: \220x"'])
def test_resources(name: str, tmp_path: Path) -> None:
    """Names are printed in quotes where they need them."""
    expected = elements(2, 120)
    digits = b"".join(value.to_bytes(2, "little") for value in expected).hex()
    text = widened("bf16", f"dense_resource<{name}>", WIDENED["bf16"][1])
    text += f'{{-# dialect_resources: {{ builtin: {{ {name}: "0x02000000{digits}" }} }} #-}}'
    assert read_back(text, 2 * MANY, tmp_path) == expected


def test_a_small_constant_of_complex_numbers(tmp_path: Path) -> None:
    """The bindings have no class for such attributes, wherever they stand."""
    text = """
module attributes {x.list = [dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>]} {
  func.func private @called(%a: tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>> {
    %0 = arith.constant {x = dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>} dense<(3.0, 4.0)> : tensor<2xcomplex<f32>>
    %e = tensor.empty() : tensor<2xcomplex<f32>>
    %2 = linalg.map { complex.mul } ins(%a, %0 : tensor<2xcomplex<f32>>, tensor<2xcomplex<f32>>)
      outs(%e : tensor<2xcomplex<f32>>)
    return %2 : tensor<2xcomplex<f32>>
  }
  func.func @f(%a: tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
      attributes {x = [dense<(1.0, 2.0)> : tensor<2xcomplex<f32>>]} {
    %0 = call @called(%a) : (tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
    return %0 : tensor<2xcomplex<f32>>
  }
}
"""
    command = [sys.executable, "-I", str(DRIVER), "-", "--stage=bufferize.yaml", *(f"--stage={s}" for s in STAGES)]
    command += ["--emit=llvmir", "-o", str(tmp_path / "k.ll")]
    subprocess.run(command, input=text, text=True, check=True, timeout=120)
    assert "[2 x { float, float }] [{" in (tmp_path / "k.ll").read_text()


AWKWARD = bytes(range(256)) * 20 + b'"; @x = [5120 x i8] zeroinitializer\n' + b"\\22\\" + b"\0" * 60


def test_awkward_bytes_and_names(tmp_path: Path) -> None:
    """Bytes that look like LLVM IR, names that are printed in quotes, and zeros that nobody has taken out."""
    size = len(AWKWARD)
    names = [
        "plain",
        "with$dollar",
        "with space",
        "quote \\22",
        "back\\5Cslash",
        "1digit",
        "\u00fc",
        f"[{size} x i8] zeroinitializer",
    ]
    text = f"llvm.mlir.global private constant @zeros() : !llvm.array<{size} x i8> {{\n"
    text += f"  %0 = llvm.mlir.zero : !llvm.array<{size} x i8>\n"
    text += f"  llvm.return %0 : !llvm.array<{size} x i8>\n}}\n"
    for number, name in enumerate(names):
        data = (bytes([number]) + AWKWARD[1:]).hex().upper()
        text += (
            f'llvm.mlir.global private constant @"{name}"(dense<"0x{data}"> : tensor<{size}xi8>) '
            f": !llvm.array<{size} x i8>\n"
            f"llvm.func @at{number}(%i: i64) -> i8 {{\n"
            f'  %0 = llvm.mlir.addressof @"{name}" : !llvm.ptr\n'
            "  %1 = llvm.getelementptr %0[%i] : (!llvm.ptr, i64) -> !llvm.ptr, i8\n"
            "  %2 = llvm.load %1 : !llvm.ptr -> i8\n  llvm.return %2 : i8\n}\n"
        )
    kinds = {kind: tmp_path / f"k.{kind}" for kind in ("object", "llvmir", "bitcode")}
    lower(text, *(f"--emit={kind}={path}" for kind, path in kinds.items()))
    # The code generator reads the bytes as they are, everybody else in digits.
    subprocess.run([sys.executable, "-c", AGAIN, kinds["llvmir"], tmp_path / "again.o"], check=True)
    subprocess.run([sys.executable, "-c", AGAIN, kinds["bitcode"], tmp_path / "bitcode.o"], check=True)
    for made in (kinds["object"], tmp_path / "again.o", tmp_path / "bitcode.o"):
        subprocess.run(["gcc", "-shared", "-o", made.with_suffix(".so"), made], check=True)
        library = ctypes.CDLL(str(made.with_suffix(".so")))
        for number in range(len(names)):
            at = getattr(library, f"at{number}")
            at.argtypes, at.restype = [ctypes.c_int64], ctypes.c_uint8
            assert bytes(map(at, range(size))) == bytes([number]) + AWKWARD[1:]


# What another compiler makes of the LLVM IR or bitcode of the first argument.
AGAIN = """
import sys
import llvmlite.binding as llvm
llvm.initialize_all_targets()
llvm.initialize_all_asmprinters()
data = open(sys.argv[1], "rb").read()
module = llvm.parse_bitcode(data) if data[:2] == b"BC" else llvm.parse_assembly(data.decode("ascii"))
machine = llvm.Target.from_default_triple().create_target_machine(reloc="pic")
open(sys.argv[2], "wb").write(machine.emit_object(module))
"""


def test_small_and_odd_constants_stay_readable(tmp_path: Path) -> None:
    lower(payload("f32", "1.5").replace(str(COUNT), "8"), f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert "[8 x float]" in (tmp_path / "k.ll").read_text()
    lower(payload("i1", "true"), f"--emit=llvmir={tmp_path / 'k.ll'}")
    assert f"[{COUNT} x i1]" in (tmp_path / "k.ll").read_text()


def test_big_endian_targets_keep_numbers(tmp_path: Path) -> None:
    lower(payload("f32", "1.5"), f"--emit=llvmir={tmp_path / 'k.ll'}", "--target-triple=s390x-unknown-linux-gnu")
    assert f"[{COUNT} x float]" in (tmp_path / "k.ll").read_text()


def large(value: int) -> str:
    """A payload with 1 MiB of bytes."""
    return payload("i8", f'"0x{value:02X}{"25" * ((1 << 20) - 1)}"').replace(str(COUNT), str(1 << 20))


def command(directory: Path) -> list[str]:
    stages = [f"--stage={s}" for s in STAGES]
    outputs = [f"--emit=llvmir={directory / 'k.ll'}", f"--stamp={directory / 'stamp'}"]
    return [sys.executable, "-I", str(DRIVER), "-", *stages, *outputs]


def test_a_large_output_is_written_when_it_changes_and_only_then(tmp_path: Path) -> None:
    times = []
    for value in (1, 1, 2):
        subprocess.run(command(tmp_path), input=large(value), text=True, check=True, timeout=120)
        assert f'c"\\{value:02X}\\25\\25' in (tmp_path / "k.ll").read_text()
        times.append((tmp_path / "k.ll").stat().st_mtime_ns)
    assert times[0] == times[1] < times[2]
    assert {path.name for path in tmp_path.iterdir()} == {"k.ll", "stamp", "stamp.lock"}


def test_without_place_for_a_large_output_there_is_an_error_and_none(tmp_path: Path) -> None:
    limited = ["sh", "-c", 'ulimit -f 2048; exec "$@"', "sh", *command(tmp_path)]  # of 512 bytes
    result = subprocess.run(limited, input=large(1), text=True, capture_output=True, timeout=120, check=False)
    assert result.returncode == 3, result.stderr
    assert f"{tmp_path / 'k.ll'}: error: cannot write '{tmp_path / 'k.ll'}': File too large" in result.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"stamp.lock"}
