# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Running the user's Python: import a file, call a function of it with options, report what goes wrong.

User code runs in the child process, with the file's directory importable after the standard library and before
installed packages, never with cached bytecode of the project (a same-second edit would load the old code), and with a
scrubbed environment. What a file imported from the project is forgotten afterwards: two generators may each have a
`helpers.py` of their own. A package is only put aside, and is there again for whoever would import that very package:
it may register with the bindings, which take a type or a dialect once.
"""

from __future__ import annotations

import importlib
import importlib.machinery
import importlib.util
import inspect
import os
import re
import site
import sys
import sysconfig
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import CodeType, ModuleType
from typing import Any

from lighthouse_build.errors import Diagnostic, InputError, LighthouseError, SourceLocation, did_you_mean
from lighthouse_build.resolution.repair import Snapshot

__all__ = [
    "as_error",
    "call",
    "check_options",
    "import_directories",
    "import_module",
    "is_installed",
    "is_users",
    "load",
    "lookup",
    "name_of",
    "place_of",
    "public_names",
    "user_code",
    "user_frames",
]

# Begins the name of a module that is loaded by its path: the file may be called like a module that it imports.
_BY_PATH = "_lighthouse_stage_"

_MAX_FRAMES = 20
_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "")


class _UncachedLoader(importlib.machinery.SourceFileLoader):
    """Imports from the source alone."""

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        try:
            return self.source_to_code(self.get_data(path), path)
        except SyntaxError as error:
            error.filename = error.filename or path  # of a file with null bytes Python does not say where it was
            raise
        except ValueError as error:  # what Python before 3.11.4 raises of these
            raise SyntaxError(str(error), (path, None, None, None)) from None


class _FreshLoader(importlib.machinery.SourceFileLoader):
    """Imports installed packages: from bytecode, unless the source may have been edited since that was written.

    Python compares whole seconds and sizes, and takes an edit within both for none.
    """

    def get_code(self, fullname: str) -> CodeType | None:
        path = self.get_filename(fullname)
        # Nothing is left out here: without bytecode, which some interpreters never keep, the source is compiled.
        fresh = False
        if sys.implementation.cache_tag is not None:
            with suppress(OSError):
                fresh = os.stat(path).st_mtime_ns < os.stat(importlib.util.cache_from_source(path)).st_mtime_ns
        return super().get_code(fullname) if fresh else self.source_to_code(self.get_data(path), path)


_FRESH: Callable[[str], Any] = importlib.machinery.FileFinder.path_hook(
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    (_FreshLoader, importlib.machinery.SOURCE_SUFFIXES),
)

_UNCACHED: Callable[[str], Any] = importlib.machinery.FileFinder.path_hook(
    (importlib.machinery.ExtensionFileLoader, importlib.machinery.EXTENSION_SUFFIXES),
    (_UncachedLoader, importlib.machinery.SOURCE_SUFFIXES),
)


def _roots(*keys: str) -> tuple[str, ...]:
    paths = sysconfig.get_paths()
    roots = {paths[key] for key in keys}
    roots |= {os.path.realpath(root) for root in roots}
    return tuple(os.path.join(root, "") for root in roots)


def _installed_roots() -> tuple[str, ...]:
    packages = tuple(os.path.join(root, "") for root in site.getsitepackages())
    library = os.path.join(os.path.dirname(os.__file__), "")
    return (*_roots("stdlib", "platstdlib", "purelib", "platlib"), *packages, library)


def _in_packages(path: str) -> bool:
    return f"{os.sep}site-packages{os.sep}" in path or f"{os.sep}dist-packages{os.sep}" in path


def is_installed(path: str, bindings: str) -> bool:
    """Whether `path` belongs to an installed package, in whatever environment, or to the bindings."""
    path = os.path.join(os.path.abspath(path), "")
    roots = (*_installed_roots(), _PACKAGE, *([os.path.join(bindings, "")] if bindings else []))
    return _in_packages(path) or path.startswith(roots)


def _loads_as_usual(path: str, bindings: str) -> bool:
    """Whether `path` belongs to the interpreter's own library, the driver or the bindings, which nobody edits."""
    path = os.path.join(os.path.abspath(path), "")
    if path.startswith((_PACKAGE, *([os.path.join(bindings, "")] if bindings else []))):
        return True
    return path.startswith(_roots("stdlib", "platstdlib")) and not _in_packages(path)


