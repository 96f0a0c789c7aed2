# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Python in stages: generators that build schedules, and the steps that stay Python.

A generator is a function that returns a module, `gen(**options) -> ir.Module`. It is called once, when its stage is
resolved, unless it has a parameter named `payload`: then it is called for each payload while the stage is applied,
and stands in the resolved stage as a Python step. So do generators of schedules that do not verify, which cannot be
written as text, and stage classes, `Name(**options).apply(module)`. A parameter annotated `lighthouse_build.Target` is
given what code is generated for.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from lighthouse_build.application import context as mlir
from lighthouse_build.errors import InputError, LoweringError, SourceLocation
from lighthouse_build.frozen import frozen
from lighthouse_build.language import spec as language
from lighthouse_build.language.values import format_options, parse_options
from lighthouse_build.resolution import environment, generators, python_dialects, recording, schedules
from lighthouse_build.resolution.dependencies import Dependencies
from lighthouse_build.resolution.search import SHIPPED
from lighthouse_build.stage_file import ResolvedStage

if TYPE_CHECKING:
    from lighthouse_build.target import Target

__all__ = ["PythonStep", "UserPython", "generate_payload"]

PAYLOAD = "payload"
_IN_LIBRARY = "<shipped>/"


@frozen
class UserPython:
    """How user code runs.

    Attributes:
        dependencies: collects what it imports, opens and lists.
        python_path: directories that it may import from, besides its own.
        target: what code is generated for, found out only if asked.
        root: the directory that files of Python steps are named relative to.
        known_modules: modules that are no inputs; by default all that are loaded before user code runs.
    """

    dependencies: Dependencies
    python_path: tuple[str, ...]
    target: Callable[[], Target]
    root: str
    known_modules: frozenset[str] | None = None

    def running(self, path: str, diagnostics: mlir.Diagnostics) -> AbstractContextManager[None]:
        """Set up what code of the file `path` needs; its errors get MLIR's diagnostics."""
        return self._running((path,), diagnostics)

    @contextmanager
    def requiring(self, stage: ResolvedStage, diagnostics: mlir.Diagnostics) -> Iterator[None]:
        """Load the dialects that `stage` requires into the current context, and set up what their code needs.

        Raises:
            InputError: one cannot be imported or loaded.
        """
        files = python_dialects.required_files(stage.requires, self.root)
        for path in files:
            if not os.path.isfile(path):
                msg = f"the stage needs the file '{path}', which does not exist; resolve the stage again"
                raise InputError(msg, SourceLocation(stage.name))
            self.dependencies.add(path, "imports")
        with self._running(files, diagnostics):
            python_dialects.import_required(stage.requires, stage.name, self.root)
            yield

    @contextmanager
    def _running(self, paths: Sequence[str], diagnostics: mlir.Diagnostics) -> Iterator[None]:
        bindings = str(mlir.load().provider.root)
        self.dependencies.ignore(bindings)
        own = (directory for path in paths for directory in generators.import_directories(path))
        directories = [*dict.fromkeys(own), *self.python_path]
        for directory in directories:
            if not os.path.isdir(directory):  # an import does not even list it
                self.dependencies.add(directory, "searched")
        with (
            mlir.user_operations(),
            generators.user_code(directories, bindings) as known,
            self.dependencies.recording(self.known_modules),
            environment.watched(functools.partial(generators.is_installed, bindings=bindings)),
            mlir.recorded_locations(),
        ):
            self.dependencies.reuse(known)
            try:
                with _ambient():
                    yield
            except InputError as error:
                d = error.diagnostic
                raise InputError(d.message, d.location, d.notes, (*diagnostics.take(), *error.causes)) from None

    def call(
        self,
        function: Callable[..., Any],
        options: Mapping[str, Any],
        name: str,
        location: SourceLocation,
        given: Mapping[str, Any] | None = None,
    ) -> Any:
        """`function` with `options`, with what is `given` by parameter name, and with the target where it is wanted."""
        extra = dict(given or {})
        with recording.paused():
            extra.update({parameter: self.target() for parameter in target_parameters(function)})
        for parameter in extra:
            if parameter in options:
                raise InputError(f"'{parameter}' of '{name}' is given by lh-opt, not by options", location)
        generators.check_options(function, {**options, **extra}, name, location, hidden=tuple(extra))
        python_dialects.load_imported(location)
        return generators.call(function, {**options, **extra}, name, location)


