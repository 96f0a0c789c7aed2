# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The C extensions of the bindings without what their Python package does on import.

All extensions lie in a package `_mlir_libs`, whose `__init__` takes as long as the extensions themselves, and makes of
`Context` a class that loads all dialects when one is made, as long again. A job that runs no Python of the user needs
neither: MLIR loads a dialect when it meets it, as `mlir-opt` does. So that package is created here without being
executed, and what its `__init__` would register (upstream's protocol: `_mlirRegisterEverything`, then
`_site_initialize_0` and so on) is registered with each context.

Whoever asks the package for more has it executed after all.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build.bindings.importing import ModuleType, PathFinder, import_module

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

__all__ = ["complete", "open_package"]


def open_package(name: str) -> Callable[[], Any] | None:
    """Make the extensions of the bindings `name` importable without executing their packages.

    Returns:
        What makes a context that knows all dialects, or None where that takes the package itself: it has been executed
        before, or does not follow the protocol.
    """
    libraries = f"{name}._mlir_libs"
    parent = import_module(name)
    # `importlib.util` could find it and make the module, but takes a millisecond to import.
    spec = PathFinder.find_spec(libraries, parent.__path__)
    if libraries in sys.modules or spec is None or spec.submodule_search_locations is None:
        return None
    package = ModuleType(libraries)
    package.__spec__, package.__loader__, package.__package__ = spec, spec.loader, libraries
    package.__path__, package.__file__ = spec.submodule_search_locations, spec.origin
    # Of 20,000 functions that the library has for Python, a job calls a few hundred: bind those when they are called.
    sys.setdlopenflags(os.RTLD_LAZY)
    sys.modules[libraries] = package
    vars(parent)["_mlir_libs"] = package
    try:
        everything = import_module(f"{libraries}._mlirRegisterEverything")
    except ImportError:
        del sys.modules[libraries]
        return None
    vars(package)["__getattr__"] = lambda attribute: _attribute(package, attribute)
    with _OnDemand("typing", TypeVar=_TypeVariable), _OnDemand("enum", Enum=_Enumeration):
        ir = getattr(import_module(f"{libraries}._mlir"), "ir", None)
    if ir is None:  # where the library is missing, a folder of its stubs is taken for it
        del sys.modules[libraries]
        return None
    registry = ir.DialectRegistry()
    hooks = [everything.register_llvm_translations]
    for module in (everything, *_site_initializers(libraries)):
        if hasattr(module, "register_dialects"):
            module.register_dialects(registry)
        if hasattr(module, "context_init_hook"):
            hooks.append(module.context_init_hook)
    make = ir.Context

    def context() -> Any:
        made = make()
        made.append_dialect_registry(registry)
        for hook in hooks:
            hook(made)
        return made

    return context


class _OnDemand:
    """While open, the module `name` has `known` alone, and is imported when anything else is looked up in it.

    The extension makes type variables for its generic classes, which nothing here ever asks for, and enumerations, of
    which one is only printed. `typing`, `enum` and what they import take a third of the time of a small lowering.
    """

    def __init__(self, name: str, **known: object) -> None:
        self._name = name
        self._stand_in = ModuleType(name)
        vars(self._stand_in).update(known, __getattr__=self._attribute)

    def __enter__(self) -> None:
        sys.modules.setdefault(self._name, self._stand_in)

    def __exit__(self, *_: object) -> None:
        if sys.modules.get(self._name) is self._stand_in:
            del sys.modules[self._name]

    def _attribute(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for such
            raise AttributeError(name)
        self.__exit__()
        return getattr(import_module(self._name), name)


class _TypeVariable:
    """In place of a `typing.TypeVar`."""

    def __init__(self, name: str, *constraints: object, **options: object) -> None:
        self.__name__ = name


class _EnumerationType(type):
    _member_map_: dict[str, _Enumeration]

    def __iter__(cls) -> Iterator[_Enumeration]:
        return iter(cls._member_map_.values())


class _Enumeration(metaclass=_EnumerationType):
    """In place of `enum.Enum`: a call makes an enumeration without members, to which nanobind adds some.

    It makes them attributes of the class, and enters them into the tables that such a class of `enum` has.
    """

    _name_: str
    _value_: int

    def __new__(cls, name: str, members: tuple[()], *, module: str, qualname: str) -> _EnumerationType:  # type: ignore[misc]
        tables: dict[str, Any] = {"_member_names_": [], "_member_map_": {}, "_value2member_map_": {}}
        return _EnumerationType(name, (_Enumeration,), {**tables, "__module__": module, "__qualname__": qualname})

    def __str__(self) -> str:
        return f"{type(self).__name__}.{self._name_}"

    __repr__ = __str__

    @property
    def name(self) -> str:
        return self._name_

    @property
    def value(self) -> int:
        return self._value_


def _site_initializers(libraries: str) -> list[ModuleType]:
    found: list[ModuleType] = []
    while True:
        try:
            found.append(import_module(f"{libraries}._site_initialize_{len(found)}"))
        except ModuleNotFoundError:
            return found


def _attribute(package: ModuleType, name: str) -> Any:
    """What `package` would have as `name`, had it been executed."""
    if name.startswith("__"):  # the import system asks for such
        msg = f"module {package.__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    complete(package)
    return getattr(package, name)


def complete(package: ModuleType) -> None:
    """Execute `package` if `open_package` has put that off."""
    if vars(package).pop("__getattr__", None) is not None and package.__spec__ and package.__spec__.loader:
        package.__spec__.loader.exec_module(package)
