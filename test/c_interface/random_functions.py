#!/usr/bin/env python3
# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Calls random functions of tensors through their C interface, and compares with values that Python computes.

What is tried is who may write where: functions have writable arguments and return several results in any order, old
values of what they overwrite among them. Numbers are small integers, so that all results are exact.

    test/c_interface/random_functions.py --modules 100 --seed 7 [--directory DIR]

Prints what is wrong, with the function, and leaves the module in the directory.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

__all__ = ["main"]

_ROOT = Path(__file__).resolve().parents[2]
_SIZE = 8
_FUNCTIONS = 20  # of a module
_STAGES = (("bufferize.yaml", "lower-to-llvm.yaml"), ("scalar-lowering.yaml",))
_FOLDS = (
    "linalg.generic {{indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = "
    '["parallel"]}} ins({0} : {t}) outs({1} : {t}) {{ ^bb0(%i: f32, %o: f32): linalg.yield %i : f32 }} -> {t}'
)
_LOOP = (
    "scf.for %i = %k0 to %k2 step %k1 iter_args(%t = {0}) -> {t} {{ "
    "%s = linalg.add ins(%t, {1} : {t}, {t}) outs(%t : {t}) -> {t} scf.yield %s : {t} }}"
)

Vector = tuple[int, ...]
# The values that a step adds, from all before it and the condition.
Step = Callable[[Sequence[Vector], bool], Sequence[Vector]]


