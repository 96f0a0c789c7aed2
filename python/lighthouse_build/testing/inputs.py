# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Values for the arguments of a lowered function: what INPUTS says of them, and random ones for the rest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from lighthouse_build.emission.c_types import MemRef, Scalar, UnsupportedTypeError, parse_type
from lighthouse_build.emission.interface import Function, Value
from lighthouse_build.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Input", "Range", "dtype_of", "generate", "parse_inputs", "shape_text"]

# Element type to NumPy's. NumPy has no bfloat16: references see and return its values as float32.
_DTYPES = {
    "i1": "bool",
    "index": "int64",
    "f16": "float16",
    "bf16": "float32",
    "f32": "float32",
    "f64": "float64",
    "c32": "complex64",
    "c64": "complex128",
    **{
        f"{sign}i{bits}": f"{'u' if sign == 'u' else ''}int{bits}"
        for sign in ("", "s", "u")
        for bits in (8, 16, 32, 64)
    },
}
_ITEM = re.compile(r"(?:(?P<name>[A-Za-z_]\w*|\d+)=)?(?P<value>[^@=]*)(?:@(?P<low>[^:@]+):(?P<high>[^:@]+))?")
_SIZES = re.compile(r"\d+(x\d+)*")


@dataclass(frozen=True)
class Range:
    """Random values from `low` to `high`, which integers may reach."""

    low: float
    high: float


@dataclass(frozen=True)
class Input:
    """What is passed for one argument.

    Attributes:
        value: the argument in the interface.
        name: what messages call it.
        type: its type in C.
        sizes: of its dimensions; empty for a scalar.
        range: of its random elements, or of itself.
        scalar: the value of a scalar, None for a random one.
    """

    value: Value
    name: str
    type: MemRef | Scalar
    range: Range
    sizes: tuple[int, ...] = ()
    scalar: float | int | bool | None = None

    def __str__(self) -> str:
        if isinstance(self.type, MemRef):
            return f"{self.name}: {shape_text(self.sizes)}{'x' if self.sizes else ''}{self.type.element.key}"
        return f"{self.name}: {self.value.type}" + ("" if self.scalar is None else f" = {self.scalar}")


def key_of(value: Value, type: MemRef | Scalar) -> str:
    """The element type as `dtype_of` knows it."""
    return type.element.key if isinstance(type, MemRef) else value.type


def dtype_of(key: str) -> np.dtype[Any]:
    """The type in which references see elements of the type `key`."""
    import numpy as np

    return np.dtype(_DTYPES[key])


