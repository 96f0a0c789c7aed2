# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the file of a spec is.

A relative path is looked for in the directory of the file that names it (the working directory for the command line),
then in the search path (`-I`) in order, then among the shipped stages. Directories that were searched in vain are
inputs too: a file that appears there later would win.
"""

from __future__ import annotations

import os

from lighthouse_build.errors import Diagnostic, InputError, SourceLocation, did_you_mean
from lighthouse_build.frozen import frozen
from lighthouse_build.resolution.dependencies import Dependencies

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SHIPPED", "SearchPath"]

SHIPPED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "stages")


@frozen
class SearchPath:
    """The directories of `-I`, in order."""

    directories: tuple[str, ...] = ()

    def find(self, path: str, base: str, location: SourceLocation, dependencies: Dependencies) -> str:
        """The absolute path of `path`, named at `location` by a file in the directory `base`.

        Raises:
            InputError: at `location`, when there is no such file; says where it was looked for.
        """
        roots: Sequence[str] = ("",) if os.path.isabs(path) else (base, *self.directories, SHIPPED)
        for root in roots:
            candidate = os.path.normpath(os.path.join(root, path))
            if os.path.isfile(candidate):
                dependencies.add(candidate, _kind(candidate))
                return os.path.abspath(candidate)
            if root != SHIPPED:
                dependencies.add(os.path.dirname(candidate) or ".", "searched")
        if os.path.isabs(path):
            raise InputError(f"stage file '{path}' does not exist", location)
        searched = tuple(Diagnostic(f"searched '{os.path.abspath(r)}'", severity="note") for r in roots[:-1])
        raise InputError(f"stage file '{path}' not found{_near(path, roots)}", location, searched)


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
    return did_you_mean(name, found)