@contextmanager
def _ambient() -> Iterator[None]:
    """Refuse user code that leaves the context and location that it ran in."""
    ir = mlir.load().ir
    context = ir.Context.current
    location = ir.Location.current
    try:
        yield
    finally:
        try:
            left = ir.Context.current != context
        except ValueError:  # there is none
            left = True
        if left:  # what encloses this leaves it, too
            context.__enter__()
            location.__enter__()
    if left:
        raise InputError("user code left the MLIR context that it ran in, or entered another; use 'with ir.Context():'")


def target_parameters(function: Callable[..., Any]) -> list[str]:
    """The parameters of `function` that are annotated `lighthouse_build.Target`."""
    from lighthouse_build.target import Target

    def is_target(annotation: Any) -> bool:
        if isinstance(annotation, str):  # from __future__ import annotations
            return annotation.replace(" ", "").removesuffix("|None").rpartition(".")[2] == Target.__name__
        return annotation is Target or Target in getattr(annotation, "__args__", ())

    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    return [p.name for p in parameters if is_target(p.annotation)]


def wants_payload(function: Callable[..., Any]) -> bool:
    """Whether `function` is payload-aware: it has a parameter named `payload`."""
    try:
        return PAYLOAD in inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False


def checked_module(result: Any, context: Any, what: str, location: SourceLocation) -> Any:
    """`result` of user code as a module of `context`. Raises InputError when it is something else."""
    operation = getattr(result, "operation", None)
    if not isinstance(operation, mlir.load().ir.Operation) or operation.name != "builtin.module":
        returned = "None" if result is None else f"an object of type '{type(result).__name__}'"
        raise InputError(f"{what} returned {returned}; it must return an mlir.ir.Module", location)
    if operation.context != context:
        raise InputError(f"{what} returned a module of another context; build it in the ambient one", location)
    return result


def generate_payload(
    spec: language.Generator,
    path: str,
    location: SourceLocation,
    python: UserPython,
    diagnostics: mlir.Diagnostics,
    context: Any,
) -> Any:
    """Run a payload generator in `context`; its module, verified.

    Args:
        spec: names the function and its options.
        path: of its file.
        location: where it was named.
        python: how user code runs.
        diagnostics: of the context.
        context: the ambient one.

    Raises:
        InputError: at the user's line.
    """
    with python.running(path, diagnostics):
        module = generators.load(path, location)
        function = generators.lookup(module, spec.function, path, location)
        result = python.call(function, spec.options, spec.function, location)
    what = f"'{spec.function}' in '{path}'"
    checked_module(result, context, what, location)
    mlir.verify(
        result.operation, f"the payload that {what} generated does not verify", InputError, diagnostics, location
    )
    return result


