# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs of LLVM, as distributions install them."""

from __future__ import annotations

import os
import re
import shutil

__all__ = ["newest"]


def newest(name: str) -> str | None:
    """The path of `<name>-<version>` on PATH, as Debian calls programs of LLVM; of several the newest, None without."""
    versioned = re.compile(rf"{re.escape(name)}-(\d+)")
    versions: dict[int, str] = {}
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        try:
            names = os.listdir(directory or ".")
        except OSError:
            continue
        for found in names:
            match = versioned.fullmatch(found)
            if match and shutil.which(found, path=directory):
                versions.setdefault(int(match[1]), os.path.join(directory, found))
    return versions[max(versions)] if versions else None
