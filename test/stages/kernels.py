# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Kernels to lower with the shipped pipelines: as MLIR, as arrays to call them with, and in NumPy to compare with.

A payload holds many kernels, since most of the time goes into starting the driver. All are called alike: with a pointer
to the memref descriptor of each input, then of where the result goes. That is an out-parameter where the size is
static, else an argument that the payload says is writable.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["KERNELS", "Array", "Case", "Library", "Shape", "decode", "encode", "lower", "text"]

ROOT = Path(__file__).resolve().parents[2]

Array = Any  # numpy.ndarray; where types are checked there is no NumPy
Shape = tuple[int, ...]

# bf16 has no type in NumPy: its bits are kept.
_DTYPES = {"f32": "float32", "f64": "float64", "f16": "float16", "bf16": "uint16", "i8": "int8", "i32": "int32"}


def encode(values: Array, kind: str) -> Array:
    """`values` as elements of the MLIR type `kind`; rounded to nearest, ties to even."""
    if kind != "bf16":
        return values.astype(_DTYPES[kind])
    bits = values.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def decode(elements: Array, kind: str) -> Array:
    """The numbers that elements of the MLIR type `kind` stand for, in double precision or 64-bit integers."""
    if kind == "bf16":
        return (elements.astype(np.uint32) << 16).view(np.float32).astype(np.float64)
    return elements.astype(np.int64 if kind.startswith("i") else np.float64)


@dataclass(frozen=True)
class Kernel:
    """A kind of kernel.

    Attributes:
        pipeline: the shipped pipeline for it.
        body: operations from the arguments %a, %b… and the destination %out to %result, with `{0}`, `{1}`, … for the
            types of the arguments, `{out}` for that of the destination, `{element}` for its elements, `{zero}` for
            one of them, `{add}` for the operation that adds them.
        shapes: shapes of all arguments, the destination last, by the shape of a case.
        reference: the result by decoded inputs.
        flops: arithmetic operations by the shape of a case; 0 where they do not say much.
    """

    pipeline: str
    body: str
    shapes: Callable[[Shape], Sequence[Shape]]
    reference: Callable[..., Array]
    flops: Callable[[Shape], int] = lambda _shape: 0


@dataclass(frozen=True)
class Case:
    """A kernel with types and sizes.

    Attributes:
        kernel: name in KERNELS.
        element: type of the inputs' elements.
        result: of the result's.
        shape: what the kernel's sizes are made of.
        dynamic: no size is known to the compiler. Such cases of equal types are calls of one function.
    """

    kernel: str
    element: str
    result: str
    shape: Shape
    dynamic: bool = False

    def __str__(self) -> str:
        types = self.element if self.element == self.result else f"{self.element}-to-{self.result}"
        sizes = "x".join(map(str, self.shape))
        return f"{self.kernel}-{types}-{sizes}{'-dynamic' if self.dynamic else ''}"

    @property
    def function(self) -> str:
        """The name of the function that computes it."""
        sizes = "dynamic" if self.dynamic else "x".join(map(str, self.shape))
        return f"{self.kernel}_{self.element}_{self.result}_{sizes}"

    def text(self) -> str:
        """That function in MLIR."""
        kernel = KERNELS[self.kernel]
        *inputs, out = [self._tensor(shape, self.element) for shape in kernel.shapes(self.shape)]
        out = out.removesuffix(f"{self.element}>") + f"{self.result}>"
        names = [f"%{chr(ord('a') + position)}" for position in range(len(inputs))]
        arguments = ", ".join(f"{name}: {tensor}" for name, tensor in zip(names, inputs))
        zero, add = ("0", "addi") if self.result.startswith("i") else ("0.0", "addf")
        body = kernel.body.format(*inputs, out=out, element=self.result, zero=zero, add=add)
        if self.dynamic:
            arguments += f", %out: {out} {{bufferization.writable = true}}"
        else:
            body = f"  %out = tensor.empty() : {out}\n{body}"
        return f"""
func.func @{self.function}({arguments}) -> {out} {{
{body}
  return %result : {out}
}}
"""

    def arrays(self) -> tuple[list[Array], Array]:
        """Inputs with reproducible contents, and a destination full of what must not shine through."""
        random = np.random.default_rng(sum(self.shape))
        *inputs, out = KERNELS[self.kernel].shapes(self.shape)
        if self.element.startswith("i"):
            values = [random.integers(-100, 100, shape) for shape in inputs]
        else:
            values = [random.random(shape) * 2 - 1 for shape in inputs]
        return [encode(value, self.element) for value in values], encode(np.full(out, 77), self.result)

    def reference(self, inputs: Sequence[Array]) -> Array:
        """What the destination is to be, decoded."""
        return KERNELS[self.kernel].reference(*(decode(array, self.element) for array in inputs))

    def _tensor(self, shape: Shape, element: str) -> str:
        return f"tensor<{''.join('?x' if self.dynamic else f'{size}x' for size in shape)}{element}>"


