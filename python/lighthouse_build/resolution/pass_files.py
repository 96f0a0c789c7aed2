# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that MLIR itself opens while a stage is applied: options of passes that name them.

`transform-preload-library{transform-library-paths=…}` reads schedules, `nvvm-attach-target{l=…}` bitcode, and passes of
a project what they like. No hook sees that: so every value of an option that names a file counts.
"""

from __future__ import annotations

import os
import re

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from lighthouse_build.resolution.dependencies import Dependencies

__all__ = ["add_pass_files"]

# A pipeline as text, and the options of a pass in a schedule.
_PIPELINE = re.compile(r'lh\.pass_pipeline = "((?:[^"\\]|\\.)*)"')
_OPTIONS = re.compile(r"transform\.apply_registered_pass [^\n]* with options = \{([^\n]*?)\} to ")
_VALUE = re.compile(r'([\w-]+)"? ?= ?"?([^\s{}"]+)')
_MLIR = (".mlir", ".mlirbc")
_SUFFIXES = (*_MLIR, ".a", ".bc", ".json", ".ll", ".o", ".so", ".yaml", ".yml")


def add_pass_files(body: str, dependencies: Dependencies) -> None:
    """Count the files that options of passes in `body`, the text of a resolved stage, name.

    A directory of libraries counts with the libraries in it.
    """
    if "lh.pass_pipeline" not in body and "apply_registered_pass" not in body:
        return
    for text in (*_PIPELINE.findall(body), *_OPTIONS.findall(body)):
        for option, values in _VALUE.findall(text):
            for path in values.split(","):
                _add(path, option, dependencies)


def _add(path: str, option: str, dependencies: Dependencies) -> None:
    if os.path.isfile(path) or path.endswith(_SUFFIXES):
        dependencies.add(path, "natives")
    elif option.endswith("-paths") and os.path.isdir(path):
        dependencies.add(path, "natives")
        for name in os.listdir(path):
            if name.endswith(_MLIR):
                dependencies.add(os.path.join(path, name), "natives")
