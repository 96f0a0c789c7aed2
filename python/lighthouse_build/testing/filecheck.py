# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""FileCheck: where it is, and whether a file has directives for it to check.

LLVM's own where there is one, else the Python package `filecheck`, which takes the same directives.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from lighthouse_build.errors import InputError
from lighthouse_build.programs import newest

__all__ = ["find", "unused_prefixes"]

# What the package needs to run; by path, so that an isolated interpreter finds it also in an environment of its own.
_MODULE = ("-I", "-m", "filecheck")


def find(wish: str | None = None, python: str = sys.executable) -> tuple[str, ...]:
    """The command of FileCheck.

    Args:
        wish: a path or a name to use instead of looking for one.
        python: the interpreter of which the package `filecheck` is used where LLVM's FileCheck is not found.

    Raises:
        InputError: there is none.
    """
    if wish:
        found = shutil.which(wish)
        if found is None:
            msg = f"no FileCheck at '{wish}'; give the path of LLVM's FileCheck or of the Python one"
            raise InputError(msg)
        return (found,)
    found = shutil.which("FileCheck") or newest("FileCheck")
    if found is not None:
        return (found,)
    script = os.path.join(os.path.dirname(python), "filecheck")
    if os.access(script, os.X_OK):
        return (script,)
    if python == sys.executable and importlib.util.find_spec("filecheck"):
        return (python, *_MODULE)
    msg = (
        "there is no FileCheck: LLVM's is not on PATH, and the Python package 'filecheck' is not installed; "
        f"install it ({python} -m pip install filecheck), or name one (LH_FILECHECK in CMake)"
    )
    raise InputError(msg)


def unused_prefixes(path: Path, prefixes: Sequence[str]) -> list[str]:
    """Those of `prefixes` that no directive in the file begins with."""
    text = path.read_text(encoding="utf-8", errors="replace")
    suffixes = r"(?:-(?:NEXT|SAME|NOT|DAG|LABEL|EMPTY|COUNT-\d+))?(?:\{LITERAL\})?:"
    return [p for p in prefixes if not re.search(rf"(?<![\w-]){re.escape(p)}{suffixes}", text)]
