# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Option values and stage specs: what is read, what is refused where, and that printing and reading are inverse."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.language.spec import (
    Generator,
    PassPipeline,
    Pipeline,
    Resolved,
    Schedule,
    Spec,
    StageClass,
    describe,
    format_spec,
    parse_spec,
)
from lighthouse_build.language.values import SpecSyntaxError, format_options, format_value, parse_options, parse_value


def parse(text: str) -> Spec:
    return parse_spec(text, lambda offset: SourceLocation("spec", 1, offset + 1, text))


@pytest.mark.parametrize(
    ("text", "spec"),
    [
        ("canonicalize", PassPipeline("canonicalize")),
        (
            "func.func(cse,canonicalize{max-iterations=3})",
            PassPipeline("func.func(cse,canonicalize{max-iterations=3})"),
        ),
        ("transform-preload-library{paths=a.mlir b=1}", PassPipeline("transform-preload-library{paths=a.mlir b=1}")),
        ("a.mlir", Schedule("a.mlir")),
        ("dir/a.mlir[seq]{p=1 q=2}", Schedule("dir/a.mlir", "seq", {"p": 1, "q": 2})),
        ("a.mlir[@seq]", Schedule("a.mlir", "seq")),
        ("a.mlir[seq=seq]", Schedule("a.mlir", "seq")),
        ("a.py", Generator("a.py", "create_schedule")),
        ("a.py[gen]", Generator("a.py", "gen")),
        ("a.py[gen,seq]{o=1}{p=2}", Generator("a.py", "gen", "seq", {"o": 1}, {"p": 2})),
        ("a.py[seq=s]{}{p=2}", Generator("a.py", "create_schedule", "s", {}, {"p": 2})),
        ("a.py [ seq = s , gen = g ] { o = 1 }", Generator("a.py", "g", "s", {"o": 1})),
        ("a.py[stage=Name]{o=1}", StageClass("a.py", "Name", {"o": 1})),
        ("a.yaml", Pipeline("a.yaml")),
        ("a.yml {v=1}", Pipeline("a.yml", {"v": 1})),
        ("a.stage.mlir", Resolved("a.stage.mlir")),
        ("/odd [1] $x/a.py[gen]", Generator("/odd [1] $x/a.py", "gen")),
        ('"odd{.mlir"[s]', Schedule("odd{.mlir", "s")),
    ],
)
def test_forms(text: str, spec: Spec) -> None:
    assert parse(text) == spec
    assert parse(format_spec(spec)) == spec


@pytest.mark.parametrize(
    ("text", "column", "message"),
    [
        ("", 1, "the stage is empty"),
        ("   ", 1, "the stage is empty"),
        ("a.py[gen", 5, "'[' is never closed"),
        ("a.py[gen,]", 10, "expected a name after ','"),
        ("a.py[,gen]", 6, "expected a name before ','"),
        ("a.py[a,b,c]", 10, "too many names"),
        ("a.py[gen=a,gen=b]", 12, "'gen' is given twice"),
        ("a.py[fn=a]", 6, "unknown keyword 'fn'"),
        ("a.py[stage=A,gen=b]", 5, "'stage=' excludes"),
        ("a.mlir[gen=a]", 8, "unknown keyword 'gen'"),
        ("a.mlir{a=1}{b=2}", 12, "a schedule takes"),
        ("a.py{a=1}{b=2}{c=3}", 15, "a Python file takes"),
        ("a.py[stage=A]{a=1}{b=2}", 19, "a Python file takes"),
        ("a.yaml[x]", 7, "a pipeline takes {variables}"),
        ("a.yaml{x=1} y", 13, "unexpected text after the stage: 'y'"),
        ("a.stage.mlir{x=1}", 13, "takes no arguments"),
        ("a.py{a=1 a=2}", 10, "'a' is given twice"),
        ("a.py{a=[1,2}", 12, "expected ']' here"),
        ("a.py{a=1", 5, "'{' is never closed"),
        ("a.py{=1}", 6, "expected an option's name"),
        ("a.py{a=}", 8, "expected a value before '}'"),
        ("a.py{a=1,,b=2}", 10, "expected a value before ','"),
        ('a.py{a="x}', 8, "the string is never closed"),
        ('a.py{a="\\q"}', 9, "unknown escape '\\q'"),
        ("a.py{a=" + "[" * 100, 71, "nested more than 64 deep"),
        ("func.func(cse", 10, "'(' is never closed"),
        ("func.func(cse))", 15, "unbalanced ')'"),
        ("canonicalize{", 13, "'{' is never closed"),
        ("builtin.module(cse) x", 20, "unexpected text after the pipeline"),
        ("a\0b", 2, "NUL"),
    ],
)
def test_errors_have_a_column(text: str, column: int, message: str) -> None:
    with pytest.raises(InputError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.location is not None
    assert caught.value.location.column == column


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("none", None),
        ("None", None),
        ("true", True),
        ("False", False),
        ("-3", -3),
        ("0x1F", 31),
        ("1.", 1.0),
        ("-1e-3", -0.001),
        ("inf", math.inf),
        ("word", "word"),
        ("func.func", "func.func"),
        ("1x", "1x"),
        ("'a b'", "a b"),
        ('"32"', "32"),
        ("[1, [2,3] ,x]", [1, [2, 3], "x"]),
        ("[]", []),
        ("(1,)", (1,)),
        ("()", ()),
        ("{}", {}),
        ("{a=1 b={c} 'd e'=x}", {"a": 1, "b": {"c": True}, "d e": "x"}),
        ("{a: 1, b: 2}", {"a": 1, "b": 2}),
    ],
)
def test_values(text: str, value: Any) -> None:
    parsed = parse_value(text)
    assert parsed == value
    assert type(parsed) is type(value)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def same(a: Any, b: Any) -> bool:
    """Equal, and of the same types all the way down (True is not 1, a tuple is no list)."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


@given(VALUES)
@settings(max_examples=400)
def test_a_value_round_trips(value: Any) -> None:
    assert same(parse_value(format_value(value)), value)


@given(st.dictionaries(st.text(), VALUES, max_size=5))
@settings(max_examples=200)
def test_options_round_trip(options: dict[str, Any]) -> None:
    assert same(parse_options(format_options(options)), options)


@given(st.text(alphabet="abc.pymlir[]{}()=,\"' \\$0-", max_size=40))
@settings(max_examples=1000)
def test_any_text_is_a_spec_or_a_positioned_error(text: str) -> None:
    spec: Spec | None = None
    column = 1
    try:
        spec = parse(text)
    except InputError as error:
        column = error.location.column if error.location else 0
    assert 1 <= column <= len(text) + 1
    if spec is not None:
        assert parse(format_spec(spec)) == spec


def test_values_of_other_types_are_refused() -> None:
    with pytest.raises(TypeError, match="a set is not a value"):
        format_value({1})
    with pytest.raises(SpecSyntaxError, match="1000 digits"):
        parse_value("1" * 1001)


def test_names_in_messages_hold_no_directories_or_options() -> None:
    assert describe(parse("/a/b/tile.py{x=1}")) == "tile.py"
    assert describe(parse("/a/b/tile.py[gen,seq]{x=1}")) == "tile.py[gen,seq=seq]"
    assert describe(parse("cse")) == "cse"
