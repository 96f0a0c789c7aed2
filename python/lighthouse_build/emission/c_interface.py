# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C interface of a payload: marked on it before the first stage, read back after the last.

A public function `@f` becomes the C function `f`: memrefs by pointer to their descriptor, scalars by value. The element
types of memrefs are gone once everything is LLVM dialect, so `mark` tags arguments and results with their types. MLIR
carries the tags to the wrapper `_mlir_ciface_f` that it makes, and `finish` gives that wrapper the name `f`.

A declaration without a body names a C symbol as it is linked: `func.func private @g(...)` calls the C function `g`,
which may be the public `@g` of another payload. A symbol prefix is put before what a payload exports and nowhere else,
so a payload that calls into a library with a prefix declares `@prefix_g`.

Functions of the LLVM dialect are taken as they are: exported unless internal, with the prefix, under their own linkage.
"""

from __future__ import annotations

from lighthouse_build.application.context import load, locate, place_of
from lighthouse_build.emission.c_types import UnsupportedTypeError, parse_type, split_types
from lighthouse_build.emission.destinations import (
    ARGUMENT,
    RESULT,
    WRITABLE,
    Boundary,
    Symbol,
    array_of,
    attributes_of,
    given,
    known,
    operations,
    set_attributes,
)
from lighthouse_build.emission.interface import Function, Interface, Value
from lighthouse_build.emission.lowered import Signature, WrapperReader, llvm_function_type, tag_of
from lighthouse_build.emission.names import is_called, why_no_data_name, why_no_function_name
from lighthouse_build.errors import Diagnostic, InputError, LoweringError
from lighthouse_build.frozen import frozen, replace

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import IO, Any

    from typing_extensions import Self

    from lighthouse_build.errors import SourceLocation

__all__ = ["Signature", "Signatures", "finish", "mark"]

_EMIT = "llvm.emit_c_interface"
_DECLARED = "lh.declared"  # on a declaration that did not ask for the C interface itself
_CIFACE = "_mlir_ciface_"
_OURS = ("lh.", "bufferization.")  # attributes of arguments that mean nothing to LLVM
_WIDENED = ("i1", "i8", "i16", "i32")
# Characters that names of arguments have, and blanks for all others.
_PARTED = bytes([byte if bytes([byte]).isalnum() or byte == ord("_") else ord(" ") for byte in range(256)])
# Attributes that every function and call of the LLVM dialect has, and that refer to nothing.
_WITHOUT_SYMBOLS = frozenset(
    "CConv TailCallKind fastmathFlags function_type global_type linkage op_bundle_sizes operandSegmentSizes sym_name "
    "unnamed_addr visibility_".split()
)
# Of the operations that most often refer to symbols, and of functions, the usual attributes: others and those that do.
_USUAL: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "llvm.call": (("CConv", "TailCallKind", "fastmathFlags", "op_bundle_sizes", "operandSegmentSizes"), ("callee",)),
    "llvm.func": (("CConv", "function_type", "linkage", "sym_name", "visibility_"), ("personality",)),
    "llvm.mlir.addressof": ((), ("global_name",)),
    "llvm.mlir.constant": ((), ("value",)),
}
_SIGN, _ZERO = "llvm.signext", "llvm.zeroext"


@frozen
class Signatures:
    """What `mark` saw: the public functions of the payload at `source`, and the names that it declares."""

    source: str
    functions: tuple[Signature, ...]
    declared: tuple[str, ...]


def mark(module: Any, source: str) -> Signatures:
    """Prepare `module` for the C interface, before its first stage.

    Public functions and declarations get `llvm.emit_c_interface` and tags, tensor arguments become read-only unless
    they say otherwise, and results of static shape become arguments (see `destinations.py`). What was marked before is
    left as it is.

    Args:
        module: the payload; changed in place.
        source: its file, for errors and the header.
    """
    binding = load()
    ir = binding.ir
    with module.context, ir.Location.unknown(module.context), binding.generic_operations():
        functions = [Symbol(op) for op in _top(module) if op.name in ("func.func", "llvm.func")]
        crossing = [function for function in functions if not function.has_body or _is_public(function)]
        public = [function for function in crossing if function.has_body]
        crossing = [function for function in crossing if function.kind == "func.func"]
        ours = [function for function in crossing if _takes_our_convention(function)]
        Boundary(ir, module).give_destinations([function for function in ours if not _is_marked(function)])
        unit = ir.UnitAttr.get()
        for function in ours:
            if not function.has_body:
                function.attributes[_DECLARED] = unit
        for function in crossing:
            function.attributes[_EMIT] = unit
        with _ArgumentNames(source) as names:
            reader = _SignatureReader(names)
            signatures = tuple([reader.read(function) for function in public])
        return Signatures(source, signatures, tuple([f.name for f in functions if not f.has_body]))


def finish(
    module: Any, signatures: Signatures, *, symbol_prefix: str = "", referring: Sequence[Any] | None = None
) -> Interface:
    """Give the lowered functions their C names, linkage and attributes, and say what they are.

    Args:
        module: the payload, all LLVM dialect; changed in place.
        signatures: what `mark` returned for it.
        symbol_prefix: goes before every exported name.
        referring: all operations of `module` that refer to symbols, as `translate.check_lowered` finds them; by default
            they are looked for.

    Raises:
        InputError: a name that C or C++ cannot have, or that is the C library's, at the function or global.
        LoweringError: a public function is gone, or what it became is not a C function, at the function.
    """
    _check_names(signatures, symbol_prefix)
    binding = load()
    ir = binding.ir
    with module.context, ir.Location.unknown(module.context), binding.generic_operations():
        found = list(operations(module.operation)) if referring is None else referring
        return _Finisher(ir, module, signatures, symbol_prefix, found).run()


# Marking.


def _top(module: Any) -> list[Any]:
    """What stands at the top of `module`."""
    return [view.operation for view in module.operation.regions[0].blocks[0].operations]


def _is_public(function: Symbol) -> bool:
    attributes = function.attributes
    if function.kind == "llvm.func" and _linkage(attributes) in ("internal", "private"):
        return False
    return "sym_visibility" not in attributes or attributes["sym_visibility"].value == "public"


def _is_data(op: Any) -> bool:
    """Whether `op` is a global that holds no addresses: its value may be large, and slow to look at."""
    return op.name == "llvm.mlir.global" and "ptr" not in str(op.attributes["global_type"])


def _linkage(attributes: Any) -> str:
    text = str(attributes["linkage"]) if "linkage" in attributes else "external"
    return text.partition("<")[2].partition(">")[0] or text  # `#llvm.linkage<internal>`


def _is_seen_by_linkers(data: Symbol) -> bool:
    return _linkage(data.attributes) not in ("private", "internal", "appending")


def _takes_our_convention(function: Symbol) -> bool:
    """Whether not MLIR's own: a declaration that asks for the C interface itself wants that one."""
    return function.has_body or _EMIT not in function.attributes or _DECLARED in function.attributes


