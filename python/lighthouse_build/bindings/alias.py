# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An import alias: `mlir` and every `mlir.x.y` name the very module objects of another package.

User code imports `mlir`, whichever package provides the bindings. Importing the files a second time under that name
would register every type twice and make two classes of each, so nothing is executed again: both names lead to one
object, in whatever order they are imported.
"""

from __future__ import annotations

import sys

from lighthouse_build.bindings.importing import ModuleSpec, ModuleType, import_module
from lighthouse_build.errors import InputError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType
    from typing import Any

__all__ = ["AliasFinder", "install", "installed"]

# What the import system writes to a module while it loads it.
_IMPORT_ATTRIBUTES = ("__name__", "__loader__", "__package__", "__spec__", "__path__", "__file__", "__cached__")


def _spec(name: str) -> ModuleSpec | None:
    import importlib.util  # with what it imports, dear to a job that finds no module here

    return importlib.util.find_spec(name)


class _AliasLoader:
    """Loads the module `real` under another name, without executing it again."""

    def __init__(self, real: str, name: str) -> None:
        self._real = real
        self._name = name
        self._attributes: dict[str, Any] = {}

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._real)
        # The import system overwrites `__spec__` with the alias's: remember what the module had.
        self._attributes = {name: module.__dict__[name] for name in _IMPORT_ATTRIBUTES if name in module.__dict__}
        return module

    def exec_module(self, module: ModuleType) -> None:
        for name in _IMPORT_ATTRIBUTES:
            if name in self._attributes:
                setattr(module, name, self._attributes[name])
            else:
                module.__dict__.pop(name, None)
        if not hasattr(module, "__path__"):
            self._enter_extension_submodules()

    def _enter_extension_submodules(self) -> None:
        # `_mlir.ir` is made by the extension `_mlir`, which is no package: the import system would not look below it.
        below = self._real + "."
        for name, module in list(sys.modules.items()):
            if name.startswith(below):
                sys.modules.setdefault(self._name + name[len(self._real) :], module)

    # What runpy, inspect and pkgutil ask of a loader.

    def _real_loader(self) -> Any:
        spec = _spec(self._real)
        return spec.loader if spec else None

    def is_package(self, fullname: str) -> bool:
        spec = _spec(self._real)
        return spec is not None and spec.submodule_search_locations is not None

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType | None = self._real_loader().get_code(self._real)
        return code

    def get_source(self, fullname: str) -> str | None:
        source: str | None = self._real_loader().get_source(self._real)
        return source

    def get_filename(self, fullname: str) -> str:
        filename: str = self._real_loader().get_filename(self._real)
        return filename


class AliasFinder:
    """Finds `alias` and everything below it in the package `real`."""

    def __init__(self, real: str, alias: str) -> None:
        self.real = real
        self.alias = alias

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.alias and not fullname.startswith(self.alias + "."):
            return None
        real = self.real + fullname[len(self.alias) :]
        found = self._probe(real)
        if found is None:
            return None  # the import system's own message then names what the user asked for
        origin, locations = found
        # Duck-typed: importing `importlib.abc` for its base classes would cost 10 ms.
        loader: Any = _AliasLoader(real, fullname)
        spec = ModuleSpec(fullname, loader, origin=origin, is_package=locations is not None)
        if locations is not None:
            spec.submodule_search_locations = locations
        spec.has_location = origin is not None
        return spec

    @staticmethod
    def _probe(real: str) -> tuple[str | None, list[str] | None] | None:
        """Where `real` is and, of a package, what it searches; None if there is none. Does not execute it."""
        module = sys.modules.get(real)
        if module is not None:
            # A submodule that a C extension made has no spec of its own: read the module.
            path = getattr(module, "__path__", None)
            return getattr(module, "__file__", None), None if path is None else list(path)
        spec = _spec(real)
        if spec is None:
            return None
        locations = spec.submodule_search_locations
        return spec.origin, None if locations is None else list(locations)


def installed(alias: str = "mlir") -> AliasFinder | None:
    """The finder that serves `alias`, or None."""
    for finder in sys.meta_path:
        if isinstance(finder, AliasFinder) and finder.alias == alias:
            return finder
    return None


def install(real: str, alias: str = "mlir") -> None:
    """Make `alias` and every module below it the modules of the package `real`.

    Does nothing when `real` is `alias` or the alias is in place already.

    Args:
        real: dotted name of an importable package, such as `torch_mlir`.
        alias: the name that user code imports.

    Raises:
        InputError: `alias` already names another package in this process.
        ImportError: `real` cannot be imported.
    """
    if real == alias:
        return
    finder = installed(alias)
    if finder is not None:
        if finder.real != real:
            msg = f"'{alias}' is already '{finder.real}' in this process and cannot become '{real}'"
            raise InputError(msg)
        return
    module = import_module(real)
    existing = sys.modules.get(alias)
    if existing is not None and existing is not module:
        place = (
            getattr(existing, "__file__", None) or ", ".join(getattr(existing, "__path__", ())) or "an unknown place"
        )
        msg = f"'{alias}' was already imported from {place}; import nothing from '{alias}' before '{real}' is chosen"
        raise InputError(msg)
    # Ahead of the path finders, so that a placeholder package of that name is not found instead.
    sys.meta_path.insert(0, AliasFinder(real, alias))
