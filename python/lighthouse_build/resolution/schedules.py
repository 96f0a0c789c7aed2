# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules as parts of a resolved stage: which sequence to apply, and the entry that binds its parameters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from lighthouse_build import stage_file
from lighthouse_build.application import context as mlir
from lighthouse_build.errors import Diagnostic, InputError, SourceLocation, did_you_mean
from lighthouse_build.language import spec as language
from lighthouse_build.resolution.parameters import Constant, Parameters
from lighthouse_build.stage_file import SCHEDULE, ResolvedStage

__all__ = ["check", "flatten", "nest"]

_MAIN = "__transform_main"
_WITH_SEQUENCES = "transform.with_named_sequence"
_READONLY = "transform.readonly"
_CONSUMED = "transform.consumed"
_TOO_WIDE = re.compile(r"operand #(\d+) must be Transform IR handle to (\S+) operations, but got '!transform\.any_op'")
_TOO_NARROW = "expected base type 'transform.any_op' but got 'transform.op'"  # of an operation that Python defines


def check(module: Any, name: str, location: SourceLocation, diagnostics: mlir.Diagnostics) -> Diagnostic | None:
    """Refuse a module, called `name`, that is no schedule or does not verify.

    Returns:
        What MLIR says of a schedule whose only fault is that operations take handles of a wider or narrower type than
        they ask for. It can be applied, since the interpreter looks at what a handle holds, but not be written as text.

    Raises:
        InputError: at `location`, for any other fault.
    """
    if _WITH_SEQUENCES not in module.attributes:
        raise InputError(f"the schedule '{name}' lacks the module attribute '{_WITH_SEQUENCES}'", location)
    try:
        mlir.verify(module, f"the schedule '{name}' does not verify", InputError, diagnostics, location)
    except InputError:
        fault = _handle_fault(module, diagnostics)
        if fault is None:
            raise
        return fault
    return None


def _handle_fault(module: Any, diagnostics: mlir.Diagnostics) -> Diagnostic | None:
    """The first complaint about the type of a handle, if casts are all that `module` lacks to verify."""
    ir = mlir.load().ir
    faults: list[Diagnostic] = []

    def fault(op: Any) -> Diagnostic | None:
        try:
            op.verify()
        except ir.MLIRError as error:
            found = [*map(diagnostics.convert, error.error_diagnostics), *diagnostics.take()]
            return next((d for d in found if d.severity == "error"), Diagnostic("the schedule does not verify"))
        return None

    def cast(op: Any, index: int, kind: str) -> None:
        made = ir.Type.parse(kind, op.context)
        narrow = ir.Operation.create("transform.cast", [made], [op.operands[index]], ip=ir.InsertionPoint(op))
        op.operands[index] = narrow.results[0]

    def mend(op: Any) -> None:
        for nested in [o.operation for region in op.regions for block in region.blocks for o in block.operations]:
            mend(nested)
        for _ in range(len(op.operands)):  # MLIR complains of one at a time
            found = fault(op)
            if found is None:
                return
            narrow = _TOO_WIDE.search(found.message)
            given = [i for i, value in enumerate(op.operands) if str(value.type).startswith("!transform.op<")]
            if narrow:
                cast(op, int(narrow[1]), f'!transform.op<"{narrow[2]}">')
            elif _TOO_NARROW in found.message and given:
                for index in given:
                    cast(op, index, "!transform.any_op")
            else:
                return
            faults.append(found)

    copy = module.clone()
    mend(copy)
    return faults[0] if faults and fault(copy) is None else None


