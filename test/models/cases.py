# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models to make C++ of: as MLIR, with inputs, and in NumPy to compare with.

Their weights are random, the same at every run, and stand in the text of the payload.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["CASES", "Array", "Case"]

Array = Any  # numpy.ndarray; where types are checked there is no NumPy

_ELEMENTS = {
    "bool": "i1",
    "int8": "i8",
    "int16": "i16",
    "int32": "i32",
    "int64": "i64",
    "float32": "f32",
    "float64": "f64",
}


@dataclass(frozen=True)
class Case:
    """A model.

    Attributes:
        text: the function `@<name>`.
        inputs: by the model's name for them, in order.
        reference: the results by the inputs.
        tolerance: greatest difference, relative to the greatest result.
        stage: what lowers it.
    """

    text: str
    inputs: Mapping[str, Sequence[Array]]
    reference: Callable[..., Sequence[Array]]
    tolerance: float = 1e-5
    stage: str = "tosa-to-emitc.yaml"


def _random(seed: int) -> Any:
    return np.random.default_rng(seed)


def _normal(seed: int, *shape: int, type: str = "float32") -> Array:
    return _random(seed).normal(size=shape).astype(type)


def _type(array: Array) -> str:
    return f"tensor<{''.join(f'{size}x' for size in array.shape)}{_ELEMENTS[array.dtype.name]}>"


def _constant(name: str, array: Array) -> str:
    """A constant of TOSA, exact to the last bit."""
    data = np.packbits(array, bitorder="little") if array.dtype == bool else array
    contents = f'"0x{data.tobytes().hex().upper()}"' if array.size > 1 else str(array.reshape(-1)[0])
    return f'  %{name} = "tosa.const"() <{{values = dense<{contents}> : {_type(array)}}}> : () -> {_type(array)}\n'


def _shape(name: str, *sizes: int) -> str:
    rank = len(sizes)
    return (
        f"  %{name} = tosa.const_shape {{values = dense<[{', '.join(map(str, sizes))}]> : tensor<{rank}xindex>}}"
        f" : () -> !tosa.shape<{rank}>\n"
    )


def _dense(result: str, operand: str, rows: int, inner: int, columns: int, seed: int) -> str:
    """A product with random weights plus a random bias: `%<result>` of `%<operand>`, of shape 1 x rows x columns."""
    weights, bias = _normal(seed, 1, inner, columns), _normal(seed + 1, 1, 1, columns)
    left, right, out = f"tensor<1x{rows}x{inner}xf32>", _type(weights), f"tensor<1x{rows}x{columns}xf32>"
    return (
        _constant(f"{result}_w", weights)
        + _constant(f"{result}_b", bias)
        + f"""\
  %{result}_z = "tosa.const"() <{{values = dense<0.0> : tensor<1xf32>}}> : () -> tensor<1xf32>
  %{result}_p = tosa.matmul %{operand}, %{result}_w, %{result}_z, %{result}_z
    : ({left}, {right}, tensor<1xf32>, tensor<1xf32>) -> {out}
  %{result} = tosa.add %{result}_p, %{result}_b : ({out}, {_type(bias)}) -> {out}
"""
    )


def _dense_reference(x: Array, inner: int, columns: int, seed: int) -> Array:
    return x @ _normal(seed, 1, inner, columns)[0] + _normal(seed + 1, 1, 1, columns)[0, 0]


def _sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


# Three layers, each with an activation of its own.
_MLP = Case(
    text=f"""
func.func @mlp(%features: tensor<1x4x8xf32>) -> tensor<4x3xf32> {{
{_dense("a", "features", 4, 8, 16, 10)}
  %r = tosa.clamp %a {{min_val = 0.0 : f32, max_val = 3.4e38 : f32}} : (tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
{_dense("b", "r", 4, 16, 16, 20)}
  %t = tosa.tanh %b : (tensor<1x4x16xf32>) -> tensor<1x4x16xf32>
{_dense("c", "t", 4, 16, 3, 30)}
  %s = tosa.sigmoid %c : (tensor<1x4x3xf32>) -> tensor<1x4x3xf32>
{_shape("shape", 4, 3)}
  %o = tosa.reshape %s, %shape : (tensor<1x4x3xf32>, !tosa.shape<2>) -> tensor<4x3xf32>
  return %o : tensor<4x3xf32>
}}
""",
    inputs={"features": [_normal(seed, 1, 4, 8) for seed in range(5)]},
    reference=lambda x: [
        _sigmoid(
            _dense_reference(
                np.tanh(_dense_reference(np.maximum(_dense_reference(x[0], 8, 16, 10), 0), 16, 16, 20)), 16, 3, 30
            )
        )
    ],
)

