# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The project that is edited: `project/` with some twenty payloads, and the only way to change a file of it.

Stages and their helpers are files of `project/`, to be read there. Payloads are written here from a seed: loops on
integers, tables with dense resources, and two that a Python file generates.
"""

from __future__ import annotations

import os
import random
import shutil
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["GROUPS", "TOOL", "Tree", "mlir_opt", "write_project"]

TOOL = "tool/opt"

# How many payloads the variables of payloads.cmake hold.
GROUPS = {"MARKED": 4, "COUNTED": 4, "FOUND": 2, "RENAMED": 2, "TARGETED": 2, "KERNELS": 3, "TABLES": 1, "TOOLED": 2}

_LOOP = """\
// Payload {name}.
func.func @{name}(%x: i32, %n: index) -> i32 {{
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %start = arith.constant {start} : i32
  %step = arith.constant {step} : i32
  %sum = scf.for %i = %c0 to %n step %c1 iter_args(%s = %start) -> (i32) {{
    %t = {operation} %s, %x : i32
    %u = arith.addi %t, %step : i32
    scf.yield %u : i32
  }}
  return %sum : i32
}}
"""

_TABLE = """\
// Payload {name}, with a table.
memref.global "private" constant @table : memref<8xi32> = dense_resource<table>
func.func @{name}(%i: index) -> i32 {{
  %start = arith.constant {start} : i32
  %table = memref.get_global @table : memref<8xi32>
  %value = memref.load %table[%i] : memref<8xi32>
  %sum = arith.addi %value, %start : i32
  return %sum : i32
}}
{{-#
  dialect_resources: {{ builtin: {{ table: "0x04000000{data}" }} }}
#-}}
"""


@dataclass
class Tree:
    """A source tree. What is written through it is newer than all there was, also for a clock of coarse ticks.

    Attributes:
        root: of the tree.
        rng: decides how files are saved.
        written: files, relative to `root`, that were written, touched or removed since this was last emptied.
    """

    root: Path
    rng: random.Random
    written: set[str] = field(default_factory=set)

    def read(self, path: str) -> str:
        return (self.root / path).read_text()

    def exists(self, path: str) -> bool:
        return (self.root / path).exists()

    def files(self, *patterns: str) -> list[str]:
        """The files that match, sorted, so that a seed gives the same edits everywhere."""
        found = {path for pattern in patterns for path in self.root.glob(pattern) if path.is_file()}
        return sorted(str(path.relative_to(self.root)) for path in found)

    def write(self, path: str, text: str, *, in_place: bool | None = None) -> None:
        """Write a file as editors do: some in place, others beside it before a rename, which changes the directory."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if in_place is None:
            in_place = self.rng.random() < 0.5
        if in_place and (not target.exists() or os.access(target, os.W_OK)):
            target.write_text(text)
        else:
            beside = target.with_name(f".{target.name}.new")
            beside.write_text(text)
            if target.exists():
                shutil.copymode(target, beside)
            os.replace(beside, target)
        self.written.add(path)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()
        self.written.add(path)

    def move(self, path: str, to: str) -> None:
        """Rename, and touch: a file that comes with an older time is no edit to a build tool."""
        (self.root / path).rename(self.root / to)
        os.utime(self.root / to)
        self.written |= {path, to}

    def touch(self, path: str, nanoseconds: int | None = None) -> None:
        if nanoseconds is None:
            os.utime(self.root / path)
        else:
            os.utime(self.root / path, ns=(nanoseconds, nanoseconds))
        self.written.add(path)

    def copy(self, to: Path) -> None:
        """Make `to`, which must not exist, a copy of the tree as it is now."""
        shutil.copytree(self.root, to, symlinks=True, ignore=shutil.ignore_patterns(".*.new"))


def mlir_opt() -> str | None:
    """An mlir-opt of LLVM 22, from PATH or where Debian has it."""
    return shutil.which("mlir-opt-22") or shutil.which("mlir-opt", path="/usr/lib/llvm-22/bin")


def write_project(root: Path, rng: random.Random) -> Tree:
    """Write the project below `root`, which must not exist."""
    shutil.copytree(Path(__file__).parent / "project", root, ignore=shutil.ignore_patterns("__pycache__"))
    tree = Tree(root, random.Random(rng.random()))
    lists = []
    for group, count in GROUPS.items():
        sources = []
        for n in range(count):
            name = f"{group.lower()}_{n}"
            sources.append(f"payloads/{name}.mlir")
            tree.write(sources[-1], _payload(name, group, rng))
        if group == "RENAMED":
            sources += ["made.py", '"made.py[create_payload]{count=2}"']
        lists.append(f"set({group} {' '.join(sources)})\n")
    tree.write("payloads.cmake", "".join(lists))
    opt = mlir_opt()
    if opt:
        tree.write(TOOL, f'#!/bin/sh\n# Version 1\nexec {opt} "$@"\n')
        (root / TOOL).chmod(0o755)
    tree.written.clear()
    return tree


def _payload(name: str, group: str, rng: random.Random) -> str:
    numbers = {key: rng.randint(1, 9) for key in ("start", "step")}
    if group == "TABLES":
        return _TABLE.format(name=name, data=rng.randbytes(32).hex().upper(), **numbers)
    operation = rng.choice(["arith.addi", "arith.muli", "arith.subi", "arith.xori"])
    return _LOOP.format(name=name, operation=operation, **numbers)
