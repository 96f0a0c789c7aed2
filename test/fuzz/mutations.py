# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules, payloads, resolved stages and interface files, a little wrong: pieces of the corpus, cut and stirred."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from pathlib import Path

from judgement import Input

__all__ = ["interface", "mutate", "parts", "payload", "resolved", "schedule"]

_HERE = Path(__file__).parent
_TREE = _HERE.parents[1]
_TOKEN = re.compile(rb"\s+|[%@#^!]?[\w.$-]+|.", re.DOTALL)
_NUMBERS = (b"0", b"-1", b"1", b"3", b"2147483648", b"4294967296", b"9223372036854775808", b"99999999999999999999999")
_WORDS = (
    b"f32 i64 index none ? x tensor memref vector !transform.any_op !transform.param<i64> !transform.any_value "
    b'func.func scf.for linalg.matmul module transform.yield readonly consumed true [] {} () <> -> : , = "" dense<> '
    b"array<i64> affine_map<()->()> #map ^bb0 loc(unknown) // \xff \x00"
).split(b" ")
_STAGES = (
    "canonicalize,cse",
    "scalar-lowering.yaml",
    "bufferize.yaml",
    "lower-to-llvm.yaml",
    "matmul.yaml",
    "convert-to-llvm",
    "func.func(linalg-fuse-elementwise-ops)",
    "one-shot-bufferize{bufferize-function-boundaries}",
)
_EMITS = ("mlir", "mlir", "bytecode", "llvmir", "object", "header", "interface", "assembly")


def parts(name: str) -> list[bytes]:
    """The parts of a file of the corpus."""
    return (_HERE / "corpus" / name).read_bytes().split(b"// -----\n")


def _tree(*patterns: str) -> list[bytes]:
    """Files of the tree that serve as further seeds."""
    paths = sorted({path for pattern in patterns for path in (_TREE / "test").glob(pattern)})
    return [path.read_bytes() for path in paths if path.stat().st_size < 20_000]


def mutate(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    """`data` with one to four changes."""
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        data = rng.choice((_token, _token, _token, _line, _line, _bytes, _splice))(data, others, rng)
    return data


def _token(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    tokens = _TOKEN.findall(data)
    if not tokens:
        return rng.choice(_WORDS)
    at = rng.randrange(len(tokens))
    numbers = [i for i, token in enumerate(tokens) if token.lstrip(b"-").isdigit()]
    what = rng.randrange(7)
    if what == 0:
        del tokens[at]
    elif what == 1:
        tokens.insert(at, tokens[at])
    elif what == 2 and numbers:
        tokens[rng.choice(numbers)] = rng.choice(_NUMBERS)
    elif what == 3:
        tokens[at] = rng.choice(_WORDS)
    elif what == 4:
        other = rng.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    else:
        # What begins alike, mostly: a value for a value, a name for a name.
        alike = [t for t in _TOKEN.findall(rng.choice([data, *others])) if t[:1] == tokens[at][:1]]
        tokens[at] = rng.choice(alike or [b""])
    return b"".join(tokens)


def _line(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    lines = data.split(b"\n")
    at = rng.randrange(len(lines))
    what = rng.randrange(4)
    if what == 0:
        del lines[at]
    elif what == 1:
        lines.insert(at, lines[rng.randrange(len(lines))])
    elif what == 2:
        other = rng.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    else:
        lines.insert(at, rng.choice(rng.choice(others).split(b"\n")))
    return b"\n".join(lines)


def _bytes(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    at = rng.randrange(len(data) + 1)
    what = rng.randrange(4)
    if what == 0:
        return data[:at]
    if what == 1:
        return data[:at] + rng.randbytes(rng.randrange(1, 5)) + data[at:]
    if what == 2:
        return data[:at] + data[at + rng.randrange(1, 40) :]
    return data[:at] + rng.choice((b"{", b"}", b"(", b")", b"[", b"]", b"<", b">", b'"')) + data[at:]


def _splice(data: bytes, others: Sequence[bytes], rng: random.Random) -> bytes:
    other = rng.choice(others)
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :]


def schedule(seed: str) -> Input:
    """A changed schedule for a payload that its original applies to."""
    rng = random.Random(seed)
    seeds = parts("schedules.mlir")
    others = seeds + _tree("**/schedule.mlir", "corpus/payloads/*.schedule.mlir", "driver/Inputs/annotate.mlir")
    data = rng.choice(others if rng.random() < 0.3 else seeds)
    arguments = rng.choice(("", "", "[first]", "[second]", "{size=4 width=8 way=1}", "{size=0 width=4 way=0}"))
    files = {"payload.mlir": parts("payloads.mlir")[0], "schedule.mlir": mutate(data, others, rng)}
    spec = f"--stage=schedule.mlir{arguments}"
    if rng.random() < 0.2:
        return Input("schedule, resolved", seed, files, [spec], "schedule.mlir", "stage")
    return Input("schedule", seed, files, ["payload.mlir", spec], "schedule.mlir")


def payload(seed: str) -> Input:
    """A changed payload, with a stage and an output that may or may not fit."""
    rng = random.Random(seed)
    seeds = parts("payloads.mlir")
    others = seeds + _tree("corpus/payloads/*.mlir", "driver/*.mlir")
    data = mutate(rng.choice(others if rng.random() < 0.4 else seeds), others, rng)
    emits = rng.choice(_EMITS)
    stages = [rng.choice(_STAGES) for _ in range(rng.randrange(1, 3))] + (
        ["lower-to-llvm.yaml"] if emits != "mlir" else []
    )
    arguments = ["payload.mlir", *(f"--stage={stage}" for stage in stages)]
    return Input(f"payload, to {emits}", seed, {"payload.mlir": data}, arguments, "payload.mlir", emits)


def resolved(seed: str) -> Input:
    """A changed resolved stage, and at times a changed sidecar."""
    rng = random.Random(seed)
    sidecar = b'{"format": 1, "locations": [[3, "a.py", 4, 5]]}\n'
    (stage,) = parts("two-steps.stage.mlir")
    others = [stage, *parts("schedules.mlir")]
    files = {
        "payload.mlir": parts("payloads.mlir")[0],
        "x.stage.mlir": mutate(stage, others, rng),
        "x.stage.mlir.loc": mutate(sidecar, others, rng) if rng.random() < 0.5 else sidecar,
    }
    return Input("resolved stage", seed, files, ["payload.mlir", "--stage=x.stage.mlir"], "x.stage.mlir")


def interface(seed: str) -> Input:
    """A changed interface file, to be merged into a header."""
    rng = random.Random(seed)
    seeds = parts("k.interface.json")
    files = {"k.interface.json": mutate(seeds[0], seeds, rng)}
    return Input("interface file", seed, files, ["k.interface.json"], "k.interface.json", "header")
