# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C interface of a lowered payload, as data: what `c_interface.py` finds and `header.py` prints.

Written beside an object as a small JSON file, so that the header of a library of many payloads is made without MLIR.
"""

from __future__ import annotations

from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import frozen, replace

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ["SUFFIX", "Function", "Interface", "Value", "join", "read"]

FORMAT = 1
SUFFIX = ".interface.json"


@frozen
class Value:
    """One argument or result of a function.

    Attributes:
        type: the type in the payload, as MLIR prints it: `tensor<4x?xf32>`, `index`, `!llvm.ptr`.
        index: its position among the payload's arguments, or results.
        mode: `argument`; `out` (a result that the caller provides a buffer for); `returned` (by value, or in the
            result struct); `in_place` (a result that is left in a writable argument).
        writable: the function may write to this argument (`bufferization.writable`, or any memref of the payload).
        alias: for a result that is left in place: the index of the argument that holds it, else -1.
        name: what the payload calls the argument, where that is known.
    """

    type: str
    index: int
    mode: str = "argument"
    writable: bool = False
    alias: int = -1
    name: str = ""


@frozen
class Function:
    """A public function.

    Attributes:
        name: its name in the payload.
        symbol: the exported C symbol.
        parameters: the pointers and scalars of the C function in order, without the pointer to the result struct.
        returned: what it returns: nothing; one scalar by value; otherwise, with `by_struct`, through a leading pointer
            to the memref, or to a struct of all of them. A returned tensor is a buffer that the caller owns.
        by_struct: there is that leading pointer.
        in_place: results that have no place of their own: `alias` says which argument holds them.
        source: the payload's file.
        line: where the function stands in it, or 0.
        unsupported: why C cannot call this function, or empty. It is exported none the less; only a header refuses it.
    """

    name: str
    symbol: str
    parameters: tuple[Value, ...]
    returned: tuple[Value, ...]
    by_struct: bool
    in_place: tuple[Value, ...] = ()
    source: str = ""
    line: int = 0
    unsupported: str = ""


@frozen
class Interface:
    """All public functions of one payload, in the payload's order.

    Attributes:
        source: the payload's file.
        functions: what it exports.
        externals: C symbols that it declares without a body: whoever links it provides them.
    """

    source: str
    functions: tuple[Function, ...]
    externals: tuple[str, ...] = ()

    def with_sources(self, name: Callable[[str], str]) -> Interface:
        """The same with `name` in place of each source."""
        functions = tuple(replace(function, source=name(function.source)) for function in self.functions)
        return replace(self, source=name(self.source), functions=functions)

    def to_json(self) -> str:
        from lighthouse_build.plain_json import dumps

        return dumps({"format": FORMAT, **vars(self)}) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str) -> Interface:
        """Read what `to_json` wrote; InputError at `path` when it is something else."""
        from lighthouse_build.plain_json import loads

        try:
            data = loads(text)
            if data.pop("format") != FORMAT:
                msg = "this interface file was written by another version of lh-opt; build again"
                raise InputError(msg, SourceLocation(path))
            functions = tuple(_function(f) for f in data["functions"])
            return cls(str(data["source"]), functions, tuple(map(str, data["externals"])))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"not an interface file ({error}); it is written by lh-opt --emit=interface"
            raise InputError(msg, SourceLocation(path)) from None


def join(texts: Iterable[str]) -> str:
    """One text of those of several interfaces, which `read` reads."""
    return "[\n" + ",\n".join(text.strip() for text in texts) + "\n]\n"


def read(text: str, path: str) -> list[Interface]:
    """The interfaces in a text of one or of several; InputError at `path` when it is something else."""
    from lighthouse_build.plain_json import dumps, loads

    try:
        several = loads(text) if text.startswith("[") else None
    except ValueError:
        several = None
    return [Interface.from_json(dumps(one), path) for one in several] if several else [Interface.from_json(text, path)]


def _function(fields: dict[str, Any]) -> Function:
    values = {key: tuple(Value(**v) for v in fields[key]) for key in ("parameters", "returned", "in_place")}
    return Function(**{**fields, **values})