def nest(
    module: Any,
    block: Any,
    index: int,
    spec: language.Schedule | language.Generator,
    location: SourceLocation,
    diagnostics: mlir.Diagnostics,
    verify: bool = True,
) -> Any:
    """Copy the schedule `module` to the end of `block` as step `index`, with an entry that binds the parameters.

    Args:
        module: the operation of a schedule that `check` has accepted.
        block: of the module of the resolved stage, in the same context.
        index: of the step in the stage.
        spec: names the sequence and gives the parameters.
        location: where the spec stands.
        diagnostics: of the context.
        verify: refuse what does not verify with its parameters; not of a schedule that `check` complained of.

    Returns:
        The copy.

    Raises:
        InputError: no such sequence, or parameters that do not fit it.
    """
    ir = mlir.load().ir
    name = language.describe(spec)
    copy = module.clone(ip=ir.InsertionPoint(block))
    copy.attributes["sym_name"] = ir.StringAttr.get(f"step{index}")
    sequence = choose(copy, spec.sequence, name, location, diagnostics)
    _give_effects(ir, copy, sequence, diagnostics)
    constants = Parameters(ir, copy, sequence, name, location).bind(spec.params)
    copy.regions[0].blocks[0].append(_entry(ir, copy.context, sequence, index, constants))
    if verify:
        mlir.verify(copy, f"'{name}' does not verify with its parameters", InputError, diagnostics, location)
    return copy


def choose(module: Any, wanted: str | None, name: str, location: SourceLocation, diagnostics: mlir.Diagnostics) -> Any:
    """The sequence of `module` to apply: the `wanted` one, `@__transform_main`, or the only one. Raises InputError."""
    sequences = {
        op.attributes["sym_name"].value: op
        for op in module.regions[0].blocks[0].operations
        if op.operation.name == "transform.named_sequence" and len(op.operation.regions[0].blocks) > 0
    }
    listed = ", ".join(f"@{n}" for n in sequences) or "none"
    if wanted is not None:
        if wanted not in sequences:
            hint = did_you_mean(wanted, list(sequences)) or f"; it has {listed}"
            raise InputError(f"no sequence '@{wanted}' in the schedule '{name}'{hint}", location)
        sequence = sequences[wanted]
    elif _MAIN in sequences:
        sequence = sequences[_MAIN]
    elif len(sequences) == 1:
        sequence = next(iter(sequences.values()))
    else:
        msg = f"the schedule '{name}' has no '@{_MAIN}'; name the sequence to apply in brackets: {listed}"
        raise InputError(msg, location)
    if len(sequence.operation.regions[0].blocks[0].arguments) == 0:
        symbol = sequence.attributes["sym_name"].value
        msg = f"sequence '@{symbol}' of '{name}' takes no argument; it must take the payload's root"
        raise InputError(msg, location)
    root = str(sequence.operation.regions[0].blocks[0].arguments[0].type)
    if root.startswith(("!transform.param", "!transform.any_param", "!transform.any_value")):
        symbol = sequence.attributes["sym_name"].value
        msg = f"sequence '@{symbol}' of '{name}' takes a '{root}' first; it must take a handle of the payload's root"
        raise InputError(msg, diagnostics.location(sequence.operation.location) or location)
    return sequence.operation


def _give_effects(ir: Any, module: Any, sequence: Any, diagnostics: mlir.Diagnostics) -> None:
    """Say what `sequence` does with silent arguments: an entry may leave that out, an included sequence may not."""
    count = len(sequence.regions[0].blocks[0].arguments)
    if "arg_attrs" in sequence.attributes:
        given = [{a.name: a.attr for a in ir.DictAttr(entry)} for entry in sequence.attributes["arg_attrs"]]
    else:
        given = [{} for _ in range(count)]
    silent = [entry for entry in given if not entry.keys() & {_READONLY, _CONSUMED}]
    if not silent:
        return

    def set_effects(effect: str) -> None:
        named = [{**entry, **({effect: ir.UnitAttr.get()} if entry in silent else {})} for entry in given]
        sequence.attributes["arg_attrs"] = ir.ArrayAttr.get([ir.DictAttr.get(entry) for entry in named])

    set_effects(_READONLY)
    try:
        module.verify()
    except ir.MLIRError:  # it consumes one
        set_effects(_CONSUMED)
    diagnostics.take()


