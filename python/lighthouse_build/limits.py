# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bounds on what is read: files that never end, and text that MLIR's parser does not survive.

The parser has no bounds of its own: it recurses into nested brackets until the stack is full, takes the cube of the
digits of an integer in time, and skips NUL characters, so that a file of nothing else is an empty module. What is
refused here is no program that anybody writes. Knows nothing of MLIR but its brackets, strings and comments.
"""

from __future__ import annotations

import os
import stat

from lighthouse_build.errors import InputError, SourceLocation

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    import mmap
    from collections.abc import Iterator

__all__ = ["check_file", "check_mlir", "check_mlir_file", "kind_of", "read_file", "read_standard_input"]

_MAX_TEXT = 256 << 20  # bytes of a file that is read whole
_MAX_STANDARD_INPUT = 1 << 30
_MAX_NESTING = 1000  # the parser dies at 5,000 to 10,000 on the usual stack of 8 MiB, later passes sooner
_BLOCK = 2000  # a number of twice as many digits is found for certain
_CHUNK = 1 << 20
_PIECE = 1 << 16  # bytes that stay in the processor's cache

_BYTECODE = b"ML\xefR"
_HEXADECIMAL = b"0123456789abcdefABCDEFx"
_IN_NAMES = (b'"', b"@", b"%", b"#", b"^", b"!", b".", b"$", b"_")
_OPENING, _CLOSING = b"([{<", b")]}>"
_FOLDED = bytes.maketrans(_OPENING + _CLOSING, b"(" * 4 + b")" * 4)
_NO_BRACKETS = bytes(c for c in range(256) if c not in _OPENING + _CLOSING)
_STEP = 25  # levels of brackets that are taken away at once
_PAIRS = b"(" * _STEP + b")" * _STEP
_NO_BRACKET_PAIRS = (b"->", b"<=", b">=")
_BACKSLASH = ord("\\")
_TOKEN = rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?|//[^\n]*|->|[<>]=|[][(){}<>]'


def kind_of(path: str) -> str:
    """What stands at `path`, in words, or the empty string for a regular file. Raises OSError."""
    mode = os.stat(path).st_mode
    if stat.S_ISREG(mode):
        return ""
    kinds = ((stat.S_ISDIR, "a directory"), (stat.S_ISFIFO, "a pipe"), (stat.S_ISSOCK, "a socket"))
    return next((name for matches, name in kinds if matches(mode)), "a device")


def check_file(path: str, location: SourceLocation) -> None:
    """Refuse a stage file, named at `location`, that is too large to have been written as one."""
    if os.stat(path).st_size > _MAX_TEXT:
        raise InputError(f"stage file '{path}' is larger than {_MAX_TEXT >> 20} MiB", location)


def read_file(path: str, location: SourceLocation | None = None, limit: int = _MAX_TEXT) -> bytes:
    """The contents of the regular file `path`. Raises InputError, at `location`, also when it is larger than `limit`.

    A pipe or a device would block, or never end.
    """
    try:
        kind = kind_of(path)
        if kind:
            raise InputError(f"cannot read '{path}': it is {kind}, not a file", location)
        with open(path, "rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise InputError(f"cannot read '{path}': {error.strerror}", location) from None
    if len(data) > limit:
        size = f"{limit >> 20} MiB" if limit >> 20 else f"{limit >> 10} KiB"
        raise InputError(f"cannot read '{path}': it is larger than {size}", location)
    return data


def read_standard_input() -> bytes:
    """A payload from standard input. Raises InputError when it does not end."""
    import sys

    if sys.stdin is None:
        raise InputError("cannot read the payload: standard input is closed")
    parts: list[bytes] = []
    size = 0
    while part := sys.stdin.buffer.read(_CHUNK):
        parts.append(part)
        size += len(part)
        if size > _MAX_STANDARD_INPUT:
            msg = f"the payload on standard input is larger than {_MAX_STANDARD_INPUT >> 30} GiB; pass it as a file"
            raise InputError(msg)
    return b"".join(parts)


def check_mlir_file(path: str, what: str) -> None:
    """`check_mlir` of the file `path`, a `what` ("payload", "schedule") in messages."""
    import mmap

    try:
        with open(path, "rb") as stream:
            if not os.fstat(stream.fileno()).st_size:
                # Nothing to map. Files of the kernel say so, too, and have contents.
                check_mlir(stream.read(_CHUNK), path, what)
                return
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                check_mlir(data, path, what)
    except (OSError, ValueError) as error:
        raise InputError(f"cannot read '{path}': {getattr(error, 'strerror', None) or error}") from None


def check_mlir(data: bytes | mmap.mmap, name: str, what: str) -> None:
    """Refuse text that would exhaust MLIR's parser. Bytecode passes.

    Args:
        data: the text.
        name: what messages call its file.
        what: "payload", "schedule" or "stage", for messages.

    Raises:
        InputError: at the place.
    """
    if data[:4] == _BYTECODE:
        return
    nul = data.find(b"\0")
    if nul >= 0:
        raise InputError(f"the {what} holds a NUL character; it is no text", _place(data, nul, name))
    number = _long_number(data)
    if number >= 0:
        msg = f"the {what} holds an integer of more than {_BLOCK} digits"
        raise InputError(msg, _place(data, number, name))
    # To MLIR a line also ends at a carriage return: a comment does.
    lines = data if data.find(b"\r") < 0 else data[:].replace(b"\r", b"\n")
    bracket = _deep_bracket(lines) if _may_nest(lines) else -1
    if bracket >= 0:
        msg = f"the {what} nests brackets more than {_MAX_NESTING} deep"
        raise InputError(msg, _place(data, bracket, name))


def _place(data: bytes | mmap.mmap, offset: int, name: str) -> SourceLocation:
    before = data[:offset]
    start = before.rfind(b"\n") + 1
    end = data.find(b"\n", offset, offset + 500)
    line = data[start : end if end >= 0 else offset + 500]
    number = before.count(b"\n") + 1
    # Only this line is ever shown: a huge text is not kept.
    text = "\n" * (number - 1) + line.decode(errors="replace")
    return SourceLocation(name, number, offset - start + 1, text)


def _long_number(data: bytes | mmap.mmap) -> int:
    """The offset of an integer of too many digits, or -1. Looks at every `_BLOCK`th place only."""
    position = 0
    while position < len(data):
        block = data[position : position + _BLOCK]
        if len(block) == _BLOCK and not block.strip(_HEXADECIMAL):
            start = position
            while start and data[start - 1] in _HEXADECIMAL:
                start -= 1
            before = data[start - 1 : start]
            # A constant or a resource is a quoted "0x…", however long; a name may be made of such characters.
            if data[start : start + 1].isdigit() and not before.isalnum() and before not in _IN_NAMES:
                return start
            end = data.find(b'"', position) if before == b'"' else -1
            position = end if end >= 0 else position + _BLOCK
        else:
            position += _BLOCK
    return -1


def _may_nest(data: bytes | mmap.mmap) -> bool:
    """Whether brackets may nest too deeply, quickly: the kinds of brackets are not told apart."""
    rest = b""
    for code in _code(data):
        for operator in _NO_BRACKET_PAIRS:
            code = code.replace(operator, b" ")
        rest += code.translate(_FOLDED, _NO_BRACKETS)
        # Every round takes the innermost pairs away, and never more levels than are counted.
        levels = 0
        while levels < _MAX_NESTING:
            left = len(rest)
            step = _STEP if levels + _STEP <= _MAX_NESTING and _PAIRS in rest else 1
            rest = rest.replace(_PAIRS if step > 1 else b"()", b"")
            if len(rest) == left:
                break
            if b"(" * _MAX_NESTING in rest:
                return True
            levels += step
        if b")" in rest or rest.count(b"(") >= _MAX_NESTING:
            return True
    return False


def _code(data: bytes | mmap.mmap) -> Iterator[bytes]:
    """What stands outside strings and comments, in pieces that end where a token does."""
    position = 0
    while position < len(data):
        end = data.find(b"\n", position + _PIECE) + 1 or len(data)
        is_long = end - position > 4 * _PIECE  # most likely a constant
        code = None if is_long else _without_strings(data[position:end])
        if code is None:
            yield from _between_gaps(data, position, end)
        else:
            yield code
        position = end


def _without_strings(lines: bytes) -> bytes | None:
    """`lines` without strings and comments, or None where these are not plain to see."""
    if b"//" in lines:
        kept = [line for line in lines.split(b"\n") if not line.lstrip().startswith(b"//")]
        lines = b"\n".join([line if b'"' in line else line.partition(b"//")[0] for line in kept])
    if b"\\" in lines or b"//" in lines:
        return None
    parts = lines.split(b'"')
    is_plain = len(parts) % 2 and b"\n" not in b"".join(parts[1::2])
    return b" ".join(parts[::2]) if is_plain else None


def _between_gaps(data: bytes | mmap.mmap, position: int, end: int) -> Iterator[bytes]:
    """The same of the lines from `position` to `end`, at the speed of a search for one character over long strings."""
    parts: list[bytes] = []
    size = 0
    for begin, after in _gaps(data, position, end):
        while position < begin:
            stop = min(begin, position + _PIECE)
            while stop < begin and data[stop] in b"=>":
                stop += 1
            parts.append(data[position:stop])
            size += stop - position
            position = stop
            if size >= _PIECE:
                yield b" ".join(parts)
                parts, size = [], 0
        position = after
    yield b" ".join(parts)


def _gaps(data: bytes | mmap.mmap, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Begin and end of each string and comment in the lines from `start` to `stop`, and of what is after these.

    A string that is not closed ends with its line; MLIR's parser stops there.
    """
    position, quote, line_end = start, data.find(b'"', start, stop), -1
    while True:
        quote = data.find(b'"', position, stop) if 0 <= quote < position else quote
        # Not in strings, which may be long.
        slashes = _comment(data, position, stop if quote < 0 else quote)
        begin = quote if slashes < 0 else slashes
        if begin < 0:
            break
        if line_end < begin:
            line_end = data.find(b"\n", begin, stop)
            line_end = stop if line_end < 0 else line_end
        position = line_end if begin == slashes else _string_end(data, begin, line_end)
        yield begin, position
    yield stop, stop


