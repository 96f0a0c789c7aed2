# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""llvmlite's library: where it is, and which LLVM it holds. Neither the library nor the package is loaded."""

from __future__ import annotations

import os
import sys

from lighthouse_build.frozen import frozen

__all__ = ["VERSION", "Build", "find", "known_build", "version_of"]

VERSION = "0.50"  # of llvmlite, whose functions `llvm.py` declares; patch releases change none

_NAMES = {"win32": "llvmlite.dll", "cygwin": "llvmlite.dll", "darwin": "libllvmlite.dylib"}


@frozen
class Build:
    """A build of the library.

    Attributes:
        llvm: the version of LLVM in it.
        host: the triple that it was built for, and takes for that of the process.
    """

    llvm: str
    host: str


# To the build ID of a library, which its linker computes from all that is in it, what is in it: loading the library to
# ask takes longer than all else that `--version` does. Of others the library is asked.
_BUILDS = {
    # Of llvmlite 0.50.0.
    "58b53e4d8cf32e1c7ec71e5cc59cdece1b11682a": Build("22.1.0", "x86_64-unknown-linux-gnu"),
    "487169c6ad54d0e0cf4906d70f7d36b939e3edae": Build("22.1.0", "aarch64-unknown-linux-gnu"),
}
_HEAD = 4096  # bytes; linkers put the build ID right behind the headers


def find() -> str:
    """The path of the library of the llvmlite that `import` would find.

    Raises:
        ImportError: there is none, or of another version than `VERSION`.
    """
    found = (finder.find_spec("llvmlite", None) for finder in list(sys.meta_path))
    spec = next(filter(None, found), None)
    if spec is None or not spec.submodule_search_locations:
        msg = "No module named 'llvmlite'"
        raise ModuleNotFoundError(msg, name="llvmlite")
    package = spec.submodule_search_locations[0]
    path = os.path.join(package, "binding", _NAMES.get(sys.platform, "libllvmlite.so"))
    version = version_of(path)
    if not f"{version}.".startswith(f"{VERSION}."):
        msg = f"found {version} at '{package}', whose functions may take other arguments"
        raise ImportError(msg, name="llvmlite")
    return path


def version_of(library: str) -> str:
    """The version of the llvmlite that has `library`, read off the file that its build writes."""
    package = os.path.dirname(os.path.dirname(library))
    try:
        with open(os.path.join(package, "_version.py"), encoding="utf-8") as stream:
            lines = stream.read().splitlines()
    except (OSError, ValueError):
        lines = []
    found = (line.partition("=")[2].strip(" '\"") for line in lines if line.startswith("version_version"))
    return next(found, "") or "an unknown version"


_installed: bytes | None = None  # the head of the installed one, once it was asked for


def known_build(library: str | None = None) -> Build | None:
    """What is known of the build of `library`, by default of the installed one."""
    global _installed
    if library is None and _installed is None:
        _installed = _head()
    head = _installed if library is None else _head(library)
    return next((build for number, build in _BUILDS.items() if bytes.fromhex(number) in (head or b"")), None)


def _head(library: str | None = None) -> bytes:
    try:
        with open(library or find(), "rb") as stream:
            return stream.read(_HEAD)
    except (ImportError, OSError):
        return b""
