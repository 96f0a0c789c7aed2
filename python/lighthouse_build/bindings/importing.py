# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What `importlib` has of the interpreter's import system, from there: Python's own part of it takes a millisecond."""

from __future__ import annotations

import sys
from _frozen_importlib import ModuleSpec
from _frozen_importlib_external import PathFinder
from _imp import extension_suffixes

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from types import ModuleType
else:
    ModuleType = type(sys)

__all__ = ["ModuleSpec", "ModuleType", "PathFinder", "extension_suffixes", "import_module"]


def import_module(name: str) -> ModuleType:
    """As that of `importlib`, of an absolute name."""
    __import__(name)
    return sys.modules[name]