class Library:
    """A payload of cases, lowered and loaded.

    Args:
        path: the shared library.
    """

    def __init__(self, path: Path) -> None:
        self._library = ctypes.CDLL(str(path))

    def bind(self, function: str, arrays: Sequence[Array]) -> Callable[[], None]:
        """A call of `function` with `arrays`; it keeps these alive."""
        descriptors = [_descriptor(array) for array in arrays]
        pointers = [ctypes.byref(descriptor) for descriptor in descriptors]
        entry = getattr(self._library, function)
        entry.restype = None

        def call(_kept: object = (arrays, descriptors)) -> None:
            entry(*pointers)

        return call

    def run(self, case: Case) -> tuple[Array, Array]:
        """What the library computes for `case`, decoded, and what it should."""
        inputs, out = case.arrays()
        self.bind(case.function, [*inputs, out])()
        return decode(out, case.result), case.reference(inputs)


def text(cases: Sequence[Case]) -> str:
    """The functions of `cases` as a payload."""
    return "".join({case.function: case.text() for case in cases}.values())


def lower(
    payload: str, stages: Sequence[str], directory: Path, flags: Sequence[str] = (), link: Sequence[str] = ()
) -> Library:
    """Lower `payload` with the driver, link it with `link` and load it.

    Raises:
        RuntimeError: the driver failed, or printed a warning.
    """
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "payload.mlir").write_text(payload)
    command: list[str | Path] = [
        sys.executable,
        "-I",
        ROOT / "python/lighthouse_build/__main__.py",
        directory / "payload.mlir",
    ]
    command += [f"--stage={stage}" for stage in stages]
    command += [
        f"--emit={kind}={directory / 'payload'}.{suffix}" for kind, suffix in (("object", "o"), ("header", "h"))
    ]
    command += ["--cpu=native", *flags]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or done.stderr:
        raise RuntimeError(done.stderr)
    # A name of its own: the loader takes equal paths for the same library.
    library = directory / f"{os.path.basename(directory)}.so"
    subprocess.run(["cc", "-shared", "-o", library, directory / "payload.o", *link, "-lm"], check=True)
    return Library(library)


