# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Clean builds elsewhere, which incremental ones are compared with.

`Replay` runs the commands of the rules itself, in a build tree of its own, after it has deleted every output: no build
tool, no depfile and no time decides what runs. To be affordable it remembers results:

* of a lowering, by its command and the bytes of its payload and its stages;
* of a stage, by its command and the bytes of all stage files (YAML, MLIR) of the source tree; so of a lowering where a
  pass names a library;
* where Python runs, also by the bytes of all other files but payloads and the Python files that other stages name:
  what a generator imports, opens and lists is not to be guessed, only that it does not open these;
* of all, by the driver and the bindings.

What is remembered is itself the result of a clean run, and an input that is missing from those lists would show in
`rebuild`, which copies the source tree to a new place, configures it and builds all of it with the build tool.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from edges import Edge, read_edges, read_links
from project import Tree
from settings import NINJA, Settings, environment

__all__ = ["Clean", "Replay", "read_outputs", "rebuild"]

Contents = Mapping[str, bytes]


@dataclass(frozen=True)
class Clean:
    """What a clean build gives.

    Attributes:
        edges: of its build tree.
        contents: bytes by path relative to the build tree, of the edges that succeed and of libraries.
        failed: what the driver said, by label of the edges that failed themselves.
        blocked: labels of those that could not run since another failed.
    """

    edges: tuple[Edge, ...]
    contents: Contents
    failed: Mapping[str, str]
    blocked: frozenset[str]


class Replay:
    """The clean build that is made after every edit."""

    def __init__(self, settings: Settings, source: Path, build: Path, targets: Iterable[str] = ()) -> None:
        """Args:
        settings: how to configure.
        source: the tree.
        build: a build tree for this alone.
        targets: of `lh_lower()`, to build no others.
        """
        self.settings = settings
        self.source = source
        self.build_tree = build
        self.targets = tuple(targets)
        self.runs = 0
        self._configured = ""
        self._memory: dict[str, Mapping[str, bytes] | str] = {}

    def build(self) -> Clean:
        """Build from nothing."""
        self._configure()
        edges = read_edges(self.build_tree, self.targets)
        for path in (path for edge in edges for path in edge.outputs):
            Path(path).unlink(missing_ok=True)
        identity = self.settings.identity()
        failed: dict[str, str] = {}
        with ThreadPoolExecutor(self.settings.jobs) as pool:
            for kind in ("is_identity", "is_resolve", "is_lowering", "is_header"):
                ready = [e for e in edges if getattr(e, kind) and (e.is_resolve or all(map(os.path.isfile, e.inputs)))]
                keys = _Keys(self.source, identity, edges)  # stages are there only after the first round
                for edge, said in zip(ready, pool.map(self._run, ready, [keys.of(edge) for edge in ready])):
                    if said is not None:
                        failed[edge.label] = said
        contents = read_outputs(edges, self.build_tree, self.build_tree)
        blocked = {e.label for e in edges if not os.path.isfile(e.outputs[0])} - set(failed)
        return Clean(tuple(edges), {**contents, **self._link(contents)}, failed, frozenset(blocked))

    def _configure(self) -> None:
        digest = _digest(
            path for path in self.source.rglob("*") if path.name == "CMakeLists.txt" or path.suffix == ".cmake"
        )
        if digest != self._configured:
            self.settings.configure(self.source, self.build_tree, NINJA)
            self._configured = digest

    def _run(self, edge: Edge, key: str) -> str | None:
        """Run an edge, or write what it gave when it ran; what was said if it failed."""
        known = self._memory.get(key)
        if known is None:
            self.runs += 1
            result = subprocess.run(
                edge.command, cwd=edge.directory, env=environment(), capture_output=True, text=True, check=False
            )
            if result.returncode:
                known = result.stderr
            else:
                known = {path: Path(path).read_bytes() for path in edge.outputs}
            self._memory[key] = known
        elif not isinstance(known, str):
            for path, data in known.items():
                Path(path).parent.mkdir(parents=True, exist_ok=True)
                Path(path).write_bytes(data)
        return known if isinstance(known, str) else None

    def _link(self, contents: Contents) -> dict[str, bytes]:
        libraries = {}
        for link in read_links(self.build_tree):
            if all(path in contents for path in link.objects):
                subprocess.run(link.command, shell=True, cwd=self.build_tree, check=True, capture_output=True)
                libraries[link.library] = (self.build_tree / link.library).read_bytes()
        return libraries


class _Keys:
    """What results are remembered by: more than a run can depend on."""

    def __init__(self, source: Path, identity: str, edges: Iterable[Edge]) -> None:
        self.identity = identity
        self.files = [p for p in source.rglob("*") if not p.is_dir() and p.parent.name != "payloads"]
        self.specs = set().union(*map(_python_files, edges))
        self.stage_files = _digest(path for path in self.files if path.suffix in _STAGE_FILES)
        self.pipelines_run_python = any(b".py" in p.read_bytes() for p in self.files if p.suffix == ".yaml")

    def of(self, edge: Edge) -> str:
        parts = [self.identity, *edge.command, *(hashlib.sha256(_bytes(path)).hexdigest() for path in edge.inputs)]
        if edge.is_resolve or any(b"-paths=" in _bytes(path) for path in edge.stages):
            parts.append(self.stage_files)
        own = _python_files(edge)
        if own or (edge.is_resolve and self.pipelines_run_python):
            others = self.specs - own
            parts.append(
                _digest(p for p in self.files if p.suffix not in _STAGE_FILES and not str(p).endswith(tuple(others)))
            )
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()


_STAGE_FILES = (".yaml", ".mlir", ".cmake")


def _python_files(edge: Edge) -> set[str]:
    """The Python files that an edge runs, as its command or its stages name them: ends of paths."""
    named = {found[1] for word in edge.command if (found := re.match(r"(?:--stage=)?(.*\.py)(?:[{\[].*)?$", word))}
    named |= {name.decode() for path in edge.stages for name in re.findall(rb'file = "([^"]*\.py)"', _bytes(path))}
    return {"/" + name.lstrip("/") for name in named if not name.endswith("__main__.py")}


def _bytes(path: str) -> bytes:
    return Path(path).read_bytes() if os.path.isfile(path) else b""


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
        digest.update(f"{path}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()


def read_outputs(edges: Iterable[Edge], of: Path, build: Path) -> dict[str, bytes]:
    """The outputs of `edges`, which are of the build tree `of`, as they are in the build tree `build`."""
    contents = {}
    for edge in edges:
        for path in edge.outputs:
            relative = os.path.relpath(path, of)
            if (build / relative).is_file():
                contents[relative] = (build / relative).read_bytes()
    return contents


def rebuild(settings: Settings, tree: Tree, clean: Clean, of: Path, work: Path) -> dict[str, bytes]:
    """Configure and build a copy of `tree` from nothing, with the build tool, in `work`.

    Args:
        settings: the generator, and how to configure.
        tree: what to build.
        clean: of the same tree, which can be built, by `Replay`; names the outputs.
        of: the build tree of `clean`.
        work: removed before and after.

    Returns:
        Bytes by path relative to the build tree.
    """
    source, build = work / "source", work / "build"
    shutil.rmtree(work, ignore_errors=True)
    tree.copy(source)
    settings.configure(source, build, settings.generator)
    command = settings.build_command(build, settings.generator)
    subprocess.run(command, capture_output=True, check=True, env=environment())
    contents = read_outputs(clean.edges, of, build)
    contents |= {path: (build / path).read_bytes() for path in clean.contents if path.endswith(".a")}
    shutil.rmtree(work)
    return contents