class Function:
    """A random function: as MLIR, and as steps that compute the same."""

    def __init__(self, name: str, source: random.Random, known: Sequence[Function]) -> None:
        self.name = name
        self._random = source
        self.is_dynamic = source.random() < 0.4
        self.type = "tensor<?xf32>" if self.is_dynamic else f"tensor<{_SIZE}xf32>"
        self.writable = [source.random() < 0.6 for _ in range(3)]
        self._callees = [f for f in known if f.is_dynamic == self.is_dynamic]
        self._lines = [f"%k{i} = arith.constant {i} : index" for i in range(_SIZE + 1)]
        self._names = ["%a0", "%a1", "%a2"]
        self._steps: list[Step] = []
        for _ in range(source.randrange(1, 7)):
            self._add()
        count = len(self._names)
        self._results = [source.randrange(source.choice([3, count])) for _ in range(source.randrange(1, 5))]
        # What is returned where the condition does not hold.
        self._others = source.sample(self._results, len(self._results)) if source.random() < 0.2 else self._results

    def compute(self, condition: bool, arguments: Sequence[Vector]) -> list[Vector]:
        """The results."""
        values = list(arguments)
        for step in self._steps:
            values += step(values, condition)
        return [values[index] for index in (self._results if condition else self._others)]

    def text(self) -> str:
        """The function in MLIR."""
        attributes = (" {bufferization.writable = true}" if may else "" for may in self.writable)
        arguments = ", ".join(f"%a{i}: {self.type}{text}" for i, text in enumerate(attributes))
        types = ", ".join([self.type] * len(self._results))
        returns = (f"return {', '.join(self._names[i] for i in r)} : {types}" for r in (self._results, self._others))
        end = next(returns)
        if self._others != self._results:
            end = f"cf.cond_br %c, ^yes, ^no\n^yes:\n  {end}\n^no:\n  {next(returns)}"
        body = "\n  ".join([*self._lines, end])
        return f"func.func @{self.name}(%c: i1, {arguments}) -> ({types}) {{\n  {body}\n}}\n"

    def _line(self, text: str) -> str:
        name = f"%v{len(self._lines)}"
        self._lines.append(f"{name} = {text}")
        return name

    def _add(self) -> None:
        """Add an operation on some of the values."""
        # Late values are likelier, so that chains come about; what is written to is often an argument.
        x, y = (max(self._random.randrange(len(self._names)) for _ in range(2)) for _ in range(2))
        z = self._random.choice([x, y, self._random.randrange(3)])
        operation = self._random.choice(
            [self._insert, self._slice, self._slice, self._sum, self._sum, self._copy, self._if, self._for, self._call]
        )
        operation(x, y, z)

    def _push(self, text: str, step: Callable[[Sequence[Vector], bool], Vector], *operands: int) -> None:
        self._names.append(self._line(text.format(*(self._names[i] for i in operands), t=self.type)))
        self._steps.append(lambda values, condition: [step(values, condition)])

    def _insert(self, x: int, y: int, z: int) -> None:
        at, number = self._random.randrange(_SIZE), self._random.randrange(10)
        scalar = self._line(f"arith.constant {number}.0 : f32")
        self._push(
            f"tensor.insert {scalar} into {{0}}[%k{at}] : {{t}}",
            lambda v, _: (*v[x][:at], number, *v[x][at + 1 :]),
            x,
        )

    def _slice(self, x: int, y: int, z: int) -> None:
        size = self._random.choice([_SIZE, self._random.randrange(1, _SIZE)])
        start, to = (self._random.randrange(_SIZE - size + 1) for _ in range(2))
        part = f"tensor<{size}xf32>"
        taken = self._line(f"tensor.extract_slice {self._names[x]}[{start}] [{size}] [1] : {self.type} to {part}")
        self._push(
            f"tensor.insert_slice {taken} into {{0}}[{to}] [{size}] [1] : {part} into {{t}}",
            lambda v, _: (*v[y][:to], *v[x][start : start + size], *v[y][to + size :]),
            y,
        )

    def _sum(self, x: int, y: int, z: int) -> None:
        into = "{2}"
        if self._random.random() < 0.3:
            into = self._line(f"tensor.empty({f'%k{_SIZE}' if self.is_dynamic else ''}) : {self.type}")
        self._push(
            f"linalg.add ins({{0}}, {{1}} : {{t}}, {{t}}) outs({into} : {{t}}) -> {{t}}",
            lambda v, _: tuple(a + b for a, b in zip(v[x], v[y])),
            *(x, y, z),
        )

    def _copy(self, x: int, y: int, z: int) -> None:
        text = self._random.choice(["linalg.copy ins({0} : {t}) outs({1} : {t}) -> {t}", _FOLDS])
        self._push(text, lambda v, _: v[x], x, z)

    def _if(self, x: int, y: int, z: int) -> None:
        text = "scf.if %c -> {t} {{ scf.yield {0} : {t} }} else {{ scf.yield {1} : {t} }}"
        self._push(text, lambda v, condition: v[x if condition else y], x, y)

    def _for(self, x: int, y: int, z: int) -> None:
        self._push(_LOOP, lambda v, _: tuple(a + 2 * b for a, b in zip(v[x], v[y])), x, y)

    def _call(self, x: int, y: int, z: int) -> None:
        if not self._callees:
            return
        callee = self._random.choice(self._callees)
        count = len(callee._results)
        names = ", ".join(self._names[i] for i in (x, y, z))
        name = f"%r{len(self._lines)}"
        types = ", ".join([self.type] * count)
        self._lines.append(
            f"{name}:{count} = func.call @{callee.name}(%c, {names}) : (i1, {', '.join([self.type] * 3)}) -> ({types})"
        )
        self._names += [f"{name}#{i}" for i in range(count)]
        self._steps.append(lambda v, condition: callee.compute(condition, [v[x], v[y], v[z]]))


class _MemRef(ctypes.Structure):
    _fields_ = (
        ("allocated", ctypes.POINTER(ctypes.c_float)),
        ("aligned", ctypes.POINTER(ctypes.c_float)),
        ("offset", ctypes.c_int64),
        ("sizes", ctypes.c_int64 * 1),
        ("strides", ctypes.c_int64 * 1),
    )


class _Buffer:
    """Memory that belongs to the caller."""

    def __init__(self, values: Sequence[float]) -> None:
        self.data = (ctypes.c_float * _SIZE)(*values)
        pointer = ctypes.cast(self.data, ctypes.POINTER(ctypes.c_float))
        self.memref = _MemRef(pointer, pointer, 0, (ctypes.c_int64 * 1)(_SIZE), (ctypes.c_int64 * 1)(1))


