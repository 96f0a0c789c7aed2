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

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    Bytes = bytes | memoryview
    Piece = bytes | bytearray | memoryview

__all__ = ["fill_in", "pieces", "take_out"]

_LEAST = 4096  # bytes; smaller ones stay readable
_ALIGNMENT = 16  # bytes; where the global says none, that of the largest scalar or vector it was likely made for
_BIG_ENDIAN = ("s390x", "powerpc-", "powerpc64-", "ppc-", "ppc64-", "mips-", "mips64-", "sparc", "aarch64_be", "armeb")
_FORMATS = frozenset("fdbBhHiIlLqQ")  # of Python buffers; not bits, not 16-bit floats, which have no buffer
_PIECE = 1 << 16  # bytes that are written together: they stay in the processor's cache
_HIGH, _LOW = (bytes(b"0123456789ABCDEF"[byte >> shift & 15] for byte in range(256)) for shift in (4, 0))
_ZERO = b"zeroinitializer"
_PLAIN = "-$._0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"  # in names without quotes


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
        content = _bytes(ir, data.attributes["value"])
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


def _bytes(ir: Any, value: Any) -> memoryview | bytes | None:
    """The contents of a dense constant, little-endian, or None for others."""
    if not isinstance(value, (ir.DenseFPElementsAttr, ir.DenseIntElementsAttr)):
        return None
    try:
        view = memoryview(value)
    except (BufferError, TypeError, ValueError):
        return None  # a type that Python has no buffers of
    if view.format not in _FORMATS:
        return None
    # A splat may be a view of one element.
    return view.cast("B") if view.c_contiguous else view.tobytes()
