# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which installed package provides the MLIR Python bindings: found without importing it."""

from __future__ import annotations

import os
import sys

from lighthouse_build.bindings.alias import AliasFinder, install
from lighthouse_build.bindings.importing import ModuleSpec, PathFinder, extension_suffixes
from lighthouse_build.errors import InputError
from lighthouse_build.frozen import frozen

__all__ = ["Provider", "activate", "find"]

_ALIAS = "mlir"
# A real `mlir` first: who installed one wants that one.
_CANDIDATES = (_ALIAS, "torch_mlir")
# Distributions of these names have been on the package index without any content.
_PLACEHOLDERS = (_ALIAS, "mlir_python_bindings")
_FIX = (
    "install them with \"pip install 'lighthouse-build[bindings]'\", or in a CMake build set LH_PYTHON_ENV to AUTO "
    "or to a Python environment that has them"
)


@frozen
class Provider:
    """A package that holds the upstream MLIR Python bindings.

    Attributes:
        name: its dotted name, such as `torch_mlir`.
        root: its directory.
        version: of its distribution; `unknown` for bindings that are not installed, as in an LLVM build tree.
        record: the list of installed files, which every installation writes anew; None where there is none.
    """

    name: str
    root: str
    version: str
    record: str | None = None

    def __str__(self) -> str:
        return f"{self.name} {self.version}"

    def files(self) -> tuple[str, ...]:
        """The files that change when the bindings do, for dependency tracking; absolute and sorted."""
        if self.record is not None:
            return (self.record,)
        libraries = os.path.join(self.root, "_mlir_libs")
        names = sorted(name for name in os.listdir(libraries) if name.endswith((".so", ".pyd", ".dylib", ".dll")))
        return tuple(os.path.join(libraries, name) for name in names)


def find(package: str | None = None) -> Provider:
    """The bindings that this process is to use; imports nothing of them.

    Args:
        package: dotted name of the package to use; by default LH_MLIR_PACKAGE of the environment, then a real
            `mlir`, then `torch_mlir`.

    Raises:
        InputError: no package with the bindings is installed, or the chosen one has none.
    """
    chosen = package or os.environ.get("LH_MLIR_PACKAGE", "")
    if chosen:
        return _chosen(chosen, "the chosen package" if package else "LH_MLIR_PACKAGE")
    for name in _CANDIDATES:
        root = _package_directory(name)
        if root is not None and _has_bindings(root):
            return _provider(name, root)
    placeholders = [name for name in _PLACEHOLDERS if _package_directory(name) is not None]
    if placeholders:
        names = " and ".join(f"'{name}'" for name in placeholders)
        msg = f"no MLIR Python bindings found: the installed {names} is a placeholder without them; {_FIX}"
    else:
        msg = f"no MLIR Python bindings found by {sys.executable}; {_FIX}"
    raise InputError(msg)


def activate(package: str | None = None) -> Provider:
    """Find the bindings and let `import mlir` mean them from here on.

    Args:
        package: as of `find`.

    Raises:
        InputError: as `find`; or the bindings cannot be loaded; or another `mlir` is loaded in this process.
    """
    provider = find(package)
    try:
        install(provider.name, _ALIAS)
    except ImportError as error:
        msg = f"the MLIR Python bindings '{provider.name}' at {provider.root} cannot be loaded: {error}"
        raise InputError(msg) from error
    return provider


def _chosen(name: str, origin: str) -> Provider:
    if not all(part.isidentifier() for part in name.split(".")):
        msg = f"{origin} is '{name}', which is no name of a Python package"
        raise InputError(msg)
    root = _package_directory(name)
    if root is None:
        msg = f"{origin} is '{name}', but no such package is installed for {sys.executable}; {_FIX}"
        raise InputError(msg)
    if not _has_bindings(root):
        msg = f"{origin} is '{name}', but the package at {root} holds no MLIR Python bindings; {_FIX}"
        raise InputError(msg)
    return _provider(name, root)


def _package_directory(name: str) -> str | None:
    """The directory of the package `name` that holds the bindings, else its first one; executes none of its parents."""
    top, *below = name.split(".")
    spec = _find_top(top)
    for part in below:
        if spec is None or spec.submodule_search_locations is None:
            return None
        # By its last name only: a dotted one of a namespace package makes the import system look for loaded parents.
        spec = PathFinder.find_spec(part, list(spec.submodule_search_locations))
    if spec is None or spec.submodule_search_locations is None:
        return None
    roots = [os.path.abspath(location) for location in spec.submodule_search_locations]
    return next((root for root in roots if _has_bindings(root)), roots[0] if roots else None)


def _find_top(name: str) -> ModuleSpec | None:
    # `importlib.util.find_spec` would answer with the alias once it is in place.
    for finder in sys.meta_path:
        if not isinstance(finder, AliasFinder):
            spec = finder.find_spec(name, None)
            if spec is not None:
                return spec
    return None


def _has_bindings(root: str) -> bool:
    """Whether `root` has the extension module that all of the bindings rest on."""
    return any(os.path.isfile(os.path.join(root, "_mlir_libs", f"_mlir{suffix}")) for suffix in extension_suffixes())


def _provider(name: str, root: str) -> Provider:
    site = root
    for _ in name.split("."):
        site = os.path.dirname(site)
    metadata = _distribution(name, site)
    if metadata is None:
        return Provider(name, root, "unknown")
    version = metadata.removesuffix(".dist-info").rpartition("-")[2]
    return Provider(name, root, version, os.path.join(site, metadata, "RECORD"))


def _distribution(name: str, site: str) -> str | None:
    """The metadata directory in `site` of the distribution that installed the package `name`.

    Reads directory names and lists of files: `importlib.metadata` would cost more than the rest of this module.
    """
    found = sorted(entry for entry in os.listdir(site) if entry.endswith(".dist-info"))
    # A distribution that is called like its package first, so that not every list is read.
    found.sort(key=lambda entry: not entry.lower().startswith(name.partition(".")[0] + "-"))
    inside = f"\n{name.replace('.', '/')}/_mlir_libs/".encode()
    for entry in found:
        try:
            with open(os.path.join(site, entry, "RECORD"), "rb") as stream:
                if inside in b"\n" + stream.read():
                    return entry
        except OSError:
            continue
    return None
