# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM IR text for an older reader: what LLVM 24 prints, as LLVM 22 parses it.

The bindings translate with LLVM 24, the code generator is LLVM 22. Text is the only form that can cross, and two
things in it are new:

* Floating-point constants. LLVM 24 prints `f0x3DCCCCCD` (bits of the type itself), `+inf`, `-qnan`, `+nan(0x1)`,
  `+snan(0x1)`, and six-digit decimals that are rounded to the type (`float 1.100000e+00`). LLVM 22 wants decimals that
  are exact in the type, or bits in its older forms (`0x` and the bits of a double; `0xH`, `0xR`, `0xL`, `0xK`).
* A few attributes, which become what LLVM 22 has in their place.

Quoted strings and names, unquoted names, comments and everything else pass through byte for byte. Pure text: neither
MLIR nor LLVM is loaded.
"""

from __future__ import annotations

import functools
import math
import re
import struct
from itertools import compress

from lighthouse_build.emission.llvm_code import split

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["to_reader"]

_ATTRIBUTE_MARKS = ("noipa", "nooutline", "denormal_fpenv(", "prefalign(", "target_mem: ")
_ATTRIBUTE_LINES = ("attributes #", "define ", "declare ")

_TYPES = ("half", "bfloat", "float", "double", "fp128", "x86_fp80", "ppc_fp128")
_LITERAL_PATTERN = (
    r"f0x[0-9A-Fa-f]+|[-+]inf|[-+]qnan|[-+]s?nan\(0x[0-9A-Fa-f]+\)|[-+]?[0-9]+\.[0-9]*(?:[eE][-+]?[0-9]+)?"
)
# A type, with the literal that follows it if one does, or a literal; what stands before and after shows that it is not
# part of a name (`%float`, `@f0x1`, `$a-1.5e-1`, `-inf:`). Compiled when it is used, which takes milliseconds.
_TOKEN = rf"([ (\[<{{,])(?:({'|'.join(_TYPES)})(?: ({_LITERAL_PATTERN}))?|({_LITERAL_PATTERN}))(?![-\w.$:])"

_CHUNK = 1 << 16  # characters that are searched for marks together
_LONG = 1 << 12  # characters of one line, above which nothing is looked for in strings
_MANY = 1 << 9  # characters of code in one line, above which constants are converted together


def to_reader(text: str) -> str:
    """`text`, a module as LLVM 24 prints it, in the form that LLVM 22 parses; the same values bit for bit.

    Linear in the length of `text`.
    """
    return _mapped(_rewrite_chunk, _chunks(text), text)


def _mapped(function: Callable[[str], str], parts: Iterable[str], whole: str) -> str:
    """The `parts` of `whole`, each put through `function`, joined; `whole` itself if that changes none."""
    changed = False
    pieces = []
    for part in parts:
        piece = function(part)
        changed = changed or piece is not part
        pieces.append(piece)
    return "".join(pieces) if changed else whole


def _chunks(text: str) -> Iterator[str]:
    """`text` in pieces of about `_CHUNK` characters that end with a line; one long line is a piece of its own."""
    position = 0
    while position < len(text):
        end = text.rfind("\n", position, position + _CHUNK)
        if end < 0:
            end = text.find("\n", position)
        end = len(text) if end < 0 else end + 1
        yield text[position:end]
        position = end


def _rewrite_chunk(chunk: str) -> str:
    if len(chunk) > _CHUNK:
        return _rewrite_line(chunk)
    if not _has_marks(chunk) and not any(start in chunk for start in _ATTRIBUTE_LINES):
        return chunk
    return _mapped(_rewrite_line, chunk.splitlines(keepends=True), chunk)


def _has_marks(code: str) -> bool:
    """Whether `code` may have a constant in a new form.

    A decimal has a point. This is the whole cost of code without any, and a single character is found ten times as fast
    as a word.
    """
    return "." in code or "+" in code or "f0x" in code or "inf" in code or "nan" in code


def _rewrite_line(line: str) -> str:
    if line.startswith(_ATTRIBUTE_LINES) and any(mark in line for mark in _ATTRIBUTE_MARKS):
        line = "".join(_rewrite_attributes(part) if is_code else part for part, is_code in split(line))
    if len(line) < _LONG and not _has_marks(line):
        return line
    if '"' not in line and ";" not in line:
        return _Line().rewrite(line)
    # Strings may be long: nothing is looked for in them.
    state = _Line()
    parts = ((part, state.rewrite(part) if is_code else part) for part, is_code in split(line))
    pieces = list(parts)
    return "".join([new for _, new in pieces]) if any(new is not old for old, new in pieces) else line


class _Line:
    """Rewrites the code of one line from left to right.

    An untyped literal has the last type that stands before it: `fadd float %a, 1.1`, `phi float [ 1.1, %b ]`.
    """

    def __init__(self) -> None:
        self.type = ""

    def rewrite(self, code: str) -> str:
        """`code` rewritten; the same object when nothing changes."""
        if not _has_marks(code):
            for match in re.finditer(_TOKEN, code[-_LONG:]):
                self.type = match[2]
            return code
        rewritten = re.sub(_TOKEN, self._token, code) if len(code) < _MANY else self._rewrite_long(code)
        return code if rewritten == code else rewritten

    def _token(self, match: re.Match[str]) -> str:
        before, type_, typed, untyped = match.groups()
        if typed:
            self.type = type_
            return f"{before}{type_} {_convert(type_, typed)}"
        if type_:
            self.type = type_
            return match[0]
        return before + _convert(self.type, untyped) if self.type else match[0]

    def _rewrite_long(self, code: str) -> str:
        """Rewrite long code: most likely an initialiser, whose elements `, float <literal>` are converted together."""
        type_ = max(_TYPES, key=lambda name: code.count(f", {name} ", 0, _CHUNK))
        separator = f", {type_} "
        pieces = []
        position = 0
        while position < len(code):
            # In pieces that stay in the processor's cache.
            end = code.find(separator, position + _CHUNK)
            end = len(code) if end < 0 else end + len(separator)
            pieces.append(self._rewrite_elements(code[position:end], type_, separator))
            position = end
        return "".join(pieces)

    def _rewrite_elements(self, code: str, type_: str, separator: str) -> str:
        first, *items = code.split(separator)
        # The pattern wants to see what stands before.
        first = re.sub(_TOKEN, self._token, " " + first)[1:]
        if items:
            self.type = type_
        converted = _convert_bits(items[:-1]) if type_ == "float" else []
        rest = items[len(converted) :]
        rest = _convert_floats(rest) if type_ == "float" else _convert_all(type_, rest)
        for i, item in enumerate(rest):
            # Neither converted nor empty, so more than a literal: the end of a row, of the initialiser, of a phi.
            if item and not item.startswith("0x"):
                self.type = type_
                rest[i] = re.sub(_TOKEN, self._token, " " + item)[1:]
        return separator.join([first, *converted, *rest])


# --- Attributes -------------------------------------------------------------------------------------------------------

# Compiled when it is used, which is seldom.
_ATTRIBUTE = (
    r"(?<![-\w.$@%!#])"
    r"(?:(?P<word>noipa|nooutline)\b|prefalign\(\d+\) ?|denormal_fpenv\((?P<modes>[^)]*)\)|target_mem: (?P<memory>\w+))"
)
# LLVM 22 has no `noipa`; without inlining, callers can still see through the function, but nothing MLIR emits relies
# on more. `nooutline` was a string attribute before it was a keyword. `prefalign` is a hint.
_WORDS = {"noipa": "noinline", "nooutline": '"nooutline"'}
_DENORMAL_MODES = {
    "ieee": "ieee",
    "preservesign": "preserve-sign",
    "positivezero": "positive-zero",
    "dynamic": "dynamic",
}


def _rewrite_attributes(code: str) -> str:
    return re.sub(_ATTRIBUTE, _rewrite_attribute, code)


def _rewrite_attribute(match: re.Match[str]) -> str:
    if match["word"]:
        return _WORDS[match["word"]]
    if match["modes"] is not None:
        return _denormal_strings(match["modes"], match[0])
    if match["memory"]:
        return f"target_mem0: {match['memory']}, target_mem1: {match['memory']}"
    return ""


def _denormal_strings(modes: str, whole: str) -> str:
    """The string attributes for `denormal_fpenv(<modes>)`: `[output|input]`, then `float: [output|input]`."""
    strings = []
    for part in modes.split(","):
        type_, _, pair = part.strip().rpartition(":")
        output, _, input_ = pair.strip().partition("|")
        names = [_DENORMAL_MODES.get(mode.strip()) for mode in (output, input_ or output)]
        if None in names or type_ not in ("", "float"):
            return whole  # not a form known here: the parser will say where it is
        name = "denormal-fp-math-f32" if type_ else "denormal-fp-math"
        strings.append(f'"{name}"="{names[0]},{names[1]}"')
    return " ".join(strings)


# --- Floating-point constants -----------------------------------------------------------------------------------------

_GEOMETRY = {"half": (5, 10), "bfloat": (8, 7), "float": (8, 23), "double": (11, 52), "fp128": (15, 112)}
_DOUBLE_BITS = struct.Struct(">Q")
_DOUBLE = struct.Struct(">d")
_FLOAT_BITS = struct.Struct(">I")
_FLOAT = struct.Struct(">f")
_SMALLEST_NORMAL = 2.0**-126  # of float


@functools.lru_cache(maxsize=4096)
def _convert(type_: str, literal: str) -> str:
    """`literal`, a constant of the type, in LLVM 22's form."""
    if type_ == "x86_fp80":
        return f"0xK{_fp80_bits(literal):020X}"
    if type_ == "ppc_fp128":
        # A pair of doubles; LLVM 22 prints and reads the low word of the bits first.
        if not literal.startswith("f0x"):
            return literal
        bits = int(literal[3:], 16)
        return f"0xM{bits & (1 << 64) - 1:016X}{bits >> 64:016X}"
    if type_ == "double":
        if literal.startswith("f0x"):
            return f"0x{int(literal[3:], 16):016X}"
        if literal[-1].isdigit():
            return literal  # both readers round a decimal to the nearest double
        return f"0x{_ieee_bits(type_, literal):016X}"
    bits = _ieee_bits(type_, literal)
    if type_ == "float":
        return f"0x{_widen(bits):016X}"
    if type_ == "half":
        return f"0xH{bits:04X}"
    if type_ == "bfloat":
        return f"0xR{bits:04X}"
    return f"0xL{bits & (1 << 64) - 1:016X}{bits >> 64:016X}"