class _Shelf:
    """Packages of the project that were imported before: root directory, to top-level name, to modules."""

    def __init__(self) -> None:
        self._packages: dict[str, dict[str, dict[str, ModuleType]]] = {}
        self._stamps: dict[str, tuple[int, int]] = {}

    def put(self, name: str, module: ModuleType) -> None:
        """Keep the module `name` if it is of a package."""
        top = name.partition(".")[0]
        init = getattr(sys.modules.get(top), "__file__", None) or ""
        path = getattr(module, "__file__", None)
        if os.path.basename(init) == "__init__.py" and path:
            root = os.path.dirname(os.path.dirname(os.path.abspath(init)))
            self._packages.setdefault(root, {}).setdefault(top, {})[name] = module
            self._stamps[path] = _stamp(path)

    def take(self, directories: Sequence[str]) -> list[str]:
        """Give back the packages that an import would find in `directories`; their files."""
        files: list[str] = []
        for at, root in enumerate(map(os.path.abspath, directories)):
            for top, modules in list(self._packages.get(root, {}).items()):
                before = (os.path.join(directory, top) for directory in directories[:at])
                if top in sys.modules or any(map(_imports, before)):
                    continue
                paths = [str(module.__file__) for module in modules.values()]
                if any(_stamp(path) != self._stamps[path] for path in paths):
                    del self._packages[root][top]  # edited since, in a process that lives longer than a build's
                    continue
                sys.modules.update(modules)
                files += paths
        return files


def _imports(place: str) -> bool:
    """Whether an import would take the module or package at `place`, rather than look on."""
    return os.path.isfile(os.path.join(place, "__init__.py")) or os.path.isfile(place + ".py")


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError:
        return 0, 0
    return status.st_mtime_ns, status.st_size


_shelf = _Shelf()


@contextmanager
def user_code(directories: Sequence[str], bindings: str = "") -> Iterator[list[str]]:
    """Run user code: imports find `directories` (first wins); afterwards what was set is undone.

    Modules of these directories are forgotten, packages put aside; all others stay: to load the bindings or numpy twice
    would be fatal.

    Args:
        directories: of the project.
        bindings: the directory of the MLIR bindings, if the code may load them: they need not be installed.

    Yields:
        The files of packages that are there from before: no import will open them.
    """
    path, modules, cwd, argv = list(sys.path), set(sys.modules), os.getcwd(), list(sys.argv)

    def project_hook(directory: str) -> Any:
        if _loads_as_usual(directory, bindings):
            msg = "the interpreter's own library and the bindings load as usual"
            raise ImportError(msg)
        return (_FRESH if is_installed(directory, bindings) else _UNCACHED)(directory)

    # After the standard library, so that a `types.py` of the project cannot break it.
    at = next((i for i, p in enumerate(sys.path) if "site-packages" in p or "dist-packages" in p), len(sys.path))
    sys.path[at:at] = [d for d in directories if d not in sys.path]
    sys.path_hooks.insert(0, project_hook)
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()
    sys.dont_write_bytecode = True
    try:
        yield _shelf.take(sys.path)
    finally:
        sys.path[:], sys.argv[:] = path, argv
        sys.path_hooks.remove(project_hook)
        sys.path_importer_cache.clear()
        os.chdir(cwd)
        roots = tuple(os.path.join(os.path.abspath(directory), "") for directory in directories)
        forgotten = []
        for name in sorted(set(sys.modules) - modules):
            file = getattr(sys.modules[name], "__file__", None)
            origin = os.path.abspath(file) if isinstance(file, str) else os.sep
            if origin.startswith(roots) and not is_installed(origin, bindings):
                _shelf.put(name, sys.modules[name])
                forgotten.append(name)
        for name in forgotten:
            del sys.modules[name]


def _dotted_name(path: str) -> tuple[str, str]:
    """The module name of the file and the directory that makes it importable: in a package, its dotted name."""
    directory, base = os.path.split(path)
    parts = [] if base == "__init__.py" else [base[: -len(".py")]]
    while os.path.isfile(os.path.join(directory, "__init__.py")):
        directory, package = os.path.split(directory)
        parts.insert(0, package)
    return ".".join(parts), directory


def import_directories(path: str) -> list[str]:
    """The directories that must be importable for the file `path`."""
    return [_dotted_name(path)[1]]


