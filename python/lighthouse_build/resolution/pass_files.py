# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Files that MLIR itself opens while a stage is applied: options of passes that name them.

`transform-preload-library{transform-library-paths=…}` reads schedules, `nvvm-attach-target{l=…}` bitcode, and passes of
a project what they like. No hook sees that: so every value of an option that names a file counts.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator

    from lighthouse_build.resolution.dependencies import Dependencies

__all__ = ["add_pass_files"]

_MLIR = (".mlir", ".mlirbc")
_BETWEEN_WORDS = str.maketrans('{}"', "   ")
_SUFFIXES = (*_MLIR, ".a", ".bc", ".json", ".ll", ".o", ".so", ".yaml", ".yml")


def add_pass_files(body: str, dependencies: Dependencies) -> None:
    """Count the files that options of passes in `body`, the text of a resolved stage, name.

    A directory of libraries counts with the libraries in it.
    """
    for text in _with_options(body):
        for option, values in _options(text):
            for path in values.split(","):
                _add(path, option, dependencies)


def _with_options(body: str) -> Iterator[str]:
    """What may hold options: each pipeline as text, and the options of each pass in a schedule.

    Without regular expressions: every lowering comes here, and compiling them takes as long as parsing its payload.
    """
    for after in body.split('lh.pass_pipeline = "')[1:]:
        end = after.find('"')
        while end > 0 and after[end - 1] == "\\":
            end = after.find('"', end + 1)
        yield after[:end]
    for after in body.split("transform.apply_registered_pass ")[1:]:
        _, found, options = after.partition("\n")[0].partition(" with options = {")
        if found:
            yield options.partition("} to ")[0]


def _options(text: str) -> Iterator[tuple[str, str]]:
    """Each option in `text` and its value: `name=value` in a pipeline, `"name" = "value"` in a schedule."""
    words = text.translate(_BETWEEN_WORDS).split()
    for i, word in enumerate(words):
        name, _, value = word.partition("=")
        if name and value:
            yield name, value
        elif word == "=" and 0 < i < len(words) - 1:
            yield words[i - 1], words[i + 1]


def _add(path: str, option: str, dependencies: Dependencies) -> None:
    if os.path.isfile(path) or path.endswith(_SUFFIXES):
        dependencies.add(path, "natives")
    elif option.endswith("-paths") and os.path.isdir(path):
        dependencies.add(path, "natives")
        for name in os.listdir(path):
            if name.endswith(_MLIR):
                dependencies.add(os.path.join(path, name), "natives")