def _ieee_bits(type_: str, literal: str) -> int:
    """The bits of `literal` in one of the IEEE formats."""
    if literal.startswith("f0x"):
        return int(literal[3:], 16)
    exponent_bits, mantissa_bits = _GEOMETRY[type_]
    negative, body = _sign(literal)
    infinity = ((1 << exponent_bits) - 1) << mantissa_bits
    quiet = 1 << (mantissa_bits - 1)
    if body == "inf":
        magnitude = infinity
    elif body == "qnan":
        magnitude = infinity | quiet
    elif body.endswith(")"):
        payload = int(body[body.index("(") + 3 : -1], 16)
        magnitude = infinity | payload | (0 if body.startswith("s") else quiet)
    else:
        magnitude = _rounded(body, exponent_bits, mantissa_bits)
    return magnitude | negative << (exponent_bits + mantissa_bits)


def _fp80_bits(literal: str) -> int:
    """The bits of `literal` in x87's format, whose leading bit of the mantissa is explicit."""
    if literal.startswith("f0x"):
        return int(literal[3:], 16)
    negative, body = _sign(literal)
    integer_bit = 1 << 63
    special = 0x7FFF << 64 | integer_bit
    if body == "inf":
        magnitude = special
    elif body == "qnan":
        magnitude = special | 1 << 62
    elif body.endswith(")"):
        payload = int(body[body.index("(") + 3 : -1], 16)
        magnitude = special | payload | (0 if body.startswith("s") else 1 << 62)
    else:
        packed = _rounded(body, 15, 63)
        exponent, mantissa = packed >> 63, packed & (integer_bit - 1)
        magnitude = exponent << 64 | mantissa | (integer_bit if exponent else 0)
    return magnitude | negative << 79


