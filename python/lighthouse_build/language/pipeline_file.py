# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipeline files: stages written in YAML.

    Variables: {tile: 32, vector: "$tile"}    # optional; their defaults
    Pipeline:
      - pass: canonicalize
      - transform: tile.py{size=$tile}        # also spelled `schedule:`; a .mlir or .py file
      - include: lower.yaml{width=${vector}}
      - stage: file.py[stage=Name]

`$name` and `${name}` stand for the whole name that follows, so that `$t` never touches `$tile`; `$$` is a dollar.
This module turns the text into specs with their places; it opens no file.
"""

from __future__ import annotations

import re

from lighthouse_build.errors import InputError, SourceLocation, did_you_mean
from lighthouse_build.frozen import frozen
from lighthouse_build.language.spec import (
    Generator,
    PassPipeline,
    Pipeline,
    Resolved,
    Schedule,
    Spec,
    StageClass,
    file_head,
    parse_spec,
)
from lighthouse_build.language.values import LONG_INTEGER, Value, format_value

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

__all__ = ["MAX_BYTES", "Item", "read_defaults", "read_pipeline"]

_VARIABLE = re.compile(r"\$(?:(?P<dollar>\$)|(?P<name>\w+)|\{(?P<braced>[^}]*)\})")
# A pipeline is written by hand: more is a mistake, or made to exhaust whoever reads it.
MAX_BYTES = 256 << 10
_MAX_DEPTH = 64
_MAX_EXPANDED = 1 << 20  # characters of one file's stages after substitution
_KEYS: Mapping[str, tuple[type, ...]] = {
    "pass": (PassPipeline,),
    "transform": (Schedule, Generator),
    "schedule": (Schedule, Generator),
    "include": (Pipeline,),
    "stage": (PassPipeline, Schedule, Generator, StageClass, Pipeline, Resolved),
}
_WANTS = {
    "pass": "a pass or pass pipeline",
    "transform": "a .mlir or .py file",
    "schedule": "a .mlir or .py file",
    "include": "a .yaml file",
}


@frozen
class Item:
    """One step of a pipeline and the place of its spec."""

    spec: Spec
    location: SourceLocation


def read_pipeline(text: str, path: str, values: Mapping[str, Value], values_at: SourceLocation) -> list[Item]:
    """Read the pipeline file `path`, whose contents are `text`, with `values` for its variables, given at `values_at`.

    Raises:
        InputError: at `path:line:column` for anything that is not a pipeline and for undefined or unused variables,
            at `values_at` for values that the pipeline has no variables for.
    """
    return _Reader(text, path).read(values, values_at)


def read_defaults(text: str, path: str) -> dict[str, Value]:
    """The variables of the pipeline file `path` that have defaults. Raises InputError as `read_pipeline`."""
    return _Reader(text, path).defaults()


class _Reader:
    def __init__(self, text: str, path: str) -> None:
        self.text = text
        self.path = path
        self.lines = text.splitlines()
        self.used: set[str] = set()
        self.declared: frozenset[str] = frozenset()  # variables with a default
        self.expanded = 0

    def _at(self, mark: Any) -> SourceLocation:
        return SourceLocation(self.path, mark.line + 1, mark.column + 1, self.text)

    def _compose(self) -> Any:
        import yaml  # only pipelines pay for it

        reader = self
        if len(self.text) > MAX_BYTES:
            msg = f"the pipeline file is larger than {MAX_BYTES >> 10} KiB"
            raise InputError(msg, SourceLocation(self.path))

        class Loader(yaml.SafeLoader):
            """Refuses nesting before it recurses into it, and aliases, which have no use here."""

            depth = 0

            def compose_node(self, parent: Any, index: Any) -> Any:
                event = self.peek_event()  # type: ignore[no-untyped-call]
                if isinstance(event, yaml.AliasEvent):
                    msg = "aliases are not part of the pipeline format; write the item out"
                    raise InputError(msg, reader._at(event.start_mark))
                if self.depth > _MAX_DEPTH:
                    msg = f"the file is nested more than {_MAX_DEPTH} deep"
                    raise InputError(msg, reader._at(event.start_mark))
                self.depth += 1
                node = super().compose_node(parent, index)
                self.depth -= 1
                return node

        try:
            return Loader(self.text).get_single_node()
        except yaml.MarkedYAMLError as error:
            # A quotation that never ends is best told where it begins.
            unended = error.problem == "found unexpected end of stream" and error.context_mark
            mark = unended or error.problem_mark or error.context_mark
            raise InputError(f"not YAML: {error.problem}", self._at(mark) if mark else None) from None
        except yaml.reader.ReaderError as error:
            line = self.text.count("\n", 0, error.position) + 1
            column = error.position - (self.text.rfind("\n", 0, error.position) + 1) + 1
            msg = f"not YAML: the character U+{error.character:04X} is not allowed"
            raise InputError(msg, SourceLocation(self.path, line, column, self.text)) from None
        except (yaml.YAMLError, ValueError, OverflowError) as error:  # ValueError: an escape beyond Unicode
            raise InputError(f"not YAML: {error}", SourceLocation(self.path)) from None

    def defaults(self) -> dict[str, Value]:
        sections = self._entries(self._root(), ("Pipeline", "Variables"))
        return {name: value for name, (value, _) in self._variables(sections.get("Variables"), {}).items()}

    def _root(self) -> Any:
        import yaml

        root = self._compose()
        if not isinstance(root, yaml.MappingNode):
            where = self._at(root.start_mark) if root else SourceLocation(self.path)
            raise InputError("expected a map with the key 'Pipeline'", where)
        return root

    def read(self, values: Mapping[str, Value], values_at: SourceLocation) -> list[Item]:
        root = self._root()
        sections = self._entries(root, ("Pipeline", "Variables"))
        if "Pipeline" not in sections:
            raise InputError("the key 'Pipeline' is missing", self._at(root.start_mark))
        defaults = self._variables(sections.get("Variables"), values)
        variables = {name: value for name, (value, _) in defaults.items()}
        variables.update(values)
        items = self._items(sections["Pipeline"][1], variables)
        for name in values:
            if name not in self.used:
                accepted = sorted(self.used)
                names = ", ".join(accepted) if accepted else "none"
                hint = did_you_mean(name, accepted) or f"; its variables: {names}"
                raise InputError(f"'{self.path}' has no variable '{name}'{hint}", values_at)
        for name, (_, node) in defaults.items():
            if name not in self.used:
                msg = f"variable '{name}' is never used; remove it"
                raise InputError(msg, self._at(node.start_mark))
        return items

    def _entries(self, node: Any, accepted: tuple[str, ...] | None = None) -> dict[str, tuple[Any, Any]]:
        """The entries of a map as name -> (key node, value node); a key that is no string, unknown or twice fails."""
        import yaml

        entries: dict[str, tuple[Any, Any]] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InputError("expected a name", self._at(key.start_mark))
            if accepted is not None and key.value not in accepted:
                hint = did_you_mean(key.value, accepted) or f"; expected {' or '.join(accepted)}"
                raise InputError(f"unknown key '{key.value}'{hint}", self._at(key.start_mark))
            if key.value in entries:
                raise InputError(f"'{key.value}' is given twice", self._at(key.start_mark))
            entries[key.value] = (key, value)
        return entries

    def _variables(self, entry: tuple[Any, Any] | None, values: Mapping[str, Value]) -> dict[str, tuple[Value, Any]]:
        """Name to default and node. A default may name the variables above it, whose given `values` then count."""
        import yaml

        if entry is None:
            return {}
        node = entry[1]
        if not isinstance(node, yaml.MappingNode):
            raise InputError("expected a map of names to defaults", self._at(node.start_mark))
        variables: dict[str, tuple[Value, Any]] = {}
        entries = self._entries(node)
        self.declared = frozenset(entries)
        for name, (key, value) in entries.items():
            if not re.fullmatch(r"\w+", name):
                msg = f"'{name}' cannot name a variable; use letters, digits and underscores"
                raise InputError(msg, self._at(key.start_mark))
            loaded = self._value(value)
            if isinstance(loaded, str) and "$" in loaded:
                known = {n: values.get(n, v) for n, (v, _) in variables.items()}
                whole = re.fullmatch(r"\$(?:(\w+)|\{(\w+)\})", loaded)
                inner = whole and (whole[1] or whole[2])
                if inner and inner in known:
                    self.used.add(inner)
                    loaded = known[inner]
                else:
                    loaded = self._substitute(loaded, known, value)
            variables[name] = (loaded, key)
        return variables

    def _value(self, node: Any) -> Value:
        """A YAML value as a value of the stage language."""
        import yaml

        loader = yaml.SafeLoader("")
        try:
            value = loader.construct_object(node, deep=True)
            format_value(value)
        except yaml.MarkedYAMLError as error:
            raise InputError(f"not a value: {error.problem}", self._at(node.start_mark)) from None
        except (yaml.YAMLError, TypeError, ValueError, OverflowError, LookupError, AttributeError) as error:
            # An explicit tag whose text is not of its type fails in many ways.
            what = LONG_INTEGER if "integer string conversion" in str(error) else error
            raise InputError(f"not a value: {what}", self._at(node.start_mark)) from None
        return value  # type: ignore[no-any-return]

    def _items(self, node: Any, variables: Mapping[str, Value]) -> list[Item]:
        import yaml

        if not isinstance(node, yaml.SequenceNode):
            raise InputError("expected a list of stages", self._at(node.start_mark))
        if not node.value:
            raise InputError("the pipeline is empty", self._at(node.start_mark))
        return [self._item(entry, variables) for entry in node.value]

    def _item(self, node: Any, variables: Mapping[str, Value]) -> Item:
        import yaml

        if not isinstance(node, yaml.MappingNode):
            msg = "expected 'pass: …', 'transform: …', 'include: …' or 'stage: …'"
            raise InputError(msg, self._at(node.start_mark))
        entries = self._entries(node, tuple(_KEYS))
        if len(entries) != 1:
            raise InputError("expected one stage in each item of the list", self._at(node.start_mark))
        key, (_, value) = next(iter(entries.items()))
        if not isinstance(value, yaml.ScalarNode):
            msg = "expected a stage as text; quote it if it begins with '[' or '{'"
            raise InputError(msg, self._at(value.start_mark))
        text = self._substitute(value.value, variables, value)
        start = self._at(value.start_mark)
        # Where the file says the same on one line, the column is exact. Otherwise point at where the stage begins.
        line = self.lines[start.line - 1] if start.line <= len(self.lines) else ""
        at = line.find(text, start.column - 1, start.column + len(text))

        def locate(offset: int) -> SourceLocation:
            return SourceLocation(self.path, start.line, at + 1 + offset if at >= 0 else start.column, self.text)

        spec = parse_spec(text, locate)
        if not isinstance(spec, _KEYS[key]):
            raise InputError(f"'{key}' wants {_WANTS[key]}, not '{text}'", start)
        return Item(spec, start)

    def _substitute(self, text: str, variables: Mapping[str, Value], node: Any) -> str:
        # Options of passes are MLIR's to read, options of files are of the stage language.
        literal = _pass_value if not file_head(text) else _file_value

        def replace(found: re.Match[str]) -> str:
            if found["dollar"]:
                return "$"
            if self.expanded > _MAX_EXPANDED:
                msg = f"the variables of the file expand to more than {_MAX_EXPANDED >> 20} MiB"
                raise InputError(msg, self._at(node.start_mark))
            name = found["name"] if found["name"] is not None else found["braced"]
            if name in self.declared and name not in variables:
                msg = f"the variable '{name}' has no value yet: a default can name only variables that stand above it"
                raise InputError(msg, self._at(node.start_mark))
            if name not in variables:
                hint = did_you_mean(name, list(variables))
                hint = hint or "; give it a default under 'Variables'"
                raise InputError(f"undefined variable '{name}'{hint}", self._at(node.start_mark))
            self.used.add(name)
            value = literal(variables[name])
            self.expanded += len(value)
            return value

        return _VARIABLE.sub(replace, text)


def _file_value(value: Value) -> str:
    return format_value(value)


def _pass_value(value: Value) -> str:
    """`value` as MLIR's pass options want it: lists as `4,4,4`, strings as they are."""
    if isinstance(value, (list, tuple)):
        return ",".join(map(_pass_value, value))
    return value if isinstance(value, str) else format_value(value)
