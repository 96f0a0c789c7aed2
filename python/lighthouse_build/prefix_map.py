# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Names of files in locations: `--prefix-map` keeps the directories of the build machine out of what is emitted.

A payload is parsed under its mapped name, so that its locations are the same in every tree, and so is the memory that
they take (`address_layout.py`). What Python steps and generators add is mapped where it leaves: in text, bytecode and
the debug information of LLVM IR. Messages always have the real names.

What only messages read, the places of resolved stages and of functions, is written by mapped names, too, and read back
to real ones. Some readers are not told the map, such as a command by hand: `of_build_tree` finds that of a build.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["PrefixMap", "of_build_tree"]

_OWN = os.path.dirname(os.path.abspath(__file__))
_OWN_NAME = "<lighthouse_build>"  # wherever the package is installed

_IN_MLIR = r'"((?:[^"\\]|\\.)*)":(?=\d+:\d+)'
_IN_DEBUG_INFO = r'(?<=#llvm\.di_file<)"([^"]*)" in "([^"]*)"'
_IN_LLVM_IR = r'(?<=!DIFile\()filename: "([^"]*)", directory: "([^"]*)"'


class PrefixMap:
    """Directories and what stands for them; of several that hold a path, the last wins, as with compilers."""

    def __init__(self, pairs: Sequence[tuple[str, str]]) -> None:
        known: dict[tuple[str, str], None] = {}
        for old, new in pairs:
            # A relative path that a process makes absolute has no symbolic links in the part before it.
            known |= dict.fromkeys([(old.rstrip(os.sep), new), (os.path.realpath(old), new)])
        self._pairs = tuple(known)
        self._directories: dict[str, str | None] = {}

    def __bool__(self) -> bool:
        return bool(self._pairs)

    def __call__(self, path: str) -> str:
        """The name that stands for `path`."""
        for old, new in reversed(self._pairs):
            if path == old or path.startswith(old + os.sep):
                return new + path[len(old) :]
        return path

    def with_package(self) -> PrefixMap:
        """This map, and a name for the directory of the shipped stages."""
        return PrefixMap((*self._pairs, (_OWN, _OWN_NAME)))

    def real(self, name: str) -> str:
        """The path that `name` stands for. Where that may be several, the first that exists counts: a file that a build
        has copied has the name of the one that it was copied from, which is the one to edit."""
        paths = [old + name[len(new) :] for old, new in self._pairs if name == new or name.startswith(new + os.sep)]
        if not paths or (os.path.isabs(name) and os.path.exists(name)):
            return name
        return next(filter(os.path.exists, paths), paths[0])

    def directory(self, path: str) -> str | None:
        """A directory from which the name of `path` leads to it."""
        if path not in self._directories:
            name = self(path)
            found = (old for old, _ in self._pairs if os.path.normpath(os.path.join(old, name)) == path)
            self._directories[path] = None if os.path.isabs(name) else next(found, None)
        return self._directories[path]

    def concerns(self, data: bytes) -> bool:
        """Whether a name that is mapped stands in `data`."""
        return any(old.encode() in data for old, _ in self._pairs)

    def in_mlir(self, text: str) -> str:
        """The text of a module with locations, which have names that stand for those they had."""
        import re

        text = re.sub(_IN_MLIR, lambda found: f'"{self(found[1])}":', text)
        return re.sub(_IN_DEBUG_INFO, lambda found: f'"{self(found[1])}" in "{self(found[2])}"', text)

    def in_llvm_ir(self, text: str) -> str:
        """The same with LLVM IR."""
        if not self._pairs or "!DIFile(" not in text:
            return text
        import re

        return re.sub(_IN_LLVM_IR, lambda found: f'filename: "{self(found[1])}", directory: "{self(found[2])}"', text)


def of_build_tree(path: str) -> PrefixMap:
    """What CMake functions map in the build tree that `path` lies in: its directory and that of its sources."""
    binary = os.path.dirname(os.path.abspath(path))
    while not os.path.isfile(os.path.join(binary, _CACHE)):
        if os.path.dirname(binary) == binary:
            return PrefixMap(())
        binary = os.path.dirname(binary)
    try:
        with open(os.path.join(binary, _CACHE), encoding="utf-8", errors="surrogateescape") as stream:
            found = [line[len(_HOME) :].rstrip("\n") for line in stream if line.startswith(_HOME)]
    except OSError:
        found = []
    return PrefixMap([(directory, ".") for directory in (*found, binary)])


_CACHE = "CMakeCache.txt"
_HOME = "CMAKE_HOME_DIRECTORY:INTERNAL="
