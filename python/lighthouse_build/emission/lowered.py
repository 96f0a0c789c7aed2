# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a function's C wrapper, `_mlir_ciface_f`, back against what `f` was in the payload.

The tags on its arguments say which argument or result each is: a tagged pointer is a memref, a result's tag on an
argument an out-parameter. One pointer without a tag, the first, is where it stores what `f` returns. Anything else is
the work of a stage that changed the signature, and an error.
"""

from __future__ import annotations

from lighthouse_build.emission.c_types import BY_VALUE, MemRef, UnsupportedTypeError, parse_type, split_types
from lighthouse_build.emission.destinations import ARGUMENT, RESULT
from lighthouse_build.emission.interface import Function, Value
from lighthouse_build.errors import LoweringError, SourceLocation
from lighthouse_build.frozen import frozen, replace

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

__all__ = ["Signature", "WrapperReader", "llvm_function_type", "tag_of"]


@frozen
class Signature:
    """A public function before lowering.

    Attributes:
        name: its symbol in the payload.
        arguments: as in the payload, but for their names; the very same as those of functions that have equal ones.
        results: as in the payload, with the mode that each is to have; likewise.
        location: where it stands.
        dialect: `func` or `llvm`.
        variadic: it takes further arguments, as `printf` does.
        names: of the arguments, in their order; empty where one has none.
    """

    name: str
    arguments: tuple[Value, ...]
    results: tuple[Value, ...]
    location: SourceLocation | None
    dialect: str = "func"
    variadic: bool = False
    names: tuple[str, ...] = ()

    def named_arguments(self) -> tuple[Value, ...]:
        """The arguments with their names."""
        if not any(self.names):
            return self.arguments
        return tuple([replace(value, name=name) for value, name in zip(self.arguments, self.names)])


class WrapperReader:
    """Reads one wrapper `_mlir_ciface_f` back against what `f` was.

    Args:
        signature: what `f` was.
        wrapper: result and parameters of the wrapper, as `llvm_function_type` has them.
        body: the same of what `f` has become.
        tags: the attributes of the wrapper's arguments.
    """

    def __init__(
        self,
        signature: Signature,
        wrapper: tuple[str, str],
        body: tuple[str, str],
        tags: Sequence[Mapping[str, Any]],
    ) -> None:
        self._signature = signature
        self._arguments = {argument.index: argument for argument in signature.arguments}
        self._wrapper_result = wrapper[0]
        self._body_result = body[0]
        self._types = [_with_prefix(type) for type in split_types(wrapper[1])]
        self._tags = tags or [{} for _ in self._types]

    def read(self) -> Function:
        """The function in C, but for its name and place, and those of its arguments."""
        leading = bool(self._types) and not self._is_tagged(0)
        parameters = tuple(self._parameter(position) for position in range(int(leading), len(self._types)))
        held = {v.index: v for v in self._signature.results if v.mode == "in_place"}
        elsewhere = {v.index for v in parameters if v.mode == "out"} | held.keys()
        returned = [replace(v, mode="returned") for v in self._signature.results if v.index not in elsewhere]
        first, is_only = self._match_returned(returned)
        self._check_struct(leading, len(first))
        function = Function("", "", parameters, first, leading)
        for value in returned:
            if value not in first:
                holder = self._holder(value)
                if holder is None or not is_only:
                    types = ", ".join(v.type for v in returned)
                    msg = f"of its results ({types}) a stage dropped some, and which argument holds which is not plain"
                    return replace(function, unsupported=msg)
                held[value.index] = replace(value, mode="in_place", alias=holder)
        return replace(function, in_place=tuple(held[index] for index in sorted(held)))

    def _is_tagged(self, position: int) -> bool:
        return ARGUMENT in self._tags[position] or RESULT in self._tags[position]

    def _parameter(self, position: int) -> Value:
        tags = self._tags[position]
        argument, result = tag_of(tags, ARGUMENT), tag_of(tags, RESULT)
        if argument is None and result is None:
            self._fail(f"has an argument {position}, {self._types[position]}, that is none of the payload's")
        value = argument or result
        assert value is not None
        expected = _lowered_types(value.type)
        if expected and self._types[position] not in expected:
            what = "argument" if argument else "result"
            self._fail(f"takes {self._types[position]} as {what} {value.index}, which is {value.type} in the payload")
        if argument is None:
            return replace(value, mode="out", writable=True)
        return self._arguments.get(argument.index, argument)

    def _match_returned(self, expected: Sequence[Value]) -> tuple[tuple[Value, ...], bool]:
        """What of `expected` is still returned: the first choice that its type allows; whether it is the only."""
        first, types = None, []
        for types in _result_types(self._body_result, len(expected)):
            first = _first_match(expected, types)
            if first is not None:
                break
        if first is None:
            wanted = ", ".join(value.type for value in expected) or "nothing"
            self._fail(f"returns {self._body_result}, which the payload's {wanted} cannot have become")
        return first, first == tuple(reversed(_first_match(expected[::-1], types[::-1]) or ()))

    def _fail(self, what: str) -> NoReturn:
        msg = f"the lowered function '@{self._signature.name}' {what}; a stage has changed its signature"
        raise LoweringError(msg, self._signature.location)

    def _holder(self, result: Value) -> int | None:
        """The argument that holds the dropped `result`, if only one can."""
        candidates = [a.index for a in self._signature.arguments if a.writable and a.type == result.type]
        return candidates[0] if len(candidates) == 1 else None

    def _check_struct(self, leading: bool, count: int) -> None:
        wanted = self._body_result.startswith("!llvm.struct<")
        if leading != wanted or (leading and (self._types[0] != "!llvm.ptr" or self._wrapper_result != "void")):
            self._fail(f"should take a pointer to its {count} results first, and takes ({', '.join(self._types)})")


def _first_match(values: Sequence[Value], types: Sequence[str]) -> tuple[Value, ...] | None:
    """Of `values` in order, each the first that can have become the next of `types`."""
    left = iter(values)
    found = [next((value for value in left if _may_become(value.type, type)), None) for type in types]
    return None if None in found else tuple([value for value in found if value is not None])


def tag_of(attributes: Mapping[str, Any], key: str) -> Value | None:
    """What the tag `key` of an argument or result says."""
    if key not in attributes:
        return None
    index, _, type = attributes[key].value.partition(":")
    return Value(type, int(index))


def llvm_function_type(function: Any) -> tuple[str, str]:
    """Result and parameters of an `llvm.func`, as printed."""
    text = str(function.attributes["function_type"].value)
    result, bracket, parameters = text.removeprefix("!llvm.func<").removesuffix(")>").partition(" (")
    if not bracket or not text.startswith("!llvm.func<") or not text.endswith(")>"):
        msg = f"cannot read the type {text} of '@{function.attributes['sym_name'].value}'"
        raise LoweringError(msg)
    return _with_prefix(result), parameters


def _with_prefix(type: str) -> str:
    """`type`, which the printer has left the dialect's prefix out of, as it does inside its own types."""
    return f"!llvm.{type}" if type.partition("<")[0] in ("ptr", "struct", "array") else type


