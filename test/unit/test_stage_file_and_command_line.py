# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Resolved stages as files, errors as text, and the command line."""

from __future__ import annotations

import pytest
from lighthouse_build import command_line, flags
from lighthouse_build.command_line import Emission
from lighthouse_build.errors import Colour, Diagnostic, InputError, SourceLocation, UsageError, render
from lighthouse_build.flags import Flag
from lighthouse_build.frozen import replace
from lighthouse_build.stage_file import ResolvedStage, Step, passes_only

PLACE = SourceLocation("p.yaml", 3, 5)


def test_a_stage_round_trips() -> None:
    stage = passes_only([('builtin.module(a{b="c\\\\d"})', "a", PLACE), ("builtin.module(é)", "e", PLACE)], "s")
    again = ResolvedStage.from_text(stage.to_text(), "s", stage.to_sidecar())
    assert replace(again, path="") == stage
    assert again.path == "s"
    assert again.locations == {2: PLACE, 4: PLACE}
    assert again.steps == (Step("passes", "a"), Step("passes", "e"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not a resolved stage"),
        ("module {}", "not a resolved stage"),
        ("// lighthouse-stage: {", "manifest of the stage is damaged"),
        ("// lighthouse-stage: []\n", "manifest of the stage is damaged"),
        ('// lighthouse-stage: {"format": 0}\n', "has format 0"),
        ('// lighthouse-stage: {"format": 1, "requires": [], "steps": [{"kind": "x", "name": "y"}]}\n', "kind 'x'"),
    ],
)
def test_damaged_stages_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ResolvedStage.from_text(text, "s.stage.mlir")
    assert str(caught.value.location) == "s.stage.mlir:1:1"


@pytest.mark.parametrize("sidecar", [None, "", "{}", '{"format": 1, "locations": [[1]]}', '{"format": 2}'])
def test_a_damaged_sidecar_is_ignored(sidecar: str | None) -> None:
    stage = passes_only([("builtin.module(a)", "a", PLACE)], "s")
    assert ResolvedStage.from_text(stage.to_text(), "s", sidecar).locations == {}


def test_an_error_shows_line_caret_and_notes() -> None:
    text = "one\n\ttwo words\n"
    note = Diagnostic("here", SourceLocation("f", 1, 1, text), "note")
    error = InputError("wrong", SourceLocation("f", 2, 6, text), [note], [Diagnostic("before")])
    assert render(error, Colour()) == (
        "lh-opt: error: before\nf:2:6: error: wrong\n\ttwo words\n\t    ^\n  f:1:1: note: here\n  one\n  ^"
    )


def test_names_cannot_drive_the_terminal() -> None:
    assert "\033" not in render(InputError("bad '\033[2J'"), Colour())


def test_emissions() -> None:
    request = command_line.parse(["p.mlir", "--emit=object=k.o", "--emit=header", "-o", "k.h"])
    assert request.emissions == (Emission("object", "k.o"), Emission("header", "k.h"))
    assert command_line.parse(["p.mlir"]).emissions == (Emission("mlir", "-"),)
    assert command_line.parse(["p.mlir", "-O3", "--features=+a,-b"]).optimize == 3
    with pytest.raises(UsageError, match="is never written"):
        command_line.parse(["p.mlir", "--emit=object=k.o", "-o", "x"])
    with pytest.raises(UsageError, match="names no file"):
        command_line.parse(["p.mlir", "--emit=object="])
    with pytest.raises(UsageError, match="cannot be mixed"):
        command_line.parse(["p.mlir", "a.interface.json", "--emit=header"])


def test_every_flag_has_a_help_text() -> None:
    assert [flag.names for flag in command_line.FLAGS if not flag.help] == []


_FLAGS = (
    Flag("g", ("--list", "--also"), "may be repeated", "ITEM"),
    Flag("g", ("-o",), "file", "FILE"),
    Flag("g", ("-O",), "level", "LEVEL", choices=("0", "1", "2")),
    Flag("h", ("--verify",), "verify", "BOOL", default="true", choices=("0", "1", "true")),
    Flag("h", ("--all",), "all"),
)


@pytest.mark.parametrize(
    ("line", "values", "arguments"),
    [
        ("a --list=x b --also y", {"--list": ("x", "y")}, ["a", "b"]),
        ("-list=x -also y -all", {"--list": ("x", "y"), "--all": ("",)}, []),
        ("-o f -O1 - -o=g -oh", {"-o": ("f", "g", "h"), "-O": ("1",)}, ["-"]),
        ("-o -", {"-o": ("-",)}, []),
        ("--list= --verify a --verify=0", {"--list": ("",), "--verify": ("true", "0")}, ["a"]),
        ("--all -- --list -x", {"--all": ("",)}, ["--list", "-x"]),
        ("--list=a=b", {"--list": ("a=b",)}, []),
    ],
)
def test_flags_are_read(line: str, values: dict[str, tuple[str, ...]], arguments: list[str]) -> None:
    found = flags.read(_FLAGS, line.split(), "tool")
    assert {flag.names[0]: found.all(flag.names[0]) for flag in _FLAGS if found.given(flag.names[0])} == values
    assert found.arguments == arguments
    assert found.last("-o") == (values["-o"][-1] if "-o" in values else None)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--lisst=x", r"unknown argument '--lisst=x'; did you mean '--list'\?"),
        ("-z", r"unknown argument '-z'; see tool --help"),
        ("--list", r"--list wants a value: --list=ITEM, --also=ITEM"),
        ("-o --all", r"-o wants a value: -o FILE"),
        ("-O3", r"-O takes 0, 1 or 2, not '3'"),
        ("--verify=maybe", r"--verify takes 0, 1 or true, not 'maybe'"),
        ("--all=1", r"--all takes no value, but was given '1'"),
    ],
)
def test_wrong_flags_are_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        flags.read(_FLAGS, line.split(), "tool")


def test_help_text() -> None:
    long = Flag("h", ("--with-a-long-name",), " ".join(["word"] * 30), "VALUE")
    text = flags.help_text((*_FLAGS, long), "tool [flags]", "What it does.", "More.\n", [("file", "the input")])
    assert (
        text
        == """usage: tool [flags]

What it does.

arguments:
  file                    the input

g:
  --list=ITEM, --also=ITEM
                          may be repeated
  -o FILE                 file
  -O0, -O1, -O2           level

h:
  --verify[=BOOL]         verify
  --all                   all
  --with-a-long-name=VALUE
                          word word word word word word word word word word word word word word word
                          word word word word word word word word word word word word word word word

More.
"""
    )
