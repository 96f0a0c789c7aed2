# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The bindings at hand: contexts, parsing with the right file names, MLIR's diagnostics as ours."""

from __future__ import annotations

import os

from lighthouse_build import limits
from lighthouse_build.bindings import Core, core
from lighthouse_build.errors import Diagnostic, InputError, LighthouseError, LoweringError, SourceLocation
from lighthouse_build.payload import Payload
from lighthouse_build.prefix_map import PrefixMap
from lighthouse_build.scopes import contextmanager
from lighthouse_build.stage_file import ResolvedStage

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = [
    "Diagnostics",
    "context",
    "is_loaded",
    "leave",
    "load",
    "locate",
    "parse_file",
    "parse_payload",
    "parse_stage",
    "place_of",
    "recorded_locations",
    "reporting",
    "user_operations",
    "verify",
]


_core: Core | None = None


def load(*, whole: bool = True) -> Core:
    """The C extensions of the bindings.

    Args:
        whole: as of `core`. The first call in a process decides.
    """
    global _core
    if _core is None:
        _core = core(whole=whole)
    return _core


def is_loaded() -> bool:
    """Whether this process has the bindings."""
    return _core is not None


@contextmanager
def context() -> Iterator[Any]:
    """A fresh context with every dialect at hand. Single-threaded: jobs are small, printing with threads can die."""
    with load().context() as made:
        made.enable_multithreading(False)
        yield made


_left: list[Any] = []


def leave(module: Any) -> None:
    """Let `module` and its context end with the process, or with the next call: taking them down costs a job time."""
    _left[:] = [module]


_MAX_LINES = 16

# What MLIR calls a file whose name is mapped, to the file.
_real_names: dict[str, str] = {}
_PRINTED = "Diagnostic generated while applying transform.named_sequence:\n"

# One diagnostic of many in a text: "Diagnostic message at loc(…): …at loc(…): …".
# These are compiled when they are used, which is seldom.
_NO_REASON = ("Failed to apply named transform sequence.", "Diagnostic message")
_FLATTENED = r"(?:^Failed to apply named transform sequence\.\s*Diagnostic message )?at (loc\(.*?\)): "
_OPERATION = "see current operation"

# A wrong option of `apply_registered_pass` is printed as a program prints one of its own, whose name is empty here.
_PASS_OPTION = r"(?m)^: (for the .*)\n"


def _shortened(message: str) -> str:
    """`message` without the rest of an operation that fills the screen."""
    lines = message.splitlines()
    return message if len(lines) <= _MAX_LINES else "\n".join([*lines[:_MAX_LINES], "…"])


def _cast(kind: Any, location: Any) -> Any:
    """`location` as a `kind`, or None; the bindings hand out some locations as their base class."""
    if isinstance(location, kind):
        return location
    try:
        return kind(location)
    except (TypeError, ValueError):
        return None


def place_of(location: Any) -> tuple[str, int, int] | None:
    """File, line and column of the first place in a file that `location` holds, however it is wrapped."""
    ir = load().ir
    known = _cast(ir.FileLineColLoc, location)
    if known is not None:
        file = str(known.filename)
        return _real_names.get(file, file), known.start_line, known.start_col
    known = _cast(ir.CallSiteLoc, location)
    if known is not None:
        return place_of(known.callee) or place_of(known.caller)
    known = _cast(ir.NameLoc, location)
    if known is not None:
        return place_of(known.child_loc)
    known = _cast(ir.FusedLoc, location)
    if known is not None:
        return next(filter(None, map(place_of, known.locations)), None)
    return None


def locate(location: Any) -> SourceLocation | None:
    """The same as a location of errors."""
    place = place_of(location)
    return SourceLocation(*place) if place else None


def _in_stage(stage: ResolvedStage, line: int, column: int) -> SourceLocation:
    """A place in `stage` itself."""
    if stage.path:  # where the manifest stands before the text that MLIR has read
        return SourceLocation(stage.path, line + 1, column)
    return SourceLocation(f"<stage {stage.name}>", line, column, stage.body)


