# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Option values: the part of the stage language between braces.

    {tile=32 sizes=[8,32,4] name="a b" nested={a=1 b=(1,2)} flag}

Values are None, booleans, integers, floats, strings, lists, tuples and dicts. Bare words are typed by what they look
like (`none`, `true`, `32`, `1.5`), otherwise they are strings; quotes make a string of anything. Entries are
separated by spaces or commas, a bare key means true. `format_value` prints what `parse` reads back as the same value.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn, TypeAlias

__all__ = [
    "LONG_INTEGER",
    "MAX_DEPTH",
    "Scanner",
    "SpecSyntaxError",
    "Value",
    "format_options",
    "format_value",
    "parse_options",
    "parse_value",
]

Value: TypeAlias = "bool | int | float | str | list[Value] | tuple[Value, ...] | dict[str, Value] | None"

MAX_DEPTH = 64  # deeper nesting is a mistake, and would exhaust the stack of whoever reads it
_MAX_DIGITS = 1000  # of an integer; Python's own conversion takes the square of their number
_MAX_INTEGER = 10**_MAX_DIGITS
LONG_INTEGER = f"the integer has more than {_MAX_DIGITS} digits"
# What ends a bare value, and a key; white space does as well.
_ENDS_VALUE = frozenset(",=(){}[]\"'")
_ENDS_KEY = _ENDS_VALUE | {":"}
_DIGITS = frozenset("0123456789")
_HEX_DIGITS = _DIGITS | frozenset("abcdefABCDEF")
_WORDS: Mapping[str, Value] = {
    "none": None,
    "None": None,
    "true": True,
    "True": True,
    "false": False,
    "False": False,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "0": "\0", "\\": "\\", '"': '"', "'": "'"}
_CLOSING = {"{": "}", "[": "]", "(": ")"}


