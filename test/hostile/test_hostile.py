# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Schedules that are wrong in ways people get wrong: the driver survives each, names the fault, writes nothing.

Each folder here is one, a schedule and a payload. Some are refused, some fail, some are harmless after all, and some
kill the process that applies them.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
DRIVER = HERE.parents[1] / "python" / "lighthouse_build" / "__main__.py"
LOWERING, INPUT, CRASH = 1, 3, 4

S, P = "schedule.mlir", "payload.mlir"


@dataclass(frozen=True)
class Outcome:
    """The exit status; the place, and a part, of a diagnostic that must be among the errors and their notes."""

    status: int
    place: str = ""
    message: str = ""


OUTCOMES = {
    "apply-conversion-no-converter": Outcome(LOWERING, f"{S}:5:2", "does not specify type converter"),
    "apply-patterns-max-iter-5": Outcome(0),
    "apply-patterns-unregistered": Outcome(INPUT, f"{S}:4:35", "'transform.apply_patterns.nope' is unknown"),
    "apply-registered-pass-option-type": Outcome(LOWERING, f"{S}:4:7", "failed to add pass or pass pipeline"),
    "apply-registered-pass-wrong-anchor": Outcome(LOWERING, f"{S}:5:7", "pass pipeline failed"),
    "forall-reduction-dim": Outcome(0, f"{P}:2:7", "tiling is not thread safe at axis #2"),
    "foreach-match-bad-matcher": Outcome(INPUT, f"{S}:4:7", "unresolved matcher symbol @x"),
    "fuse-sibling-same": Outcome(LOWERING, f"{S}:5:7", "uses a handle invalidated"),
    "get-result-oob": Outcome(LOWERING, f"{S}:5:7", "position overflow 77"),
    "include-mutual-recursion": Outcome(INPUT, f"{S}:4:1", "recursion not allowed in named sequences"),
    "include-undefined": Outcome(INPUT, f"{S}:4:2", "does not reference a named transform sequence"),
    "interchange-bad-perm-on-generic": Outcome(INPUT, f"{S}:6:7", "to be a permutation, found 1, 1, 1"),
    "interchange-oob": Outcome(INPUT, f"{S}:6:7", "to be a permutation, found 1, 0, 9"),
    "knob-unresolved": Outcome(INPUT, "<command line>:1:1", "needs the parameter 't'; it takes t: one of 1, 2"),
    "loop-pipeline-bad-latency": Outcome(
        CRASH, f"{S}:5:7", f"died by SIGFPE while running stage '{S}' on '{P}', in 'transform.loop.pipeline'"
    ),
    "loop-unroll-and-jam-0": Outcome(INPUT, f"{S}:5:35", "attribute 'factor' failed to satisfy constraint"),
    "loop-unroll-factor-0": Outcome(INPUT, f"{S}:5:27", "attribute 'factor' failed to satisfy constraint"),
    "main-arg-op-type-mismatch": Outcome(
        LOWERING, f"{S}:3:1", "incompatible payload operation name expected func.func"
    ),
    "main-extra-param-arg": Outcome(INPUT, "<command line>:1:1", "has no name to be bound by; give it lh.name"),
    "main-w-o-arg-effect-attr": Outcome(0),
    "main-wants-param-arg": Outcome(INPUT, f"{S}:3:1", "it must take a handle of the payload's root"),
    "multitile-dim-oob": Outcome(INPUT, f"{S}:5:93", "expects a trailing functional type with one argument"),
    "no-with-named-sequence-attr": Outcome(INPUT, f"{S}:3:1", "to have the 'transform.with_named_sequence' attribute"),
    "one-shot-bufferize-fail": Outcome(INPUT, f"{S}:4:53", "attribute 'print_conflicts' failed to satisfy constraint"),
    "pack-greedily-bad-order": Outcome(INPUT, f"{S}:5:7", "is not a valid permutation"),
    "pad-pad-to-multiple-short": Outcome(INPUT, f"{S}:5:15", "expects as many multiples as padding_dimensions"),
    "param-as-handle-type-err": Outcome(INPUT, f"{S}:4:43", "invalid kind of type specified"),
    "promote-oob-memref": Outcome(LOWERING, f"{S}:5:7", "failed to apply"),
    "registered-pass-on-func-anchored-module-pass": Outcome(LOWERING, f"{S}:5:7", "pass pipeline failed"),
    "split-handle-count": Outcome(LOWERING, f"{S}:5:15", "expected to contain 3 payloads but it contains 1"),
    "split-negative": Outcome(LOWERING, f"{P}:2:7", "expected sizes to be non-negative, but got -3"),
    "tile-bad-interchange": Outcome(LOWERING, f"{S}:5:13", "failed on 'payload.mlir', in 'transform.structured.tile_u"),
    "tile-empty-handle": Outcome(0),
    "tile-forall-zero-threads": Outcome(0),
    "tile-non-tileable-op": Outcome(LOWERING, f"{S}:5:11", "only ops implementing TilingInterface are supported"),
    "tile-w-index-handle-const": Outcome(LOWERING, f"{S}:5:11", "uses a handle invalidated"),
    "tile-w-string-param": Outcome(0),
    "tune-alternatives-unresolved": Outcome(INPUT, "<command line>:1:1", "needs the parameter 'x'; it takes x: 0 to 1"),
    "use-after-consume-handle-invalidated": Outcome(LOWERING, f"{S}:6:13", "uses a handle invalidated"),
    "vectorize-huge-64-3-vector": Outcome(0),
    "vectorize-sizes-mismatch": Outcome(LOWERING, f"{S}:5:2", "in 'transform.structured.vectorize'"),
}