class Diagnostics:
    """Collects what MLIR reports in a context, at the places that the user knows."""

    def __init__(self, context: Any) -> None:
        self.found: list[Diagnostic] = []
        self.in_stage = False  # whether a place in a stage was met
        self.observe: Callable[[Diagnostic], None] | None = None  # sees each diagnostic at once
        self._stages: dict[str, ResolvedStage] = {}
        self._names: dict[str, tuple[str, str, int]] = {}
        self._handler = context.attach_diagnostic_handler(self._handle)

    def detach(self) -> None:
        self._handler.detach()

    def stage(self, stage: ResolvedStage) -> str:
        """Know `stage`, whose lines came from elsewhere; the name to parse it by, which is that of no file."""
        name = f"<stage {len(self._stages)}>"  # of a length that no path changes: memory lies the same in every build
        self._stages[name] = stage
        return name

    def name(self, mlir_name: str, name: str, text: str | bytes, offset: int = 0) -> None:
        """Say what the text that MLIR calls `mlir_name` is called, what it says, and how many lines stand before it."""
        content = text if isinstance(text, str) else text.decode(errors="replace")
        self._names[mlir_name] = (name, "\n" * offset + content, offset)

    def _handle(self, diagnostic: Any) -> bool:
        found = self.convert(diagnostic)
        self.found.append(found)
        if self.observe:
            self.observe(found)
        return True

    def convert(self, diagnostic: Any) -> Diagnostic:
        """MLIR's diagnostic, or the information of one in an MLIRError, as ours."""
        severity = str(diagnostic.severity).rpartition(".")[2].lower()
        notes = tuple(self.convert(note) for note in diagnostic.notes)
        if severity != "note":
            notes += self.resolved_as(diagnostic.location)
        return Diagnostic(_shortened(diagnostic.message), self.location(diagnostic.location), severity, notes)

    def location(self, location: Any) -> SourceLocation | None:
        """The first place in a file that `location` holds, as the user knows it."""
        found = locate(location)
        return self._at(found.file, found.line, found.column) if found else None

    def origin(self, location: SourceLocation) -> SourceLocation:
        """Where what stands at a place of a stage came from; any other place as it is."""
        if location.file not in self._stages:
            return location
        return self._at(location.file, location.line, location.column)

    def _at(self, file: str, line: int, column: int) -> SourceLocation:
        if file in self._stages:
            self.in_stage = True
            stage = self._stages[file]
            return stage.locations.get(line) or _in_stage(stage, line, column)
        if file in self._names:
            name, text, offset = self._names[file]
            return SourceLocation(name, line + offset if line else 0, column, text)
        # The bindings count the columns of Python from 0.
        return SourceLocation(_real_names.get(file, file), line, column + file.endswith(".py"))

    def resolved_as(self, location: Any) -> tuple[Diagnostic, ...]:
        """For the location of an operation that Python has built: a note that shows it in the resolved stage."""
        place = locate(location)
        return self._resolved_as(place.file, place.line, place.column) if place else ()

    def _resolved_as(self, file: str, line: int, column: int) -> tuple[Diagnostic, ...]:
        """For a place in a stage that Python has built: a note that shows the operation itself."""
        stage = self._stages.get(file)
        built = stage.locations.get(line) if stage else None
        if stage is None or built is None or not built.file.endswith(".py"):
            return ()
        return (Diagnostic("this operation of the resolved stage", _in_stage(stage, line, column), "note"),)

    def flattened(self, text: str) -> Diagnostic:
        """The diagnostics that the interpreter flattens into its exception's text: the first, others as its notes."""
        import re

        pieces = re.split(_FLATTENED, text.strip())
        if len(pieces) < 3:
            said = text.strip().removeprefix(_NO_REASON[0]).strip().removeprefix(_NO_REASON[1]).strip()
            return Diagnostic(said or "the transform interpreter gave no reason")
        found, resolved = [], []
        for where, message in zip(pieces[1::2], pieces[2::2]):
            file = re.search(r'"((?:[^"\\]|\\.)*)":(\d+):(\d+)', where)
            at = (file[1], int(file[2]), int(file[3])) if file else ("", 0, 0)
            place = self._at(*at) if file else None
            found.append(Diagnostic(_shortened(message.strip()), place if place and place.line else None, "note"))
            resolved.append(self._resolved_as(*at))
        # Some have no message of their own, and say what is wrong in a note.
        first = next((i for i, d in enumerate(found) if d.message and not d.message.startswith(_OPERATION)), 0)
        notes = [d for i, d in enumerate(found) if i != first and d.message]
        return Diagnostic(found[first].message, found[first].location, "error", (*notes, *resolved[first]))

    def printed(self, text: str) -> str:
        """Collect the diagnostics that the interpreter printed in `text`; the rest of the text."""
        rest, *pieces = text.split(_PRINTED)
        for piece in pieces:
            found = self.flattened(piece)
            # It does not say whether this was a warning or a remark.
            self.found.append(Diagnostic(found.message, found.location, "remark", found.notes))
        if not rest:
            return rest
        import re

        for option in re.findall(_PASS_OPTION, rest):
            self.found.append(Diagnostic(option))
        return re.sub(_PASS_OPTION, "", rest)

    def take(self) -> list[Diagnostic]:
        """What was found since the last call."""
        taken, self.found = self.found, []
        return taken


@contextmanager
def reporting(
    diagnostics: Diagnostics, message: str, kind: type[LighthouseError], location: SourceLocation | None = None
) -> Iterator[None]:
    """Turn what MLIR raises into an error `message` of class `kind`, with MLIR's diagnostics before it."""
    try:
        yield
    except LighthouseError:
        raise
    except load().ir.MLIRError as error:
        causes = [*diagnostics.take(), *map(diagnostics.convert, error.error_diagnostics)]
        raise kind(message, location, causes=causes) from None
    except (ValueError, RuntimeError) as error:
        # The interpreter raises ValueError with the diagnostics flattened into its text.
        if _is_user_s(error):
            raise _of_user(error, message, kind, location) from None
        causes = [*diagnostics.take(), diagnostics.flattened(str(error))]
        raise kind(message, location, causes=causes) from None
    except Exception as error:  # of code that MLIR called
        raise _of_user(error, message, kind, location) from None


