# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the file of a spec is.

A relative path is looked for in the directory of the file that names it (the working directory for the command line),
then in the search path (`-I`) in order, then among the shipped stages, then in the package `lighthouse` of
llvm/lighthouse where that can be imported. For a file inside that package, the package comes right after its own
directory: there, a name means what it means to that project. Directories that were searched in vain are inputs too: a
file that appears there later would win.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build import limits
from lighthouse_build.errors import Diagnostic, InputError, SourceLocation, did_you_mean, similar
from lighthouse_build.frozen import frozen
from lighthouse_build.resolution.dependencies import Dependencies

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["SHIPPED", "SearchPath"]

SHIPPED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stages")

_PACKAGE = "lighthouse"
# Where that package keeps its stage files, by extension.
_PIPELINES = os.path.join("pipeline", "descriptors")
_FOLDERS = {".py": "schedule", ".mlir": "schedule", ".yaml": _PIPELINES, ".yml": _PIPELINES}


@frozen
class SearchPath:
    """Where stage files are looked for.

    Attributes:
        directories: those of `-I`, in order.
        python_path: directories that generators may import from; the package `lighthouse` may be in one.
    """

    directories: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()

    def find(self, path: str, base: str, location: SourceLocation, dependencies: Dependencies) -> str:
        """The absolute path of `path`, named at `location` by a file in the directory `base`.

        Raises:
            InputError: at `location`, when there is no such file; says where it was looked for.
        """
        searched: list[str] = []
        others: list[Diagnostic] = []
        for root in ("",) if os.path.isabs(path) else self._roots(path, base, dependencies):
            candidate = os.path.normpath(os.path.join(root, path))
            if os.path.isfile(candidate):
                limits.check_file(candidate, location)
                dependencies.add(candidate, _kind(candidate))
                return os.path.abspath(candidate)
            searched.append(root)
            if root != SHIPPED:
                dependencies.looked_for(candidate)
            if os.path.exists(candidate):
                what = f"'{os.path.abspath(candidate)}' is {limits.kind_of(candidate)}, not a file"
                others.append(Diagnostic(what, severity="note"))
        if os.path.isabs(path) and not others:
            raise InputError(f"stage file '{path}' does not exist", location)
        if others:
            raise InputError(f"stage file '{path}' cannot be read", location, others)
        notes = [Diagnostic(f"searched '{os.path.abspath(r)}'", severity="note") for r in searched if r != SHIPPED]
        raise InputError(f"stage file '{path}' not found{_near(path, searched)}", location, notes)

    def _roots(self, path: str, base: str, dependencies: Dependencies) -> Iterator[str]:
        folder = _FOLDERS.get(os.path.splitext(path)[1])
        package = _package_around(base)
        yield base
        if package and folder:
            yield os.path.join(package, folder)
        yield from self.directories
        yield SHIPPED
        if not package and folder:
            # Last, since looking for a package costs more than looking for a file.
            package = self._package(dependencies)
            if package:
                yield os.path.join(package, folder)

    def _package(self, dependencies: Dependencies) -> str | None:
        """The directory of the package `lighthouse` that `import` would find."""
        for directory in self.python_path:
            if _is_package(os.path.join(directory, _PACKAGE)):
                return os.path.join(directory, _PACKAGE)
            dependencies.add(directory, "searched")
        # What `importlib.util.find_spec` does, whose import takes as long as all of this module's work.
        found = (finder.find_spec(_PACKAGE, None) for finder in list(sys.meta_path))
        spec = next(filter(None, found), None)
        return next(filter(_is_package, (spec and spec.submodule_search_locations) or ()), None)


def _is_package(directory: str) -> bool:
    return os.path.isfile(os.path.join(directory, "__init__.py"))


def _package_around(directory: str) -> str | None:
    """The directory of the package `lighthouse` that `directory` is, or lies in."""
    directory = os.path.abspath(directory)
    while os.path.dirname(directory) != directory:
        if os.path.basename(directory) == _PACKAGE and _is_package(directory):
            return directory
        directory = os.path.dirname(directory)
    return None


def _kind(path: str) -> str:
    """What kind of dependency the file of a spec is."""
    if path.endswith(".stage.mlir"):
        return "stages"
    if path.endswith(".py"):
        return "generators"
    return "schedules" if path.endswith((".mlir", ".mlirbc")) else "pipelines"


def _near(path: str, roots: Sequence[str]) -> str:
    """A hint at a stage file of nearly this name, where `path` was looked for."""
    folder, name = os.path.split(path)
    names: list[str] = []
    for root in roots:
        directory = os.path.join(root, folder)
        names += os.listdir(directory) if os.path.isdir(directory) else []
    found = sorted({n for n in names if n.endswith((".py", ".mlir", ".yaml", ".yml")) and n[0] not in "_."})
    # Without what they end in, which all have in common.
    stem = os.path.splitext(name)[0]
    return did_you_mean(name, [n for n in found if n != name and similar(stem, os.path.splitext(n)[0])])
