# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""How generated C and C++ is laid out."""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["COLUMNS", "call_like", "guard"]

COLUMNS = 80


def guard(file: str, declared: str = "") -> str:
    """An include guard.

    Args:
        file: the header's name, without directories.
        declared: something that no other header of a program can declare, since files in two directories may have one
            name.
    """
    name = f"{declared}_{file}" if declared else file
    text = "".join(c if c.isalnum() else "_" for c in name).upper()
    return text if text[:1].isalpha() else f"LH_{text}"


def call_like(head: str, arguments: Sequence[str], tail: str, brackets: str = "()", columns: int = COLUMNS) -> str:
    """`head(arguments)tail`, broken at commas and aligned where it is longer than `columns`."""
    line = f"{head}{brackets[0]}{', '.join(arguments)}{brackets[1]}{tail}"
    if len(line) <= columns or not arguments:
        return line
    indent = " " * (len(head) + 1)
    lines = [f"{head}{brackets[0]}"]
    for index, argument in enumerate(arguments):
        text = argument + (f"{brackets[1]}{tail}" if index == len(arguments) - 1 else ",")
        if index and len(lines[-1]) + 1 + len(text) > columns:
            lines.append(indent + text)
        else:
            lines[-1] += (" " if index else "") + text
    return "\n".join(lines)
