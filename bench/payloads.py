# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Payloads of three sizes, as text that MLIR 22 and newer read, and the pipeline that lowers them."""

from __future__ import annotations

import random
import struct

# Takes linalg on tensors to the LLVM dialect, with passes that every MLIR of the last years has.
BUFFERIZE = "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}"
LOOPS = "convert-linalg-to-loops"
CONTROL_FLOW = "expand-strided-metadata,lower-affine,convert-scf-to-cf"
LLVM = "convert-math-to-llvm,convert-to-llvm,reconcile-unrealized-casts"
PIPELINE = ",".join((BUFFERIZE, LOOPS, CONTROL_FLOW, LLVM))


class _Function:
    """The text of one function of 2-dimensional f32 tensors, built operation by operation."""

    def __init__(self) -> None:
        self.lines = ["%zero = arith.constant 0.0 : f32", "%one = arith.constant 1.0 : f32"]
        self.count = 0

    def _new(self, text: str) -> str:
        self.count += 1
        self.lines.append(f"%v{self.count} = {text}")
        return f"%v{self.count}"

    def constant(self, rows: int, columns: int, digits: str = "") -> str:
        value = f'"0x{digits}"' if digits else "0.5"
        return self._new(f"arith.constant dense<{value}> : tensor<{rows}x{columns}xf32>")

    def empty(self, rows: int, columns: int) -> str:
        return self._new(f"tensor.empty() : tensor<{rows}x{columns}xf32>")

    def matmul(self, a: str, b: str, rows: int, depth: int, columns: int) -> str:
        out = f"tensor<{rows}x{columns}xf32>"
        init = self._new(f"linalg.fill ins(%zero : f32) outs({self.empty(rows, columns)} : {out}) -> {out}")
        types = f"tensor<{rows}x{depth}xf32>, tensor<{depth}x{columns}xf32>"
        return self._new(f"linalg.matmul ins({a}, {b} : {types}) outs({init} : {out}) -> {out}")

    def each(self, operation: str, inputs: list[tuple[str, str, int, int]], rows: int, columns: int) -> str:
        """`operation` of `%x0`, `%x1`, … to `%y` for each element; an input is a value, its map and its shape."""
        out = f"tensor<{rows}x{columns}xf32>"
        maps = ", ".join(f"affine_map<(i, j) -> {where}>" for _, where, _, _ in inputs)
        values = ", ".join(value for value, _, _, _ in inputs)
        types = ", ".join(f"tensor<{r}x{c}xf32>" for _, _, r, c in inputs)
        arguments = ", ".join(f"%x{number}: f32" for number in range(len(inputs)))
        return self._new(
            f'linalg.generic {{indexing_maps = [{maps}, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", '
            f'"parallel"]}} ins({values} : {types}) outs({self.empty(rows, columns)} : {out}) {{\n'
            f"  ^bb0({arguments}, %o: f32):\n    {operation}\n    linalg.yield %y : f32\n  }} -> {out}"
        )

    def row_sums(self, value: str, rows: int, columns: int) -> str:
        out = f"tensor<{rows}x1xf32>"
        init = self._new(f"linalg.fill ins(%zero : f32) outs({self.empty(rows, 1)} : {out}) -> {out}")
        return self._new(
            "linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, 0)>], "
            f'iterator_types = ["parallel", "reduction"]}} ins({value} : tensor<{rows}x{columns}xf32>) '
            f"outs({init} : {out}) {{\n  ^bb0(%x0: f32, %o: f32):\n    %y = arith.addf %x0, %o : f32\n"
            f"    linalg.yield %y : f32\n  }} -> {out}"
        )

    def text(self, name: str, result: str, rows: int, columns: int, arguments: str) -> str:
        type = f"tensor<{rows}x{columns}xf32>"
        body = "\n  ".join([*self.lines, f"return {result} : {type}"])
        return f"func.func @{name}({arguments}) -> {type} {{\n  {body}\n}}\n"


_ALL = "(i, j)"
_RELU = "%s = arith.addf %x0, %x1 : f32\n    %y = arith.maximumf %s, %zero : f32"


def small(name: str = "layer", rows: int = 64) -> str:
    """relu(a · b + bias)."""
    f = _Function()
    product = f.matmul("%a", "%b", rows, 32, 16)
    result = f.each(_RELU, [(product, _ALL, rows, 16), ("%bias", "(0, j)", 1, 16)], rows, 16)
    arguments = f"%a: tensor<{rows}x32xf32>, %b: tensor<32x16xf32>, %bias: tensor<1x16xf32>"
    return f.text(name, result, rows, 16, arguments)


def medium() -> str:
    """A perceptron of 8 layers."""
    f = _Function()
    value = "%a"
    for _ in range(8):
        product = f.matmul(value, f.constant(128, 128), 32, 128, 128)
        value = f.each(_RELU, [(product, _ALL, 32, 128), (f.constant(1, 128), "(0, j)", 1, 128)], 32, 128)
    return f.text("mlp", value, 32, 128, "%a: tensor<32x128xf32>")


def large(mib: int = 16, blocks: int = 6) -> str:
    """A transformer of `blocks` blocks with attention and feed-forward, some thousand operations once lowered.

    Its dense constants have `mib` MiB together.
    """
    f = _Function()
    size, rows, width = 64, 32, 256
    value = "%a"
    for _ in range(blocks):
        q, k, v = (f.matmul(value, f.constant(size, size), rows, size, size) for _ in range(3))
        transposed = f._new(
            f"linalg.transpose ins({k} : tensor<{rows}x{size}xf32>) outs({f.empty(size, rows)} : "
            f"tensor<{size}x{rows}xf32>) permutation = [1, 0]"
        )
        scores = f.matmul(q, transposed, rows, size, rows)
        powers = f.each("%y = math.exp %x0 : f32", [(scores, _ALL, rows, rows)], rows, rows)
        sums = f.row_sums(powers, rows, rows)
        weights = f.each(
            "%y = arith.divf %x0, %x1 : f32", [(powers, _ALL, rows, rows), (sums, "(i, 0)", rows, 1)], rows, rows
        )
        attention = f.matmul(weights, v, rows, rows, size)
        add = "%y = arith.addf %x0, %x1 : f32"
        value = f.each(add, [(value, _ALL, rows, size), (attention, _ALL, rows, size)], rows, size)
        hidden = f.matmul(value, f.constant(size, width), rows, size, width)
        hidden = f.each("%y = arith.maximumf %x0, %zero : f32", [(hidden, _ALL, rows, width)], rows, width)
        output = f.matmul(hidden, f.constant(width, size), rows, width, size)
        value = f.each(add, [(value, _ALL, rows, size), (output, _ALL, rows, size)], rows, size)
    count = (mib << 20) // 4 // size
    table = f.constant(size, count, _digits(size * count))
    logits = f.matmul(value, table, rows, size, count)
    return f.text("transformer", logits, rows, count, f"%a: tensor<{rows}x{size}xf32>")


def _digits(count: int) -> str:
    """`count` floats between -1 and 1 as hexadecimal digits, the same in every run."""
    generator = random.Random(7)
    block = struct.pack("<4096f", *(generator.uniform(-1, 1) for _ in range(4096)))
    return (block * (count // 4096 + 1))[: 4 * count].hex().upper()
