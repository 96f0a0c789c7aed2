# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What tells a tool from a changed one: a digest of its bytes and of those of its shared libraries.

A dialect may lie in a shared library, so that the tool itself stays the same when a pass changes. Libraries of the
system count by neither: they change with the system, as the compiler does.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from collections.abc import Sequence

from lighthouse_build.tool.program import Tool

__all__ = ["files", "identify"]

# Where the loader looks by itself. A directory below, such as /usr/lib/llvm-22/lib, is not one of these.
_SYSTEM = re.compile(r"(/usr)?/lib(32|64|x32)?(/[^/]+-linux-[^/]+)?/[^/]+")
_FOUND = re.compile(r"^\s+\S+ => (/.*) \(0x[0-9a-f]+\)$", re.MULTILINE)
_MISSING = re.compile(r"^\s+(\S+) => not found", re.MULTILINE)


def files(path: str) -> list[str]:
    """The tool `path` and its shared libraries but for those of the system; absolute.

    Raises:
        InputError: the tool or one of its libraries is missing.
    """
    return [os.path.abspath(path), *_libraries(path)]


def identify(path: str) -> str:
    """The text of an identity file.

    Raises:
        InputError: the tool is missing or too old.
    """
    tool = Tool(path)
    tool.check_version()
    digest = hashlib.sha256()
    for file in files(path):
        with open(file, "rb") as stream:
            contents = hashlib.sha256()
            while block := stream.read(1 << 20):
                contents.update(block)
        digest.update(f"{os.path.basename(file)} {contents.hexdigest()}\n".encode())
    return json.dumps({"sha256": digest.hexdigest(), "version": tool.version()}) + "\n"


def _libraries(path: str) -> Sequence[str]:
    # The loader's own answer, which knows about run paths and caches. What it cannot tell has no libraries: a script.
    # A run path that starts with $ORIGIN means the directory of the program itself, not of a link to it.
    environment = {k: v for k, v in os.environ.items() if k not in ("LD_DEBUG", "LD_PRELOAD")} | {"LC_ALL": "C"}
    try:
        done = subprocess.run(["ldd", os.path.realpath(path)], env=environment, capture_output=True, check=False)
    except OSError:
        return []
    answer = done.stdout.decode(errors="replace")
    missing = _MISSING.search(answer)
    if missing:
        from lighthouse_build.errors import InputError

        raise InputError(f"the tool '{path}' cannot run: its shared library '{missing[1]}' is not found")
    return sorted(found for found in _FOUND.findall(answer) if not _SYSTEM.fullmatch(os.path.realpath(found)))
