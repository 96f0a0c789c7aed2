# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A payload on its way to C++: read before the first stage, checked and made translatable after the last.

The stages see the functions that they see on the way to C (`c_interface.mark`): results of tensors are arguments, and
all are tagged. After them everything must be EmitC. What `mlir-translate` cannot be trusted with is taken out of its
hands here: it gets functions of names that cannot clash, without attributes of ours, without declarations, and without
the contents of constants, which the source file spells out itself. The text is MLIR's generic form, which changes less
between versions than the syntax of a dialect, with locations, so that its complaints are about lines of the payload.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Iterator, Mapping
from typing import Any

from lighthouse_build.application import context as mlir
from lighthouse_build.emission import c_interface
from lighthouse_build.emission.c_library import LIBM
from lighthouse_build.emission.cpp_source import Array, Declaration, Parameter, Translatable
from lighthouse_build.emission.destinations import ARGUMENT, RESULT, attributes_of, operations
from lighthouse_build.emission.interface import Value
from lighthouse_build.emission.lowered import Signature, tag_of
from lighthouse_build.emission.models import Model, Models, Port, parse_port_type
from lighthouse_build.emission.names import is_c_name
from lighthouse_build.errors import Diagnostic, InputError, LoweringError
from lighthouse_build.frozen import frozen

__all__ = ["Unlowered", "finish", "mark"]

# Attributes that name arguments and results, ours and those of TensorFlow's exporter; else it is the text that does.
_NAMES = ("lh.name", "tf_saved_model.index_path")
_TYPES = {
    "f32": "float",
    "f64": "double",
    "i1": "bool",
    "index": "size_t",
    "!emitc.size_t": "size_t",
    "!emitc.ssize_t": "ssize_t",
    "!emitc.ptrdiff_t": "ptrdiff_t",
    **{f"{s}i{n}": f"{'u' if s == 'u' else ''}int{n}_t" for s in ("", "s", "u") for n in (8, 16, 32, 64)},
}
_ARRAY = re.compile(r"!emitc\.array<((?:\d+x)+)(.+)>")
_WRAPPED = re.compile(r"!emitc\.(?:lvalue|ptr)<(.+)>")
_FLOATS = {"f": ("f", "f"), "d": ("d", "")}  # format of a buffer to that of `struct` and the suffix in C++


@frozen
class Unlowered:
    """What `mark` saw: the models, and the same as the C interface sees them."""

    signatures: c_interface.Signatures
    models: tuple[Model, ...]


# Before the first stage.


def mark(module: Any, source: str) -> Unlowered:
    """Prepare `module` for stages that end in EmitC.

    Args:
        module: the payload; changed in place.
        source: its file, for errors.

    Raises:
        InputError: there is no public function, or one that cannot be a model; at the function.
    """
    given = _given_names(module)
    signatures = c_interface.mark(module, source)
    models = []
    for signature in signatures.functions:
        names = given.get(signature.name, ((), ()))
        inputs = _ports(signature, signature.named_arguments(), names[0], "argument")
        results = _ports(signature, signature.results, names[1], "result")
        if not is_c_name(f"m_{signature.name}"):
            msg = f"the model '@{signature.name}' has a name that is no identifier of C++; rename it or make it private"
            raise InputError(msg, signature.location)
        if sum(value.mode == "returned" for value in signature.results) > 1:
            msg = (
                f"the model '@{signature.name}' returns several numbers, for which there is one return; return tensors"
            )
            raise InputError(msg, signature.location)
        if not results:
            msg = (
                f"the model '@{signature.name}' has no result, so that nothing can be learned from it; return a tensor"
            )
            raise InputError(msg, signature.location)
        at = signature.location
        models.append(Model(signature.name, inputs, results, at.file if at else source, at.line if at else 0))
    if not models:
        msg = f"'{source}' has no public function, which could be a model"
        raise InputError(msg)
    return Unlowered(signatures, tuple(models))


def _given_names(module: Any) -> dict[str, tuple[list[str], list[str]]]:
    """By function, the names that attributes give to its arguments and results, empty where they do not."""
    ir = mlir.load().ir
    found = {}
    for operation in module.operation.regions[0].blocks[0].operations:
        op = operation.operation
        if op.name == "func.func":
            type = ir.FunctionType(op.attributes["function_type"].value)
            counts = (("arg_attrs", len(type.inputs)), ("res_attrs", len(type.results)))
            names = [[_given_name(each) for each in attributes_of(ir, op, key, count)] for key, count in counts]
            found[op.attributes["sym_name"].value] = (names[0], names[1])
    return found


