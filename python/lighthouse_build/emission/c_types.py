# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Types of a payload as C and C++ see them.

Works on types as MLIR prints them, without MLIR: an interface file holds them as text.
"""

from __future__ import annotations

from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "BY_VALUE",
    "CType",
    "Element",
    "MemRef",
    "Scalar",
    "UnsupportedTypeError",
    "parse_type",
    "split_function_type",
    "split_types",
]


class UnsupportedTypeError(ValueError):
    """C has no equal of this type, or no calling convention for it; the text says which and what to do."""


@frozen
class Element:
    """A type of which memrefs can be made.

    Attributes:
        key: its part in names: `f32` in `lh_memref_f32_2d`.
        c: its name in C.
        cxx: its name in C++.
    """

    key: str
    c: str
    cxx: str


@frozen
class Scalar:
    """A type that crosses by value."""

    c: str


@frozen
class MemRef:
    """A ranked memref, or a tensor, which lowers to one.

    Attributes:
        element: what it holds.
        sizes: of its dimensions, outermost first, counted in elements; None where dynamic.
        strides: of its dimensions, counted in elements, None where dynamic; None altogether for the identity layout.
        offset: of its first element, None where dynamic.
        tensor: the payload has a tensor here, that is a value.
    """

    element: Element
    sizes: tuple[int | None, ...]
    strides: tuple[int | None, ...] | None = None
    offset: int | None = 0
    tensor: bool = False

    @property
    def rank(self) -> int:
        return len(self.sizes)

    @property
    def c(self) -> str:
        return f"lh_memref_{self.element.key}_{self.rank}d"


if TYPE_CHECKING:
    CType = Scalar | MemRef

BY_VALUE: Mapping[str, str] = {
    "i1": "bool",
    "i8": "int8_t",
    "i16": "int16_t",
    "i32": "int32_t",
    "i64": "int64_t",
    "index": "int64_t",
    "f32": "float",
    "f64": "double",
    "!llvm.ptr": "void *",
    **{f"{s}i{n}": f"{'u' if s == 'u' else ''}int{n}_t" for s in "us" for n in (8, 16, 32, 64)},
}

_ELEMENTS: Mapping[str, Element] = {
    **{key: Element(key, c, c) for key, c in BY_VALUE.items() if key != "!llvm.ptr"},
    "f16": Element("f16", "lh_f16", "lh_f16"),
    "bf16": Element("bf16", "lh_bf16", "lh_bf16"),
    "complex<f32>": Element("c32", "lh_complex_f32", "std::complex<float>"),
    "complex<f64>": Element("c64", "lh_complex_f64", "std::complex<double>"),
}

_BY_MEMREF = "pass it in a memref"


_parsed: dict[str, CType] = {}


def parse_type(text: str) -> CType:
    """What `text` is in C.

    Args:
        text: a type as MLIR prints it.

    Raises:
        UnsupportedTypeError: it cannot cross the C interface.
    """
    if text not in _parsed:
        _parsed[text] = _parse_type(text)
    return _parsed[text]


def _parse_type(text: str) -> CType:
    if text in BY_VALUE:
        return Scalar(BY_VALUE[text])
    if text.startswith(("memref<*", "tensor<*")):
        msg = "which has no rank and so no C type; give it a rank"
        raise UnsupportedTypeError(msg)
    if text.startswith(("memref<", "tensor<")) and text.endswith(">"):
        kind, _, inside = text[:-1].partition("<")
        return _parse_shaped(inside, is_tensor=kind == "tensor")
    if text in _ELEMENTS:
        msg = f"which C compilers do not agree how to pass by value; {_BY_MEMREF}"
        raise UnsupportedTypeError(msg)
    msg = f"which has no portable C type; {_BY_MEMREF} of a type that has one"
    raise UnsupportedTypeError(msg)


def split_types(text: str) -> list[str]:
    """The types in the comma-separated list `text`; none if it is empty."""
    if '"' in text:
        return [type.translate(_SHOWN) for type in split_types(_without_quotes(text))]
    types: list[str] = []
    parts: list[str] = []  # of one type
    depth = 0
    for part in text.split(",") if text.strip() else ():
        parts.append(part)
        depth += _opened(part)
        if depth == 0:
            types.append(",".join(parts).strip())
            parts = []
    return [*types, ",".join(parts).strip()] if parts else types


def split_function_type(text: str) -> tuple[list[str], list[str]]:
    """Arguments and results of the function type `text`, such as `(i32, f32) -> (i32, f32)`."""
    if '"' in text:
        lists = split_function_type(_without_quotes(text))
        return [type.translate(_SHOWN) for type in lists[0]], [type.translate(_SHOWN) for type in lists[1]]
    end, depth = 0, 1
    while depth:
        start, end = end + 1, text.index(")", end + 1)
        depth += _opened(text[start : end + 1])
    results = text[end + 1 :].strip().removeprefix("->").strip()
    # One result stands alone, unless it is a function itself.
    return split_types(text[1:end]), split_types(results[1:-1] if results.startswith("(") else results)


# Other characters, of no meaning in types, for those that have one.
_HIDDEN = {ord(character): 0xE000 + ord(character) for character in '"()[]{}<>,-'}
_SHOWN = {hidden: character for character, hidden in _HIDDEN.items()}


def _without_quotes(text: str) -> str:
    """`text` with strings, such as those that name memory spaces, in characters that `_SHOWN` makes theirs again."""
    parts = [part if i % 2 == 0 else f'"{part}"'.translate(_HIDDEN) for i, part in enumerate(text.split('"'))]
    return "".join(parts)  # MLIR prints a quotation mark in a string as \\22


def _opened(text: str) -> int:
    """How many brackets `text` opens more than it closes."""
    count = text.count  # a character at a time, in Python, this was half the cost of a payload of many functions
    opened = count("(") + count("[") + count("{") + count("<")
    return opened + count("->") - count(")") - count("]") - count("}") - count(">")


# Without regular expressions: a lowering needs none, unless something has gone wrong, and they take long to import.


def _parse_shaped(inside: str, *, is_tensor: bool) -> MemRef:
    """What stands in the brackets of a ranked memref or tensor: `4x?xf32, strided<[?, 1]>`."""
    shape, _, rest = inside.partition(", ")
    sizes: list[int | None] = []
    while (found := shape.partition("x"))[2] and (found[0] == "?" or found[0].isdecimal()):
        sizes.append(_size(found[0]))
        shape = found[2]
    element = _ELEMENTS.get(shape)
    if element is None:
        msg = f"whose element type {shape} has no C type; use one of {', '.join(sorted(_ELEMENTS))}"
        raise UnsupportedTypeError(msg)
    if is_tensor:
        if rest:
            msg = f"whose encoding {rest} C does not know; remove the encoding before the function's boundary"
            raise UnsupportedTypeError(msg)
        return MemRef(element, tuple(sizes), tensor=True)
    if not rest:
        return MemRef(element, tuple(sizes))
    strides, _, behind = rest.removeprefix("strided<[").partition("]")
    offset, closed, space = behind.removeprefix(", offset: ").partition(">")
    is_strided = (
        rest.startswith("strided<[") and closed and (offset in ("", "?") or offset.removeprefix("-").isdecimal())
    )
    space = space.removeprefix(", ") if is_strided else rest
    if not is_strided and "_map<" in rest:
        msg = "whose layout is not strided; use a strided layout"
        raise UnsupportedTypeError(msg)
    if space:
        msg = f"in memory space {space}, which C cannot address; use the default memory space"
        raise UnsupportedTypeError(msg)
    return MemRef(element, tuple(sizes), tuple(_size(s) for s in strides.split(", ") if s), _size(offset or "0"))


def _size(text: str) -> int | None:
    return None if text == "?" else int(text)