def _comment(data: bytes | mmap.mmap, position: int, stop: int) -> int:
    """The offset of the next `//`, or -1. A search for both characters takes ten times as long."""
    found = data.find(b"/", position, stop)
    while found >= 0 and data[found + 1 : found + 2] != b"/":
        found = data.find(b"/", found + 1, stop)
    return found


def _string_end(data: bytes | mmap.mmap, quote: int, line_end: int) -> int:
    """The end of the string that begins at `quote`."""
    end = data.find(b'"', quote + 1, line_end)
    while end >= 0:
        before = end - 1
        while data[before] == _BACKSLASH:
            before -= 1
        if (end - before) % 2:
            return end + 1
        end = data.find(b'"', end + 1, line_end)
    return line_end


def _deep_bracket(data: bytes | mmap.mmap) -> int:
    """The offset of the first bracket that is nested too deeply, or -1."""
    import re  # only what is suspicious pays for it

    opened: list[bytes] = []
    for token in re.finditer(_TOKEN, data):
        bracket = token[0]
        if bracket in (b"(", b"[", b"{", b"<"):
            opened.append(bracket)
            if len(opened) > _MAX_NESTING:
                return token.start()
        elif bracket in (b")", b"]", b"}", b">"):
            partner = _OPENING[_CLOSING.index(bracket)].to_bytes(1, "little")
            # A lone `<` may be an operator of a dialect: what encloses it closes it.
            while partner in opened and opened.pop() != partner:
                pass
    return -1