def _given_name(attributes: Mapping[str, Any]) -> str:
    for key in _NAMES:
        if key in attributes:
            # A path, as in ["action", "callsite_cost"], or one string.
            return "_".join(re.findall(r'"([^"]*)"', str(attributes[key])))
    return ""


def _ports(signature: Signature, values: tuple[Value, ...], given: Any, what: str) -> tuple[Port, ...]:
    ports: list[Port] = []
    for index, value in enumerate(values):
        place = f"{what} {index} of the model '@{signature.name}'"
        if value.mode == "in_place" or (what == "argument" and value.writable):
            msg = f"{place} is written to, but models only read their arguments; return a tensor"
            raise InputError(msg, signature.location)
        default = f"arg{index}" if what == "argument" else "result" if len(values) == 1 else f"result{index}"
        name = (given[index] if index < len(given) else "") or value.name or default
        if not is_c_name(f"m_{name}"):
            msg = f"{place} is called '{name}', which is no identifier of C++; give it another '{_NAMES[0]}'"
            raise InputError(msg, signature.location)
        if name in (port.name for port in ports):
            msg = f"{place} is called '{name}', as another one is; give it another '{_NAMES[0]}'"
            raise InputError(msg, signature.location)
        try:
            ports.append(Port(name, *parse_port_type(value.type)))
        except ValueError as error:
            msg = f"{place} is a {value.type}: {error}"
            raise InputError(msg, signature.location) from None
    return tuple(ports)


# After the last stage.


def finish(module: Any, unlowered: Unlowered, diagnostics: mlir.Diagnostics) -> Translatable:
    """Check that `module` is EmitC that has an equal in C++, and take it apart.

    Args:
        module: the payload after all stages; changed in place.
        unlowered: what `mark` returned for it.
        diagnostics: those of its context.

    Raises:
        LoweringError: names the first operation that has no equal, or the model that a stage has spoilt.
    """
    ir = mlir.load().ir
    with module.context, ir.Location.unknown(module.context), mlir.load().generic_operations():
        _check_operations(module, diagnostics)
        return _Finisher(ir, module, unlowered).run()


def _check_operations(module: Any, diagnostics: mlir.Diagnostics) -> None:
    """Refuse what the translation would refuse, at the line of the payload, or translate to no standard C++."""
    left = [op for op in operations(module.operation) if not op.name.startswith("emitc.")]
    if left:
        # Casts are what the conversion leaves around an operation that it does not know.
        culprits = [op for op in left if op.name != "builtin.unrealized_conversion_cast"] or left
        names = dict.fromkeys(f"'{op.name}'" for op in culprits)
        dialects = {op.name.partition(".")[0] for op in culprits}
        if dialects & {"tosa", "linalg", "tensor", "bufferization"} or not any(
            op.name.startswith("emitc.") for op in operations(module.operation)
        ):
            remedy = "the payload is not lowered to EmitC; add tosa-to-emitc.yaml or lower-to-emitc.yaml to the stages"
        else:
            remedy = "EmitC has nothing for it; write the model without it, or let a stage before replace it"
        notes = [
            Diagnostic(f"'{op.name}' is here, too", diagnostics.location(op.location), "note") for op in culprits[1:3]
        ]
        more = f" (and {', '.join(list(names)[1:8])})" if len(names) > 1 else ""
        msg = f"{next(iter(names))} has no equal in C++{more}: {remedy}"
        raise LoweringError(msg, diagnostics.location(culprits[0].location), notes)
    for op in operations(module.operation):
        for type in [str(value.type) for value in (*op.results, *_block_arguments(op))]:
            if _cxx_type(type) is None and not type.startswith(("!emitc.opaque<", "!emitc.ptr<!emitc.opaque<")):
                msg = f"'{op.name}' computes with {_element(type)}, which standard C++ has no type for"
                raise LoweringError(
                    f"{msg}; use f32, f64, or integers of 8 to 64 bits", diagnostics.location(op.location)
                )


def _block_arguments(op: Any) -> Iterator[Any]:
    for region in op.regions:
        for block in region.blocks:
            yield from block.arguments


def _element(type: str) -> str:
    match = _WRAPPED.fullmatch(type) or re.fullmatch(r"!emitc\.array<(?:\d+x)+(.+)>", type)
    return _element(match[1]) if match else type


def _cxx_type(type: str) -> str | None:
    return _TYPES.get(_element(type))


