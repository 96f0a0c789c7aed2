# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One stage spec: the text that names a stage on the command line, in YAML and in CMake.

    canonicalize                          a pass, or a pass pipeline
    file.mlir[seq]{params}                a schedule
    file.py[gen,seq]{options}{params}     a schedule generator (keywords `gen=`, `seq=` as well)
    file.py[stage=Name]{options}          a stage class
    file.yaml{variables}                  a pipeline
    file.stage.mlir                       a resolved stage

A spec is a file only by its extension, so that nothing in the working directory can hijack a pass. A path that holds
brackets of its own may be quoted: "odd[1].mlir"[seq].
"""

from __future__ import annotations

from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import field, frozen
from lighthouse_build.language.values import MAX_DEPTH, Scanner, SpecSyntaxError, Value, format_options

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

__all__ = ["Generator", "PassPipeline", "Pipeline", "Resolved", "Schedule", "Spec", "StageClass", "parse_spec"]

DEFAULT_GENERATOR = "create_schedule"
DEFAULT_PAYLOAD_GENERATOR = "create_payload"
_KINDS = ("stage.mlir", "mlir", "py", "yaml", "yml")
_CLOSES = {")": "(", "]": "[", "}": "{"}


@frozen
class PassPipeline:
    """A pass or pass pipeline, as MLIR writes it; without `builtin.module(...)` around it, that is added."""

    text: str

    def __str__(self) -> str:
        return self.text

    @property
    def anchored(self) -> str:
        """The pipeline anchored on `builtin.module`, as `PassManager.parse` wants it."""
        return self.text if self.text.startswith("builtin.module(") else f"builtin.module({self.text})"


@frozen
class Schedule:
    """A transform schedule in a file; `sequence` None means the default one."""

    path: str
    sequence: str | None = None
    params: dict[str, Value] = field(factory=dict)


@frozen
class Generator:
    """A Python function that builds a schedule, and the sequence of it to apply."""

    path: str
    function: str = DEFAULT_GENERATOR
    sequence: str | None = None
    options: dict[str, Value] = field(factory=dict)
    params: dict[str, Value] = field(factory=dict)


@frozen
class StageClass:
    """A Python class with `apply(module)`."""

    path: str
    name: str
    options: dict[str, Value] = field(factory=dict)


@frozen
class Pipeline:
    """A pipeline in a YAML file, with values for its variables."""

    path: str
    variables: dict[str, Value] = field(factory=dict)


@frozen
class Resolved:
    """A resolved stage, written by `--emit=stage`."""

    path: str


Spec: TypeAlias = "PassPipeline | Schedule | Generator | StageClass | Pipeline | Resolved"


def parse_spec(text: str, locate: Callable[[int], SourceLocation], default_generator: str = DEFAULT_GENERATOR) -> Spec:
    """Parse one spec.

    Args:
        text: the spec.
        locate: gives the place of an offset into `text`, for errors.
        default_generator: the function of a Python file that names none.

    Raises:
        InputError: at the offending column.
    """
    try:
        return _parse(text, default_generator)
    except SpecSyntaxError as error:
        raise InputError(error.message, locate(error.offset)) from None


@frozen
class FileHead:
    """The file that a spec begins with, and which of `_KINDS` its extension says that it is."""

    path: str
    kind: str


def file_head(text: str) -> FileHead | None:
    """The file that `text` begins with, or None when `text` is a pass pipeline."""
    dot = text.find(".")
    while dot >= 0:
        for kind in _KINDS:
            end = dot + 1 + len(kind)
            if text.startswith(kind, dot + 1) and _follows_a_path(text, end):
                # `pass{file=a.mlir x=1}` holds a file name but begins with a pass.
                return FileHead(text[:end], kind) if _balanced(text[:end]) else None
        dot = text.find(".", dot + 1)
    return None


def _follows_a_path(text: str, position: int) -> bool:
    """Whether what stands at `position`, after any space, may follow the path of a file."""
    while text[position : position + 1].isspace():
        position += 1
    return text[position : position + 1] in ("", "[", "{")


def _balanced(text: str) -> bool:
    return all(text.count(a) == text.count(b) for a, b in ("()", "{}"))


def _parse(text: str, default_generator: str) -> Spec:
    if not text.strip():
        raise SpecSyntaxError("the stage is empty; expected a pass, or a .mlir, .py or .yaml file", 0)
    if "\0" in text:
        raise SpecSyntaxError("a stage cannot hold a NUL character", text.index("\0"))
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise SpecSyntaxError("a stage cannot hold what is not UTF-8", error.start) from None
    scanner = Scanner(text)
    scanner.skip_space()
    start = scanner.position
    if scanner.peek() in "\"'":
        path = scanner.quoted()
        kind = next((kind for kind in _KINDS if path.endswith(f".{kind}")), "")
        if not kind:
            scanner.fail("a quoted stage must be a .mlir, .py or .yaml file", start)
    else:
        found = file_head(text[start:])
        if not found:
            return _pass_pipeline(text, start)
        path, kind = found.path, found.kind
        scanner.position = start + len(path)
    scanner.skip_space()
    reader = _Arguments(scanner)
    if kind == "stage.mlir":
        spec: Spec = Resolved(path)
    elif kind == "mlir":
        names = reader.names(("seq",), "a schedule")
        spec = Schedule(path, names.get("seq"), reader.group())
    elif kind == "py":
        spec = _python(path, reader, default_generator)
    else:
        spec = Pipeline(path, reader.group())
    scanner.skip_space()
    if scanner.peek():
        scanner.fail(_trailing(kind, text[scanner.position :]))
    return spec


def _trailing(kind: str, rest: str) -> str:
    if rest[0] in "[{":
        accepted = {
            "stage.mlir": "a resolved stage takes no arguments",
            "mlir": "a schedule takes [sequence]{parameters}",
            "py": "a Python file takes [generator,sequence]{options}{parameters} or [stage=Class]{options}",
        }.get(kind, "a pipeline takes {variables}")
        return f"unexpected '{rest}'; {accepted}"
    return f"unexpected text after the stage: '{rest}'"


def _python(path: str, reader: _Arguments, default_generator: str) -> Spec:
    names = reader.names(("gen", "seq"), "a Python file", extra=("stage",))
    options = reader.group()
    if "stage" in names:
        if len(names) > 1:
            reader.scanner.fail("'stage=' excludes 'gen=' and 'seq='", reader.bracket)
        return StageClass(path, names["stage"], options)
    return Generator(path, names.get("gen", default_generator), names.get("seq"), options, reader.group())


class _Arguments:
    """What may follow a path: `[names]`, then groups in braces."""

    def __init__(self, scanner: Scanner) -> None:
        self.scanner = scanner
        self.bracket = 0

    def names(self, positional: tuple[str, ...], what: str, extra: tuple[str, ...] = ()) -> dict[str, str]:
        """The names in brackets: positional ones in order, or `keyword=name`."""
        scanner = self.scanner
        if scanner.peek() != "[":
            return {}
        self.bracket = scanner.position
        scanner.position += 1
        names: dict[str, str] = {}
        index = 0
        scanner.skip_space()
        while scanner.peek() != "]":
            start = scanner.position
            word = self._name()
            scanner.skip_space()
            if scanner.peek() == "=":
                scanner.position += 1
                scanner.skip_space()
                key = word
                if key not in positional + extra:
                    accepted = ", ".join(f"'{k}'" for k in positional + extra)
                    scanner.fail(f"unknown keyword '{key}'; {what} takes {accepted}", start)
                word = self._name()
            else:
                if index == len(positional):
                    scanner.fail(f"too many names in brackets; {what} takes [{','.join(positional)}]", start)
                key = positional[index]
                index += 1
            if key in names:
                scanner.fail(f"'{key}' is given twice", start)
            names[key] = word
            scanner.skip_space()
            if scanner.peek() == ",":
                scanner.position += 1
                scanner.skip_space()
                if scanner.peek() == "]":
                    scanner.fail("expected a name after ','")
            elif not scanner.peek():
                scanner.fail("'[' is never closed; expected ']'", self.bracket)
            elif scanner.peek() != "]":
                scanner.fail("expected ',' or ']'")
        scanner.position += 1
        scanner.skip_space()
        return names

    def _name(self) -> str:
        scanner = self.scanner
        if scanner.peek() and scanner.peek() in "\"'":
            return scanner.quoted()
        if scanner.peek() == "@":  # a symbol may be written as MLIR writes it
            scanner.position += 1
        start = scanner.position
        while scanner.peek().isalnum() or (scanner.peek() and scanner.peek() in "_.$-"):
            scanner.position += 1
        word = scanner.text[start : scanner.position]
        if not (word[:1].isalpha() and word[:1].isascii()) and word[:1] != "_":
            scanner.position = start
            if not scanner.peek():
                scanner.fail("'[' is never closed; expected ']'", self.bracket)
            scanner.fail(f"expected a name before '{scanner.peek()}'")
        return word

    def group(self) -> dict[str, Value]:
        """The next group in braces, or nothing."""
        if self.scanner.peek() != "{":
            return {}
        options = self.scanner.options()
        self.scanner.skip_space()
        return options


def _pass_pipeline(text: str, start: int) -> PassPipeline:
    """Check what can be checked without MLIR: brackets, so that an error has a column."""
    stack: list[tuple[str, int]] = []
    quote = ""
    for offset, char in enumerate(text):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([{":
            stack.append((char, offset))
            if len(stack) > MAX_DEPTH:
                raise SpecSyntaxError(f"the pipeline is nested more than {MAX_DEPTH} deep", offset)
        elif char in ")]}":
            if not stack or stack[-1][0] != _CLOSES[char]:
                raise SpecSyntaxError(f"unbalanced '{char}'", offset)
            stack.pop()
            if not stack and text.startswith("builtin.module(", start) and text[offset + 1 :].strip():
                raise SpecSyntaxError(f"unexpected text after the pipeline: '{text[offset + 1 :]}'", offset + 1)
    if stack:
        char, offset = stack[-1]
        raise SpecSyntaxError(f"'{char}' is never closed", offset)
    return PassPipeline(text.strip())


def describe(spec: Spec) -> str:
    """A short name of `spec` for messages and `--print-ir-after`: no directories, no options."""
    if isinstance(spec, PassPipeline):
        return spec.text
    name = spec.path.replace("\\", "/").rpartition("/")[2]
    if isinstance(spec, Schedule):
        return f"{name}[{spec.sequence}]" if spec.sequence else name
    if isinstance(spec, Generator):
        parts = [spec.function] if spec.function != DEFAULT_GENERATOR else []
        if spec.sequence:
            parts.append(f"seq={spec.sequence}")
        return f"{name}[{','.join(parts)}]" if parts else name
    if isinstance(spec, StageClass):
        return f"{name}[stage={spec.name}]"
    return name


def format_spec(spec: Spec) -> str:
    """Print `spec` so that `parse_spec` reads it back."""
    if isinstance(spec, PassPipeline):
        return spec.text
    found = file_head(spec.path)
    plain = found is not None and found.path == spec.path and spec.path[0] not in " \"'"
    path = spec.path if plain else '"' + spec.path.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(spec, Schedule):
        return path + (f"[{spec.sequence}]" if spec.sequence else "") + (_group(spec.params))
    if isinstance(spec, Generator):
        names = f"[gen={spec.function}" + (f",seq={spec.sequence}]" if spec.sequence else "]")
        return path + names + format_options(spec.options) + _group(spec.params)
    if isinstance(spec, StageClass):
        return f"{path}[stage={spec.name}]{_group(spec.options)}"
    return path + (_group(spec.variables) if isinstance(spec, Pipeline) else "")


def _group(options: dict[str, Value]) -> str:
    return format_options(options) if options else ""