def _is_marked(function: Symbol) -> bool:
    attributes = function.attributes
    if _DECLARED in attributes:
        return True
    keys = (name for name in ("arg_attrs", "res_attrs") if name in attributes)
    return any(tag in entry for key in keys for entry in attributes[key] for tag in (ARGUMENT, RESULT))


class _SignatureReader:
    """Reads the signatures of marked functions, by their tags."""

    def __init__(self, names: _ArgumentNames) -> None:
        self._names = names
        # By their attributes: where arguments that have tags stand, the arguments and results.
        self._known: dict[Any, tuple[list[int], tuple[Value, ...], tuple[Value, ...]]] = {}

    def read(self, function: Symbol) -> Signature:
        attributes = function.attributes
        location = locate(function.op.location)
        block = function.op.regions[0].blocks[0]
        if function.kind == "llvm.func":
            return self._read_llvm(function, block, location)
        key = (given(attributes, "arg_attrs"), given(attributes, "res_attrs"))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._read_tags(function)
        places, arguments, results = found
        held = block.arguments if places else ()
        names = tuple([self._names.of(held[place]) for place in places])
        return Signature(function.name, arguments, results, location, names=names)

    def _read_tags(self, function: Symbol) -> tuple[list[int], tuple[Value, ...], tuple[Value, ...]]:
        places: list[int] = []
        arguments: list[Value] = []
        results: list[Value] = []
        for position, entry in enumerate(given(function.attributes, "arg_attrs") or ()):
            result = tag_of(entry, RESULT)
            argument = tag_of(entry, ARGUMENT)
            if argument:
                written = result is not None or argument.type.startswith("memref<") or _is_true(given(entry, WRITABLE))
                places.append(position)
                arguments.append(replace(argument, writable=written))
                if result:
                    results.append(replace(result, mode="in_place", alias=argument.index))
            elif result:
                results.append(replace(result, mode="out"))
        for entry in given(function.attributes, "res_attrs") or ():
            result = tag_of(entry, RESULT)
            if result:
                results.append(replace(result, mode="returned"))
        results.sort(key=lambda value: value.index)
        return places, tuple(arguments), tuple(results)

    def _read_llvm(self, function: Symbol, block: Any, location: SourceLocation | None) -> Signature:
        types = [str(argument.type) for argument in block.arguments]
        arguments = tuple([Value(type, i, writable=type == "!llvm.ptr") for i, type in enumerate(types)])
        names = tuple([self._names.of(argument) for argument in block.arguments])
        result, parameters = llvm_function_type(function.op)
        results = (Value(result, 0, "returned"),) if result != "void" else ()
        return Signature(function.name, arguments, results, location, "llvm", parameters.endswith("..."), names)