def lh_opt(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-B", str(DRIVER), *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


def test_every_folder_is_known() -> None:
    assert {path.parent.name for path in HERE.glob("*/schedule.mlir")} == OUTCOMES.keys()


@pytest.mark.parametrize("name", OUTCOMES)
def test_schedule(name: str, tmp_path: Path) -> None:
    expected = OUTCOMES[name]
    if "SIGFPE" in expected.message and platform.machine() not in ("x86_64", "AMD64"):
        pytest.skip(
            f"MLIR divides by zero here, which is no error to {platform.machine()} and kills the process on x86"
        )
    for path in (HERE / name).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    run = lh_opt(tmp_path, P, f"--stage={S}", "-o", "out.mlir", "--depfile=out.d", "--diagnostics-format=json")
    assert run.returncode == expected.status, run.stderr
    assert run.stdout == ""
    found = [json.loads(line) for line in run.stderr.splitlines()]
    assert all(d["severity"] in ("error", "warning", "remark") for d in found), run.stderr
    assert "Traceback" not in run.stderr
    assert "lighthouse_build" not in run.stderr
    said = [d for top in found for d in (top, *top["notes"])]
    if expected.place:
        assert any(expected.message in d["message"] and place(d) == expected.place for d in said), run.stderr
    if expected.status == 0:
        assert not any(d["severity"] == "error" for d in found), run.stderr
        assert lh_opt(tmp_path, "out.mlir", "-o", "again.mlir").returncode == 0  # what was accepted is valid
        return
    # The last error is the driver's: it says what failed.
    assert found[-1]["severity"] == "error"
    if expected.status in (LOWERING, CRASH):
        assert f"stage '{S}'" in found[-1]["message"]
        assert f"'{P}'" in found[-1]["message"]
    written = {path.name for path in tmp_path.iterdir()} - {S, P}
    assert written == ({"out.mlir.reproducer"} if expected.status == CRASH else set())


def place(diagnostic: dict[str, object]) -> str:
    return f"{Path(str(diagnostic['file'])).name}:{diagnostic['line']}:{diagnostic['column']}"