def _entry(ir: Any, context: Any, sequence: Any, index: int, constants: Sequence[Constant]) -> Any:
    """The entry wrapper: takes the root alone, binds `constants` to the other arguments, includes `sequence`."""
    root = sequence.regions[0].blocks[0].arguments[0].type
    effect = "consumed"
    if "arg_attrs" in sequence.attributes and _READONLY in ir.DictAttr(sequence.attributes["arg_attrs"][0]):
        effect = "readonly"
    results = ", ".join(str(t) for t in ir.FunctionType(sequence.attributes["function_type"].value).results)
    types = ", ".join([str(root), *(constant.type for constant in constants)])
    lines, operands = [], ["%root"]
    for number, constant in enumerate(constants):
        parts = []
        for position, attribute in enumerate(constant.attributes):
            parts.append(f"%c{number}_{position}")
            lines.append(f"{parts[-1]} = transform.param.constant {attribute} -> {constant.type}")
        if len(parts) > 1:
            lines.append(f"%c{number} = transform.merge_handles {', '.join(parts)} : {constant.type}")
        operands.append(f"%c{number}" if len(parts) > 1 else parts[0])
    symbol = "@" + str(sequence.attributes["sym_name"])
    bound = f"%results:{results.count('!')} = " if results else ""
    arguments = ", ".join(f"%a{i}: {t} {{transform.readonly}}" for i, t in enumerate(types.split(", ")))
    arguments = arguments.replace("readonly", effect, 1)
    text = f"""module attributes {{transform.with_named_sequence}} {{
      transform.named_sequence @{stage_file.entry_name(index)}(%root: {root} {{transform.{effect}}}) {{
        {" ".join(lines)}
        {bound}transform.include {symbol} failures(propagate) ({", ".join(operands)}) : ({types}) -> ({results})
        transform.yield
      }}
      transform.named_sequence private {symbol}({arguments}){f" -> ({results})" if results else ""}
    }}"""
    # Parsed beside a declaration of the sequence, then taken out: an include wants its target there.
    wrapper = ir.Module.parse(text, context)
    entry = wrapper.body.operations[0].operation
    entry.detach_from_parent()
    return entry


def flatten(stage: ResolvedStage) -> str:
    """The schedules of `stage` as one transform library without nested modules; its entries are `@__lh_step<n>`.

    Raises:
        InputError: the stage has no schedule.
    """
    ir = mlir.load().ir
    with mlir.context() as context, ir.Location.unknown(), mlir.load().generic_operations():
        module = mlir.parse_stage(stage, mlir.Diagnostics(context), context)
        library = ir.Module.create()
        library.operation.attributes[_WITH_SEQUENCES] = ir.UnitAttr.get()
        taken: set[str] = set()
        for step, holder in zip(stage.steps, list(module.regions[0].blocks[0].operations)):
            if step.kind == SCHEDULE:
                _move_symbols(ir, holder.operation, library.body, taken)
        if not taken:
            raise InputError("there is no schedule among the steps, which are passes or run Python")
        return str(library) + "\n"


def _move_symbols(ir: Any, holder: Any, block: Any, taken: set[str]) -> None:
    """Copy what is in `holder` to the end of `block`, under names that are not `taken` yet."""
    operations = [op.operation for op in holder.regions[0].blocks[0].operations]
    for op in operations:
        if "sym_name" not in op.attributes:
            continue
        name = op.attributes["sym_name"].value
        fresh, number = name, 0
        own = {o.attributes["sym_name"].value for o in operations if "sym_name" in o.attributes and o != op}
        while fresh in taken or (fresh != name and fresh in own):
            number += 1
            fresh = f"{name}_{number}"
        if fresh != name:
            ir.SymbolTable.replace_all_symbol_uses(name, fresh, holder)
            ir.SymbolTable.set_symbol_name(op, fresh)
        taken.add(fresh)
    for op in operations:
        op.clone(ip=ir.InsertionPoint(block))