def _is_true(attribute: Any) -> bool:
    return attribute is not None and bool(attribute.value)


class _ArgumentNames:
    """What a payload's text calls the arguments of its functions: `%bias` becomes the C parameter `bias`.

    MLIR keeps no names, but the location of an argument is that of its name. A payload that is no text has none.
    """

    def __init__(self, source: str) -> None:
        self._source = source
        self._lines: list[bytes] = []  # that have been read
        self._stream: IO[bytes] | None = None  # of what has not
        self._parted_line = self._parted = b""  # the last line, as it is and without what ends names

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stream:
            self._stream.close()

    def of(self, argument: Any) -> str:
        at = place_of(argument.location)
        if at is None or at[0] != self._source:
            return ""
        line, start = self._line(at[1]), at[2]
        if line is not self._parted_line:
            self._parted_line, self._parted = line, line.translate(_PARTED)
        if line[start - 1 : start] != b"%" or line[start : start + 1].isdigit():
            return ""
        end = self._parted.find(b" ", start)
        return self._parted[start : end if end >= 0 else None].decode()

    def _line(self, number: int) -> bytes:
        """Line `number` of the payload, empty where it has none. What follows, most likely constants, is not read."""
        if number > len(self._lines):
            try:
                self._read_to(number)
            except OSError:
                return b""
        return self._lines[number - 1] if 0 < number <= len(self._lines) else b""

    def _read_to(self, number: int) -> None:
        if self._stream is None:
            self._stream = open(self._source, "rb")  # noqa: SIM115 (closed on leaving)
        while len(self._lines) < number and (line := self._stream.readline()):
            self._lines.append(line)


# Finishing.


def _check_names(signatures: Signatures, prefix: str) -> None:
    seen: dict[str, Signature] = {}
    for signature in signatures.functions:
        symbol = prefix + signature.name
        reason = why_no_function_name(symbol)
        if reason:
            msg = f"the public function '@{signature.name}' would be the C function '{symbol}', {reason}; rename it"
            helps = symbol.isidentifier() and not prefix
            prefixed = ", make it private, or set a symbol prefix (--symbol-prefix, in CMake SYMBOL_PREFIX)"
            msg += prefixed if helps else " or make it private"
            raise InputError(msg, signature.location)
        if symbol in seen:
            msg = f"the C function '{symbol}' is defined twice; rename one"
            raise InputError(msg, signature.location, [Diagnostic("the other is here", seen[symbol].location, "note")])
        seen[symbol] = signature