@frozen
class PythonStep:
    """A step that stays Python: a stage class, or a generator and the sequence of what it generates.

    Attributes:
        path: of the file; in the resolved stage relative to the project, or to the shipped library.
        name: of the class or function.
        is_class: which of the two.
        options: for it.
        sequence: of the generated schedule.
        params: for the sequence.
        digest: of the file and all that it imports, so that the stage changes when they do.
    """

    path: str
    name: str
    is_class: bool
    options: str
    sequence: str = ""
    params: str = ""
    digest: str = ""

    @classmethod
    def of(
        cls, spec: language.Generator | language.StageClass, path: str, python: UserPython, sources: Sequence[str]
    ) -> PythonStep:
        """The step of `spec`, whose file is `path` and has read `sources`."""
        relative = _portable(path, python.root)
        options = format_options(spec.options)
        digest = _digest(sources)
        if isinstance(spec, language.StageClass):
            return cls(relative, spec.name, True, options, digest=digest)
        return cls(relative, spec.function, False, options, spec.sequence or "", format_options(spec.params), digest)

    def to_attributes(self, ir: Any) -> dict[str, Any]:
        """As MLIR attributes, for the resolved stage."""
        kind = "class" if self.is_class else "generator"
        entries = {"file": self.path, kind: self.name, "options": self.options, "digest": self.digest}
        if not self.is_class:
            entries |= {"sequence": self.sequence, "params": self.params}
        return {key: ir.StringAttr.get(value) for key, value in entries.items()}

    @classmethod
    def from_attributes(cls, attributes: Any) -> PythonStep:
        """What `to_attributes` wrote."""
        entries = {a.name: a.attr.value for a in attributes}
        is_class = "class" in entries
        name = entries["class" if is_class else "generator"]
        return cls(
            entries["file"],
            name,
            is_class,
            entries["options"],
            entries.get("sequence", ""),
            entries.get("params", ""),
            entries["digest"],
        )

    def apply(
        self,
        payload: Any,
        python: UserPython,
        diagnostics: mlir.Diagnostics,
        what: str,
        interpret: Callable[[Any, Any], None],
    ) -> Any:
        """Apply the step to the module `payload`; the module that replaces it, or None when it was changed in place.

        Args:
            payload: what to change.
            python: how user code runs.
            diagnostics: of the context.
            what: the step, in messages.
            interpret: applies an entry sequence, and the schedule that it lies in, to the payload.

        Raises:
            InputError: at the user's line.
            LoweringError: the step failed on this payload.
        """
        path = _located(self.path, python.root)
        location = SourceLocation(path)
        if not os.path.isfile(path):
            raise InputError(f"{what} needs the file '{path}', which does not exist; resolve the stage again", location)
        python.dependencies.add(path, "generators")
        with python.running(path, diagnostics):
            module = generators.load(path, location)
            function = generators.lookup(module, self.name, path, location, "class" if self.is_class else "function")
            if self.is_class:
                return self._apply_class(function, payload, python, location)
            schedule = self._generate(function, payload, python, location, what)
        self._apply_schedule(schedule, payload, diagnostics, location, interpret)
        return None

    def _apply_class(self, function: Any, payload: Any, python: UserPython, location: SourceLocation) -> Any:
        stage = python.call(function, parse_options(self.options), self.name, location)
        apply = getattr(stage, "apply", None)
        if not callable(apply):
            raise InputError(f"the stage class '{self.name}' has no method 'apply(module)'", location)
        result = generators.call(apply, {}, f"{self.name}.apply", location, positional=(payload,))
        if result is None:
            return None
        return checked_module(result, payload.context, f"'{self.name}.apply' in '{location.file}'", location)

    def _generate(self, function: Any, payload: Any, python: UserPython, location: SourceLocation, what: str) -> Any:
        aware = wants_payload(function)
        before = str(payload) if aware else ""
        given = {PAYLOAD: payload} if aware else {}
        result = python.call(function, parse_options(self.options), self.name, location, given)
        if aware and str(payload) != before:
            msg = f"{what}: the generator '{self.name}' changed its payload, which is read-only; write a stage class"
            raise LoweringError(msg, location)
        return checked_module(result, payload.context, f"'{self.name}' in '{location.file}'", location)

    def _apply_schedule(
        self,
        schedule: Any,
        payload: Any,
        diagnostics: mlir.Diagnostics,
        location: SourceLocation,
        interpret: Callable[[Any, Any], None],
    ) -> None:
        ir = mlir.load().ir
        spec = language.Generator(
            self.path, self.name, self.sequence or None, params=parse_options(self.params) if self.params else {}
        )
        name = language.describe(spec)
        sound = schedules.check(schedule.operation, name, location, diagnostics) is None
        holder = ir.Module.create(ir.Location.unknown(payload.context))
        nested = schedules.nest(schedule.operation, holder.body, 0, spec, location, diagnostics, verify=sound)
        entry = list(nested.regions[0].blocks[0].operations)[-1].operation
        interpret(entry, nested)


def _portable(path: str, root: str) -> str:
    """How a resolved stage names the file `path` of the project at `root`: alike wherever both are installed."""
    if os.path.dirname(path) == SHIPPED:
        return _IN_LIBRARY + os.path.basename(path)
    return os.path.relpath(path, root).replace(os.sep, "/")


def _located(name: str, root: str) -> str:
    """The path that `_portable` wrote."""
    if name.startswith(_IN_LIBRARY):
        return os.path.join(SHIPPED, name.removeprefix(_IN_LIBRARY))
    return os.path.normpath(os.path.join(root, name))


def _digest(sources: Sequence[str]) -> str:
    """SHA-256 of the contents of `sources`, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(sources, key=lambda p: (os.path.basename(p), p)):
        if os.path.isfile(path):
            with open(path, "rb") as stream:
                digest.update(os.path.basename(path).encode() + b"\0" + stream.read() + b"\0")
    return digest.hexdigest()
