# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`--describe`, `--list-stages`, `--list-passes`: what there is and what it accepts, from the sources themselves.

A generator's options come from its signature, their text from its docstring (Google style, `Args:`); a pipeline's
variables from its `Variables:`, its text from the comment at its head; a sequence's parameters from the schedule.
Runs in the child process.
"""

from __future__ import annotations

import ast
import inspect
import os
import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lighthouse_build.errors import InputError, LighthouseError, SourceLocation
from lighthouse_build.language import spec as language
from lighthouse_build.language.pipeline_file import read_defaults
from lighthouse_build.language.values import format_value
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.plan import read_steps, read_text
from lighthouse_build.resolution.search import SHIPPED, SearchPath

__all__ = ["describe", "list_passes", "list_stages"]

_ENTRY = re.compile(r"(\w+)(?: \([^)]*\))?:\s*(.*)")


def describe(spec: language.Spec, location: SourceLocation, search: SearchPath, python: Any) -> str:
    """What the stage `spec`, named at `location`, is and accepts.

    Raises:
        InputError: it does not exist, or cannot be read.
    """
    if isinstance(spec, language.PassPipeline):
        return _describe_passes(spec, location)
    path = search.find(spec.path, ".", location, Dependencies())
    if isinstance(spec, language.Pipeline):
        return _describe_pipeline(path)
    if isinstance(spec, language.Resolved):
        stage = read_steps(path)
        return "\n".join([f"{path}: resolved stage", *(f"  {s.kind}: {s.name}" for s in stage.steps)])
    if isinstance(spec, language.Schedule):
        return _describe_schedule(spec, path, location)
    return _describe_python(spec, path, location, python)


def _describe_passes(spec: language.PassPipeline, location: SourceLocation) -> str:
    from lighthouse_build.application import context
    from lighthouse_build.application.apply import parse_pipeline, pass_options
    from lighthouse_build.standard_error import Capture

    with context.context() as ctx:
        parse_pipeline(spec.anchored, ctx, location, Capture())
        options = pass_options(spec.text, ctx) if re.fullmatch(r"[\w-]+", spec.text) else {}
    lines = [f"{spec.text}: pass pipeline; MLIR documents its options"]
    if options:
        lines.append("  options, besides lists:")
        lines += [f"    {name} = {default}" for name, default in options.items()]
    return "\n".join(lines)


def _head_comment(text: str, mark: str) -> list[str]:
    """The comment that a file begins with, without its licence."""
    lines = []
    for line in text.splitlines():
        if not line.startswith(mark):
            break
        content = line[len(mark) :].strip()
        if not content.startswith(("Part of ", "SPDX-", "lighthouse-stage:")):
            lines.append(content)
    return "\n".join(lines).strip().splitlines()


def _describe_pipeline(path: str) -> str:
    text = read_text(path)
    lines = [f"{path}: pipeline", *_indented(_head_comment(text, "#"))]
    defaults = read_defaults(text, path)
    if defaults:
        lines.append("  variables:")
        lines += [f"    {name} = {format_value(value)}" for name, value in defaults.items()]
    return "\n".join(lines)


def _describe_schedule(spec: language.Schedule, path: str, location: SourceLocation) -> str:
    from lighthouse_build.application import context
    from lighthouse_build.resolution.parameters import Parameters

    lines = [f"{path}: schedule", *_indented(_head_comment(read_text(path), "//"))]
    core = context.load()
    with context.context() as ctx, core.ir.Location.unknown(), core.generic_operations():
        module = context.parse_file(path, "schedule", context.Diagnostics(ctx), ctx).operation
        for op in module.regions[0].blocks[0].operations:
            sequence = op.operation
            if sequence.name != "transform.named_sequence" or not len(sequence.regions[0].blocks):
                continue
            symbol = sequence.attributes["sym_name"].value
            if spec.sequence not in (None, symbol):
                continue
            lines.append(f"  sequence @{symbol}")
            try:
                parameters = Parameters(core.ir, module, sequence, os.path.basename(path), location).describe()
            except InputError:
                lines.append("    not to be applied by itself: it has arguments without a name")
                continue
            lines += [f"    {parameter}" for parameter in parameters]
    return "\n".join(lines)


def _describe_python(
    spec: language.Generator | language.StageClass, path: str, location: SourceLocation, python: Any
) -> str:
    from lighthouse_build.application import context
    from lighthouse_build.resolution import generators, python_step

    is_class = isinstance(spec, language.StageClass)
    kind = "class" if is_class else "function"
    name = spec.name if isinstance(spec, language.StageClass) else spec.function
    core = context.load()
    with context.context() as ctx, core.ir.Location.unknown(), core.generic_operations():  # noqa: SIM117 (need ctx)
        with python.running(path, context.Diagnostics(ctx)):
            module = generators.load(path, location)
            if not is_class and name == language.DEFAULT_GENERATOR and not hasattr(module, name):
                # No default generator: say what there is instead.
                return "\n".join([f"{path}: Python file", *_indented(_paragraph(module.__doc__)), *_members(module)])
            function = generators.lookup(module, name, path, location, kind)
            what = "stage class" if is_class else "generator"
            lines = [f"{path}[{'stage=' if is_class else ''}{name}]: {what}"]
            if not is_class and python_step.wants_payload(function):
                lines[0] += ", runs for each payload"
            lines += _indented(_paragraph(inspect.getdoc(function)))
            hidden = {*python_step.target_parameters(function), *([] if is_class else [python_step.PAYLOAD])}
            if python_step.target_parameters(function):
                lines.append("  knows the target it is resolved for")
            lines += _options(function, hidden)
            others = [n for n in _members(module) if not n.endswith(f" {name}")]
            return "\n".join([*lines, *others])


def _members(module: Any) -> list[str]:
    from lighthouse_build.resolution.generators import public_names

    found = [f"  also: generator {n}" for n in public_names(module, "function") if _may_generate(getattr(module, n))]
    classes = [n for n in public_names(module, "class") if hasattr(getattr(module, n), "apply")]
    return found + [f"  also: stage class {n}" for n in classes]


def _may_generate(function: Callable[..., Any]) -> bool:
    """Whether `function` does not say that it returns something else than a module."""
    returned = inspect.signature(function).return_annotation
    return returned is inspect.Signature.empty or "Module" in str(returned)


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"  {line}".rstrip() for line in lines]


def _paragraph(doc: str | None) -> list[str]:
    """A docstring up to its first section."""
    lines = []
    for line in inspect.cleandoc(doc or "").splitlines():
        if re.fullmatch(r"(Args|Returns|Raises|Yields|Attributes|Example|Examples):", line.strip()):
            break
        lines.append(line)
    return "\n".join(lines).strip().splitlines()


def _documented(doc: str | None) -> dict[str, str]:
    """The texts of the `Args:` section."""
    lines = inspect.cleandoc(doc or "").splitlines()
    starts = [i for i, line in enumerate(lines) if line.strip() == "Args:"]
    texts: dict[str, str] = {}
    last = ""
    for line in lines[starts[0] + 1 :] if starts else []:
        if not line.strip() or not line.startswith(" "):
            break
        entry = _ENTRY.fullmatch(line.strip())
        if entry and len(line) - len(line.lstrip()) == 4:
            last = entry[1]
            texts[last] = entry[2]
        elif last:
            texts[last] += " " + line.strip()
    return texts


def _options(function: Callable[..., Any], hidden: set[str]) -> list[str]:
    target = function.__init__ if inspect.isclass(function) else function
    texts: Mapping[str, str] = {**_documented(inspect.getdoc(target)), **_documented(inspect.getdoc(function))}
    lines = []
    for p in inspect.signature(function).parameters.values():
        if p.name in hidden:
            continue
        if p.kind is p.VAR_KEYWORD:
            lines.append("    and any other")
            continue
        text = f"    {p.name}"
        if p.annotation is not p.empty:
            text += f": {p.annotation if isinstance(p.annotation, str) else inspect.formatannotation(p.annotation)}"
        text += " (required)" if p.default is p.empty else f" = {_default(p.default)}"
        lines.append(text)
        lines += textwrap.wrap(texts.get(p.name, ""), 100, initial_indent=" " * 8, subsequent_indent=" " * 8)
    return ["  options:", *lines] if lines else []


def _default(value: Any) -> str:
    try:
        return format_value(value)
    except TypeError:
        return repr(value)


def list_passes() -> str:
    """The passes that the bindings have, one a line."""
    from lighthouse_build.application.apply import known_passes

    return "\n".join(known_passes())


def list_stages(directories: Sequence[str]) -> str:
    """The stage files of `directories` and of the shipped library, with the first line of what each says of itself."""
    lines = []
    for directory in (*directories, SHIPPED):
        try:
            names = sorted(os.listdir(directory))
        except OSError as error:
            raise InputError(f"cannot list '{directory}': {error.strerror}") from None
        lines.append(f"{'shipped' if directory == SHIPPED else directory}:")
        for name in names:
            path = os.path.join(directory, name)
            if os.path.isfile(path) and name.endswith((".py", ".yaml", ".yml", ".mlir")) and name[0] not in "_.":
                lines.append(f"  {name:28} {_summary(path)}".rstrip())
    return "\n".join(lines)


def _summary(path: str) -> str:
    """The first line that a stage file says of itself; reads, but does not run it."""
    try:
        text = read_text(path)
        if path.endswith(".py"):
            head = (ast.get_docstring(ast.parse(text)) or "").splitlines()
        else:
            head = _head_comment(text, "//" if path.endswith(".mlir") else "#")
    except (LighthouseError, SyntaxError, ValueError):
        return ""
    return next((line for line in head if line.strip()), "")