class _Finisher:
    """One module on its way from EmitC to text."""

    def __init__(self, ir: Any, module: Any, unlowered: Unlowered) -> None:
        self._ir = ir
        self._module = module
        self._unlowered = unlowered
        self._top = [op.operation for op in module.operation.regions[0].blocks[0].operations]
        self._names: dict[str, str] = {}  # symbols of the module to names in C++
        self._parameters: dict[str, tuple[Parameter, ...]] = {}

    def run(self) -> Translatable:
        functions = [op for op in self._top if op.name == "emitc.func"]
        defined = [op for op in functions if len(op.regions[0].blocks)]
        declared = [op for op in functions if not len(op.regions[0].blocks)]
        for model, signature in zip(self._unlowered.models, self._unlowered.signatures.functions):
            self._read_parameters(model, signature, defined)
        models = Models(self._unlowered.signatures.source, self._unlowered.models)
        declarations = tuple(filter(None, map(self._declaration, declared)))
        variables = [op for op in self._top if op.name == "emitc.global"]
        self._choose_names(defined, variables)
        self._call_outside({_symbol(op) for op in declared})
        for op in declared:
            op.erase()
        arrays = tuple(map(self._array, variables))
        self._rename()
        for op in defined:
            self._clean(op)
        text = self._module.operation.get_asm(print_generic_op_form=True, enable_debug_info=True)
        public = {model.name: self._names[model.name] for model in self._unlowered.models}
        return Translatable(text, models, public, dict(self._parameters), arrays, declarations)

    def _read_parameters(self, model: Model, signature: Signature, defined: list[Any]) -> None:
        """Find out by the tags what each parameter of the model's function is."""
        function = next((op for op in defined if _symbol(op) == model.name), None)
        if function is None:
            msg = f"the model '@{model.name}' is not there after the last stage; a stage erased or renamed it"
            raise LoweringError(msg, signature.location)
        type = self._ir.FunctionType(function.attributes["function_type"].value)
        parameters = []
        for each, attributes in zip(type.inputs, attributes_of(self._ir, function, "arg_attrs", len(type.inputs))):
            argument, result = tag_of(attributes, ARGUMENT), tag_of(attributes, RESULT)
            tag = argument or result
            if tag is None:
                msg = f"a stage changed the signature of the model '@{model.name}': a parameter has lost its tag"
                raise LoweringError(msg, signature.location)
            parameters.append(Parameter(tag.index, argument is None, str(each).startswith("!emitc.ptr<")))
        returned = [tag_of(each, RESULT) for each in attributes_of(self._ir, function, "res_attrs", len(type.results))]
        inputs = sorted(p.index for p in parameters if not p.is_result)
        results = sorted([p.index for p in parameters if p.is_result] + [tag.index for tag in returned if tag])
        if (inputs, results) != (list(range(len(model.inputs))), list(range(len(model.results)))):
            msg = f"a stage changed the signature of the model '@{model.name}': it has other arguments or results now"
            raise LoweringError(msg, signature.location)
        self._parameters[model.name] = tuple(parameters)

    def _declaration(self, function: Any) -> Declaration | None:
        """A C function that the payload calls; None for those of the C library."""
        name = _symbol(function)
        if name in LIBM:
            return None
        type = self._ir.FunctionType(function.attributes["function_type"].value)
        types = [_TYPES.get(str(t)) for t in (*type.inputs, *type.results)]
        if None in types or not is_c_name(name):
            msg = f"the declared function '@{name}' cannot be called from C++; it may take numbers and return one"
            raise LoweringError(msg, mlir.locate(function.location))
        spelled = [str(t) for t in types]
        count = len(type.inputs)
        return Declaration(spelled[count] if spelled[count:] else "void", name, tuple(spelled[:count]))

    def _choose_names(self, functions: list[Any], variables: list[Any]) -> None:
        """Names that are neither reserved, nor functions of the C library, nor taken."""
        models = {model.name for model in self._unlowered.models}
        for op in (*functions, *variables):
            symbol = _symbol(op)
            kind = "model" if symbol in models else "function" if op.name == "emitc.func" else "data"
            name = f"{kind}_{re.sub(r'[^A-Za-z0-9]+', '_', symbol).strip('_')}"
            while name in self._names.values():
                name += "_"
            self._names[symbol] = name

    def _call_outside(self, outside: set[str]) -> None:
        """Let calls of declared functions need no declaration."""
        ir = self._ir
        for op in list(operations(self._module.operation)):
            if op.name == "emitc.call" and op.attributes["callee"].value in outside:
                callee = ir.StringAttr.get(op.attributes["callee"].value)
                with op.location:
                    call = ir.Operation.create(
                        "emitc.call_opaque",
                        results=[result.type for result in op.results],
                        operands=list(op.operands),
                        attributes={"callee": callee},
                        ip=ir.InsertionPoint(op),
                    )
                for old, new in zip(op.results, call.results):
                    old.replace_all_uses_with(new)
                op.erase()

    def _array(self, op: Any) -> Array:
        """Take the contents of a global variable out of the module."""
        location = mlir.locate(op.location)
        match = _ARRAY.fullmatch(str(op.attributes["type"].value))
        name = self._names[_symbol(op)]
        type = _TYPES.get(match[2]) if match else None
        if match is None or type is None:
            msg = f"the constant '{_symbol(op)}' is a {op.attributes['type'].value}, not an array of numbers"
            raise LoweringError(f"{msg}; let a stage fold it into its uses", location)
        values: tuple[str, ...] = ()
        if "initial_value" in op.attributes:
            contents = _contents(op.attributes["initial_value"])
            if contents is None:
                msg = f"the contents of the constant '{_symbol(op)}' are not in the payload's text; write dense<…>"
                raise LoweringError(msg, location)
            values = contents
            del op.attributes["initial_value"]
        constant = "const_specifier" in op.attributes
        if "static_specifier" in op.attributes:
            del op.attributes["static_specifier"]
        op.attributes["extern_specifier"] = self._ir.UnitAttr.get()
        return Array(name, type, tuple(int(size) for size in match[1].split("x")[:-1]), values, constant)

    def _rename(self) -> None:
        ir = self._ir
        for op in operations(self._module.operation):
            for key in _keys(op):
                value = op.attributes[key]
                if key == "sym_name" and value.value in self._names:
                    op.attributes[key] = ir.StringAttr.get(self._names[value.value])
                elif isinstance(value, ir.FlatSymbolRefAttr) and value.value in self._names:
                    op.attributes[key] = ir.FlatSymbolRefAttr.get(self._names[value.value])

    def _clean(self, function: Any) -> None:
        """Take away what only stages know, declare the function before all others, and mention what it does not use."""
        ir = self._ir
        for key in _keys(function):
            if key in ("arg_attrs", "res_attrs", "specifiers") or "." in key:
                del function.attributes[key]
        name = ir.FlatSymbolRefAttr.get(_symbol(function))
        with function.location:
            start = ir.InsertionPoint.at_block_begin(self._module.operation.regions[0].blocks[0])
            ir.Operation.create("emitc.declare_func", attributes={"sym_name": name}, ip=start)
            block = function.regions[0].blocks[0]
            for argument in block.arguments:
                if not list(argument.uses):
                    ir.Operation.create(
                        "emitc.verbatim",
                        operands=[argument],
                        attributes={"value": ir.StringAttr.get("(void){};")},
                        ip=ir.InsertionPoint.at_block_begin(block),
                    )