# Like the policies of LLVM's inliner: single integers with names, one of which the model ignores, and a decision.
_INLINE_SCALE = _normal(40, 3)
_INLINE = Case(
    text=f"""
func.func @inline_policy(
    %arg0: tensor<i64> {{tf_saved_model.index_path = ["callee_users"]}},
    %arg1: tensor<i64> {{tf_saved_model.index_path = ["callsite_cost"]}},
    %arg2: tensor<i32> {{tf_saved_model.index_path = ["depth"]}},
    %arg3: tensor<f32> {{tf_saved_model.index_path = ["reward"]}})
    -> (tensor<i64> {{tf_saved_model.index_path = ["decision"]}}, tensor<3xf32> {{lh.name = "weighted"}}) {{
  %u = arith.constant dense<0.0> : tensor<f32>
{_shape("one", 1)}
  %w0 = tosa.cast %arg2 : (tensor<i32>) -> tensor<f32>
  %i0 = linalg.generic {{indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}}
    ins(%arg0 : tensor<i64>) outs(%u : tensor<f32>) {{
  ^bb0(%in: i64, %out: f32):
    %f = arith.sitofp %in : i64 to f32
    linalg.yield %f : f32
  }} -> tensor<f32>
  %i1 = linalg.generic {{indexing_maps = [affine_map<() -> ()>, affine_map<() -> ()>], iterator_types = []}}
    ins(%arg1 : tensor<i64>) outs(%u : tensor<f32>) {{
  ^bb0(%in: i64, %out: f32):
    %f = arith.sitofp %in : i64 to f32
    linalg.yield %f : f32
  }} -> tensor<f32>
  %v0 = tosa.reshape %i0, %one : (tensor<f32>, !tosa.shape<1>) -> tensor<1xf32>
  %v1 = tosa.reshape %i1, %one : (tensor<f32>, !tosa.shape<1>) -> tensor<1xf32>
  %v2 = tosa.reshape %w0, %one : (tensor<f32>, !tosa.shape<1>) -> tensor<1xf32>
  %v = tosa.concat %v0, %v1, %v2 {{axis = 0 : i32}} : (tensor<1xf32>, tensor<1xf32>, tensor<1xf32>) -> tensor<3xf32>
{_constant("scale", _INLINE_SCALE)}
  %shift = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %m = tosa.mul %v, %scale, %shift : (tensor<3xf32>, tensor<3xf32>, tensor<1xi8>) -> tensor<3xf32>
  %d = tosa.argmax %m {{axis = 0 : i32}} : (tensor<3xf32>) -> tensor<i64>
  return %d, %m : tensor<i64>, tensor<3xf32>
}}
""",
    inputs={
        "callee_users": [np.int64(n) for n in (0, 7, -3)],
        "callsite_cost": [np.int64(n) for n in (2**40, 1, 100)],
        "depth": [np.int32(n) for n in (1, 200, -(2**31))],
        "reward": [np.float32(0)] * 3,
    },
    reference=lambda users, cost, depth, reward: [
        np.argmax(np.float32([users, cost, depth]) * _INLINE_SCALE),
        np.float32([users, cost, depth]) * _INLINE_SCALE,
    ],
)

