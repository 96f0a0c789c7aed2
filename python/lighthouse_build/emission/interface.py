# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C interface of a lowered payload, as data: what `c_interface.py` finds and `header.py` prints.

Written beside an object as a small JSON file, so that the header of a library of many payloads is made without MLIR.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from lighthouse_build.errors import InputError, SourceLocation

__all__ = ["SUFFIX", "Function", "Interface", "Value"]

FORMAT = 1
SUFFIX = ".interface.json"


@dataclass(frozen=True)
class Value:
    """One argument or result of a function.

    Attributes:
        type: the type in the payload, as MLIR prints it: `tensor<4x?xf32>`, `index`, `!llvm.ptr`.
        index: its position among the payload's arguments, or results.
        mode: `argument`; `out` (a result that the caller provides a buffer for); `returned` (by value, or in the
            result struct; a memref among these is a buffer that the caller owns).
        writable: the function writes to this argument (`bufferization.writable`, or any memref of the payload).
        alias: for a result that is written in place: the index of the writable argument that holds it, else -1.
    """

    type: str
    index: int
    mode: str = "argument"
    writable: bool = False
    alias: int = -1


@dataclass(frozen=True)
class Function:
    """A public function: `name` in the payload, exported `symbol`, C parameters in order, results in order.

    `parameters` are the pointers and scalars of the C function after the result struct; `returned` are the values it
    returns: one scalar by value, otherwise through a leading pointer to a struct of all of them (`by_struct`).
    """

    name: str
    symbol: str
    parameters: tuple[Value, ...]
    returned: tuple[Value, ...]
    by_struct: bool
    source: str = ""
    line: int = 0


@dataclass(frozen=True)
class Interface:
    """All public functions of one payload, in the payload's order."""

    source: str
    functions: tuple[Function, ...]

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str) -> Interface:
        """Read what `to_json` wrote; InputError at `path` when it is something else."""
        try:
            data = json.loads(text)
            if data.pop("format") != FORMAT:
                msg = "this interface file was written by another version of lh-opt; build again"
                raise InputError(msg, SourceLocation(path))
            functions = tuple(
                Function(
                    **{
                        **f,
                        "parameters": tuple(Value(**v) for v in f["parameters"]),
                        "returned": tuple(Value(**v) for v in f["returned"]),
                    }
                )
                for f in data["functions"]
            )
            return cls(source=data["source"], functions=functions)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"not an interface file ({error}); it is written by lh-opt --emit=interface"
            raise InputError(msg, SourceLocation(path)) from None