def _is_user_s(error: Exception) -> bool:
    """Whether `error` was raised by an operation that is implemented in Python, and not by MLIR."""
    from lighthouse_build.resolution.generators import user_frames

    return bool(user_frames(error))


def _of_user(
    error: Exception, message: str, kind: type[LighthouseError], location: SourceLocation | None
) -> LighthouseError:
    from lighthouse_build.resolution.generators import as_error

    return as_error(error, message, location, kind)


def parse_payload(payload: Payload, diagnostics: Diagnostics, context: Any, prefix_map: PrefixMap | None = None) -> Any:
    """Parse and verify a payload: MLIR text or bytecode, one module or the operations of one.

    Its locations have the name that `prefix_map` gives it.
    """
    if payload.path is None:
        text = payload.text if isinstance(payload.text, bytes) else payload.text.encode(errors="surrogatepass")
        limits.check_mlir(text, payload.name, "payload")
        # MLIR calls a text that comes from no file "-".
        diagnostics.name("-", payload.name, payload.text, payload.offset)
        return _parse(lambda ir: ir.Module.parse(payload.text, context), payload.name, "payload", diagnostics)
    directory = prefix_map.directory(payload.path) if prefix_map else None
    if prefix_map is None or directory is None:
        return parse_file(payload.path, "payload", diagnostics, context)
    name = prefix_map(payload.path)
    _real_names[name] = payload.path
    limits.check_mlir_file(payload.path, "payload")
    with _working_in(directory):
        return _parse(lambda ir: ir.Module.parseFile(name, context), payload.path, "payload", diagnostics)


@contextmanager
def _working_in(directory: str) -> Iterator[None]:
    before = os.getcwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def parse_file(path: str, what: str, diagnostics: Diagnostics, context: Any) -> Any:
    """Parse and verify the file `path`, a `what` ("payload", "schedule") in messages, as a module."""
    limits.check_mlir_file(path, what)
    return _parse(lambda ir: ir.Module.parseFile(path, context), path, what, diagnostics)


def parse_stage(stage: ResolvedStage, diagnostics: Diagnostics, context: Any) -> Any:
    """The module operation of a resolved stage."""
    if stage.path:  # the driver's own text needs no check
        limits.check_mlir(
            f"//\n{stage.body}".encode(), stage.path, "stage"
        )  # the manifest is a comment in its own line
    name = diagnostics.stage(stage)
    message = f"the resolved stage cannot be read by these bindings ({load().provider}); resolve it again"
    with reporting(diagnostics, message, InputError, SourceLocation(stage.name)):
        return load().ir.Operation.parse(stage.body, source_name=name, context=context)


def _parse(parse: Callable[[Any], Any], name: str, what: str, diagnostics: Diagnostics) -> Any:
    """Parse; the first of MLIR's errors is the error, at its place, and the others come before it."""
    ir = load().ir
    try:
        return parse(ir)
    except ir.MLIRError as error:
        found = [*diagnostics.take(), *map(diagnostics.convert, error.error_diagnostics)]
        first = next((d for d in found if d.severity == "error"), None)
        if first is None:
            raise InputError(f"the {what} is not valid MLIR", SourceLocation(name)) from None
        location = first.location if first.location and first.location.line else SourceLocation(name)
        others = [d for d in found if d is not first]
        raise InputError(f"the {what} is not valid MLIR: {first.message}", location, first.notes, others) from None


def verify(
    operation: Any,
    message: str,
    kind: type[LighthouseError],
    diagnostics: Diagnostics,
    location: SourceLocation | None = None,
) -> None:
    """Verify `operation`; an error `message` of class `kind` says what is wrong with it."""
    with reporting(diagnostics, message, kind, location):
        if not operation.verify():
            raise LoweringError(message, location, causes=diagnostics.take())


@contextmanager
def recorded_locations() -> Iterator[None]:
    """While this runs, operations that Python builds are located where the code stands that builds them."""
    import contextlib

    from mlir import ir  # the full package: only generators come here, and they have loaded it

    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    own = (os.path.join(package, name) for name in sorted(os.listdir(package)) if name not in ("stages", "testing"))
    # They called the user, or the user called them, and is meant.
    for path in (str(load().provider.root), *own, contextlib.__file__):
        load().leave_out_of_locations(path)
    with ir.loc_tracebacks(max_depth=8):
        yield


@contextmanager
def user_operations() -> Iterator[None]:
    """While this runs, inside `generic_operations`, operations have the Python classes of their dialects again."""
    with load().dialect_operations():
        yield
