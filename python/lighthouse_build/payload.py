# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What stages are applied to, before MLIR has seen it."""

from __future__ import annotations

from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from lighthouse_build.errors import SourceLocation
    from lighthouse_build.language.spec import Generator

__all__ = ["Payload"]


@frozen
class Payload:
    """A payload: a file of MLIR text or bytecode, a text from elsewhere, or a generator that makes one.

    Attributes:
        name: what messages call it.
        path: its file, if it is one, or the file of its generator.
        text: its contents, if it is no file.
        offset: lines before `text` in the file that it is a part of.
        generator: what makes it, and where that was named.
    """

    name: str
    path: str | None = None
    text: str | bytes = ""
    offset: int = 0
    generator: tuple[Generator, SourceLocation] | None = None
