# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dialects that are defined in Python: when they are loaded, and what a resolved stage says about them.

The bindings let a class define a dialect (`mlir.dialects.ext.Dialect`) and others its operations, transform ops with
an `apply` in Python among them. A context knows such a dialect only after it was loaded into it; operations that are
built before are unregistered, and text that is parsed before is refused. So

* before a generator is called, the dialects that its imports have defined are loaded into its context;
* the manifest of a resolved stage lists, under `requires`, what defines the dialects that its schedules really use,
  and that is imported and loaded before the text is parsed, into the context of the payload;
* who uses no such dialect pays for none of it.

How a dialect is loaded, its package knows best: a function `register_and_load()`, as llvm/lighthouse has it in
`lighthouse.dialects`, is called if one of the modules around the dialect has it, the outermost first. Otherwise
`Dialect.load()` is, and then `attach_interface_impls()` of each operation that has it. An entry of `requires` is the
dotted name of a module, or, of what can only be imported by its place, a path relative to the project.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any

from lighthouse_build.application import context as mlir
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.resolution import generators

__all__ = ["import_required", "load_imported", "mismatch", "refuse_late", "required_by", "required_files"]

_REGISTER = "register_and_load"
# Functions of these names are called by MLIR alone.
_INTERFACE = re.compile(
    r"\b(apply|allow_repeated_handle_operands|get_effects|get_speculatability|infer_return_types|verify\w*_invariants)"
    r"\(\) (takes|missing) "
)


def load_imported(location: SourceLocation) -> None:
    """Load the dialects that imported modules define into the current context; those that it has, stay.

    Raises:
        InputError: at the user's line, or at `location`.
    """
    for dialect in _imported():
        _load(dialect, location)


def refuse_late(operation: Any, name: str, location: SourceLocation) -> None:
    """Refuse operations that the generator `name` built before it had imported their dialect: they are unregistered.

    Raises:
        InputError: at `location`.
    """
    context = mlir.load().ir.Context.current
    for dialect in _used(operation):
        if not context.is_dialect_loaded(dialect.DIALECT_NAMESPACE):
            module = generators.name_of(dialect.__module__)
            msg = f"'{name}' imports '{module}', which defines the dialect '{dialect.DIALECT_NAMESPACE}', while it runs"
            raise InputError(f"{msg}; import it at the top of the file", location)


def required_by(operation: Any, importable: Sequence[str], root: str) -> list[str]:
    """What must be imported before the text of `operation` can be parsed.

    Args:
        operation: a schedule in the current context.
        importable: directories that will be importable then, besides installed packages.
        root: the directory that paths are relative to.
    """
    modules: list[ModuleType] = []
    for dialect in _used(operation):
        registering = _registering(dialect)
        modules += [registering] if registering else _definitions(dialect)
    return list(dict.fromkeys(_named(module, importable, root) for module in modules))


def _used(operation: Any) -> list[Any]:
    """The dialects, defined in Python, that `operation` has something of, by name."""
    dialects = {dialect.DIALECT_NAMESPACE: dialect for dialect in _imported()}
    if not dialects:
        return []
    text = operation.get_asm(assume_verified=True)
    # Operations, types and attributes alike; a string of that look costs an import that was not needed.
    names = {found[1] for found in re.finditer(r"(?<![\w.$-])([A-Za-z_][\w$]*)\.", text)}
    return [dialects[name] for name in sorted(names & dialects.keys())]


def import_required(names: Sequence[str], stage: str, root: str) -> None:
    """Import what `required_by` named for `stage`, and load the dialects into the current context.

    Raises:
        InputError: it cannot be imported or loaded.
    """
    location = SourceLocation(stage)
    for name in names:
        if name.endswith(".py"):
            module = generators.load(os.path.join(root, name), location)
        else:
            module = generators.import_module(name, location)
        if callable(getattr(module, _REGISTER, None)):
            generators.call(getattr(module, _REGISTER), {}, f"{name}.{_REGISTER}", location)
    load_imported(location)


def required_files(names: Sequence[str], root: str) -> list[str]:
    """The files among `names`, which `required_by` gave."""
    return [os.path.join(root, name) for name in names if name.endswith(".py")]