def _sign(literal: str) -> tuple[int, str]:
    """Whether `literal` is negative, as 0 or 1, and the rest of it."""
    return int(literal[0] == "-"), literal.lstrip("+-")


def _rounded(decimal: str, exponent_bits: int, mantissa_bits: int) -> int:
    """The bits nearest to the non-negative `decimal`, ties to even."""
    if not decimal.partition("e")[0].strip("0."):
        return 0
    if (exponent_bits, mantissa_bits) == (8, 23) and _SMALLEST_NORMAL <= float(decimal) < 2.0**127:
        value = float(decimal)
        # Two roundings are one unless the first lands in the middle of two floats.
        if _DOUBLE_BITS.unpack(_DOUBLE.pack(value))[0] & 0x1FFFFFFF != 0x10000000:
            bits: int = _FLOAT_BITS.unpack(_FLOAT.pack(value))[0]
            return bits
    return _rounded_exactly(decimal, exponent_bits, mantissa_bits)


def _rounded_exactly(decimal: str, exponent_bits: int, mantissa_bits: int) -> int:
    """`_rounded` of any number that is not 0."""
    from fractions import Fraction  # takes as long to import as this module, and is seldom needed

    value = Fraction(decimal)
    bias = (1 << (exponent_bits - 1)) - 1
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if value < Fraction(2) ** exponent:
        exponent -= 1
    exponent = max(exponent, 1 - bias)  # below: denormal
    units = round(value / Fraction(2) ** (exponent - mantissa_bits))  # Python rounds ties to even
    # A normal number's leading bit adds one to the exponent field, and so does a mantissa that rounds up to the next
    # power of two, even to infinity; a denormal has neither.
    return ((exponent + bias - 1) << mantissa_bits) + units