class SpecSyntaxError(Exception):
    """Text that is not of the stage language; `offset` counts from 0. Becomes an InputError where the place is
    known."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


class Scanner:
    """A cursor over `text`; every reader of the language moves it forward or raises at its offset."""

    def __init__(self, text: str, position: int = 0) -> None:
        self.text = text
        self.position = position
        self._depth = 0

    def fail(self, message: str, offset: int | None = None) -> NoReturn:
        raise SpecSyntaxError(message, self.position if offset is None else offset)

    def peek(self) -> str:
        """The next character, or the empty string at the end."""
        return self.text[self.position : self.position + 1]

    def skip_space(self) -> bool:
        start = self.position
        while self.peek().isspace():
            self.position += 1
        return self.position > start

    def word(self, ends: frozenset[str]) -> str | None:
        """What stands before the next white space or character of `ends`; None if that is nothing."""
        start = self.position
        while self.peek() and self.peek() not in ends and not self.peek().isspace():
            self.position += 1
        return self.text[start : self.position] or None

    def _separate(self, closing: str, opened: int) -> bool:
        """Step over what separates two entries; False when `closing` was reached and consumed."""
        spaced = self.skip_space()
        if self.peek() == ",":
            self.position += 1
            self.skip_space()
            if self.peek() == ",":
                self.fail("expected a value before ','")
            spaced = True
        if self.peek() == closing:
            self.position += 1
            return False
        if not self.peek():
            self.fail(f"'{self.text[opened]}' is never closed; expected '{closing}'", opened)
        if self.peek() in ")]}":
            self.fail(f"expected '{closing}' here, to close '{self.text[opened : opened + 10]}'")
        if not spaced:
            self.fail(f"expected ',', a space or '{closing}'")
        return True

    def _open(self) -> tuple[int, str]:
        opened = self.position
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self.fail(f"values are nested more than {MAX_DEPTH} deep")
        closing = _CLOSING[self.text[opened]]
        self.position += 1
        self.skip_space()
        return opened, closing

    def _at_end(self, closing: str, opened: int) -> bool:
        if self.peek() == closing:
            self.position += 1
            return True
        if not self.peek():
            self.fail(f"'{self.text[opened]}' is never closed; expected '{closing}'", opened)
        return False

    def options(self) -> dict[str, Value]:
        """A group in braces; the cursor stands on its `{`."""
        opened, closing = self._open()
        entries: dict[str, Value] = {}
        more = not self._at_end(closing, opened)
        while more:
            key_at = self.position
            key = self.quoted() if self.peek() in "\"'" else self.word(_ENDS_KEY)
            if key is None:
                self.fail(f"expected an option's name before '{self.peek()}'")
            if key in entries:
                self.fail(f"'{key}' is given twice", key_at)
            after_key = self.position
            self.skip_space()
            if self.peek() and self.peek() in "=:":
                self.position += 1
                self.skip_space()
                entries[key] = self.value()
            else:
                self.position = after_key
                entries[key] = True
            more = self._separate(closing, opened)
        self._depth -= 1
        return entries

    def _items(self) -> list[Value]:
        """The items of a list or tuple."""
        opened, closing = self._open()
        items: list[Value] = []
        more = not self._at_end(closing, opened)
        while more:
            items.append(self.value())
            more = self._separate(closing, opened)
        self._depth -= 1
        return items

    def quoted(self) -> str:
        """A string in single or double quotes; the cursor stands on the opening one."""
        opened, quote = self.position, self.peek()
        self.position += 1
        out: list[str] = []
        while True:
            char = self.peek()
            if not char:
                self.fail(f"the string is never closed; expected {quote}", opened)
            self.position += 1
            if char == quote:
                return "".join(out)
            if char == "\\":
                escape = self.peek()
                if escape == "x":
                    digits = self.text[self.position + 1 : self.position + 3]
                    if len(digits) < 2 or not _HEX_DIGITS.issuperset(digits):
                        self.fail("'\\x' wants two hexadecimal digits", self.position - 1)
                    out.append(chr(int(digits, 16)))
                    self.position += 3
                    continue
                if escape not in _ESCAPES:
                    self.fail(f"unknown escape '\\{escape}'; write '\\\\' for a backslash", self.position - 1)
                out.append(_ESCAPES[escape])
                self.position += 1
                continue
            out.append(char)

    def value(self) -> Value:
        """One value of any type."""
        char = self.peek()
        if char and char in "\"'":
            return self.quoted()
        if char == "[":
            return self._items()
        if char == "(":
            return tuple(self._items())
        if char == "{":
            return self.options()
        start = self.position
        word = self.word(_ENDS_VALUE)
        if word is None:
            self.fail(f"expected a value before '{char}'" if char else "expected a value")
        return self._typed(word, start)

    def _typed(self, word: str, start: int) -> Value:
        if word in _WORDS:
            return _WORDS[word]
        if _is_integer(word):
            if len(word) > _MAX_DIGITS:
                self.fail(LONG_INTEGER, start)
            return int(word, 0) if "x" in word or "X" in word else int(word)
        if _is_float(word):
            return float(word)
        return word


def parse_value(text: str) -> Value:
    """Parse one value that fills `text`. Raises SpecSyntaxError."""
    scanner = Scanner(text)
    scanner.skip_space()
    value = scanner.value()
    scanner.skip_space()
    if scanner.peek():
        scanner.fail(f"unexpected text after the value: '{text[scanner.position :]}'")
    return value


def parse_options(text: str) -> dict[str, Value]:
    """Parse one group in braces that fills `text`. Raises SpecSyntaxError."""
    scanner = Scanner(text)
    if scanner.peek() != "{":
        scanner.fail("expected '{'")
    entries = scanner.options()
    if scanner.peek():
        scanner.fail(f"unexpected text after '}}': '{text[scanner.position :]}'")
    return entries


def _quote(text: str) -> str:
    names = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
    return '"' + "".join(names.get(c, c if c >= " " else f"\\x{ord(c):02x}") for c in text) + '"'


def _is_word(text: str, ends: frozenset[str]) -> bool:
    return text != "" and not any(char in ends or char.isspace() for char in text)


def _is_integer(word: str) -> bool:
    """Whether `word` is a decimal or hexadecimal integer, with or without a sign."""
    digits = word[1:] if word[:1] in ("-", "+") else word
    if digits[:2] in ("0x", "0X"):
        return len(digits) > 2 and _HEX_DIGITS.issuperset(digits[2:])
    return digits != "" and _DIGITS.issuperset(digits)


def _is_float(word: str) -> bool:
    """Whether `word` is a number with a point or an exponent, `inf` or `nan`, with or without a sign."""
    number = word[1:] if word[:1] in ("-", "+") else word
    if number in ("inf", "nan"):
        return True
    mantissa, has_exponent, exponent = number.replace("E", "e").partition("e")
    whole, has_point, part = mantissa.partition(".")
    if has_exponent and not (_is_integer(exponent) and "x" not in exponent.lower()):
        return False
    return bool(whole + part and (has_point or has_exponent)) and _DIGITS.issuperset(whole + part)


def _is_bare(text: str) -> bool:
    return _is_word(text, _ENDS_VALUE) and text not in _WORDS and not _is_integer(text) and not _is_float(text)


def format_value(value: Any) -> str:
    """Print `value` so that `parse_value` reads an equal value of the same types. Raises TypeError for other types,
    ValueError for an integer that `parse_value` refuses."""
    if value is None or value is True or value is False:
        return str(value).lower()
    if isinstance(value, int):
        if abs(value) >= _MAX_INTEGER:
            raise ValueError(LONG_INTEGER)
        return str(value)
    if isinstance(value, float):
        return repr(value)  # `inf` and `nan`, too
    if isinstance(value, str):
        return value if _is_bare(value) else _quote(value)
    if isinstance(value, list):
        return "[" + ",".join(map(format_value, value)) + "]"
    if isinstance(value, tuple):
        return "(" + ",".join(map(format_value, value)) + ")"
    if isinstance(value, dict):
        return format_options(value)
    msg = f"a {type(value).__name__} is not a value of the stage language"
    raise TypeError(msg)


def format_options(options: Mapping[str, Any]) -> str:
    """Print a group in braces, in the order given."""

    def key(name: Any) -> str:
        if not isinstance(name, str):
            msg = f"the key {name!r} is no name; quote it"
            raise TypeError(msg)
        return name if _is_word(name, _ENDS_KEY) else _quote(name)

    return "{" + " ".join(f"{key(k)}={format_value(v)}" for k, v in options.items()) + "}"