def _call(library: ctypes.CDLL, function: dict[str, list[dict[str, object]]], condition: bool, inputs: Sequence[Vector],
          count: int) -> tuple[list[Vector], list[Vector]]:  # fmt: skip
    """The results of a function by its interface, and what is in the arguments then."""
    arguments = [_Buffer(values) for values in inputs]
    places: dict[object, _Buffer | _MemRef] = {}
    passed: list[object] = []
    for parameter in function["parameters"]:
        if parameter["mode"] == "out":
            places[parameter["index"]] = buffer = _Buffer([-99] * _SIZE)
            passed.append(ctypes.byref(buffer.memref))
        elif parameter["index"] == 0:
            passed.append(ctypes.c_bool(condition))
        else:
            passed.append(ctypes.byref(arguments[int(str(parameter["index"])) - 1].memref))
    for result in function["in_place"]:
        places[result["index"]] = arguments[int(str(result["alias"])) - 1]
    returned = function["returned"]
    results = (_MemRef * max(1, len(returned)))()
    if returned:
        passed.insert(0, ctypes.byref(results))
    getattr(library, str(function["symbol"]))(*passed)
    found = []
    places |= {value["index"]: memref for value, memref in zip(returned, results)}
    for index in range(count):
        place = places[index]
        memref = place.memref if isinstance(place, _Buffer) else place
        found.append(tuple(int(memref.aligned[memref.offset + i * memref.strides[0]]) for i in range(_SIZE)))
    own = [ctypes.addressof(buffer.data) for buffer in arguments]
    pointers = [ctypes.cast(memref.allocated, ctypes.c_void_p).value for memref in results[: len(returned)]]
    if len({*own, *pointers}) < len(own) + len(pointers):
        raise SystemExit("a returned buffer is an argument, or another result")
    return found, [tuple(map(int, buffer.data)) for buffer in arguments]


def _try_module(directory: Path, seed: str) -> int:
    """Make, lower and call a module; how many functions are wrong."""
    source = random.Random(seed)
    functions: list[Function] = []
    for number in range(_FUNCTIONS):
        functions.append(Function(f"f{number}", source, functions))
    payload = directory / "module.mlir"
    payload.write_text("".join(function.text() for function in functions))
    stages = [f"--stage={stage}" for stage in source.choice(_STAGES)]
    outputs = [f"--emit={kind}={directory / f'module.{kind}'}" for kind in ("object", "interface")]
    command = [sys.executable, str(_ROOT / "tools/lh-opt"), str(payload), *stages, *outputs]
    if subprocess.run(command, check=False).returncode:
        print(f"seed {seed}, {' '.join(stages)} was not lowered")
        return 1
    shared = directory / "module.so"
    subprocess.run(["cc", "-shared", directory / "module.object", "-o", shared, "-lm"], check=True)
    library = ctypes.CDLL(str(shared))
    interface = {f["name"]: f for f in json.loads((directory / "module.interface").read_text())["functions"]}
    wrong = 0
    for function in functions:
        inputs = [tuple(source.randrange(10) for _ in range(_SIZE)) for _ in range(3)]
        for condition in (False, True):
            expected = function.compute(condition, inputs)
            found, left = _call(library, interface[function.name], condition, inputs, len(expected))
            kept = all(may or a == b for may, a, b in zip(function.writable, inputs, left))
            if found != expected or not kept:
                wrong += 1
                print(f"seed {seed}, {' '.join(stages)}, condition {condition}, arguments {inputs}:\n{function.text()}")
                print(f"found {found}, expected {expected}, arguments {left} afterwards\n", flush=True)
    return wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--modules", type=int, default=10, help=f"each of {_FUNCTIONS} functions (10)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--directory", type=Path, help="where modules are kept (a temporary one)")
    options = parser.parse_args(arguments)
    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        for number in range(options.modules):
            directory = (options.directory or Path(temporary)) / str(number)
            directory.mkdir(parents=True)
            wrong += _try_module(directory, f"{options.seed}.{number}")
    print(f"{options.modules * _FUNCTIONS} functions, {wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
