# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What may be a name in C and in C++."""

from __future__ import annotations

from lighthouse_build.emission.c_library import COMPLEX, FUNCTIONS, LIBC, LIBM, MACROS, TYPES
from lighthouse_build.errors import UsageError

__all__ = [
    "is_c_name",
    "is_called",
    "is_free_name",
    "namespace_parts",
    "why_no_data_name",
    "why_no_function_name",
]

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
# Functions of the C library that lowered code calls itself, and one that it is linked with.
_CALLED = LIBC | LIBM | COMPLEX | {"memrefCopy"}
_NAMESPACES = ("lh", "std")


def is_c_name(name: str) -> bool:
    """Whether `name` is an identifier and no keyword, in C and in C++."""
    return _is_identifier(name) and name not in _KEYWORDS


def is_free_name(name: str) -> bool:
    """Whether a header may declare `name` in a scope of its own: as a parameter, a member, or in a namespace.

    There it may be the name of a function of the C library, but not of a macro, nor of what headers are written with.
    Every name becomes such a one with enough underscores after it.
    """
    return is_c_name(name) and not _why_taken(name)


def _is_identifier(name: str) -> bool:
    return name.isascii() and name.isidentifier()


def _why_taken(name: str) -> str:
    if name in MACROS:
        return "which is a macro of the C library's headers or of compilers"
    if name in TYPES:
        return "which is a type of the C library"
    if name in _NAMESPACES or (name.startswith(("lh_", "LH_")) and not name.endswith("_")):
        return "which the header itself uses"
    return ""


def why_no_function_name(symbol: str) -> str:
    """Why a function of a library cannot be called `symbol`, or the empty string."""
    if not _is_identifier(symbol):
        return "which is not a C identifier"
    if symbol in _KEYWORDS:
        return "which is a keyword of C or C++"
    return why_no_data_name(symbol) or _why_taken(symbol)


def why_no_data_name(symbol: str) -> str:
    """Why a variable that a header does not declare, but the program's linker sees, cannot be called `symbol`."""
    if symbol == "main":
        return "which is the entry of a program"
    if is_called(symbol):
        return "which lowered code itself calls"
    if symbol in FUNCTIONS:
        return "which is a function of the C library"
    return ""


def is_called(symbol: str) -> bool:
    """Whether lowered code may call the function `symbol` of its own accord."""
    return symbol in _CALLED


def namespace_parts(namespace: str) -> list[str]:
    """The parts of a C++ namespace, `a::b`; none for the global one.

    Raises:
        UsageError: it is none, or one that others have.
    """
    parts = namespace.split("::") if namespace else []
    if not all(map(is_c_name, parts)):
        msg = f"'{namespace}' is not a C++ namespace; write it as outer::inner"
        raise UsageError(msg)
    for index, part in enumerate(parts):
        reason = "" if part in _NAMESPACES and index else _why_taken(part)
        if index == 0 and part in FUNCTIONS:
            reason = "which is a function of the C library"
        if reason:
            msg = f"the C++ namespace '{namespace}' has the name '{part}', {reason}; choose another"
            raise UsageError(msg)
    return parts
