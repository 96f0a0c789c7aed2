# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which payloads have to be lowered: computed from contents, without a look at what the driver noticed.

A lowering is a function of its payload, of the resolved stages that it applies, of its options, and of the driver;
also of a library that a pass of these names. Where Python runs at that time (a stage class, a payload that is
generated) it is also one of the meaning of the code and of the tables. The resolved stages are those of a clean
build, so that a stage which an incremental build failed to resolve again shows as payloads that were not lowered.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edges import Edge

__all__ = ["LISTED", "UNLISTED", "Judgement", "Key", "Ledger", "key_of"]

_DIGEST = re.compile(rb'digest = "[0-9a-f]*"')
_LIBRARY = re.compile(rb"transform-library-paths=([^ },]+)")
_FILE = re.compile(rb'lh\.python = \{[^}]*file = "([^"]*)"')
# Why a lowering may run though what it depends on means the same.
TOUCHED = "its payload is newer, though the same: to a build tool that is an edit"
READ = "a file that is read while it is lowered is newer, though it means the same"
DISTURBED = "the build before was edited under, and had lowered it already"
DELETED = "a file of the build tree that it is lowered from was deleted, and came back newer"
LISTED = (TOUCHED, READ, DISTURBED, DELETED)
UNLISTED = "for no reason that is known"


@dataclass(frozen=True)
class Key:
    """What one lowering depends on, by contents.

    Attributes:
        digest: of all of it.
        files: that may cause it to run again without a change of `digest`: paths relative to the source tree.
        source: of the payload, relative to the source tree.
    """

    digest: str
    files: frozenset[str]
    source: str


def key_of(edge: Edge, source: Path, identity: str) -> Key | None:
    """The key of a lowering; None if it cannot run, since an input does not exist.

    Args:
        edge: of a build tree in which the stages have been resolved by a clean build.
        source: root of its source tree.
        identity: of the driver and the bindings.
    """
    digest = hashlib.sha256(identity.encode())
    digest.update("\0".join(edge.command).encode())
    files: set[str] = set()
    if not all(os.path.isfile(path) for path in edge.inputs):
        return None
    python = [edge.source] if edge.source.endswith(".py") else []
    for path in edge.inputs:
        data = Path(path).read_bytes()
        if path in edge.stages:
            for name in _LIBRARY.findall(data):
                library = Path(edge.directory, name.decode())
                digest.update(library.read_bytes() if library.is_file() else b"none")
                files.add(os.path.relpath(library, source))
            python += [str(source / name.decode()) for name in _FILE.findall(data)]
            data = _DIGEST.sub(b"", data)
        if path not in python:
            digest.update(hashlib.sha256(data).digest())
    for path in python:
        for file in _closure(Path(path), [Path(p) for p in edge.python_path()]):
            digest.update(_meaning(file))
            files.add(os.path.relpath(file, source))
    return Key(digest.hexdigest(), frozenset(files), os.path.relpath(edge.source, source))


def _closure(path: Path, search: Sequence[Path]) -> list[Path]:
    """A Python file, the modules of the project that it imports, and the tables that it reads, in a fixed order.

    Imports are read off the text. A table is an assignment `… / "tables" / "name.json"`.
    """
    found: dict[Path, None] = {}

    def visit(file: Path) -> None:
        if file in found:
            return
        found[file] = None
        text = file.read_text()
        try:
            tree = ast.parse(text)
        except SyntaxError:
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                for module in _find(node.module, [path.parent, *search]):
                    visit(module)
        for name in re.findall(r'"tables" / "(\w+\.json)"', text):
            table = file.parents[1] / "tables" / name
            if table.is_file():
                found[table] = None

    visit(path)
    return list(found)


def _find(module: str, search: Iterable[Path]) -> list[Path]:
    """The file of a module as Python finds it: a package before a module, a directory before the next."""
    name = module.replace(".", "/")
    for directory in search:
        for candidate in (directory / name / "__init__.py", directory / f"{name}.py"):
            if candidate.is_file():
                return [candidate]
    return []


def _meaning(file: Path) -> bytes:
    """The contents without comments and layout."""
    data = file.read_bytes()
    if file.suffix != ".py":
        return data
    try:
        return ast.dump(ast.parse(data)).encode()
    except SyntaxError:
        return data


@dataclass(frozen=True)
class Judgement:
    """What was wrong with one build.

    Attributes:
        lowered: how many lowerings ran.
        due: how many had to run.
        missed: labels that had to run and did not.
        needless: labels that ran and did not have to, with the reason.
    """

    lowered: int
    due: int
    missed: tuple[str, ...]
    needless: Mapping[str, str]


@dataclass
class Ledger:
    """What each payload was last lowered from, as the model knows it; by label.

    Attributes:
        done: digest of the key of the last lowering that ran.
        unsure: labels whose lowering may have run or not in a build that was killed or edited under. They are
            judged by their outputs alone.
        deleted: labels that a deleted file of the build tree concerns.
    """

    done: dict[str, str] = field(default_factory=dict)
    unsure: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)

    def due(self, keys: Mapping[str, Key]) -> set[str]:
        """The lowerings that have to run."""
        return {label for label, key in keys.items() if self.done.get(label) != key.digest}

    def judge(self, keys: Mapping[str, Key], ran: Iterable[str], written: Iterable[str], failing: bool) -> Judgement:
        """Compare the lowerings that ran with those that had to, and take note of them.

        Args:
            keys: of the lowerings that can run, by label.
            ran: labels.
            written: files that were edited or touched since the last good build, relative to the source tree.
            failing: whether this build had to fail; then it may leave out what is due.
        """
        due = self.due(keys)
        lowered = set(ran)
        edited = set(written)
        missed = set() if failing else due - lowered - self.unsure
        # What cannot run, for want of a payload or a stage, may be tried.
        needless = {label: self._reason(label, keys[label], edited) for label in sorted(lowered & keys.keys() - due)}
        for label, key in keys.items():
            if label in lowered or not (failing or label in missed):
                self.done[label] = key.digest
        if not failing:
            self.unsure.clear()
            self.deleted.clear()
        return Judgement(len(lowered), len(due), tuple(sorted(missed)), needless)

    def _reason(self, label: str, key: Key, edited: set[str]) -> str:
        if label in self.unsure:
            return DISTURBED
        if label in self.deleted:
            return DELETED
        if key.source in edited and not key.source.endswith(".py"):
            return TOUCHED
        if key.files & edited:
            return READ
        return UNLISTED