def mismatch(error: TypeError) -> str | None:
    """What `error` means if MLIR called an interface that Python implements in a way that it was not written for."""
    if not _INTERFACE.search(str(error)) or not any(name.endswith(".dialects.ext") for name in sys.modules):
        return None
    packages = dict.fromkeys(generators.name_of(d.__module__).partition(".")[0] for d in _imported())
    names = " and ".join(map(_with_version, packages)) or "this project"
    wanted = "".join(map(_wanted_bindings, packages))
    return f"operations that {names} defines do not fit the MLIR bindings {mlir.load().provider}{wanted}: {error}"


def _wanted_bindings(package: str) -> str:
    """Which bindings `package` says that it wants: in its metadata, or of a checkout, in the project file beside it."""
    import importlib.metadata

    try:
        requirements = importlib.metadata.requires(package) or []
    except importlib.metadata.PackageNotFoundError:
        origin = getattr(sys.modules.get(package), "__file__", None) or ""
        try:
            with open(os.path.join(os.path.dirname(origin), os.pardir, "pyproject.toml"), encoding="utf-8") as stream:
                requirements = re.findall(r'"([^"\n]+)"', stream.read())
        except OSError:
            return ""
    wanted = next((r for r in requirements if re.match(r"(mlir[-_]python[-_]bindings|torch[-_]mlir)\b", r)), "")
    return f"; '{package}' asks for {wanted.partition(';')[0].strip()}" if wanted else ""


def _with_version(package: str) -> str:
    version = getattr(sys.modules.get(package), "__version__", "")
    return f"'{package}'{version and f' {version}'}"


def _imported() -> list[Any]:
    """The dialects that modules define which are imported now, in the order of their definition."""
    extension = sys.modules.get(f"{mlir.load().provider.name}.dialects.ext")
    if extension is None:
        return []

    def below(parent: Any) -> Iterator[Any]:
        for child in parent.__subclasses__():
            yield child
            yield from below(child)

    return [d for d in below(extension.Dialect) if _parts(d) and _module(d)]


def _parts(dialect: Any) -> list[Any]:
    return [*dialect.operations, *dialect.types, *dialect.attributes]


def _module(definition: Any) -> ModuleType | None:
    """The module that defines a class; None for one that was forgotten since, or imported anew."""
    top, dot, _ = definition.__qualname__.partition(".")
    module = sys.modules.get(definition.__module__)
    held = getattr(module, top, None)
    return module if held is definition or (dot and held is not None) else None


def _registering(dialect: Any) -> ModuleType | None:
    """The outermost module around `dialect` with a function that registers and loads dialects."""
    parts = dialect.__module__.split(".")
    around = [sys.modules.get(".".join(parts[: end + 1])) for end in range(len(parts) - 1)]
    return next((m for m in (*around, _module(dialect)) if m and callable(getattr(m, _REGISTER, None))), None)


def _load(dialect: Any, location: SourceLocation) -> None:
    name = dialect.DIALECT_NAMESPACE
    context = mlir.load().ir.Context.current
    if context.is_dialect_loaded(name):
        return
    module = _registering(dialect)
    if module is not None:
        called = f"{generators.name_of(module.__name__)}.{_REGISTER}"
        generators.call(getattr(module, _REGISTER), {}, called, location)
    if context.is_dialect_loaded(name):
        return
    what = f"loading the dialect '{name}'"
    generators.call(dialect.load, {}, what, location)
    for operation in dialect.operations:
        if hasattr(operation, "attach_interface_impls"):
            generators.call(operation.attach_interface_impls, {}, what, location)


def _definitions(dialect: Any) -> list[ModuleType]:
    """The modules that define `dialect` and its parts."""
    return list(filter(None, map(_module, (dialect, *_parts(dialect)))))


def _named(module: ModuleType, importable: Sequence[str], root: str) -> str:
    """How `module` is imported in another process: its dotted name if one of `importable` has it, else its path."""
    path = os.path.abspath(module.__file__ or "")
    name = generators.name_of(module.__name__)
    inside = os.path.join(*name.split("."))
    for directory in importable:
        places = (
            os.path.join(os.path.abspath(directory), inside + ".py"),
            os.path.join(directory, inside, "__init__.py"),
        )
        if path in map(os.path.abspath, places):
            return name
    return os.path.relpath(path, root).replace(os.sep, "/")
