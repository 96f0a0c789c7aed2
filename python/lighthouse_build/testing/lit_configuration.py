# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The configuration of a lit suite: its tools as substitutions, a place for what tests write.

Works alone, in a `lit.cfg.py` that anyone runs with `lit`, and below the `lit.site.cfg.py` that `lh_add_lit_suite()`
writes, which hands over what the build knows in `config.lighthouse`.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, Any

from lighthouse_build.errors import InputError
from lighthouse_build.testing import filecheck

__all__ = ["configure"]

_TESTING = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
_DRIVER = os.path.join(os.path.dirname(os.path.dirname(_TESTING)), "__main__.py")
_EXCLUDES = ("CMakeLists.txt", "Inputs", "Output", "__pycache__", "lit.cfg.py", "lit.site.cfg.py")
_held: list[IO[str]] = []  # locks, for as long as lit runs


def configure(
    config: Any,
    lit_config: Any,
    *,
    name: str | None = None,
    suffixes: Iterable[str] = (".mlir", ".test"),
    excludes: Iterable[str] = (),
    tools: Mapping[str, str | Sequence[str]] | None = None,
    stages: str | os.PathLike[str] | None = None,
    filecheck_path: str | None = None,
    exec_root: str | os.PathLike[str] | None = None,
) -> None:
    """Set up `config`, a suite of tests with RUN lines.

    Substitutes `lh-opt`, `FileCheck` (LLVM's if there is one, else the Python one), `count`, the tools of the build,
    `%python`, and `%lh_stages`: a directory that has each declared stage as `<name>.stage.mlir`. `not`, with and
    without `--crash`, is lit's own. What `config` says already, such as its environment and features, stays.

    Args:
        config: lit's `config`.
        lit_config: lit's `lit_config`.
        name: of the suite; by default what the build calls it, or the name of its directory.
        suffixes: what the names of tests end in.
        excludes: further names of files and directories that hold no tests; `Inputs` never does.
        tools: name to path, or to a command with its arguments, of programs besides the build's.
        stages: the directory of resolved stages for `%lh_stages`; by default the build's.
        filecheck_path: FileCheck; by default the build's, or the first found.
        exec_root: where tests write; by default the build's, the lit parameter `exec_root`, or `Output` beside the
            tests. While another lit runs there, a directory inside it.
    """
    import lit.formats

    site: Mapping[str, Any] = getattr(config, "lighthouse", {})
    # lit runs the file that calls with `__file__` set.
    source_root = config.test_source_root or os.path.dirname(os.path.abspath(sys._getframe(1).f_globals["__file__"]))
    config.test_source_root = str(source_root)
    config.name = name or site.get("name") or os.path.basename(config.test_source_root)
    config.test_format = config.test_format or lit.formats.ShTest(execute_external=False)
    config.suffixes = {*config.suffixes, *suffixes}
    config.excludes = {*config.excludes, *_EXCLUDES, *excludes}
    root = exec_root or site.get("exec_root") or lit_config.params.get("exec_root")
    config.test_exec_root = _own_directory(os.path.abspath(root or os.path.join(config.test_source_root, "Output")))

    python = site.get("python") or sys.executable
    try:
        found = filecheck.find(filecheck_path or site.get("filecheck"), python)
    except InputError as error:
        lit_config.fatal(error.message)
    lit_config.note(f"using FileCheck: {shlex.join(found)}")
    commands: dict[str, str | Sequence[str]] = {
        "lh-opt": site.get("lh_opt") or (python, "-I", "-B", _DRIVER),
        "FileCheck": found,
        "count": (python, "-I", "-B", _TESTING, "count"),
        **site.get("tools", {}),
        **(tools or {}),
    }
    if getattr(config.test_format, "execute_external", False):
        commands.setdefault("not", (python, "-I", "-B", _TESTING, "not"))
    # Longest first: of `my-opt` and `my-opt-2`, or of commands in each other's paths, none may break another.
    for tool in sorted(commands, key=len, reverse=True):
        config.substitutions.append((_name_pattern(tool), _literal(_command(commands[tool]))))
    config.substitutions.append(("%python", _literal(_command((python,)))))
    directory = stages or site.get("stages")
    if directory:
        config.substitutions.append(("%lh_stages", _literal(os.path.abspath(directory))))
    if "LH_MLIR_PACKAGE" in os.environ:
        config.environment.setdefault("LH_MLIR_PACKAGE", os.environ["LH_MLIR_PACKAGE"])


def _name_pattern(tool: str) -> str:
    """Matches the name of a tool as a command: not within paths, options and `%t.tool`, nor in `tool: error`."""
    return rf"(?<![\w./%+\\-]){re.escape(tool)}(?![\w./:+-])"


def _command(command: str | Sequence[str]) -> str:
    words = [command] if isinstance(command, str) else command
    return shlex.join(map(str, words))


def _literal(text: str) -> str:
    """`text` as a substitution that lit leaves alone: no group references, no `%s`."""
    # On Windows, lit escapes backslashes itself.
    escaped = text if os.name == "nt" else text.replace("\\", "\\\\")
    return escaped.replace("%", "%%")


def _own_directory(root: str) -> str:
    """`root`, or, while other lits run there, the first of the directories in it where none does.

    Tests of one suite write to files of the same names, and lit deletes what it finds. The lock is let go of when
    this lit ends, however it does.
    """
    try:
        import fcntl
    except ImportError:  # no such locks on this system
        return root
    for number in range(1000):
        directory = os.path.join(root, f"parallel-{number}") if number else root
        os.makedirs(directory, exist_ok=True)
        stream = open(os.path.join(directory, ".lit.lock"), "w")  # noqa: SIM115 (it stays open)
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            stream.close()
            continue
        _held.append(stream)
        return directory
    return root