# A table of embeddings, a mean, and probabilities.
_TABLE = _normal(50, 1, 10, 6)
_EMBEDDING = Case(
    text=f"""
func.func @embedding(%ids: tensor<1x5xi32>) -> (tensor<1x4xf32>, tensor<i32>) {{
{_constant("table", _TABLE)}
  %g = tosa.gather %table, %ids : (tensor<1x10x6xf32>, tensor<1x5xi32>) -> tensor<1x5x6xf32>
  %sum = tosa.reduce_sum %g {{axis = 1 : i32}} : (tensor<1x5x6xf32>) -> tensor<1x1x6xf32>
{_dense("l", "sum", 1, 6, 4, 60)}
{_shape("flat", 1, 4)}
  %x = tosa.reshape %l, %flat : (tensor<1x1x4xf32>, !tosa.shape<2>) -> tensor<1x4xf32>
  %max = tosa.reduce_max %x {{axis = 1 : i32}} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %e = tosa.sub %x, %max : (tensor<1x4xf32>, tensor<1x1xf32>) -> tensor<1x4xf32>
  %p = tosa.exp %e : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %total = tosa.reduce_sum %p {{axis = 1 : i32}} : (tensor<1x4xf32>) -> tensor<1x1xf32>
  %inverse = tosa.reciprocal %total : (tensor<1x1xf32>) -> tensor<1x1xf32>
  %shift = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %q = tosa.mul %p, %inverse, %shift : (tensor<1x4xf32>, tensor<1x1xf32>, tensor<1xi8>) -> tensor<1x4xf32>
  %a = tosa.argmax %q {{axis = 1 : i32}} : (tensor<1x4xf32>) -> tensor<1xi32>
{_shape("none")}
  %best = tosa.reshape %a, %none : (tensor<1xi32>, !tosa.shape<0>) -> tensor<i32>
  return %q, %best : tensor<1x4xf32>, tensor<i32>
}}
""".replace("dense<[]> : tensor<0xindex>", "dense<> : tensor<0xindex>"),
    inputs={"ids": [_random(seed).integers(0, 10, (1, 5)).astype("int32") for seed in range(3)]},
    reference=lambda ids: _embedding_reference(ids),
)


def _embedding_reference(ids: Array) -> list[Array]:
    x = _dense_reference(_TABLE[0][ids[0]].sum(axis=0, keepdims=True), 6, 4, 60)
    e = np.exp(x - x.max())
    return [e / e.sum(), np.argmax(x).astype("int32")]


# 8-bit integers, as a quantized model has them, rescaled with a wide product; booleans; 16-bit integers.
_QUANTIZED_WEIGHTS = _random(70).integers(-128, 128, (1, 6, 4)).astype("int8")
_QUANTIZED = Case(
    text=f"""
func.func @quantized(%x: tensor<1x3x6xi8>, %mask: tensor<1x3x4xi1>, %bias: tensor<4xi16>)
    -> (tensor<1x3x4xi8>, tensor<1x3x4xi1>) {{
{_constant("w", _QUANTIZED_WEIGHTS)}
  %z = "tosa.const"() <{{values = dense<0> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %p = tosa.matmul %x, %w, %z, %z
    : (tensor<1x3x6xi8>, tensor<1x6x4xi8>, tensor<1xi8>, tensor<1xi8>) -> tensor<1x3x4xi32>
  %b32 = tosa.cast %bias : (tensor<4xi16>) -> tensor<4xi32>
{_shape("shape", 1, 1, 4)}
  %b = tosa.reshape %b32, %shape : (tensor<4xi32>, !tosa.shape<3>) -> tensor<1x1x4xi32>
  %s = tosa.add %p, %b : (tensor<1x3x4xi32>, tensor<1x1x4xi32>) -> tensor<1x3x4xi32>
  %multiplier = "tosa.const"() <{{values = dense<1342177280> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %by = "tosa.const"() <{{values = dense<38> : tensor<1xi8>}}> : () -> tensor<1xi8>
  %z32 = "tosa.const"() <{{values = dense<0> : tensor<1xi32>}}> : () -> tensor<1xi32>
  %r = tosa.rescale %s, %multiplier, %by, %z32, %z {{
    scale32 = true, rounding_mode = SINGLE_ROUND, per_channel = false, input_unsigned = false, output_unsigned = false}}
    : (tensor<1x3x4xi32>, tensor<1xi32>, tensor<1xi8>, tensor<1xi32>, tensor<1xi8>) -> tensor<1x3x4xi8>
  %c = tosa.clamp %r {{min_val = -100 : i8, max_val = 90 : i8}} : (tensor<1x3x4xi8>) -> tensor<1x3x4xi8>
  %zeros = "tosa.const"() <{{values = dense<0> : tensor<1x3x4xi8>}}> : () -> tensor<1x3x4xi8>
  %o = tosa.select %mask, %c, %zeros : (tensor<1x3x4xi1>, tensor<1x3x4xi8>, tensor<1x3x4xi8>) -> tensor<1x3x4xi8>
  %positive = tosa.greater %o, %zeros : (tensor<1x3x4xi8>, tensor<1x3x4xi8>) -> tensor<1x3x4xi1>
  return %o, %positive : tensor<1x3x4xi8>, tensor<1x3x4xi1>
}}
""",
    inputs={
        "x": [_random(seed).integers(-128, 128, (1, 3, 6)).astype("int8") for seed in range(4)],
        "mask": [_random(seed).integers(0, 2, (1, 3, 4)).astype(bool) for seed in range(4)],
        "bias": [_random(seed).integers(-(2**15), 2**15, 4).astype("int16") for seed in range(4)],
    },
    reference=lambda x, mask, bias: _quantized_reference(x, mask, bias),
    tolerance=0,
)


