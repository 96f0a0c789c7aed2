# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The runs of the driver that a build consists of, read from the rules that CMake wrote for Ninja.

Only commands are read, never dependencies: what an edge depends on is for the model to know and for the build to find.
A batch is read as the runs that it stands for, one for each of its payloads.
"""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["BATCH", "HEADER", "IDENTITY", "LOWERING", "RESOLVE", "Edge", "Link", "read_edges", "read_links"]

RESOLVE = "Resolving stage "
LOWERING = "Lowering "
HEADER = "Writing the header of "
IDENTITY = "Identifying "  # the driver, or a tool

BATCH = re.compile(r"Lowering (\S+?)/.* and \d+ more")

_RULE = re.compile(r"^  COMMAND = (.*)\n  DESC = (.*)$", re.MULTILINE)
_LIBRARY = re.compile(r"^build (\S+): C_STATIC_LIBRARY_LINKER\S* ([^|\n]*)", re.MULTILINE)
_OUTPUT = re.compile(r"--emit=\w+=(.+)")


@dataclass(frozen=True)
class Edge:
    """One run of the driver.

    Attributes:
        label: as the build tool prints it, `Lowering kernels/payloads/a`.
        command: what is run, in words.
        directory: where.
        outputs: absolute paths; of a stage also the file of its locations.
        inputs: absolute paths of what other edges write, but for the driver's identity, and of the payload or tool.
        source: of the payload, absolute; empty for the other kinds.
        stages: resolved stages that are applied; absolute paths.
        mark: what stands for it in the rules: the first output, absolute.
        rule: the first output of the rule that it is part of; absolute.
    """

    label: str
    command: tuple[str, ...]
    directory: str
    outputs: tuple[str, ...]
    inputs: tuple[str, ...]
    source: str
    stages: tuple[str, ...]
    rule: str

    @property
    def mark(self) -> str:
        return self.outputs[0]

    @property
    def is_lowering(self) -> bool:
        return self.label.startswith(LOWERING)

    @property
    def is_resolve(self) -> bool:
        return self.label.startswith(RESOLVE)

    @property
    def is_header(self) -> bool:
        return self.label.startswith(HEADER)

    @property
    def is_identity(self) -> bool:
        return self.label.startswith(IDENTITY)

    @property
    def is_driver(self) -> bool:
        """Whether it tells the driver from a changed one, on which all others depend."""
        return self.label == IDENTITY + "lh-opt"

    def python_path(self) -> list[str]:
        """Directories of modules, in the order of the search."""
        return [word.partition("=")[2] for word in self.command if word.startswith("--python-path=")]


@dataclass(frozen=True)
class Link:
    """The archive of a library, relative to the build tree, the objects in it, and the command that makes it."""

    library: str
    objects: tuple[str, ...]
    command: str


def read_edges(build: Path, targets: Iterable[str] = ()) -> list[Edge]:
    """The edges of the Ninja build tree `build` in an order in which they can run.

    Args:
        build: of a single configuration.
        targets: of `lh_lower()`; by default all.
    """
    found: list[Edge] = []
    joined: dict[str, list[str]] = {}  # what a batch writes of all its interfaces, to these
    rules = _RULE.findall((build / "build.ninja").read_text())
    for command, label in sorted(rules, key=lambda rule: " --batch=" not in rule[0]):  # what joins before what reads it
        if " --depfile=" in command:
            directory, words = _words(_unescaped(command))
            found += _edges(directory, words, _unescaped(label), joined)
    wanted = tuple(f"{kind}{target}" for target in targets for kind in (LOWERING, HEADER))
    last = [e for e in found if not e.is_resolve and not e.is_identity]
    edges = [e for e in found if e.is_driver] + [e for e in last if not wanted or _is_of(e.label, wanted)]
    # Stages that nothing applies, and tools that nothing uses, are not built either.
    makers = {path: e for e in found for path in e.outputs}
    needed: dict[str, Edge] = {}

    def need(edge: Edge) -> None:
        for path in edge.inputs:
            if path in makers:
                need(makers[path])
        needed.setdefault(edge.mark, edge)

    for edge in edges:
        need(edge)
    return list(needed.values())


def _is_of(label: str, wanted: Iterable[str]) -> bool:
    return any(label == prefix or label.startswith(prefix + "/") for prefix in wanted)


def _unescaped(text: str) -> str:
    return re.sub(r"\$([$ :])", r"\1", text)


def _words(command: str) -> tuple[str, list[str]]:
    """Where a rule runs the driver, and the words of that."""
    words = shlex.split(command)
    end = next(n for n, word in enumerate(words) if word.startswith("--depfile=")) + 1
    return words[1], words[3:end]  # cd DIRECTORY && …


def _edges(directory: str, words: list[str], label: str, joined: dict[str, list[str]]) -> list[Edge]:
    """The edges of a rule. Notes in `joined` what a batch joins, and puts the parts in its place where it is read."""
    batch = next((word.partition("=")[2] for word in words if word.startswith("--batch=")), None)
    if batch is None:
        return [_edge(directory, [part for word in words for part in joined.get(word, [word])], label)]
    found = BATCH.fullmatch(label)
    assert found, label
    driver = words[: words.index(f"--batch={batch}")]
    own = words[words.index(f"--batch={batch}") + 1 :]
    common, *paragraphs = (text.splitlines() for text in Path(batch).read_text().strip("\n").split("\n\n"))
    edges: list[Edge] = []
    for record, *arguments in paragraphs:
        stem = record.partition(f"/CMakeFiles/{found[1]}.lh/")[2].removesuffix(".lowered.json")
        words = [*driver, *common, *arguments, f"--depfile={record}.d"]
        rule = edges[0].rule if edges else ""
        edges.append(_edge(directory, words, f"{LOWERING}{found[1]}/{stem}", rule))
    interfaces = [path for edge in edges for path in edge.outputs if path.endswith(".interface.json")]
    for word in own:
        if word.startswith("--emit=interface="):
            joined[word.partition("=interface=")[2]] = interfaces
        elif word.startswith("--emit=header="):
            edges.append(_edge(directory, [*driver, *interfaces, *own], f"{HEADER}{found[1]}", edges[0].rule))
    return edges


def _edge(directory: str, words: list[str], label: str, rule: str = "") -> Edge:
    outputs = [found[1] for word in words if (found := _OUTPUT.fullmatch(word))]
    values = [word.partition("=")[2] for word in words if word.startswith("--stage=")]
    stages = tuple(value for value in values if value.endswith(".stage.mlir"))
    source = ""
    # A tool counts by its identity, but for the run that tells it.
    tool = "--tool=" if label.startswith(IDENTITY) else "--tool-identity="
    inputs = [*stages, *(word.partition("=")[2] for word in words if word.startswith(tool))]
    driver = next(n for n, word in enumerate(words) if word.endswith("__main__.py"))
    positional = [word for word in words[driver + 1 :] if word.startswith("/") and word not in outputs]
    if "-o" in words:
        outputs.append(words[words.index("-o") + 1])
        positional.remove(outputs[-1])
        if not label.startswith(IDENTITY):
            outputs.append(outputs[-1] + ".loc")
    if label.startswith(LOWERING):
        source = re.sub(r"(\.py)[{\[].*$", r"\1", positional[0])
    inputs += [re.sub(r"(\.py)[{\[].*$", r"\1", word) for word in positional]
    return Edge(label, tuple(words), directory, tuple(outputs), tuple(inputs), source, stages, rule or outputs[0])


def read_links(build: Path) -> list[Link]:
    """The static libraries of the Ninja build tree `build`."""
    links = []
    for library, inputs in _LIBRARY.findall((build / "build.ninja").read_text()):
        command = ["ninja", "-C", str(build), "-t", "commands", "-s", library]
        text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        lines = [line for line in text.splitlines() if not line.startswith("ninja: ")]
        links.append(Link(library, tuple(inputs.split()), lines[-1]))
    return links