class _Finisher:
    """One module on its way from lowered to exported."""

    def __init__(self, ir: Any, module: Any, signatures: Signatures, prefix: str, referring: Sequence[Any]) -> None:
        self._ir = ir
        self._referring = referring
        self._signatures = signatures
        self._prefix = prefix
        symbols = [Symbol(op) for op in _top(module) if "sym_name" in op.attributes]
        self._old_names = [(symbol, symbol.name) for symbol in symbols]
        self._by_name = {symbol.name: symbol for symbol in symbols}
        self._functions = [symbol for symbol in symbols if symbol.kind == "llvm.func"]
        self._globals = [symbol for symbol in symbols if symbol.kind == "llvm.mlir.global"]
        # What was found in attributes before, and what they are without tags: most functions are like others.
        self._seen: dict[Any, dict[str, Any]] = {}
        self._stripped: dict[Any, Any] = {}
        self._types: dict[Any, tuple[str, str]] = {}
        self._described: dict[Any, Function] = {}
        self._named: dict[Any, tuple[Value, ...]] = {}
        self._holders = (ir.SymbolRefAttr, ir.FlatSymbolRefAttr, ir.ArrayAttr, ir.DictAttr)

    def run(self) -> Interface:
        functions = [self._describe(signature) for signature in self._signatures.functions]
        externals = self._name_externals()
        exported = self._name_exported()
        self._rename_what_would_be_called(exported)
        self._widen_integers(exported, externals)
        for function in self._functions:
            self._strip_tags(function)
        # The less attributes are left, the less are looked into for references.
        self._set_names()
        self._widen_calls(externals)
        self._hide_the_rest(exported)
        names = tuple(sorted(function.name for function in externals))
        return Interface(self._signatures.source, tuple(functions), names)

    def _type(self, function: Symbol) -> tuple[str, str]:
        """`llvm_function_type`, of equal types once."""
        type = function.attributes["function_type"]
        found = self._types.get(type)
        if found is None:
            found = self._types[type] = llvm_function_type(function.op)
        return found

    # Reading.

    def _describe(self, signature: Signature) -> Function:
        wrapper = self._by_name.get(self._lowered_name(signature))
        if wrapper is None or wrapper.kind != "llvm.func" or not wrapper.has_body:
            msg = (
                f"the public function '@{signature.name}' is not there after the last stage; a stage erased it, "
                f"renamed it or dropped its attribute {_EMIT}"
            )
            raise LoweringError(msg, signature.location)
        function = self._describe_like(signature, wrapper)
        location = signature.location
        return replace(
            function,
            name=signature.name,
            symbol=self._prefix + signature.name,
            parameters=self._with_names(function.parameters, signature),
            source=location.file if location else self._signatures.source,
            line=location.line if location else 0,
        )

    def _describe_like(self, signature: Signature, wrapper: Symbol) -> Function:
        """What `signature` and `wrapper` are in C, but for names and places: of functions that are alike, once."""
        if signature.dialect == "llvm":
            function = Function("", "", signature.arguments, signature.results, by_struct=False)
            return replace(function, unsupported=_why_unsupported(function, signature.variadic))
        types = (self._type(wrapper), self._type(self._by_name[signature.name]))
        tags = given(wrapper.attributes, "arg_attrs")
        # Equal arguments and results are the very same ones, so that nobody need compare them.
        key = (id(signature.arguments), id(signature.results), types, tags)
        found = self._described.get(key)
        if found is None:
            function = WrapperReader(signature, *types, list(tags or ())).read()
            found = replace(function, unsupported=function.unsupported or _why_unsupported(function))
            self._described[key] = found
        return found

    def _with_names(self, parameters: tuple[Value, ...], signature: Signature) -> tuple[Value, ...]:
        """`parameters` with what `signature` calls those of them that are arguments."""
        if not any(signature.names):
            return parameters
        key = (id(parameters), signature.names)
        if key not in self._named:
            names = {value.index: name for value, name in zip(signature.arguments, signature.names)}
            self._named[key] = tuple(
                [replace(v, name=names.get(v.index, "")) if v.mode == "argument" else v for v in parameters]
            )
        return self._named[key]

    def _lowered_name(self, signature: Signature) -> str:
        return signature.name if signature.dialect == "llvm" else _CIFACE + signature.name

    # Naming.

    def _name_externals(self) -> list[Symbol]:
        """Give declared functions the names that they are linked by; the declarations of the payload."""
        externals = []
        for name in self._signatures.declared:
            function = self._by_name.get(name)
            outside = self._by_name.get(_CIFACE + name)
            if function is not None and outside is not None and function.kind == "llvm.func":
                # MLIR has made `name` a function that packs arguments and calls the C function.
                if _DECLARED in function.attributes or _DECLARED in outside.attributes:
                    self._rename(function, self._fresh(name + ".call"))
                    self._rename(outside, name)
                function = outside
            if function is not None and not function.has_body:
                externals.append(function)
        return externals

    def _name_exported(self) -> list[Symbol]:
        """Give public functions their C names, in the order of the signatures."""
        signatures = self._signatures.functions
        exported = [self._by_name[self._lowered_name(signature)] for signature in signatures]
        # All old names go first: one function's may be the new name of another.
        for signature, function in zip(signatures, exported):
            if signature.dialect == "func":
                self._rename(self._by_name[signature.name], self._fresh(signature.name + ".body"))
            self._rename(function, self._fresh(signature.name + ".exported"))
        for signature, function in zip(signatures, exported):
            symbol = self._prefix + signature.name
            if symbol in self._by_name:
                self._give_way(signature, self._by_name[symbol])
            self._rename(function, symbol)
        return exported

    def _give_way(self, signature: Signature, holder: Symbol) -> None:
        """Rename what has the C name of `signature`, if only this module knows it."""
        symbol = holder.name
        is_data = holder.kind == "llvm.mlir.global" and _linkage(holder.attributes) in ("private", "internal")
        if not is_data and not (holder.kind == "llvm.func" and holder.has_body):
            msg = (
                f"the public function '@{signature.name}' would be the C function '{symbol}', which the payload also "
                "declares as a function of somebody else; rename one of them"
            )
            raise InputError(msg, signature.location)
        self._rename(holder, self._fresh(symbol + ".private"))

    def _rename_what_would_be_called(self, exported: Sequence[Symbol]) -> None:
        """Keep calls that the code generator makes, of `sin` for instance, from what the payload calls so."""
        public = {function.name for function in exported}
        for name, symbol in list(self._by_name.items()):
            reason = why_no_data_name(name)
            if not reason or name in public:
                continue
            is_data = symbol.kind == "llvm.mlir.global"
            if not (self._is_definition(symbol) if is_data else symbol.kind == "llvm.func" and symbol.has_body):
                continue
            if is_data and _is_seen_by_linkers(symbol):
                msg = (
                    f"the public global '@{name}' would be the symbol '{name}', {reason}; rename it or make it private"
                )
                raise InputError(msg, locate(symbol.op.location))
            if is_called(name):
                self._rename(symbol, self._fresh(name + ".private"))

    def _rename(self, symbol: Symbol, name: str) -> None:
        """Give `symbol` another name; its operation, and who refers to it, learn of that from `_set_names`."""
        del self._by_name[symbol.name]
        symbol.name = name
        self._by_name[name] = symbol

    def _set_names(self) -> None:
        """Once for all, because there may be many."""
        names = {}
        for symbol, old in self._old_names:
            if symbol.name != old:
                symbol.attributes["sym_name"] = self._ir.StringAttr.get(symbol.name)
                names[old] = symbol.name
        for op in self._referring if names else ():
            attributes = op.attributes
            for key in _keys(op.name, attributes):
                if key == "value" and _is_data(op):
                    continue
                new = self._renamed(known(attributes, key), names)
                if new is not None:
                    attributes[key] = new

    def _renamed(self, attribute: Any, names: Mapping[str, str]) -> Any:
        """`attribute` with the symbols in it renamed, or None if there are none."""
        ir = self._ir
        if not isinstance(attribute, self._holders):
            return None
        if isinstance(attribute, ir.FlatSymbolRefAttr):
            return ir.FlatSymbolRefAttr.get(names[attribute.value]) if attribute.value in names else None
        if isinstance(attribute, ir.SymbolRefAttr):
            root, *nested = attribute.value
            return ir.SymbolRefAttr.get([names[root], *nested]) if root in names else None
        if isinstance(attribute, ir.ArrayAttr):
            found = [known(attribute, index) for index in range(len(attribute))]
            entries = [(old, self._renamed(old, names)) for old in found]
            if any(new is not None for _, new in entries):
                return ir.ArrayAttr.get([old if new is None else new for old, new in entries])
        if isinstance(attribute, ir.DictAttr):
            known_entries = ((entry.name, known(attribute, entry.name)) for entry in attribute)
            named = {key: (old, self._renamed(old, names)) for key, old in known_entries}
            if any(new is not None for _, new in named.values()):
                return ir.DictAttr.get({key: old if new is None else new for key, (old, new) in named.items()})
        return None

    def _fresh(self, name: str) -> str:
        candidate, count = name, 0
        while candidate in self._by_name:
            count += 1
            candidate = f"{name}{count}"
        return candidate

    # Linkage and attributes.

    def _hide_the_rest(self, exported: Sequence[Symbol]) -> None:
        parse = self._ir.Attribute.parse
        internal, external = parse("#llvm.linkage<internal>"), parse("#llvm.linkage<external>")
        default, hidden = (self._ir.IntegerAttr.get(self._ir.IntegerType.get_signless(64), n) for n in (0, 1))
        public = {function.name for function in exported}
        by_c_interface = {s.name for s in self._signatures.functions if s.dialect == "func"}
        for function in self._functions:
            if not function.has_body:
                continue
            attributes = function.attributes
            if function.name not in public:
                attributes["linkage"] = internal
                # An internal symbol has no other visibility, and belongs to no group.
                attributes["visibility_"] = default
                if "comdat" in attributes:
                    del attributes["comdat"]
            elif function.name.removeprefix(self._prefix) in by_c_interface:
                attributes["linkage"] = external
        for data in self._globals:
            if _is_seen_by_linkers(data) and self._is_definition(data):
                data.attributes["visibility_"] = hidden

    def _is_definition(self, data: Symbol) -> bool:
        return "value" in data.attributes or data.has_body

    def _widen_integers(self, exported: Sequence[Symbol], externals: Sequence[Symbol]) -> None:
        """Widen small integers as C does where the payload hands them over: results of its functions, arguments of C's.

        Those that it is handed it widens itself where it needs to: on riscv64 C would have done so, on aarch64 not.
        """
        ir = self._ir
        for function in exported:
            result, _ = self._type(function)
            if result not in _WIDENED:
                continue
            attributes = attributes_of(ir, function.op, "res_attrs", 1, self._seen)
            for entry in attributes:
                self._widen(entry, result, RESULT)
            set_attributes(ir, function.op, "res_attrs", attributes)
        for function in externals:
            _, parameters = self._type(function)
            types = [type for type in split_types(parameters) if type not in ("", "...")]
            attributes = attributes_of(ir, function.op, "arg_attrs", len(types), self._seen)
            for entry, type in zip(attributes, types):
                self._widen(entry, type, ARGUMENT)
            set_attributes(ir, function.op, "arg_attrs", attributes)

    def _widen_calls(self, externals: Sequence[Symbol]) -> None:
        called = {function.name: function.op for function in externals if "arg_attrs" in function.attributes}
        for op in self._referring if called else ():
            if op.name == "llvm.call" and "callee" in op.attributes and op.attributes["callee"].value in called:
                self._widen_arguments(op, called[op.attributes["callee"].value])

    def _widen(self, attributes: dict[str, Any], type: str, tag: str) -> None:
        if type not in _WIDENED or _SIGN in attributes or _ZERO in attributes:
            return
        value = tag_of(attributes, tag)
        # riscv64 widens unsigned integers of 32 bits by their sign bit too; where another target differs, nobody looks.
        is_unsigned = value is not None and value.type in ("ui8", "ui16")
        attributes[_ZERO if type == "i1" or is_unsigned else _SIGN] = self._ir.UnitAttr.get()

    def _widen_arguments(self, call: Any, function: Any) -> None:
        ir = self._ir
        attributes = attributes_of(ir, call, "arg_attrs", len(call.operands))
        for own, other in zip(attributes, attributes_of(ir, function, "arg_attrs", 0)):
            own.update({name: other[name] for name in (_SIGN, _ZERO) if name in other})
        set_attributes(ir, call, "arg_attrs", attributes)

    def _strip_tags(self, function: Symbol) -> None:
        ir = self._ir
        attributes = function.attributes
        for key in ("arg_attrs", "res_attrs"):
            if key not in attributes:
                continue
            old = attributes[key]
            if old not in self._stripped:
                names = ([item.name for item in entry if not item.name.startswith(_OURS)] for entry in old)
                kept = [{name: known(entry, name) for name in others} for entry, others in zip(old, names)]
                self._stripped[old] = array_of(ir, kept)
            new = self._stripped[old]
            if new is None:
                del attributes[key]
            else:
                attributes[key] = new
        for name in (_DECLARED, _EMIT):
            if name in attributes:
                del attributes[name]


def _keys(kind: str, attributes: Any) -> Sequence[str]:
    """The names of those `attributes` of an operation `kind` in which there may be symbols."""
    usual, referring = _USUAL.get(kind, ((), ()))
    # To ask for one by its name takes a tenth of the time that the next one of all takes.
    if referring and len(attributes) == sum([key in attributes for key in (*usual, *referring)]):
        return [key for key in referring if key in attributes]
    names = [entry if isinstance(entry, str) else entry.name for entry in attributes]
    return [name for name in names if name not in _WITHOUT_SYMBOLS]


def _why_unsupported(function: Function, variadic: bool = False) -> str:
    """Why C cannot call `function`, or the empty string."""
    if variadic:
        return "it is variadic, which this C interface is not"
    for what, values in (("argument", function.parameters), ("result", (*function.returned, *function.in_place))):
        for value in values:
            what_now = "result" if value.mode == "out" else what
            try:
                parse_type(value.type)
            except UnsupportedTypeError as error:
                return f"{what_now} {value.index} has type {value.type}, {error}"
    return ""
