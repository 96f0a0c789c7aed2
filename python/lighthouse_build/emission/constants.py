# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Large constants, past LLVM IR text and not through it.

As a list of numbers, a constant of 16 MiB takes LLVM half a minute to print and as long to read; as a string of bytes a
second, character by character. So `take_out` leaves zeros of the same size, which are one word, and `fill_in` puts the
bytes in their places when both LLVMs have printed what they had to: as they are for a reader, in digits for people.
Pointers are opaque, so nobody else sees that the global has become an array of bytes.
"""

from __future__ import annotations

from lighthouse_build.application import context as mlir
from lighthouse_build.emission.destinations import known

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any, TypeAlias

    Bytes: TypeAlias = "bytes | memoryview | _Repeated"
    Piece = bytes | bytearray | memoryview

__all__ = ["fill_in", "pieces", "take_out"]

_LEAST = 4096  # bytes; smaller ones stay readable
_ALIGNMENT = 16  # bytes; where the global says none, that of the largest scalar or vector it was likely made for
_BIG_ENDIAN = ("s390x", "powerpc-", "powerpc64-", "ppc-", "ppc64-", "mips-", "mips64-", "sparc", "aarch64_be", "armeb")
_FORMATS = frozenset("efdbBhHiIlLqQ")  # of Python buffers
# Bytes of elements that Python has no buffers of, and the bits that count of those of one byte.
_WIDTHS = {"i1": 1, "i2": 1, "i4": 1, "bf16": 2}
_WIDTHS |= {f"complex<{part}>": 2 * size for part, size in (("bf16", 2), ("f16", 2), ("f32", 4), ("f64", 8))}
_BITS = {"i1": 1, "i2": 3, "i4": 15}
# Likewise, of numbers of whole bytes, and of all numbers.
_WHOLE = {"i8": 1, "i16": 2, "i32": 4, "i64": 8, "f16": 2, "bf16": 2, "f32": 4, "f64": 8}
_SPLATS = {"i1": 1, "i2": 1, "i4": 1, "index": 8, **_WHOLE}
_PIECE = 1 << 16  # bytes that are written together: they stay in the processor's cache
_HIGH, _LOW = (bytes(b"0123456789ABCDEF"[byte >> shift & 15] for byte in range(256)) for shift in (4, 0))
_DENSE = 'dense<"0x'
_ZERO = b"zeroinitializer"
_PLAIN = "-._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in names without quotes


class _Repeated:
    """The bytes of equal elements, made when they are asked for: there may be far more than the payload has."""

    def __init__(self, element: bytes, count: int) -> None:
        self._element = element
        self._count = count

    def __len__(self) -> int:
        return len(self._element) * self._count

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(len(self))
        shift = start % len(self._element)
        return (self._element * ((stop - start + shift) // len(self._element) + 1))[shift : shift + stop - start]


def take_out(module: Any, triple: str) -> dict[str, Bytes]:
    """Replace large constant globals of `module`, in the LLVM dialect, by arrays of as many zero bytes.

    Args:
        module: the payload; changed in place. What is returned lives as long as its context.
        triple: what code is generated for; nothing is done for big-endian processors.

    Returns:
        The names of the globals and their contents, little-endian.
    """
    taken: dict[str, Bytes] = {}
    if triple.startswith(_BIG_ENDIAN):
        return taken
    ir = mlir.load().ir
    for op in module.operation.regions[0].blocks[0].operations:
        data = op.operation
        if data.name != "llvm.mlir.global" or "value" not in data.attributes:
            continue
        content = _bytes(ir, data)
        if content is None or len(content) < _LEAST:
            continue
        taken[data.attributes["sym_name"].value] = content
        data.attributes["value"] = ir.Attribute.parse("#llvm.zero")
        data.attributes["global_type"] = ir.TypeAttr.get(ir.Type.parse(f"!llvm.array<{len(content)} x i8>"))
        if "alignment" not in data.attributes:
            i64 = ir.IntegerType.get_signless(64)
            data.attributes["alignment"] = ir.IntegerAttr.get(i64, _ALIGNMENT)
    return taken


def fill_in(text: bytes, contents: Mapping[str, Bytes]) -> bytes | bytearray:
    """`text`, LLVM IR, with what was taken out, for LLVM: `pieces`, joined."""
    if not contents:
        return text
    filled = bytearray()
    for piece in pieces(text, contents, readable=False):
        filled += piece
    return filled


def pieces(text: bytes, contents: Mapping[str, Bytes], *, readable: bool) -> Iterator[Piece]:
    """`text`, LLVM IR, with what was taken out, in pieces that are made when they are asked for.

    Args:
        text: as LLVM prints a module.
        contents: from `take_out`.
        readable: for people and tools that expect text: every byte in digits. Else for LLVM alone: every byte as it is,
            but for the three that would end a string.
    """
    places = _places(text, contents) if contents else []
    encode = _digits if readable else _raw
    whole = memoryview(text)
    position = 0
    for begin, name in places:
        yield whole[position:begin]
        yield b'c"'
        yield from encode(contents[name])
        yield b'"'
        position = begin + len(_ZERO)
    yield whole[position:]


def _places(text: bytes, contents: Mapping[str, Bytes]) -> list[tuple[int, str]]:
    """Where in `text` the zeros of each of the globals stand, and its name, in order."""
    places = []
    position = 0
    for name, content in contents.items():
        head = b"\n@" + _printed_name(name) + b" = "
        # Globals are most likely printed in the order in which they were taken out.
        line = text.find(head, position)
        line = text.find(head) if line < 0 else line
        type_ = b"[%d x i8] " % len(content)
        begin = text.find(type_ + _ZERO, line + len(head), text.find(b"\n", line + 1))
        if line < 0 or begin < 0:
            msg = f"LLVM has not printed the global {name}"
            raise RuntimeError(msg)
        places.append((begin + len(type_), name))
        position = begin
    return sorted(places)


def _printed_name(name: str) -> bytes:
    """The name of a global as LLVM prints it."""
    if name and not name.strip(_PLAIN) and not name[0].isdigit():
        return name.encode()
    escaped = name.encode().replace(b"\\", b"\\\\")
    printed = (chr(c) if 32 <= c < 127 and c != ord('"') else f"\\{c:02X}" for c in escaped)
    return f'"{"".join(printed)}"'.encode()


def _digits(content: Bytes) -> Iterator[bytearray]:
    for start in range(0, len(content), _PIECE):
        piece = bytes(content[start : start + _PIECE])
        digits = bytearray(b"\\00" * len(piece))
        digits[1::3] = piece.translate(_HIGH)
        digits[2::3] = piece.translate(_LOW)
        yield digits


def _raw(content: Bytes) -> Iterator[bytes]:
    for start in range(0, len(content), _PIECE):
        piece = bytes(content[start : start + _PIECE])
        yield piece.replace(b"\\", b"\\5C").replace(b'"', b"\\22").replace(b"\0", b"\\00")


def _bytes(ir: Any, data: Any) -> Bytes | None:
    """The contents of the global `data`, little-endian, if they are a dense constant; None for others."""
    lowered = str(data.attributes["global_type"])
    if "vector<" in lowered:
        return None  # LLVM packs bits of vectors, and pads those of 3 elements
    value = None if "struct<" in lowered else known(data.attributes, "value")
    if value is None:  # complex numbers; in brackets stands the value of a global, and nothing else
        text = str(data)
        return _printed(text) if "(" + _DENSE in text else None
    if type(value) is ir.Attribute:
        return _resource(ir, value, data.location) if str(value).startswith("dense_resource<") else None
    if not isinstance(value, (ir.DenseFPElementsAttr, ir.DenseIntElementsAttr)):
        return None
    if "xindex" in str(value.type) and "i64" not in lowered:
        return None  # kept in 64 bits, lowered to others
    if value.is_splat and (repeated := _splat(value)) is not None:
        return repeated
    try:
        view = memoryview(value)
    except (BufferError, TypeError, ValueError):
        view = None
    if view is None or view.format not in _FORMATS:
        return _printed(str(value))
    return view.cast("B") if view.c_contiguous and view.format != "e" else view.tobytes()


def _printed(text: str) -> bytes | None:
    """The elements that MLIR has printed in digits, `dense<"0x3F80…"> : tensor<256xbf16>`, somewhere in `text`."""
    start = text.find(_DENSE) + len(_DENSE)
    end = text.find('"', start)
    count, element = _shape(text[end + len('"> : ') :])
    width = _WIDTHS.get(element, 0)
    if not width or end - start != 2 * width * count:
        return None
    content = bytes.fromhex(text[start:end])
    mask = _BITS.get(element)
    return content.translate(bytes(byte & mask for byte in range(256))) if mask else content


def _splat(value: Any) -> _Repeated | None:
    """The same of many equal elements, if they are numbers of a usual type."""
    count, element = _shape(str(value.type))
    width = _SPLATS.get(element, 0)
    if width * count < _LEAST:
        return None
    one = value.get_splat_value().value
    if "f" not in element:
        bits = 64 if element == "index" else int(element[1:])
        return _Repeated((one & (1 << bits) - 1).to_bytes(width, "little"), count)
    if one != one:  # a NaN, of which the processor would change bits
        return None
    import struct

    # Of 16 bits, `bf16` is the upper half of the same number in 32.
    packed = struct.pack({"f16": "<e", "f64": "<d"}.get(element, "<f"), one)
    return _Repeated(packed[-width:], count)


def _resource(ir: Any, value: Any, location: Any) -> bytes | None:
    """The same of a `dense_resource`. The bindings have no way to its blob, but print it."""
    count, element = _shape(str(value).rpartition(" : ")[2])
    width = _WHOLE.get(element, 0)
    if width * count < _LEAST:
        return None
    holder = ir.Module.create(location)
    holder.operation.attributes["lh.resource"] = value
    text = holder.operation.get_asm()
    # The digits of its alignment in 32 bits come first.
    start = text.find(': "0x', text.find("dialect_resources:")) + 5 + 8
    digits = text[start : text.find('"', start)]
    return bytes.fromhex(digits) if len(digits) == 2 * width * count else None


def _shape(type: str) -> tuple[int, str]:
    """How many elements the static shaped type at the start of `type` has, and their type: `tensor<4x8xf32>`."""
    inside = type.partition("<")[2]
    count = 1
    while (found := inside.partition("x"))[0].isdecimal():
        count *= int(found[0])
        inside = found[2]
    element = inside.partition(">")[0]
    return count, f"{element}>" if element.startswith("complex<") else element