def _symbol(op: Any) -> str:
    name: str = op.attributes["sym_name"].value
    return name


def _keys(op: Any) -> list[str]:
    """The names of an operation's attributes, as newer and as older bindings give them."""
    return [entry if isinstance(entry, str) else entry.name for entry in op.attributes]


def _contents(value: Any) -> tuple[str, ...] | None:
    """The elements of a dense constant as C++ writes them; None where they cannot be read."""
    try:
        view = memoryview(value)
    except TypeError:
        return None
    if view.format == "?":
        return tuple("true" if byte else "false" for byte in view.tobytes())
    data = view.tobytes()
    values = struct.unpack(f"={len(data) // view.itemsize}{view.format}", data)
    if view.format in _FLOATS:
        return tuple(_spell_float(number, *_FLOATS[view.format]) for number in values)
    return tuple(_spell_integer(number) for number in values)


def _spell_integer(value: int) -> str:
    # The digits of the least integer are too great for its type; the sign comes after them.
    return "INT64_MIN" if value == -(2**63) else str(value)


def _spell_float(value: float, format: str, suffix: str) -> str:
    """The shortest decimal that is read back as `value`."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = repr(value)
    if format == "f":
        text = next(t for t in (f"{value:.{digits}g}" for digits in range(6, 10)) if _as_float32(t) == value)
    return (text if re.search(r"[.e]", text) else f"{text}.0") + suffix


def _as_float32(text: str) -> float:
    number: float = struct.unpack("f", struct.pack("f", float(text)))[0]
    return number
