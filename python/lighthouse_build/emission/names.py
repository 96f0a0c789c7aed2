# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What may be a name in C and in C++."""

from __future__ import annotations

__all__ = ["is_c_name", "why_no_function_name"]

_KEYWORDS = frozenset(
    """
    alignas alignof and and_eq asm auto bitand bitor bool break case catch char char16_t char32_t char8_t class
    co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype
    default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline
    int long mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public
    register reinterpret_cast requires restrict return short signed sizeof static static_assert static_cast
    struct switch template this thread_local throw true try typedef typeid typename typeof typeof_unqual union
    unsigned using virtual void volatile wchar_t while xor xor_eq
    """.split()
)
# Lowered code calls these itself; a function of that name would take their place in the whole program.
_RUNTIME = frozenset(
    """
    abort aligned_alloc calloc free malloc memcmp memcpy memmove memrefCopy memset posix_memalign puts realloc
    """.split()
)


def is_c_name(name: str) -> bool:
    """Whether `name` is an identifier and no keyword, in C and in C++."""
    return _is_identifier(name) and name not in _KEYWORDS


def _is_identifier(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def why_no_function_name(symbol: str) -> str:
    """Why a function of a library cannot be called `symbol`, or the empty string."""
    if not _is_identifier(symbol):
        return "which is not a C identifier"
    if symbol in _KEYWORDS:
        return "which is a keyword of C or C++"
    if symbol == "main":
        return "which is the entry of a program"
    if symbol in _RUNTIME:
        return "which lowered code itself calls"
    return ""
