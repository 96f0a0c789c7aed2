# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Errors in specs that a build handed over point into the build description."""

from __future__ import annotations

from pathlib import Path

import pytest
from lighthouse_build.declaration import place
from lighthouse_build.errors import COMMAND_LINE, Colour, CrashError, InputError, SourceLocation, UsageError, render

LISTS = """\
lh_add_stage(tiles PASSES canonicalize)
LH_ADD_STAGE (tile
  STAGES cse "tile.py{sizes=[1,}"
  DEPENDS x)
lh_lower("k" SOURCES a.mlir STAGES cse nosuch)
lh_add_stage(other SCHEDULE tile.py OPTIONS sizes=[1,)
"""


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    path = tmp_path / "CMakeLists.txt"
    path.write_text(LISTS)
    return path


@pytest.mark.parametrize(
    ("call", "spec", "column", "expected"),
    [
        pytest.param("lh_add_stage(tile)", "tile.py{sizes=[1,}", 15, "3:29", id="in quotes, on another line"),
        pytest.param("lh_lower(k)", "nosuch", 1, "5:40", id="quoted name"),
        pytest.param("lh_add_stage(tiles)", "nosuch", 1, "1:1", id="not in this call, but in a later one"),
        pytest.param("lh_add_stage(other)", "tile.py{sizes=[1,}", 15, "6:1", id="written by OPTIONS"),
        pytest.param("lh_add_stage(gone)", "cse", 1, None, id="written by a macro"),
    ],
)
def test_place(lists: Path, call: str, spec: str, column: int, expected: str | None) -> None:
    error = InputError("wrong", SourceLocation(COMMAND_LINE, 1, column, spec))
    place(error, f"{lists}:{call}")
    assert str(error.location) == (f"{lists}:{expected}" if expected else str(lists))
    text = render(error, Colour())
    exact = expected is not None and not expected.endswith(":1")
    assert (f"{COMMAND_LINE}:1:{column}: note: in {call}" in text) == (not exact)
    assert spec in text
    assert "^" in text


def test_a_mistake_in_another_argument_is_at_the_call(lists: Path) -> None:
    error = UsageError("unknown CPU 'x'")
    place(error, f"{lists}:lh_lower(k)")
    assert render(error, Colour()).startswith(f"{lists}:5:1: error: unknown CPU 'x'\nlh_lower(")
    other = InputError("what is no argument")
    place(other, f"{lists}:lh_lower(k)")
    assert other.location is None


def test_a_job_that_ran_out_of_time_is_of_a_call(lists: Path) -> None:
    error = CrashError("ran longer than the timeout")
    place(error, f"{lists}:lh_add_stage(tile)")
    assert render(error, Colour()).startswith(f"{lists}:2:1: error: ran longer than the timeout\nLH_ADD_STAGE (tile")
    busy = CrashError("ran longer than the timeout", SourceLocation("gen.py", 3))
    place(busy, f"{lists}:lh_lower(k)")
    assert str(busy.location) == "gen.py:3"
    assert f"{lists}:5:1: note: in lh_lower(k)" in render(busy, Colour())


def test_other_places_stay(tmp_path: Path) -> None:
    error = InputError("wrong", SourceLocation("a.yaml", 3, 4))
    place(error, f"{tmp_path}/missing:lh_lower(k)")
    assert str(error.location) == "a.yaml:3:4"
    assert not error.diagnostic.notes


@pytest.mark.parametrize("spec", ["tilles", "ttiles"])
def test_stage_that_was_meant(lists: Path, spec: str) -> None:
    lists.write_text(LISTS + f"lh_lower(m SOURCES a.mlir STAGES {spec})\n")
    message = f"not a pass pipeline: '{spec}' does not refer to a registered pass or pass pipeline"
    error = InputError(message, SourceLocation(COMMAND_LINE, 1, 1, spec))
    place(error, f"{lists}:lh_lower(m)")
    assert f"{lists}:1:14: note: did you mean the stage 'tiles', declared here?" in render(error, Colour())


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        pytest.param("tilles", "pass 'tilles' failed", id="a pass that there is"),
        pytest.param("canonicalise", "'canonicalise' does not refer to a registered pass", id="near none"),
    ],
)
def test_no_stage_was_meant(lists: Path, spec: str, message: str) -> None:
    lists.write_text(LISTS + f"lh_lower(m SOURCES a.mlir STAGES {spec})\n")
    error = InputError(message, SourceLocation(COMMAND_LINE, 1, 1, spec))
    place(error, f"{lists}:lh_lower(m)")
    assert "did you mean" not in render(error, Colour())