def load(path: str, location: SourceLocation) -> ModuleType:
    """Import the Python file `path`; call it inside `user_code`.

    A file in a package is imported under its dotted name, so that relative imports work; any other by its path, under a
    name that no import means. As with every import, `sys.modules` has the module by its name: `dataclasses`, `pickle`
    and others look there for the module of a class.

    Raises:
        InputError: when the file cannot be imported; shows the user's frames.
    """
    name, root = _dotted_name(path)
    in_package = root != os.path.dirname(path)
    with _reporting(f"importing '{path}' failed", location):
        if in_package:
            module = importlib.import_module(name)
            if os.path.realpath(module.__file__ or "") != os.path.realpath(path):
                msg = f"'{name}' was found in '{module.__file__}'; rename one of the two packages"
                raise InputError(msg, location)
            return module
        name = _free_name(path)
        spec = importlib.util.spec_from_file_location(name, path, loader=_UncachedLoader(name, path))
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        return module


def _free_name(path: str) -> str:
    """A name for the module of the file `path`, which no other file has; the same in every tree."""
    stem = os.path.basename(path)[: -len(".py")].replace(".", "_")  # a dot would ask for a package
    name, number = _BY_PATH + stem, 1
    while name in sys.modules and getattr(sys.modules[name], "__file__", None) != path:
        number += 1
        name = f"{_BY_PATH}{stem}_{number}"
    return name


def name_of(module: str) -> str:
    """What the user calls the module of this name: a file that is loaded by its path, by its own name."""
    return module.removeprefix(_BY_PATH)


def import_module(name: str, location: SourceLocation) -> ModuleType:
    """Import the module `name`, which a stage at `location` requires; call it inside `user_code`.

    Raises:
        InputError: when it cannot be imported; shows the user's frames.
    """
    with _reporting(f"importing '{name}' failed", location):
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            if not f"{name}.".startswith(f"{error.name}."):
                raise
            msg = f"the stage requires the Python module '{name}', and there is no '{error.name}'"
            fix = "name the directory that it is in with --python-path (PYTHON_PATH in CMake)"
            raise InputError(f"{msg}; {fix}", location) from None


def lookup(
    module: ModuleType, name: str, path: str, location: SourceLocation, kind: str = "function"
) -> Callable[..., Any]:
    """The function or class (`kind`) `name` of `module`, imported from `path`; InputError lists the candidates."""
    function: Any = getattr(module, name, None)
    if inspect.isclass(function) if kind == "class" else callable(function):
        return function  # type: ignore[no-any-return]
    if function is not None:
        raise InputError(f"'{name}' in '{path}' is of type '{type(function).__name__}', not a {kind}", location)
    own = public_names(module, kind)
    hint = did_you_mean(name, own) or (f"; it has {', '.join(own)}" if own else "; it has none")
    raise InputError(f"no {kind} '{name}' in '{path}'{hint}", location)


def public_names(module: ModuleType, kind: str) -> list[str]:
    """The functions or classes (`kind`) that `module` itself defines, in order."""
    is_kind = inspect.isclass if kind == "class" else inspect.isfunction
    return [
        name
        for name, value in vars(module).items()
        if is_kind(value) and not name.startswith("_") and value.__module__ == module.__name__
    ]


def check_options(
    function: Callable[..., Any],
    options: Mapping[str, Any],
    name: str,
    location: SourceLocation,
    hidden: Sequence[str] = (),
) -> None:
    """Compare `options` with the signature of `function`.

    Args:
        function: what will be called.
        options: what it will be called with.
        name: what messages call it.
        location: where it is named.
        hidden: parameters that are not the user's to give.

    Raises:
        InputError: names what is unknown or missing.
    """
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return  # a builtin without a signature: the call itself will tell
    if not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        accepted = [p.name for p in parameters.values() if p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD)]
        accepted = [p for p in accepted if p not in hidden]
        for option in options:
            if option not in accepted and option not in hidden:
                hint = did_you_mean(option, accepted)
                hint = hint or (f"; it takes {', '.join(accepted)}" if accepted else "; it takes no options")
                raise InputError(f"'{name}' has no option '{option}'{hint}", location)
    for p in parameters.values():
        if p.kind is p.POSITIONAL_ONLY and p.default is p.empty:
            raise InputError(f"'{name}' has a positional-only parameter '{p.name}'; options are keywords", location)
        if p.default is p.empty and p.kind in (p.KEYWORD_ONLY, p.POSITIONAL_OR_KEYWORD) and p.name not in options:
            raise InputError(f"'{name}' needs the option '{p.name}'", location)


def call(
    function: Callable[..., Any],
    options: Mapping[str, Any],
    name: str,
    location: SourceLocation,
    positional: Sequence[Any] = (),
) -> Any:
    """`function(*positional, **options)`, with what it raises as an InputError at the user's line."""
    with _reporting(f"'{name}' failed", location):
        return function(*positional, **options)


