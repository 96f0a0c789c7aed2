# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Pipeline files: variables, positions, and what is refused."""

from __future__ import annotations

import pytest
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.language.pipeline_file import Item, read_pipeline
from lighthouse_build.language.spec import Generator, PassPipeline, Pipeline
from lighthouse_build.language.values import Value


def read(text: str, **values: Value) -> list[Item]:
    return read_pipeline(text, "p.yaml", values, SourceLocation("caller", 7, 9))


def test_items_and_their_places() -> None:
    items = read("Pipeline:\n  - pass: cse\n  - include: a.yaml{x=1}\n  - stage: b.py\n")
    assert [item.spec for item in items] == [PassPipeline("cse"), Pipeline("a.yaml", {"x": 1}), Generator("b.py")]
    assert [str(item.location) for item in items] == ["p.yaml:2:11", "p.yaml:3:14", "p.yaml:4:12"]


def test_variables_are_whole_names() -> None:
    text = "Variables: {t: 1, tile: 2, 2D_x: 3}\nPipeline:\n  - transform: a.py{a=$t b=$tile c=${t} d=$2D_x}\n"
    assert read(text)[0].spec == Generator("a.py", options={"a": 1, "b": 2, "c": 1, "d": 3})
    assert read(text, t=9)[0].spec == Generator("a.py", options={"a": 9, "b": 2, "c": 9, "d": 3})


def test_values_keep_their_types_in_files_and_are_mlir_s_in_passes() -> None:
    text = "Pipeline:\n  - transform: a.py{a=$v}\n  - pass: p{a=$v}\n"
    values: list[tuple[Value, str]] = [
        ([4, 4], "p{a=4,4}"),
        (True, "p{a=true}"),
        ("scf.for", "p{a=scf.for}"),
        (1.5, "p{a=1.5}"),
    ]
    for value, in_pass in values:
        first, second = read(text, v=value)
        assert first.spec == Generator("a.py", options={"a": value})
        assert second.spec == PassPipeline(in_pass)
    assert read("Pipeline:\n  - transform: a.py{a=$v}\n", v="a b 32")[0].spec == Generator(
        "a.py", options={"a": "a b 32"}
    )


def test_a_default_may_name_a_variable_above() -> None:
    text = "Variables: {a: [1, 2], b: $a}\nPipeline:\n  - transform: a.py{b=$b}\n"
    assert read(text)[0].spec == Generator("a.py", options={"b": [1, 2]})
    assert read(text, a=3)[0].spec == Generator("a.py", options={"b": 3})


def test_a_double_dollar_is_a_dollar() -> None:
    assert read("Pipeline:\n  - transform: a.py{a='$$x'}\n")[0].spec == Generator("a.py", options={"a": "$x"})


def test_a_plain_scalar_may_go_over_several_lines() -> None:
    items = read("Pipeline:\n  - include: f.yaml\n      { a=1\n        b=2 }\n")
    assert items[0].spec == Pipeline("f.yaml", {"a": 1, "b": 2})


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        ("", "p.yaml", "expected a map with the key 'Pipeline'"),
        ("- a", "p.yaml:1:1", "expected a map with the key 'Pipeline'"),
        ("Variables: {}", "p.yaml:1:1", "the key 'Pipeline' is missing"),
        ("Pipeline:\n  - pass: a\npipeline: x", "p.yaml:3:1", "unknown key 'pipeline'; did you mean 'Pipeline'?"),
        ("Pipeline: []", "p.yaml:1:11", "the pipeline is empty"),
        ("Pipeline: x", "p.yaml:1:11", "expected a list of stages"),
        ("Pipeline:\n  - cse", "p.yaml:2:5", "expected 'pass: …'"),
        ("Pipeline:\n  - pass: a\n    stage: b", "p.yaml:2:5", "one stage in each item"),
        ("Pipeline:\n  - pas: a", "p.yaml:2:5", "did you mean 'pass'?"),
        ("Pipeline:\n  - pass: [a]", "p.yaml:2:11", "expected a stage as text"),
        ("Pipeline:\n  - pass: a.py", "p.yaml:2:11", "'pass' wants a pass or pass pipeline, not 'a.py'"),
        ("Pipeline:\n  - transform: cse", "p.yaml:2:16", "'transform' wants a .mlir or .py file"),
        ("Pipeline:\n  - include: a.mlir", "p.yaml:2:14", "'include' wants a .yaml file"),
        ("Pipeline:\n  - pass: a(b", "p.yaml:2:12", "'(' is never closed"),
        ("Pipeline:\n  - stage: a.py{a=1 a=2}", "p.yaml:2:21", "'a' is given twice"),
        ("Pipeline:\n  - pass: a{b=$c}", "p.yaml:2:11", "undefined variable 'c'"),
        ("Variables: {count: 1}\nPipeline:\n  - pass: a{b=$cout c=$count}", "p.yaml:3:11", "did you mean 'count'?"),
        (
            "Variables: {a: $b, b: 1}\nPipeline:\n  - pass: c{d=$a}",
            "p.yaml:1:16",
            "'b' has no value yet: a default can",
        ),
        ("Variables: {a: x$a}\nPipeline:\n  - pass: c{d=$a}", "p.yaml:1:16", "only variables that stand above it"),
        ("Variables: {a: $b, c: 1}\nPipeline:\n  - pass: c{d=$a}", "p.yaml:1:16", "undefined variable 'b'; give it"),
        ("Variables: {a: 1}\nPipeline:\n  - pass: b", "p.yaml:1:13", "variable 'a' is never used"),
        ("Variables: [a]\nPipeline:\n  - pass: b", "p.yaml:1:12", "expected a map of names to defaults"),
        ("Variables: {a-b: 1}\nPipeline:\n  - pass: b", "p.yaml:1:13", "'a-b' cannot name a variable"),
        ("Variables: {a: 2020-01-01}\nPipeline:\n  - pass: b{c=$a}", "p.yaml:1:16", "not a value"),
        ("Pipeline: &x [*x]", "p.yaml:1:15", "aliases are not part of the pipeline format"),
        ("Pipeline: [", "p.yaml:1:12", "not YAML"),
        ("a: b: c", "p.yaml:1:5", "not YAML"),
    ],
)
def test_errors_have_a_place(text: str, place: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        read(text)
    assert message in caught.value.message
    assert str(caught.value.location) == place


def test_unknown_variables_are_the_caller_s_mistake() -> None:
    with pytest.raises(InputError, match="has no variable 'sise'; did you mean 'size'") as caught:
        read("Variables: {size: 1}\nPipeline:\n  - pass: a{b=$size}", sise=2)
    assert str(caught.value.location) == "caller:7:9"


@pytest.mark.parametrize("text", ["[" * 20000, "{a: " * 20000, "Pipeline:\n" + "- - " * 20000, "a" * (2 << 20)])
def test_hostile_text_is_refused_in_bounded_time(text: str) -> None:
    with pytest.raises(InputError):
        read(text)