def _widen(bits: int) -> int:
    """The bits of a float as those of the double of the same value, NaN payloads and signalling bits kept."""
    if bits & 0x7F800000 == 0x7F800000:
        return (bits & 0x80000000) << 32 | 0x7FF << 52 | (bits & 0x7FFFFF) << 29
    wide: int = _DOUBLE_BITS.unpack(_DOUBLE.pack(_FLOAT.unpack(_FLOAT_BITS.pack(bits))[0]))[0]
    return wide


# --- Many together ----------------------------------------------------------------------------------------------------


def _convert_all(type_: str, items: list[str]) -> list[str]:
    """Each of `items` that is a literal, a constant of the type, in LLVM 22's form; the others unchanged."""
    if type_ == "double" and not any("n" in item for item in items):
        return [item[1:] if item.startswith("f0x") and len(item) == 19 else item for item in items]
    # Of a 16-bit type there are few; the others are rare.
    is_literal = re.compile(_LITERAL_PATTERN).fullmatch
    known = {item: _convert(type_, item) if is_literal(item) else item for item in set(items)}
    return list(map(known.__getitem__, items))


def _convert_bits(items: list[str]) -> list[str]:
    """`_convert_all` for `float`, if each of `items` is the bits of a number, `f0x3DCCCCCD`, as most are; else none."""
    text = "".join(items)
    if set(map(len, items)) != {11} or not re.fullmatch("(?:f0x[0-9A-Fa-f]{8})+", text):
        return []
    values = struct.unpack(f">{len(items)}f", bytes.fromhex(text.replace("f0x", "")))
    return _hex_of_doubles(values) if math.isfinite(sum(values)) else []


def _convert_floats(items: list[str]) -> list[str]:
    """`_convert_all` for `float`, where there may be millions: in C's loops."""
    by_bits = [len(item) == 11 and item.startswith("f0x") for item in items]
    values = struct.unpack(f">{sum(by_bits)}f", bytes.fromhex("".join([i[3:] for i in compress(items, by_bits)])))
    decimals = [12 <= len(item) <= 13 and item[-4] == "e" for item in items]  # -d.dddddde+dd
    if not math.isfinite(sum(values)):
        # NaNs, which have words of their own, may change in the conversion by the processor: none of this.
        return _convert_all("float", items)
    bits_converted = iter(_hex_of_doubles(values))
    decimals_converted = _convert_decimals(list(compress(items, decimals))) if True in decimals else iter(())
    return [
        next(bits_converted) if bits else next(decimals_converted) if decimal else item
        for item, bits, decimal in zip(items, by_bits, decimals, strict=True)
    ]


def _convert_decimals(items: list[str]) -> Iterator[str]:
    """Each of the decimals `items`, converted as a constant of type `float`."""
    values = list(map(float, items))
    rounded = struct.unpack(f">{len(values)}f", struct.pack(f">{len(values)}f", *values))
    converted = _hex_of_doubles(rounded)
    for i, (value, wide) in enumerate(zip(values, _hex_of_doubles(values), strict=True)):
        # Rounded to a double first, a decimal close to the middle of two floats lands on it; rare, so done exactly.
        if (wide.endswith("0000000") and wide[10] in "13579BDF") or -_SMALLEST_NORMAL < value < _SMALLEST_NORMAL:
            converted[i] = _convert("float", items[i])
    return iter(converted)


def _hex_of_doubles(values: Sequence[float]) -> list[str]:
    """Each double by its bits, `0x` and sixteen digits."""
    digits = struct.pack(f">{len(values)}d", *values).hex(" ", 8).upper()
    return f"0x{digits}".replace(" ", " 0x").split(" ")