@contextmanager
def _reporting(what: str, location: SourceLocation) -> Iterator[None]:
    """Turn any exception of user code, exits included, into an InputError, and undo what it did to the interpreter."""
    snapshot = Snapshot()
    try:
        try:
            yield
        finally:
            snapshot.restore()
    except InputError:
        raise
    except SyntaxError as error:
        if not error.filename or not isinstance(error.filename, str):  # raised by hand
            raise as_error(error, what, location) from None
        line, column = (n if isinstance(n, int) and 0 < n < 1 << 31 else 0 for n in (error.lineno, error.offset))
        at = SourceLocation(error.filename, line, column)
        raise InputError(f"{type(error).__name__}: {error.msg}", at, [_named_at(what, location)]) from None
    except SystemExit as error:
        frames = user_frames(error)
        raise InputError(
            f"{what}: it called sys.exit({error.code!r}); a generator returns its module",
            frames[0].location if frames else location,
            [*frames[1:], _named_at("named", location)],
        ) from None
    except BaseException as error:  # KeyboardInterrupt included: the driver's own is handled by the parent
        raise as_error(error, what, location) from None
    finally:
        sys.stdout.flush()
        sys.stderr.flush()


def as_error(
    error: BaseException, what: str, location: SourceLocation | None, kind: type[LighthouseError] = InputError
) -> LighthouseError:
    """The exception `error` of user code as an error `what` of class `kind`, at the innermost line of the project.

    `location` is that of the stage.
    """
    frames = user_frames(error)
    at = frames[0].location if frames else location
    named = [_named_at("named", location)] if location and location != at else []
    mismatch = _mismatch(error)
    if mismatch:
        return InputError(mismatch, at, [*frames[1:], Diagnostic(what, severity="note"), *named])
    return kind(f"{what}: {_summary(error)}", at, [*frames[1:], *_chain(error), *named])


def _mismatch(error: BaseException) -> str | None:
    """What is wrong if the bindings, of another version, call the user's code in another way."""
    if not isinstance(error, TypeError):
        return None
    from lighthouse_build.resolution import python_dialects

    return python_dialects.mismatch(error)


def _summary(error: BaseException) -> str:
    try:
        return _formatted(error)
    except BaseException:  # its text is user code, too
        return type(error).__name__


def _formatted(error: BaseException) -> str:
    lines = [line.rstrip("\n") for line in traceback.format_exception_only(type(error), error)]
    # The user knows the bindings as `mlir`, whatever package they are in, and files by their own names.
    return re.sub(r"^[\w.]+\._mlir_libs\._mlir\.", "mlir.", "\n".join(lines)).replace(_BY_PATH, "")


def _chain(error: BaseException) -> list[Diagnostic]:
    """What the exception was raised from."""
    notes: list[Diagnostic] = []
    seen = {id(error)}
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    while cause is not None and id(cause) not in seen and len(notes) < 10:
        seen.add(id(cause))
        frames = user_frames(cause)
        notes.append(Diagnostic(f"caused by {_summary(cause)}", frames[0].location if frames else None, "note"))
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    return notes


def _named_at(what: str, location: SourceLocation) -> Diagnostic:
    return Diagnostic(f"{what}, in this stage" if what == "named" else what, location, "note")


def place_of(function: Callable[..., Any]) -> SourceLocation | None:
    """Where `function` is defined, if it is written in Python."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    return SourceLocation(code.co_filename, code.co_firstlineno) if code else None


def is_users(file: str) -> bool:
    """Whether `file`, of a frame, is of the project."""
    return not file.startswith("<") and not is_installed(os.path.abspath(file), "")


def user_frames(error: BaseException) -> list[Diagnostic]:
    """The frames of the project that `error` came through, innermost first, as notes."""
    frames = []
    for frame in traceback.extract_tb(error.__traceback__):
        if not is_users(frame.filename):
            continue
        column = (getattr(frame, "colno", None) or -1) + 1
        frames.append(Diagnostic(f"in {frame.name}", SourceLocation(frame.filename, frame.lineno or 0, column), "note"))
    # Of an endless recursion the ends are enough.
    frames = [f for i, f in enumerate(frames) if i == 0 or f != frames[i - 1]][::-1]
    if len(frames) > _MAX_FRAMES:
        left_out = Diagnostic(f"… {len(frames) - _MAX_FRAMES} more frames …", None, "note")
        frames[_MAX_FRAMES // 2 : -(_MAX_FRAMES // 2)] = [left_out]
    return frames