def shape_text(sizes: Sequence[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in sizes)


def parse_inputs(function: Function, items: Sequence[str]) -> list[Input]:
    """What to pass to `function`, in the order of the payload's arguments.

    Args:
        function: what is called.
        items: `[<argument>=]<sizes|value>[@<low>:<high>]` each, by name, by number or in order.

    Raises:
        InputError: an item fits no argument, sizes are missing or do not fit, or C cannot pass an argument.
    """
    arguments = sorted((p for p in function.parameters if p.mode == "argument"), key=lambda p: p.index)
    names = [argument.name or f"arg{argument.index}" for argument in arguments]
    given: dict[str, re.Match[str]] = {}
    for position, item in enumerate(items):
        match = _ITEM.fullmatch(item)
        if match is None or not (match["value"] or match["low"]):
            msg = f"the input '{item}' is not of the form [name=]sizes[@low:high] or [name=]value"
            raise InputError(msg)
        name = match["name"]
        if name is None:
            if position >= len(names):
                msg = f"there are {len(items)} inputs, but @{function.name} takes {len(names)} arguments"
                raise InputError(msg)
            name = names[position]
        elif name.isdecimal() and int(name) < len(names):
            name = names[int(name)]
        if name not in names:
            hint = did_you_mean(name, names) or (f"; it has {', '.join(names)}" if names else "; it has none")
            msg = f"@{function.name} has no argument '{name}'{hint}"
            raise InputError(msg)
        if name in given:
            msg = f"the input of '{name}' is given twice"
            raise InputError(msg)
        given[name] = match
    return [_input(value, name, given.get(name)) for value, name in zip(arguments, names)]


def _input(value: Value, name: str, given: re.Match[str] | None) -> Input:
    try:
        type = parse_type(value.type)
    except UnsupportedTypeError as error:
        msg = f"the argument '{name}' is a {value.type}, {error}"
        raise InputError(msg) from None
    if key_of(value, type) not in _DTYPES:
        msg = f"the argument '{name}' is a {value.type}, which a test cannot make up"
        raise InputError(msg)
    found = Input(value, name, type, _default_range(key_of(value, type)))
    has_range = given is not None and given["low"] is not None
    if given is not None and has_range:
        low, high = (_number(text, name, key_of(value, type)) for text in (given["low"], given["high"]))
        if low > high:
            msg = f"the range of '{name}' is empty: {given['low']} to {given['high']}"
            raise InputError(msg)
        found = replace(found, range=Range(low, high))
    text = given["value"] if given is not None else ""
    if key_of(value, type) == "index" and not has_range and (not text or isinstance(type, MemRef)):
        # Nobody knows what it indexes; a random one would end outside.
        what = f"{name}=@<low>:<high>" if isinstance(type, MemRef) else f"{name}=<value>"
        msg = f"the argument '{name}' is of type {value.type}: say what it may be with INPUTS {what}"
        raise InputError(msg)
    if isinstance(type, Scalar):
        return replace(found, scalar=_number(text, name, value.type)) if text else found
    return replace(found, sizes=_sizes(type, name, text))


def _default_range(key: str) -> Range:
    if key == "i1":
        return Range(0, 1)
    if key.startswith("ui"):
        return Range(0, 8)
    return Range(-8, 8) if "i" in key else Range(-1, 1)


def _number(text: str, name: str, key: str) -> float | int:
    kind = float if key in ("f16", "bf16", "f32", "f64", "c32", "c64") else int
    try:
        if key == "i1" and text in ("true", "false"):
            return text == "true"
        return kind(text)
    except ValueError:
        msg = f"'{text}' is no value of the argument '{name}', a {key}"
        raise InputError(msg) from None


def _sizes(type: MemRef, name: str, text: str) -> tuple[int, ...]:
    wanted = shape_text(type.sizes)
    if not text:
        if None in type.sizes:
            msg = f"the argument '{name}' has sizes {wanted}: give them with INPUTS {name}=<sizes>"
            raise InputError(msg)
        return tuple(size for size in type.sizes if size is not None)
    sizes = tuple(map(int, text.split("x"))) if _SIZES.fullmatch(text) else ()
    fits = len(sizes) == type.rank and all(w is None or w == s for w, s in zip(type.sizes, sizes))
    if not fits:
        msg = f"'{text}' does not fit the sizes {wanted or '(none)'} of the argument '{name}'"
        raise InputError(msg)
    return sizes


def generate(inputs: Sequence[Input], seed: int) -> list[Any]:
    """Random values in the types that references see: an array for a memref, a NumPy scalar for a scalar."""
    return [_generate(what, [seed, index]) for index, what in enumerate(inputs)]


def _generate(what: Input, seed: Sequence[int]) -> Any:
    import numpy as np

    # Each argument has a generator of its own: another size of one does not change the others.
    random = np.random.default_rng(list(seed))
    key = key_of(what.value, what.type)
    dtype = dtype_of(key)
    low, high = what.range.low, what.range.high
    if what.scalar is not None:
        return dtype.type(what.scalar)
    if dtype.kind == "c":
        parts = random.uniform(low, high, (2, *what.sizes))
        values = parts[0] + 1j * parts[1]
    elif dtype.kind == "f":
        values = random.uniform(low, high, what.sizes)
    elif dtype.kind == "b":
        values = random.integers(0, 1, what.sizes, endpoint=True)
    else:
        bounds = np.iinfo(dtype)
        values = random.integers(
            max(int(low), bounds.min), min(int(high), bounds.max), what.sizes, dtype, endpoint=True
        )
    array = np.asarray(values).astype(dtype)
    if key == "bf16":
        array = to_bf16(array).astype(np.uint32) << np.uint32(16)
        array = array.view(np.float32)
    return array if isinstance(what.type, MemRef) else array[()]


def to_bf16(values: Any) -> Any:
    """The bits of the bfloat16 numbers nearest to float32 `values`, ties to even."""
    import numpy as np

    bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32).reshape(np.shape(values))
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x40)
    return np.where(np.isnan(values), quiet, rounded).astype(np.uint16)