def _lowered_types(type: str) -> tuple[str, ...]:
    """What an argument of `type` may be in LLVM; empty when that is not checked."""
    if type.startswith(("tensor<", "memref<")):
        return ("!llvm.ptr",)
    if type == "index":
        return ("i64", "i32")
    if type in BY_VALUE:
        return (type[1:] if type.startswith(("ui", "si")) else type,)
    return ()


def _may_become(type: str, lowered: str) -> bool:
    """Whether a result of `type` can have become `lowered`."""
    if not type.startswith(("tensor<", "memref<")):
        expected = _lowered_types(type)
        return not expected or lowered in expected
    try:
        parsed = parse_type(type)
    except UnsupportedTypeError:
        return lowered.lstrip("!lvm.").startswith("struct<") or lowered.startswith("!llvm.struct<")
    assert isinstance(parsed, MemRef)
    arrays = f", array<{parsed.rank} x i64>, array<{parsed.rank} x i64>" if parsed.rank else ""
    return lowered.removeprefix("!llvm.") == f"struct<(ptr, ptr, i64{arrays})>"


def _result_types(type: str, expected: int) -> list[list[str]]:
    """The results that a function of result `type` may return, of which the payload has `expected`.

    One memref is a struct, too, that of its descriptor, which looks like two pointers and a number.
    """
    if type == "void":
        return [[]]
    members = type.removeprefix("!llvm.struct<(").removesuffix(")>")
    is_struct = type == f"!llvm.struct<({members})>" and expected > 1
    return [*([[_with_prefix(member) for member in split_types(members)]] if is_struct else []), [type]]
