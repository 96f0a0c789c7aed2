# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calling a lowered function from Python, by the C interface, and watching where it writes."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lighthouse_build.emission.c_types import MemRef, Scalar, parse_type
from lighthouse_build.emission.interface import Function, Value
from lighthouse_build.errors import InputError, LoweringError
from lighthouse_build.testing.inputs import dtype_of, to_bf16

__all__ = ["Outcome", "call", "load"]

_GUARD = 64  # bytes before and after the elements of an array, and their alignment
_FILL = 0xFF  # a NaN in every floating-point type, so that elements that are never written are seen
_SCALARS: Mapping[str, Any] = {
    "i1": ctypes.c_bool,
    "index": ctypes.c_int64,
    "f32": ctypes.c_float,
    "f64": ctypes.c_double,
    **{
        f"{s}i{n}": getattr(ctypes, f"c_{'u' if s == 'u' else ''}int{n}")
        for s in ("", "s", "u")
        for n in (8, 16, 32, 64)
    },
}


@dataclass(frozen=True)
class Outcome:
    """What a call left behind, as references see values.

    Attributes:
        results: of the payload's function, in order.
        arguments: the arrays that it may write to, by the argument's index, as they are now.
    """

    results: list[Any]
    arguments: dict[int, Any]


class _Array:
    """Elements in memory of its own, between guards."""

    def __init__(self, type: MemRef, sizes: Sequence[int]) -> None:
        self.key = type.element.key
        self.sizes = tuple(sizes)
        self.offset = type.offset or 0
        self.strides = _strides(type, sizes)
        itemsize = _storage(self.key).itemsize
        extent = 1 + sum((size - 1) * stride for size, stride in zip(sizes, self.strides)) if 0 not in sizes else 0
        count = (self.offset + extent) * itemsize
        self._raw = np.full(count + 3 * _GUARD, _FILL, np.uint8)
        self._start = _GUARD + -(self._raw.ctypes.data + _GUARD) % _GUARD
        self._before = self._raw.copy()

    def _view(self, raw: Any) -> Any:
        storage = _storage(self.key)
        start = self._start + self.offset * storage.itemsize
        strides = [stride * storage.itemsize for stride in self.strides]
        return np.ndarray(self.sizes, storage, raw.data, start if raw.size > start else 0, strides)

    def write(self, values: Any) -> None:
        self._view(self._raw)[...] = to_bf16(values) if self.key == "bf16" else values
        self._before = self._raw.copy()

    def read(self) -> Any:
        return _seen(self._view(self._raw), self.key)

    def wrote_outside(self) -> bool:
        """Whether anything but elements has changed."""
        expected = self._before.copy()
        self._view(expected)[...] = self._view(self._raw)
        return not np.array_equal(expected, self._raw)

    def changed(self) -> bool:
        return not np.array_equal(self._before, self._raw)

    def descriptor(self) -> ctypes.Structure:
        base = self._raw.ctypes.data + self._start
        memref = _descriptor(len(self.sizes))(base, base, self.offset)
        if self.sizes:
            memref.sizes[:] = self.sizes
            memref.strides[:] = self.strides
        return memref


def _strides(type: MemRef, sizes: Sequence[int]) -> tuple[int, ...]:
    """In elements: the type's own, row-major where it leaves them open."""
    strides: list[int] = []
    step = 1
    for size in reversed(sizes):
        strides.insert(0, step)
        step *= size
    if type.strides is not None:
        strides = [default if own is None else own for own, default in zip(type.strides, strides)]
    if any(stride < 0 for stride in strides) or (type.offset or 0) < 0:
        msg = f"a test cannot make up an array with strides {strides}"
        raise InputError(msg)
    return tuple(strides)


def _storage(key: str) -> np.dtype[Any]:
    """The type of elements in memory. A truth value is a byte, which may hold anything until it is written."""
    return np.dtype({"bf16": "uint16", "i1": "uint8"}.get(key, dtype_of(key)))


def _seen(stored: Any, key: str) -> Any:
    """Elements in memory as references see them: a copy."""
    if key == "bf16":
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(dtype_of(key))


def _descriptor(rank: int) -> type[ctypes.Structure]:
    fields: list[tuple[str, Any]] = [
        ("allocated", ctypes.c_void_p),
        ("aligned", ctypes.c_void_p),
        ("offset", ctypes.c_int64),
    ]
    if rank:
        fields += [("sizes", ctypes.c_int64 * rank), ("strides", ctypes.c_int64 * rank)]
    return type(f"MemRef{rank}", (ctypes.Structure,), {"_fields_": fields})


