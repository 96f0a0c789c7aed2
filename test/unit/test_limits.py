# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The quick look at brackets misses nothing that the exact one finds, and spares it the usual payload."""

from __future__ import annotations

import random

import pytest
from lighthouse_build import limits
from lighthouse_build.errors import InputError

DEEP = b"(" * 1001 + b")" * 1001
# Of brackets one kind: only the exact look tells kinds apart, and lets pass what MLIR's parser refuses at once.
WORDS = (b"(", b"(", b")", b"->", b"-", b"<=", b">=", b'"', b"// ", b"/", b"\n", b"\\", b"a", b"0x00")


def test_the_quick_look_misses_no_deep_bracket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MAX_NESTING", 3)
    monkeypatch.setattr(limits, "_STEP", 2)
    monkeypatch.setattr(limits, "_PAIRS", b"(())")
    chosen = random.Random(5)
    deep = 0
    for _ in range(4000):
        monkeypatch.setattr(limits, "_PIECE", chosen.randrange(1, 9))
        text = b"".join(chosen.choices(WORDS, k=chosen.randrange(40)))
        found = limits._deep_bracket(text) >= 0
        deep += found
        assert limits._may_nest(text) or not found, text
    assert deep > 200


@pytest.mark.parametrize(
    "around",
    [
        (b"", b""),
        (b"a" * (limits._PIECE - 500), b""),  # the brackets lie in two pieces
        (b"0" * (2 * limits._PIECE), b"0" * (2 * limits._PIECE)),
        (b"// :-)\n", b""),
        (b"// \r", b""),
        (b'"' + b"0" * limits._PIECE + b'(\\""', b""),
    ],
)
def test_deep_brackets_are_refused(around: tuple[bytes, bytes]) -> None:
    text = around[0].replace(b"0000", b"0 0\n") + DEEP + around[1].replace(b"0000", b"0 0\n")
    with pytest.raises(InputError, match="nests brackets more than 1000 deep"):
        limits.check_mlir(text, "p.mlir", "payload")


@pytest.mark.parametrize("hidden", [b"( // )\n", b'( ")"\n', b'( ")" '])
def test_comments_and_strings_close_no_bracket(hidden: bytes) -> None:
    with pytest.raises(InputError, match="nests brackets"):
        limits.check_mlir(hidden * 1001, "p.mlir", "payload")


@pytest.mark.parametrize("line", [b"// :-( ", b'  // \xe2\x80\x9cso"', b"f() // it's (", b'"a" ()'])
def test_comments_are_left_out_quickly(line: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_between_gaps", None)
    assert not limits._may_nest(b"{\n" + (line + b"\n") * 2000 + b"}\n")


def test_brackets_that_nest_often_but_not_deeply_are_counted_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_deep_bracket", None)
    for text in ((b"(" * 300 + b")" * 300) * 500, (b"(" * 900 + b"()" * 900 + b")" * 900) * 20):
        limits.check_mlir(text, "p.mlir", "payload")


@pytest.mark.parametrize("between", [b"()", b"(" * 30 + b")" * 30, b"(()())"])
def test_deep_brackets_between_others_are_refused(between: bytes) -> None:
    with pytest.raises(InputError, match="nests brackets more than 1000 deep"):
        limits.check_mlir((between + b"(") * 1001 + b")" * 1001, "p.mlir", "payload")


def test_no_level_is_taken_away_uncounted() -> None:
    bushy = b""
    for _ in range(12):  # goes level by level, while the others go many at once
        bushy = b"(" + bushy + bushy + b")"
    with pytest.raises(InputError, match="nests brackets more than 1000 deep"):
        limits.check_mlir(b"(" * 499 + bushy + b"(" * 511 + b")" * 1010, "p.mlir", "payload")


def test_a_constant_is_not_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither arrows that lie in two pieces nor constants make the exact look, which is slow, necessary."""
    monkeypatch.setattr(limits, "_deep_bracket", None)
    monkeypatch.setattr(limits, "_without_strings", lambda lines: pytest.fail("a string was copied"))
    for shift in range(4):
        text = b"(" * 900 + b" " * (limits._PIECE - 902 + shift) + b"->" + b")" * 900
        text += b'dense<"0x' + b"00FF" * limits._PIECE + b'"> : tensor<1xf32>\n'
        limits.check_mlir(text, "p.mlir", "payload")