def _descriptor(array: Array) -> ctypes.Structure:
    rank = array.ndim

    class Memref(ctypes.Structure):
        _fields_ = (
            ("allocated", ctypes.c_void_p),
            ("aligned", ctypes.c_void_p),
            ("offset", ctypes.c_int64),
            ("sizes", ctypes.c_int64 * rank),
            ("strides", ctypes.c_int64 * rank),
        )

    data = array.ctypes.data
    strides = [stride // array.itemsize for stride in array.strides]
    return Memref(data, data, 0, (ctypes.c_int64 * rank)(*array.shape), (ctypes.c_int64 * rank)(*strides))


# --- Kernels ----------------------------------------------------------------------------------------------------------

_FILL = """
  %zero = arith.constant {zero} : {element}
  %init = linalg.fill ins(%zero : {element}) outs(%out : {out}) -> {out}"""


def _binary(op: str, left: str, right: str, to: str, result: str) -> str:
    return f"\n  {result} = {op} ins({left}, {right} : {{0}}, {{1}}) outs({to} : {{out}}) -> {{out}}"


def _softmax(a: Array) -> Array:
    powers = np.exp(a - a.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def _layer_norm(a: Array, scale: Array, shift: Array) -> Array:
    centered = a - a.mean(axis=-1, keepdims=True)
    return centered / np.sqrt((centered**2).mean(axis=-1, keepdims=True) + 1e-5) * scale + shift


def _generic(maps: Sequence[str], reduces: bool, inputs: str, out: str, body: str, result: str) -> str:
    """A linalg.generic of two iterators `i` and `j`; `maps` are the indices of its operands."""
    listed = ", ".join(f"affine_map<(i, j) -> ({indices})>" for indices in maps)
    last = "reduction" if reduces else "parallel"
    return f"""
  {result} = linalg.generic {{{{indexing_maps = [{listed}], iterator_types = ["parallel", "{last}"]}}}}
      {inputs} outs({out}) {{{{
{body}
  }}}} -> {out.partition(" : ")[2]}"""


def _layer_norm_body() -> str:
    row, element = "tensor<?x{element}>", "{element}"
    reduce_row = (
        f"^bb0(%x: {element}, %s: {element}):\n    %r = arith.addf %x, %s : {element}\n    linalg.yield %r : {element}"
    )
    center = f"""^bb0(%x: {element}, %s: {element}, %o: {element}):
    %mean = arith.divf %s, %count : {element}
    %r = arith.subf %x, %mean : {element}
    linalg.yield %r : {element}"""
    squares = f"""^bb0(%x: {element}, %s: {element}):
    %square = arith.mulf %x, %x : {element}
    %r = arith.addf %square, %s : {element}
    linalg.yield %r : {element}"""
    finish = f"""^bb0(%x: {element}, %s: {element}, %scale: {element}, %shift: {element}, %o: {element}):
    %variance = arith.divf %s, %count : {element}
    %positive = arith.addf %variance, %epsilon : {element}
    %inverse = math.rsqrt %positive : {element}
    %normal = arith.mulf %x, %inverse : {element}
    %scaled = arith.mulf %normal, %scale : {element}
    %r = arith.addf %scaled, %shift : {element}
    linalg.yield %r : {element}"""
    return (
        """
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : {element}
  %epsilon = arith.constant 1.0e-5 : {element}
  %rows = tensor.dim %a, %c0 : {0}
  %columns = tensor.dim %a, %c1 : {0}
  %integer = arith.index_cast %columns : index to i32
  %count = arith.sitofp %integer : i32 to {element}
  %row = tensor.empty(%rows) : tensor<?x{element}>
  %zeros = linalg.fill ins(%zero : {element}) outs(%row : tensor<?x{element}>) -> tensor<?x{element}>"""
        + _generic(["i, j", "i"], True, "ins(%a : {0})", f"%zeros : {row}", reduce_row, "%sum")
        + _generic(["i, j", "i", "i, j"], False, f"ins(%a, %sum : {{0}}, {row})", "%out : {out}", center, "%centered")
        + _generic(["i, j", "i"], True, "ins(%centered : {0})", f"%zeros : {row}", squares, "%squares")
        + _generic(
            ["i, j", "i", "j", "j", "i, j"],
            False,
            f"ins(%centered, %squares, %b, %c : {{0}}, {row}, {{1}}, {{2}})",
            "%out : {out}",
            finish,
            "%result",
        )
    )


def _convolution(image: Array, weights: Array, stride: int) -> Array:
    height, width = weights.shape[:2]
    windows = np.lib.stride_tricks.sliding_window_view(image, (height, width), axis=(1, 2))
    return np.einsum("nyxchw,hwcf->nyxf", windows[:, ::stride, ::stride], weights)


def _convolution_shapes(stride: int) -> Callable[[Shape], Sequence[Shape]]:
    """By [images, height and width of the result, channels, filters' height, width and number]."""

    def shapes(shape: Shape) -> Sequence[Shape]:
        images, height, width, channels, rows, columns, filters = shape
        image = (images, (height - 1) * stride + rows, (width - 1) * stride + columns, channels)
        return [image, (rows, columns, channels, filters), (images, height, width, filters)]

    return shapes


def _convolution_kernel(stride: int) -> Kernel:
    attributes = f"{{{{strides = dense<{stride}> : tensor<2xi64>, dilations = dense<1> : tensor<2xi64>}}}}"
    return Kernel(
        "convolution.yaml",
        _FILL + _binary(f"linalg.conv_2d_nhwc_hwcf {attributes}", "%a", "%b", "%init", "%result"),
        _convolution_shapes(stride),
        lambda image, weights: _convolution(image, weights, stride),
        lambda s: 2 * int(np.prod(s)),
    )


KERNELS = {
    "matmul": Kernel(
        "matmul.yaml",
        _FILL + _binary("linalg.matmul", "%a", "%b", "%init", "%result"),
        lambda s: [(s[0], s[2]), (s[2], s[1]), s[:2]],
        lambda a, b: a @ b,
        lambda s: 2 * s[0] * s[1] * s[2],
    ),
    # Both operands transposed.
    "matmul_transposed": Kernel(
        "matmul.yaml",
        _FILL
        + _binary(
            "linalg.matmul indexing_maps = [affine_map<(i, j, k) -> (k, i)>, affine_map<(i, j, k) -> (j, k)>, "
            "affine_map<(i, j, k) -> (i, j)>]",
            "%a",
            "%b",
            "%init",
            "%result",
        ),
        lambda s: [(s[2], s[0]), (s[1], s[2]), s[:2]],
        lambda a, b: a.T @ b.T,
        lambda s: 2 * s[0] * s[1] * s[2],
    ),
    # Not from zero, and with element-wise operations around the product.
    "matmul_add": Kernel(
        "matmul.yaml",
        _binary("linalg.add", "%c", "%c", "%out", "%twice").replace("{0}, {1}", "{2}, {2}")
        + _binary("linalg.matmul", "%a", "%b", "%twice", "%product")
        + _binary("linalg.max", "%product", "%c", "%out", "%result").replace("{0}, {1}", "{out}, {2}"),
        lambda s: [(s[0], s[2]), (s[2], s[1]), s[:2], s[:2]],
        lambda a, b, c: np.maximum(a @ b + c + c, c),
        lambda s: 2 * s[0] * s[1] * s[2],
    ),
    "batch_matmul": Kernel(
        "batch-matmul.yaml",
        _FILL + _binary("linalg.batch_matmul", "%a", "%b", "%init", "%result"),
        lambda s: [(s[0], s[1], s[3]), (s[0], s[3], s[2]), s[:3]],
        lambda a, b: a @ b,
        lambda s: 2 * s[0] * s[1] * s[2] * s[3],
    ),
    "matvec": Kernel(
        "matvec.yaml",
        _FILL + _binary("linalg.matvec", "%a", "%b", "%init", "%result"),
        lambda s: [s, s[1:], s[:1]],
        lambda a, b: a @ b,
        lambda s: 2 * s[0] * s[1],
    ),
    "vecmat": Kernel(
        "matvec.yaml",
        _FILL + _binary("linalg.vecmat", "%a", "%b", "%init", "%result"),
        lambda s: [s[:1], s, s[1:]],
        lambda a, b: a @ b,
        lambda s: 2 * s[0] * s[1],
    ),
    "chain": Kernel(
        "elementwise.yaml",
        _binary("linalg.add", "%a", "%b", "%out", "%sum")
        + _binary("linalg.mul", "%sum", "%b", "%out", "%product")
        + _binary("linalg.max", "%product", "%a", "%out", "%result"),
        lambda s: [s, s, s],
        lambda a, b: np.maximum((a + b) * b, a),
    ),
    "row_sum": Kernel(
        "reduction.yaml",
        _FILL
        + "\n  %result = linalg.reduce ins(%a : {0}) outs(%init : {out}) dimensions = [1]"
        + "\n    (%x: {element}, %s: {element}) {{"
        + "\n      %r = arith.{add} %x, %s : {element}\n      linalg.yield %r : {element}\n    }}",
        lambda s: [s, s[:1]],
        lambda a: a.sum(axis=1),
    ),
    "softmax": Kernel(
        "reduction.yaml",
        "\n  %result = linalg.softmax dimension(1) ins(%a : {0}) outs(%out : {out}) -> {out}",
        lambda s: [s, s],
        _softmax,
    ),
    "layer_norm": Kernel(
        "reduction.yaml",
        _layer_norm_body(),
        lambda s: [s, s[1:], s[1:], s],
        _layer_norm,
    ),
    "convolution": _convolution_kernel(1),
    "convolution_stride2": _convolution_kernel(2),
}
