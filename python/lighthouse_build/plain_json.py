# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`json` for what a lowering reads and writes, by the C functions below it alone.

What `json` imports besides, regular expressions and enumerations, takes a tenth of the time of a small lowering, and
each edge of a build reads the manifest of its stages. The result is that of `json`, and so are errors.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from typing import Any

__all__ = ["dumps", "loads"]


def _c_functions() -> Any:
    try:
        import _json
    except ImportError:  # a Python that is not CPython
        return None
    return _json


_C = _c_functions()


class _Settings:
    """What `json.loads` is called with by default."""

    strict = True
    object_hook = object_pairs_hook = None
    parse_float = parse_constant = float
    parse_int = int


def loads(text: str) -> Any:
    """The value of `text`, as `json.loads(text)`. Raises ValueError."""
    if _C is not None:
        try:
            value, end = _C.make_scanner(_Settings)(text, 0)
        # The last is what an error becomes where `json`, which has its class, has not been imported.
        except (ValueError, StopIteration, SystemError):
            end = -1
        if end >= 0 and not text[end:].strip(" \t\n\r"):
            return value
    import json  # for whatever is not plain: it says what is wrong, too

    return json.loads(text)


def dumps(value: Any) -> str:
    """The text of `value`, as `json.dumps(value, default=vars, indent=1, sort_keys=True)`.

    Args:
        value: of strings, whole numbers, truth values, lists, tuples, dictionaries with strings as keys, and objects,
            whose fields are taken.
    """
    if _C is not None:
        return _text(value, "\n")
    import json

    return json.dumps(value, default=vars, indent=1, sort_keys=True)


def _text(value: Any, line: str) -> str:
    """`value`, whose first line stands on one that begins with `line`, a line break and the indentation."""
    if isinstance(value, str):
        return str(_C.encode_basestring_ascii(value))
    if isinstance(value, int):
        return str(value).lower()  # `True`
    inner = line + " "
    if isinstance(value, (list, tuple)):
        items = [_text(item, inner) for item in value]
        return f"[{inner}{f',{inner}'.join(items)}{line}]" if items else "[]"
    fields = value if isinstance(value, dict) else vars(value)
    quoted = _C.encode_basestring_ascii
    items = [f"{quoted(key)}: {_text(fields[key], inner)}" for key in sorted(fields)]
    return f"{{{inner}{f',{inner}'.join(items)}{line}}}" if items else "{}"
