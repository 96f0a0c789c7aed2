# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Parameters of a sequence: what a schedule accepts by name, and binding values to it.

    transform.named_sequence @s(%root: !transform.any_op, %m: !transform.param<i64> {lh.name = "tile"}) {
      %k = transform.tune.knob<"unroll"> options = [1, 2, 4] -> !transform.param<i64>
      transform.tune.alternatives<"order"> {…}, {…}

Here `{tile=32 unroll=4 order=1}` binds all three: an argument after the root by its `lh.name`, a knob to one of its
options, and an alternative to the index of a region. Equal names get the same value. Bound values stand in the
resolved stage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from lighthouse_build.errors import InputError, SourceLocation, did_you_mean
from lighthouse_build.frozen import frozen
from lighthouse_build.language.values import Value, format_value

__all__ = ["Constant", "Parameters"]

_KNOB = "transform.tune.knob"
_ALTERNATIVES = "transform.tune.alternatives"
_REGION = "selected_region_attr"
_PARAM = re.compile(r"!transform\.param<(?P<kind>i(?P<width>\d+)|index)>")


@frozen
class Constant:
    """What is bound to one argument: attributes as text (several for a list), and the argument's type."""

    type: str
    attributes: tuple[str, ...]


@frozen
class _Argument:
    name: str
    type: str


class Parameters:
    """The parameters of `sequence` in the schedule `module`.

    Args:
        ir: the IR module of the bindings.
        module: the schedule; knobs are set in it.
        sequence: the sequence to apply.
        what: the schedule's name in messages.
        location: where the stage is named.

    Raises:
        InputError: an argument after the root that has no name.
    """

    def __init__(self, ir: Any, module: Any, sequence: Any, what: str, location: SourceLocation) -> None:
        self._ir = ir
        self._what = what
        self._location = location
        self._arguments = self._read_arguments(sequence)
        self._knobs: list[Any] = []
        self._alternatives: list[Any] = []
        for op in _reachable(ir, module, sequence):
            if op.name == _KNOB:
                self._knobs.append(op)
            elif op.name == _ALTERNATIVES:
                self._alternatives.append(op)

    def _read_arguments(self, sequence: Any) -> list[_Argument]:
        symbol = sequence.attributes["sym_name"].value
        attributes = list(sequence.attributes["arg_attrs"]) if "arg_attrs" in sequence.attributes else []
        arguments = []
        for index, argument in enumerate(sequence.regions[0].blocks[0].arguments):
            if index == 0:
                continue
            named = self._ir.DictAttr(attributes[index]) if index < len(attributes) else {}
            if "lh.name" not in named:
                msg = f"argument {index} of '@{symbol}' in '{self._what}' has no name to be bound by; give it lh.name"
                raise InputError(msg, self._location)
            arguments.append(_Argument(named["lh.name"].value, str(argument.type)))
        return arguments

    def describe(self) -> list[str]:
        """What can be bound, in words: `tile: !transform.param<i64>`, `unroll: one of 1, 2, 4`."""
        found = {a.name: f"{a.name}: {a.type}" for a in self._arguments}
        for op in self._knobs:
            found.setdefault(_name(op), f"{_name(op)}: {self._options_text(op)}")
        for op in self._alternatives:
            found.setdefault(_name(op), f"{_name(op)}: 0 to {len(op.regions) - 1}")
        return list(found.values())

    def bind(self, values: Mapping[str, Value]) -> list[Constant]:
        """Set knobs and alternatives to `values`; what the arguments after the root are bound to, in order.

        Raises:
            InputError: an unknown, missing or ill-typed parameter, or a value that a knob does not list.
        """
        accepted = "; it takes " + (", ".join(self.describe()) or "no parameters")
        names = {a.name for a in self._arguments} | {_name(op) for op in (*self._knobs, *self._alternatives)}
        for name in values:
            if name not in names:
                self._fail(f"'{self._what}' has no parameter '{name}'{did_you_mean(name, sorted(names)) or accepted}")
        unset = [op for op in self._knobs if "selected" not in op.attributes]
        unset += [op for op in self._alternatives if _REGION not in op.attributes]
        missing = [a.name for a in self._arguments if a.name not in values]
        missing += [_name(op) for op in unset if _name(op) not in values]
        if missing:
            quoted = ", ".join(f"'{name}'" for name in dict.fromkeys(missing))
            self._fail(f"'{self._what}' needs the parameter {quoted}{accepted}")
        for op in self._knobs:
            if _name(op) in values:
                op.attributes["selected"] = self._choose(op, values[_name(op)])
        for op in self._alternatives:
            if _name(op) in values:
                op.attributes[_REGION] = self._region(op, values[_name(op)])
        return [self._constant(a, values[a.name]) for a in self._arguments]

    def _fail(self, message: str) -> None:
        raise InputError(message, self._location)

    def _constant(self, argument: _Argument, value: Value) -> Constant:
        items = value if isinstance(value, (list, tuple)) else (value,)
        if not items:
            self._fail(f"parameter '{argument.name}' cannot be bound to an empty list")
        return Constant(argument.type, tuple(self._attribute(argument, item) for item in items))

    def _attribute(self, argument: _Argument, value: Value) -> str:
        """`value` as an attribute of the argument's type, as text."""
        typed = _PARAM.fullmatch(argument.type)
        given = format_value(value)
        if typed:
            width = int(typed["width"] or 64)
            if typed["kind"] == "i1" and isinstance(value, bool):
                return str(value).lower()
            if isinstance(value, bool) or not isinstance(value, int):
                self._fail(f"parameter '{argument.name}' is an integer ({argument.type}), not {given}")
            elif not -(1 << (width - 1)) <= value < 1 << width:
                self._fail(f"parameter '{argument.name}' does not fit {typed['kind']}: {given}")
            return f"{value} : {typed['kind']}"
        if argument.type != "!transform.any_param":
            self._fail(f"argument '{argument.name}' of type {argument.type} is no parameter; it cannot be bound")
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, int):
            if not -(1 << 63) <= value < 1 << 63:
                self._fail(f"parameter '{argument.name}' does not fit i64: {given}")
            return f"{value} : i64"
        if isinstance(value, float):
            return str(self._ir.FloatAttr.get(self._ir.F64Type.get(), value))
        if isinstance(value, str):
            return str(self._ir.StringAttr.get(value))
        self._fail(f"parameter '{argument.name}' is a number, a string or a list of them, not {given}")
        raise AssertionError  # `_fail` has raised

    def _choose(self, op: Any, value: Value) -> Any:
        """The attribute that selects `value` of a knob."""
        options = op.attributes["options"]
        if isinstance(options, self._ir.ArrayAttr):
            for option in options:
                if _same(self._python(option), value):
                    return option
            given = format_value(value)
            self._fail(f"knob '{_name(op)}' of '{self._what}' cannot be {given}; it is {self._options_text(op)}")
        return self._free(value, _name(op))

    def _free(self, value: Value, name: str) -> Any:
        """`value` as an attribute, for a knob whose options are no list."""
        ir = self._ir
        if isinstance(value, bool):
            return ir.BoolAttr.get(value)
        if isinstance(value, int):
            return ir.IntegerAttr.get(ir.IntegerType.get_signless(64), value)
        if isinstance(value, float):
            return ir.FloatAttr.get(ir.F64Type.get(), value)
        if isinstance(value, str):
            return ir.StringAttr.get(value)
        if isinstance(value, (list, tuple)):
            return ir.ArrayAttr.get([self._free(item, name) for item in value])
        self._fail(f"knob '{name}' cannot be {format_value(value)}")
        raise AssertionError  # `_fail` has raised

    def _region(self, op: Any, value: Value) -> Any:
        count = len(op.regions)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < count:
            self._fail(
                f"alternative '{_name(op)}' is the index of a region, 0 to {count - 1}, not {format_value(value)}"
            )
        return self._ir.IntegerAttr.get(self._ir.IndexType.get(), value)

    def _options_text(self, op: Any) -> str:
        options = op.attributes["options"]
        if isinstance(options, self._ir.ArrayAttr):
            return "one of " + ", ".join(str(option).partition(" : ")[0] for option in options)
        return f"from {options}"

    def _python(self, attribute: Any) -> Any:
        """The value of an option as of the stage language."""
        ir = self._ir
        if isinstance(attribute, ir.ArrayAttr):
            return [self._python(item) for item in attribute]
        if isinstance(attribute, (ir.BoolAttr, ir.IntegerAttr, ir.FloatAttr, ir.StringAttr)):
            return attribute.value
        return str(attribute)