def _quantized_reference(x: Array, mask: Array, bias: Array) -> list[Array]:
    sums = x.astype("int64") @ _QUANTIZED_WEIGHTS.astype("int64") + bias
    scaled = (sums * 1342177280 + 2**37) >> 38
    clamped = np.where(mask, np.clip(scaled, -100, 90), 0).astype("int8")
    return [clamped, clamped > 0]


# Numbers by value, in double precision, with functions of the C library; two functions of the payload's own.
_SCALARS = Case(
    text="""
func.func private @halve(%x: f64) -> f64 {
  %two = arith.constant 2.0 : f64
  %h = arith.divf %x, %two : f64
  return %h : f64
}
func.func private @logistic(%x: f64) -> f64 {
  %one = arith.constant 1.0 : f64
  %n = arith.negf %x : f64
  %h = func.call @halve(%n) : (f64) -> f64
  %e = math.exp %h : f64
  %d = arith.addf %e, %one : f64
  %l = arith.divf %one, %d : f64
  return %l : f64
}
func.func @cost(%x: f64, %n: i64, %flag: i1) -> f64 {
  %l = func.call @logistic(%x) : (f64) -> f64
  %erf = math.erf %l : f64
  %f = arith.sitofp %n : i64 to f64
  %min = arith.constant -9223372036854775808 : i64
  %is = arith.cmpi eq, %n, %min : i64
  %i = arith.constant 0x7FF0000000000000 : f64
  %s = arith.select %is, %i, %f : f64
  %r = math.rsqrt %erf : f64
  %t = arith.constant 0.1 : f64
  %e = math.roundeven %s : f64
  %m = arith.mulf %r, %t : f64
  %o = arith.addf %m, %e : f64
  %k = scf.if %flag -> f64 {
    scf.yield %o : f64
  } else {
    %q = arith.negf %o : f64
    scf.yield %q : f64
  }
  return %k : f64
}
""",
    inputs={
        "x": [np.float64(x) for x in (0.5, -3.0, 40.0)],
        "n": [np.int64(n) for n in (3, -(2**63), 12345)],
        "flag": [np.bool_(b) for b in (True, True, False)],
    },
    reference=lambda x, n, flag: _cost_reference(float(x), int(n), bool(flag)),
    tolerance=1e-14,
    stage="lower-to-emitc.yaml",
)


def _cost_reference(x: float, n: int, flag: bool) -> list[Array]:
    import math

    value = math.inf if n == -(2**63) else float(n)
    out = 0.1 / math.sqrt(math.erf(1 / (1 + math.exp(-x / 2)))) + value
    return [np.float64(out if flag else -out)]


# Names that C++ has for itself, a keyword among them, and nothing to compute from.
_AWKWARD = Case(
    text=f"""
func.func @while(%class: tensor<2xf32>, %evaluate: tensor<2xf32>) -> (tensor<2xf32>, tensor<2x2xf64>) {{
{_constant("c", np.array([[0.1, 1e-310], [np.pi, -1e300]]))}
  %0 = tosa.minimum %class, %evaluate : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0, %c : tensor<2xf32>, tensor<2x2xf64>
}}
""",
    inputs={
        "class": [np.float32([1, np.nan]), np.float32([-np.inf, 2])],
        "evaluate": [np.float32([2, 3]), np.float32([0, np.nan])],
    },
    reference=lambda a, b: [np.minimum(a, b), np.array([[0.1, 1e-310], [np.pi, -1e300]])],
    tolerance=0,
)

CASES: Mapping[str, Case] = {
    "mlp": _MLP,
    "inline_policy": _INLINE,
    "embedding": _EMBEDDING,
    "quantized": _QUANTIZED,
    "cost": _SCALARS,
    "while": _AWKWARD,
}
