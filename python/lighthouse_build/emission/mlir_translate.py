# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs `mlir-translate --mlir-to-cpp`: the one part of MLIR that its Python bindings do not have.

Any tool with that translation will do, such as a compiler's own `foo-translate`. It is another process of another
version of MLIR, so that it gets text, and what goes wrong in it is told with both versions.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable

from lighthouse_build.errors import CrashError, Diagnostic, InputError, LoweringError, SourceLocation
from lighthouse_build.programs import newest
from lighthouse_build.tool import messages
from lighthouse_build.tool.program import Tool

__all__ = ["find", "translate"]

_OLDEST = 22  # major version of LLVM; older ones read other properties of EmitC's operations
_NAME = "mlir-translate"
_FLAG = "--mlir-to-cpp"
_REMEDY = (
    "install LLVM's MLIR tools (mlir-22-tools or newer on Debian and Ubuntu), or name one: --mlir-translate, "
    "LH_MLIR_TRANSLATE in CMake"
)


def find(wish: str = "") -> Tool:
    """The tool: `wish`, a path or a name, or else `mlir-translate` or its newest version on PATH.

    Raises:
        InputError: there is none.
    """
    found = shutil.which(wish or _NAME) or (None if wish else newest(_NAME))
    if found is None:
        msg = f"there is no program '{wish}' to write C++ with" if wish else f"{_NAME} writes C++, and is not on PATH"
        raise InputError(f"{msg}; {_REMEDY}")
    return Tool(found)


def translate(text: str, tool: Tool, bindings: Callable[[], str]) -> str:
    """What `tool` makes of EmitC.

    Args:
        text: the payload in generic form, with locations.
        tool: the tool.
        bindings: what wrote `text`, for messages.

    Raises:
        CrashError: the tool died.
        LoweringError: it refused the text.
        InputError: it does not run.
    """
    outcome = tool.run([_FLAG], text=text)
    if outcome.status == 0:
        return outcome.output.decode(errors="replace")
    causes = messages.diagnostics(outcome.messages, _place) or _last_line(outcome.messages)
    if outcome.status < 0:
        error = CrashError("", causes=causes)
        error.how, error.doing = f"{tool} {messages.how_it_died(outcome.status)}", "the translation to C++"
        raise error
    version = tool.version()
    if version and int(version.partition(".")[0]) < _OLDEST:
        msg = f"{tool} cannot read what {bindings()} write: it is too old; {_REMEDY}"
    else:
        msg = f"{tool} cannot translate what {bindings()} write; where they differ, take a newer tool"
    raise LoweringError(msg, causes=causes)


def _place(at: SourceLocation) -> SourceLocation | None:
    """Lines of the payload are the user's, those of our text are not."""
    return None if at.file in ("<stdin>", "-") else at


def _last_line(text: str) -> list[Diagnostic]:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return [Diagnostic(lines[-1])] if lines else []