def _same(option: Any, value: Any) -> bool:
    if isinstance(option, list) and isinstance(value, (list, tuple)):
        return len(option) == len(value) and all(map(_same, option, value))
    if isinstance(option, bool) or isinstance(value, bool):
        return option is value
    if isinstance(option, float) and isinstance(value, int):
        return option == value
    return type(option) is type(value) and bool(option == value)


def _name(op: Any) -> str:
    name: str = op.attributes["name"].value
    return name


def _walk(op: Any) -> list[Any]:
    found = []
    for region in op.regions:
        for block in region.blocks:
            for inner in block.operations:
                found += [inner.operation, *_walk(inner.operation)]
    return found


def _reachable(ir: Any, module: Any, sequence: Any) -> list[Any]:
    """The operations of `sequence` and of all sequences of `module` that it names, directly or not."""
    symbols = {
        op.attributes["sym_name"].value: op.operation
        for op in module.regions[0].blocks[0].operations
        if "sym_name" in op.attributes
    }
    pending, seen, found = [sequence.attributes["sym_name"].value], set(), []
    while pending:
        name = pending.pop()
        if name in seen or name not in symbols:
            continue
        seen.add(name)
        for op in _walk(symbols[name]):
            found.append(op)
            for key in op.attributes:
                pending += _symbols(ir, op.attributes[key if isinstance(key, str) else key.name])
    return found


def _symbols(ir: Any, attribute: Any) -> list[str]:
    if isinstance(attribute, ir.FlatSymbolRefAttr):
        return [attribute.value]
    if isinstance(attribute, ir.ArrayAttr):
        return [name for item in attribute for name in _symbols(ir, item)]
    return []
