# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The process around the driver: its streams, its packages, its end."""

from __future__ import annotations

import _imp
import gc
import marshal
import os
import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import MAGIC_NUMBER, SourceFileLoader

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType

__all__ = ["cmake_directory", "main"]

# This process ends soon, and each collection walks the thousands of objects that modules are made of.
gc.disable()

# Where a standard stream is closed, the next file that anybody opens would become it. What is written to this standard
# output fails, since it would be lost.
if sys.stdin is None or sys.stdout is None or sys.stderr is None:
    while (_descriptor := os.open(os.devnull, os.O_RDONLY)) < 2:
        pass
    if _descriptor != 2:
        os.close(_descriptor)
    if sys.stderr is None:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        sys.stderr = os.fdopen(2, "w")
    sys.stdin = sys.stdin or os.fdopen(0)
    sys.stdout = sys.stdout or os.fdopen(1, "w")


_DISTUTILS = "SETUPTOOLS_USE_DISTUTILS"


class _SiteOnDemand:
    """Adds the directories of installed packages when one is first looked for, where Python was told not to (`-S`).

    That takes a third of what starting Python takes, and help, mistakes and headers need no such package.
    """

    @classmethod
    def find_spec(cls, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if path is not None:
            return None
        sys.meta_path.remove(cls)
        import site

        # The start file of setuptools would import a finder for `distutils`, which nothing here looks for.
        is_asked = _DISTUTILS in os.environ
        os.environ.setdefault(_DISTUTILS, "stdlib")
        site.main()
        if not is_asked:
            del os.environ[_DISTUTILS]
        found = (finder.find_spec(name, None) for finder in sys.meta_path)
        return next((spec for spec in found if spec), None)


if sys.flags.no_site:
    sys.meta_path.append(_SiteOnDemand)


class _OwnModules:
    """Finds modules of ours by their bytecode, as Python would in the end.

    It asks a third as much of the system and of itself, and a lowering imports fifty modules. What is not as it is in
    a package that has been compiled ahead is left to Python.
    """

    @classmethod
    def find_spec(cls, name: str, path: Sequence[str] | None = None, target: object = None) -> ModuleSpec | None:
        if not name.startswith("lighthouse_build.") or path is None or len(path) != 1:
            return None
        base = name.rpartition(".")[2]
        return cls._spec(name, path[0], base) or cls._spec(name, f"{path[0]}{os.sep}{base}", "__init__")

    @staticmethod
    def _spec(name: str, directory: str, base: str) -> ModuleSpec | None:
        source = f"{directory}{os.sep}{base}.py"
        cached = f"{directory}{os.sep}__pycache__{os.sep}{base}.{sys.implementation.cache_tag}.pyc"
        try:
            file = os.open(cached, os.O_RDONLY)
            try:
                data = os.read(file, _LARGEST)
            finally:
                os.close(file)
            status = os.stat(source)
        except OSError:
            return None
        # Of the time of day and the size, Python keeps 32 bits. Behind the magic number stand flags.
        numbers = [(number & 0xFFFFFFFF).to_bytes(4, "little") for number in (0, int(status.st_mtime), status.st_size)]
        if data[:16] != MAGIC_NUMBER + b"".join(numbers) or len(data) == _LARGEST:
            return None
        is_package = base == "__init__"
        spec = ModuleSpec(name, _Loader(name, source, data[16:]), origin=source, is_package=is_package)
        if is_package:
            spec.submodule_search_locations = [directory]
        spec.has_location, spec.cached = True, cached
        return spec


class _Loader(SourceFileLoader):
    """Of a module whose bytecode has been read."""

    def __init__(self, name: str, path: str, bytecode: bytes) -> None:
        super().__init__(name, path)
        self._bytecode = bytecode

    def get_code(self, fullname: str) -> CodeType | None:
        code: CodeType = marshal.loads(self._bytecode)
        # It may have been compiled in another place.
        _imp._fix_co_filename(code, self.path)  # type: ignore[attr-defined]
        return code


_LARGEST = 1 << 20  # bytes of bytecode
if sys.pycache_prefix is None and not sys.flags.optimize:
    sys.meta_path.insert(0, _OwnModules)


def cmake_directory() -> str:
    """The directory of the CMake package: installed beside the driver, in an install tree, or in the sources."""
    here = os.path.dirname(os.path.abspath(__file__))
    installed = os.path.join(here, "share", "cmake", "Lighthouse")
    prefix = os.path.join(here, "..", "..", "..", "cmake", "Lighthouse")
    source = os.path.join(here, "..", "..", "cmake")
    return os.path.normpath(next((d for d in (installed, prefix) if os.path.isdir(d)), source))


def main() -> None:
    """Run the driver and leave."""
    if sys.argv[1:] == ["--cmake-dir"]:
        print(cmake_directory())
        return
    from lighthouse_build.driver import end
    from lighthouse_build.driver import main as run

    status = run()
    end()
    status = status if _flushed() else status or 3  # ExitCode.INPUT
    sys.stderr.flush()
    # Without tearing the interpreter down, which takes longer than writing the output.
    os._exit(status)


def _flushed() -> bool:
    """Write what standard output still holds. If that fails, say so, and keep the interpreter from trying again."""
    try:
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        print(f"lh-opt: error: cannot write to standard output: {error.strerror}", file=sys.stderr)
        return False
    return True