def load(path: str) -> ctypes.CDLL:
    """Load a shared library. Raises InputError."""
    try:
        return ctypes.CDLL(path)
    except OSError as error:
        msg = f"cannot load '{path}': {error}; build it"
        raise InputError(msg) from None


def call(library: ctypes.CDLL, function: Function, values: Mapping[int, Any]) -> Outcome:
    """Call `function` with these values of its arguments, by index.

    Raises:
        InputError: the library does not export it.
        LoweringError: it wrote where it may not, or returned what its type does not allow.
    """
    try:
        native = getattr(library, function.symbol)
    except AttributeError:
        msg = f"the library does not export '{function.symbol}'; build the project"
        raise InputError(msg) from None
    arrays: dict[tuple[str, int], _Array] = {}
    arguments: list[Any] = []
    keep: list[Any] = []
    for parameter in function.parameters:
        type = parse_type(parameter.type)
        if isinstance(type, Scalar):
            arguments.append(_SCALARS[parameter.type](values[parameter.index].item()))
            continue
        if parameter.mode == "out":
            array = _Array(type, [size for size in type.sizes if size is not None])
        else:
            array = _Array(type, np.shape(values[parameter.index]))
            array.write(values[parameter.index])
        arrays[parameter.mode, parameter.index] = array
        keep.append(array.descriptor())
        arguments.append(ctypes.byref(keep[-1]))
    returned = _returned(function)
    native.restype = None
    if function.by_struct:
        arguments.insert(0, ctypes.byref(returned))
    elif function.returned:
        native.restype = _SCALARS[function.returned[0].type]
    plain = native(*arguments)

    _check_writes(function, arrays)
    results = {i: array.read() for (mode, i), array in arrays.items() if mode == "out"}
    for value in function.returned:
        results[value.index] = _read(value, getattr(returned, f"r{value.index}")) if function.by_struct else plain
    for value in function.in_place:
        results[value.index] = arrays["argument", value.alias].read()
    written = {
        parameter.index: arrays["argument", parameter.index].read()
        for parameter in function.parameters
        if parameter.writable and ("argument", parameter.index) in arrays
    }
    return Outcome([results[index] for index in sorted(results)], written)


def _returned(function: Function) -> ctypes.Structure:
    """A place for what is returned by pointer."""
    fields = []
    for value in function.returned if function.by_struct else ():
        c_type = parse_type(value.type)
        native = _descriptor(c_type.rank) if isinstance(c_type, MemRef) else _SCALARS[value.type]
        fields.append((f"r{value.index}", native))
    results: type[ctypes.Structure] = type("Results", (ctypes.Structure,), {"_fields_": fields})
    return results()


def _check_writes(function: Function, arrays: Mapping[tuple[str, int], _Array]) -> None:
    for parameter in function.parameters:
        array = arrays.get((parameter.mode, parameter.index))
        if array is None:
            continue
        what = "result" if parameter.mode == "out" else "argument"
        name = f"'{parameter.name}'" if parameter.name else f"{parameter.index}"
        if array.wrote_outside():
            msg = f"@{function.name} wrote outside of {what} {name}"
            raise LoweringError(msg)
        if what == "argument" and not parameter.writable and array.changed():
            msg = f"@{function.name} wrote to argument {name}, which it may only read"
            raise LoweringError(msg)


def _read(value: Value, returned: Any) -> Any:
    """What was returned by pointer; a buffer that the caller owns is freed."""
    type = parse_type(value.type)
    if not isinstance(type, MemRef):
        return returned
    sizes = tuple(returned.sizes) if type.rank else ()
    strides = tuple(returned.strides) if type.rank else ()
    if any(size < 0 or own not in (None, size) for own, size in zip(type.sizes, sizes)):
        msg = f"result {value.index} has sizes {list(sizes)}, but is a {value.type}"
        raise LoweringError(msg)
    storage = _storage(type.element.key)
    if 0 in sizes:
        array = np.empty(sizes, storage)
    else:
        extent = returned.offset + 1 + sum((size - 1) * stride for size, stride in zip(sizes, strides))
        memory = (ctypes.c_char * (extent * storage.itemsize)).from_address(returned.aligned)
        byte_strides = [stride * storage.itemsize for stride in strides]
        array = np.ndarray(sizes, storage, memory, returned.offset * storage.itemsize, byte_strides)
    copy = _seen(array, type.element.key)
    if type.tensor:
        libc = ctypes.CDLL(None)
        libc.free(ctypes.c_void_p(returned.allocated))
    return copy
