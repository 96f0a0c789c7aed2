# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Models as data: the public functions of a payload that becomes C++ (`--emit=cpp`).

A model takes and returns numbers and tensors of static shape. `emitc.py` finds the models of a payload, `cpp_source.py`
writes their source file, `model_header.py` the header with all models of a library. An interface file with them stands
between the two, so that the header needs no MLIR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lighthouse_build.emission.names import is_free_name
from lighthouse_build.errors import Diagnostic, InputError, SourceLocation, UsageError
from lighthouse_build.frozen import frozen, replace

__all__ = [
    "ELEMENTS",
    "Element",
    "Model",
    "Models",
    "Port",
    "class_names",
    "parse_port_type",
]

FORMAT = 1
_SHAPED = re.compile(r"tensor<((?:\d+x)*)([a-z]+\d+)>")
_PLACEHOLDER = "{}"


@frozen
class Element:
    """A type of numbers: in C++, and as an enumerator of `lh::element_type`."""

    cxx: str
    enumerator: str


ELEMENTS: Mapping[str, Element] = {
    "i1": Element("bool", "boolean"),
    **{f"i{n}": Element(f"::std::int{n}_t", f"int{n}") for n in (8, 16, 32, 64)},
    "f32": Element("float", "float32"),
    "f64": Element("double", "float64"),
}


@frozen
class Port:
    """One argument or result of a model.

    Attributes:
        name: what the payload calls it; an identifier of C++.
        element: a key of ELEMENTS.
        shape: sizes, outermost first; none for a single number.
    """

    name: str
    element: str
    shape: tuple[int, ...] = ()


@frozen
class Model:
    """A public function.

    Attributes:
        name: in the payload, and in the registry; an identifier of C++.
        inputs, results: in the payload's order.
        source: the payload's file.
        line: where the function stands in it, or 0.
    """

    name: str
    inputs: tuple[Port, ...]
    results: tuple[Port, ...]
    source: str = ""
    line: int = 0

    @property
    def location(self) -> SourceLocation | None:
        return SourceLocation(self.source, self.line) if self.source else None


@frozen
class Models:
    """All models of one payload, in its order."""

    source: str
    models: tuple[Model, ...]

    def with_sources(self, name: Callable[[str], str]) -> Models:
        """The same with `name` in place of each source."""
        return Models(name(self.source), tuple(replace(model, source=name(model.source)) for model in self.models))

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, **vars(self)}, default=vars, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str, path: str) -> Models:
        """Read what `to_json` wrote; InputError at `path` when it is something else."""
        try:
            data = json.loads(text)
            if "models" not in data:
                msg = "C functions and models cannot be in one header; this file is of C functions"
                raise InputError(msg, SourceLocation(path))
            if data["format"] != FORMAT:
                msg = "this interface file was written by another version of lh-opt; build again"
                raise InputError(msg, SourceLocation(path))
            return cls(str(data["source"]), tuple(_model(fields) for fields in data["models"]))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            msg = f"not an interface file ({error}); it is written by lh-opt --emit=interface"
            raise InputError(msg, SourceLocation(path)) from None


def _model(fields: Mapping[str, Any]) -> Model:
    ports = {
        key: tuple(Port(p["name"], p["element"], tuple(p["shape"])) for p in fields[key])
        for key in ("inputs", "results")
    }
    return Model(**{**fields, **ports})


def parse_port_type(text: str) -> tuple[str, tuple[int, ...]]:
    """Element and shape of a type as MLIR prints it: `f32`, `tensor<4x8xi64>`.

    Raises:
        ValueError: a model cannot have it; the text says why and what to do.
    """
    match = _SHAPED.fullmatch(text)
    element = match[2] if match else text
    if element in ELEMENTS:
        return element, tuple(int(size) for size in match[1].split("x")[:-1]) if match else ()
    if text.startswith(("memref<", "tensor<*")):
        msg = "models take and return numbers and tensors of static shape"
    elif "?" in text:
        msg = "its size is not known, and arrays of C++ have one; give it a static shape"
    elif text.endswith("index>") or text == "index":
        msg = "its size is not the same everywhere; use i64"
    else:
        msg = f"which C++ has no standard type for; use one of {', '.join(ELEMENTS)}, or tensors of these"
    raise ValueError(msg)


def class_names(models: Sequence[Model], pattern: str) -> list[str]:
    """The C++ classes of `models`.

    Args:
        models: those of a library.
        pattern: the name of the classes, in which `{}` stands for the name of the model in CamelCase.

    Raises:
        UsageError: `pattern` gives no identifier, or several models one class.
        InputError: two models have one name.
    """
    by_name: dict[str, Model] = {}
    by_class: dict[str, Model] = {}
    names = []
    for model in models:
        other = by_name.setdefault(model.name, model)
        if other is not model:
            msg = f"there are two models '{model.name}', in '{model.source}' and in '{other.source}'; rename one"
            raise InputError(msg, model.location, [Diagnostic("the other is here", other.location, "note")])
        name = pattern.replace(_PLACEHOLDER, _camel_case(model.name))
        if not is_free_name(name):
            msg = f"the class name '{pattern}' gives '{name}', which is no name in C++; it is an identifier with {{}}"
            raise UsageError(msg + " in the place of the model's name")
        other = by_class.setdefault(name, model)
        if other is not model:
            msg = f"the models '{other.name}' and '{model.name}' would both be the class '{name}'; "
            msg += (
                "rename one" if _PLACEHOLDER in pattern else f"write {{}} for the model's name, as in '{{}}{pattern}'"
            )
            raise UsageError(msg)
        names.append(name)
    return names


def _camel_case(name: str) -> str:
    """`inline_policy` as `InlinePolicy`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
