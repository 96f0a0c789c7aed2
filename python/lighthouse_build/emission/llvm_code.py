# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stands in LLVM IR text, and whether an older reader takes it as it is.

A small module mostly has nothing that `llvm_ir.py` would rewrite. Then that module is not imported, which needs regular
expressions and so takes as long as all else that is done with the text.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

__all__ = ["DIGITS", "NEW_LITERALS", "code_of", "is_as_before", "split", "tokens_of"]

_BETWEEN = dict.fromkeys(map(ord, "()[]{}<>=,:*"), " ")  # what parts tokens, besides blanks
_NAMES = ("%", "#", "!", "$")
_PIECE = 1 << 16  # characters

# What `llvm_ir.to_reader` rewrites: attributes, literals of types that older readers want in bits, and new literals.
_NEW_WORDS = frozenset(
    {"noipa", "nooutline", "denormal_fpenv", "prefalign", "target_mem", "fp128", "x86_fp80", "ppc_fp128"}
)
NEW_LITERALS = ("f0x", "+", "-inf", "-qnan", "-nan", "-snan")  # how they start
DIGITS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "-")  # how other literals do


def code_of(text: str) -> str:
    """`text`, LLVM IR, with the contents of quoted strings and all comments left out."""
    return "".join(part for part, is_code in split(text) if is_code)


def tokens_of(text: str) -> list[str]:
    """The words, literals and global names in the code of `text`, LLVM IR, each once."""
    found: set[str] = set()
    position = 0
    while position < len(text):
        # In pieces that stay in the processor's cache. No string or comment goes on in another line.
        end = text.find("\n", position + _PIECE) + 1 or len(text)
        found.update(code_of(text[position:end]).translate(_BETWEEN).split())
        position = end
    # Most are other names and whole numbers, which tell nothing.
    return [token for token in found if token[0] not in _NAMES and not (token.isdecimal() and token.isascii())]


def is_as_before(tokens: Collection[str]) -> bool:
    """Whether `llvm_ir.to_reader` surely leaves LLVM IR text of these tokens as it is."""
    return _NEW_WORDS.isdisjoint(tokens) and all(map(_is_as_before, tokens))


def _is_as_before(token: str) -> bool:
    """Whether the `token` is no literal, or a decimal that every type has exactly."""
    if token.startswith(NEW_LITERALS):
        return False
    if "." not in token or not token.startswith(DIGITS):
        return True
    try:
        value = float(token)
    except ValueError:
        return False
    return abs(value) <= 2 and (1024 * value).is_integer()


def split(text: str) -> Iterator[tuple[str, bool]]:
    """`text` in parts, each with whether it is code; a string or comment is a part of its own with its delimiters."""
    size = len(text)
    position = 0
    quote = text.find('"')
    comment = text.find(";")
    while position < size:
        if 0 <= quote < position:
            quote = text.find('"', position)
        if 0 <= comment < position:
            comment = text.find(";", position)
        if quote < 0 and comment < 0:
            yield text[position:], True
            return
        is_string = comment < 0 or 0 <= quote < comment
        begin = quote if is_string else comment
        if begin > position:
            yield text[position:begin], True
        # Inside a string a quote is written \22, so the next one ends it.
        end = text.find('"' if is_string else "\n", begin + 1)
        end = size if end < 0 else end + is_string
        yield text[begin:end], False
        position = end
