# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tells the driver from a changed one: the files that everything it makes depends on, and a digest of them.

These are some hundred files, the same for each rule of a build. So a build has one rule that writes the digest of them
to a file, which changes only if they do, and all others depend on that file (`--driver-identity`): a touched driver
makes nothing again, and a build with nothing to do does not look at the same files once a rule. A run of the driver
without that flag names the files themselves.

They are:

* the driver's own sources, and in a build also the directories of these, since a module that is added can win;
* the interpreter, which stands for its own library, too;
* the bindings, llvmlite and PyYAML, each by the list of files that its installation wrote, which has their digests, or
  by its files where there is none, as in a build tree of LLVM. Those are hundreds of megabytes, for one rule to read.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build.errors import InputError

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Identity", "digest", "driver_files", "package_files"]

_PACKAGE = os.path.dirname(os.path.abspath(__file__))
# What stages and headers are used is found out by each job.
_NOT_OURS = ("__pycache__", "include", "share", "stages")
# To the name of the distribution, as its metadata is called.
_PACKAGES = {"llvmlite": "llvmlite", "yaml": "pyyaml"}


class Identity:
    """The driver, the interpreter and the packages that run now.

    Attributes:
        own: the driver's sources.
        directories: that these lie in.
        interpreter: what runs them.
        bindings: the files that stand for the MLIR bindings.
        packages: the files that stand for other packages.
    """

    def __init__(self) -> None:
        """Raises InputError if there are no bindings."""
        from lighthouse_build.bindings import find

        provider = find()
        self.own = driver_files()
        self.directories = sorted({os.path.dirname(path) for path in self.own})
        self.interpreter = os.path.abspath(sys.executable)
        self.bindings = provider.files() if provider.record else _files_of(provider.root)
        self.packages = [path for name in _PACKAGES for path in package_files(name)]
        self._provider = str(provider)

    def text(self) -> str:
        """The text of an identity file: the same wherever the same is installed.

        Raises:
            InputError: a file cannot be read.
        """
        import json

        parts = {
            "driver": digest(self.own, _PACKAGE),
            "python": f"{sys.version} {digest([os.path.realpath(self.interpreter)])}",
            "bindings": f"{self._provider} {digest(self.bindings)}",
            "packages": digest(self.packages),
        }
        return json.dumps(parts, indent=1) + "\n"


def driver_files() -> list[str]:
    """The driver's own sources; absolute paths."""
    found = []
    for directory, folders, files in os.walk(_PACKAGE):
        folders[:] = sorted(f for f in folders if f not in _NOT_OURS)
        found += [os.path.join(directory, name) for name in sorted(files) if name.endswith((".py", ".ll"))]
    return found


def package_files(name: str) -> list[str]:
    """The files that change when the installed package `name` does; none if there is no such package."""
    specs = (finder.find_spec(name, None) for finder in list(sys.meta_path))
    spec = next(filter(None, specs), None)
    if spec is None or not spec.submodule_search_locations:
        return []
    root = os.path.abspath(spec.submodule_search_locations[0])
    site = os.path.dirname(root)
    prefix = f"{_PACKAGES.get(name, name)}-"
    records = [
        os.path.join(site, entry, "RECORD")
        for entry in sorted(os.listdir(site))
        if entry.lower().startswith(prefix) and entry.endswith(".dist-info")
    ]
    return [path for path in records if os.path.isfile(path)] or _files_of(root)


def _files_of(root: str) -> list[str]:
    """Python files and libraries."""
    return sorted(
        os.path.join(directory, name)
        for directory, _, names in os.walk(root)
        for name in names
        if name.endswith((".py", ".so", ".pyd", ".dylib", ".dll")) or ".so." in name
    )


def digest(paths: Iterable[str], root: str = "") -> str:
    """A digest of the contents of files, and of their names: relative to `root`, or the last part alone."""
    import hashlib

    whole = hashlib.sha256()
    for path in paths:
        one = hashlib.sha256()
        try:
            with open(path, "rb") as stream:
                while block := stream.read(1 << 20):
                    one.update(block)
        except OSError as error:
            raise InputError(f"cannot read '{path}', which the driver consists of: {error.strerror}") from None
        name = os.path.relpath(path, root) if root else os.path.basename(path)
        whole.update(f"{name} {one.hexdigest()}\n".encode())
    return whole.hexdigest()
