# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Specs, values, pipeline files and command lines that are wrong, as hypothesis strategies.

These are pure text: most are tried in this process, where only an error of the language may come out, and a share of
them through the real driver.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[2] / "python"))

from judgement import Input
from lighthouse_build.errors import Colour, InputError, SourceLocation, render
from lighthouse_build.language import spec as language
from lighthouse_build.language import values
from lighthouse_build.language.pipeline_file import read_defaults, read_pipeline

__all__ = ["KINDS", "explore", "try_text", "write"]

_ODD = st.sampled_from(list("{}[]()=,:;'\"\\$@%#&*!|>-?~ \t\n\r\0\x1b\x85\u2028\u202e\ud800é\U0001f600"))
_WORDS = st.sampled_from(
    "cse canonicalize func.func builtin.module a.mlir g.py p.yaml x.stage.mlir gen seq stage none true 1 -0x1f "
    "1e400 .5 inf "
    "nan max-iterations=3 @main $a ${a} $$ {a=1} [gen=f,seq=s] [stage=S] (1,2) [1,[2]] {a={b=c}} 'x y' \"z\" ,, "
    "== [] {}".split()
)
_SPEC = st.lists(st.one_of(_WORDS, _WORDS, _ODD, st.text(max_size=4)), min_size=1, max_size=8).map("".join)
_FILES = st.sampled_from(["a.mlir", "g.py", "p.yaml", "x.stage.mlir", '"odd[1].mlir"', "cse", "func.func(cse"])
_FILE_SPEC = st.tuples(_FILES, _SPEC).map("".join)

_VALUE: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(min_size=1, max_size=5), inner, max_size=3),
    ),
    max_leaves=12,
)

_KEY = st.sampled_from("Pipeline Variables pass transform schedule include stage pas ? 1 null true <<".split())
_SCALAR = st.one_of(
    _SPEC,
    st.sampled_from(
        "cse p.yaml{a=1} g.py[f] $a ${a} ~ 0x10 1_000 12:30:45 2001-99-99 .nan !!binary xx "
        "!!python/name:os.abort &x *x".split()
    ),
)
_YAML_NODE: st.SearchStrategy[Any] = st.recursive(
    _SCALAR,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.lists(st.tuples(_KEY, inner), max_size=3), st.tuples(_KEY, inner)
    ),
    max_leaves=12,
)


def _yaml(node: Any, flow: bool = False, indent: int = 0) -> str:
    """A node as YAML, more or less."""
    space = " " * indent
    if isinstance(node, str):
        return node
    if isinstance(node, tuple):
        return (
            f"{{{node[0]}: {_yaml(node[1], True)}}}"
            if flow
            else f"{node[0]}:\n{space} {_yaml(node[1], False, indent + 1)}"
        )
    if flow:
        return "[" + ", ".join(_yaml(inner, True) for inner in node) + "]"
    return "\n".join(f"{space}- {_yaml(inner, False, indent + 2)}" for inner in node)


_ITEMS = st.lists(st.tuples(_KEY, _SCALAR), min_size=1, max_size=4)
_PIPELINE = st.one_of(
    st.tuples(_YAML_NODE, st.booleans()).map(lambda t: _yaml(t[0], t[1])),
    _ITEMS.map(lambda items: "Pipeline:\n" + "".join(f"  - {key}: {text}\n" for key, text in items)),
    st.tuples(_SCALAR, _ITEMS).map(
        lambda t: f"Variables: {{a: {t[0]}}}\nPipeline:\n" + "".join(f"  - {key}: {text}\n" for key, text in t[1])
    ),
    st.text(max_size=60),
)

_FLAGS = st.sampled_from(
    "--stage --stage= -o --emit --emit=stage --emit=mlir=x --emit=object=x --emit=nonsense -O7 -O --timeout=nan "
    "--timeout=-1 "
    "--timeout=1e400 --cpu=x --target-triple=x --features=+x,, --features=, --symbol-prefix=1 --namespace=a::1 "
    "--environment=x "
    "--environment==x --python-path= -I --depfile --stamp=x --print-ir-after=x --split-input-file --verify-diagnostics "
    "--verify-each=maybe --describe --describe=x --list-passes --untested=x --version --help - -- --- --stag "
    "--project-root=/x "
    "--mlir-package=no.such --diagnostics-format=json --diagnostics-format=x --save-reproducer=1".split()
)
_COMMAND_LINE = st.lists(
    st.one_of(_FLAGS, _SPEC.map("--stage={}".format), _SPEC, st.text(max_size=5)), min_size=1, max_size=5
)

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "spec": st.one_of(_SPEC, _FILE_SPEC),
    "value": st.one_of(_SPEC, _VALUE),
    "YAML": _PIPELINE,
    "command line": _COMMAND_LINE,
}


def try_text(kind: str, example: Any) -> bool:
    """Read `example` in this process; whether it is malformed. Raises AssertionError when it is treated badly."""
    place = SourceLocation("<here>", 1, 1)
    try:
        if kind == "spec":
            spec = language.parse_spec(example, lambda offset: SourceLocation("<here>", 1, offset + 1, example))
            printed = language.format_spec(spec)
            again = language.parse_spec(printed, lambda offset: place)
            # repr, since nan is not equal to itself.
            assert repr(again) == repr(spec), f"{example!r} is {spec}, printed {printed!r}, read as {again}"
        elif kind == "YAML":
            read_pipeline(example, "p.yaml", {}, place)
            read_defaults(example, "p.yaml")
        elif isinstance(example, str):
            value = values.parse_value(example)
            assert _same(values.parse_value(values.format_value(value)), value), f"{example!r} is {value!r}"
        else:
            text = values.format_value(example)
            assert _same(values.parse_value(text), example), f"{example!r} is printed {text!r}"
    except InputError as error:
        text = render(error, Colour())
        _demand(bool(error.message), "an error without a message")
        _demand(all(c.isprintable() or c in "\n\t" for c in text), f"unprintable: {text!r}")
        return True
    except values.SpecSyntaxError as error:
        _demand(0 <= error.offset <= len(example), f"the error is at {error.offset} in {example!r}")
        return True
    return False


def _demand(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, float) and isinstance(b, float) and math.isnan(a):
        return math.isnan(b)
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(map(_same, a, b))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(map(_same, a.values(), b.values()))
    return type(a) is type(b) and bool(a == b)


def explore(kind: str, count: int, number: int, check: Callable[[Any], None]) -> None:
    """Call `check` with `count` examples of `kind`, made of the seed `number`. What it raises comes out, with the
    smallest example that raises it."""

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        verbosity=Verbosity.quiet,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(KINDS[kind])
    def run(example: Any) -> None:
        check(example)

    run()


def write(kind: str, example: Any, name: str) -> Iterator[Input]:
    """`example` as runs of the driver, if it can be one."""
    files = {"f.mlir": b"func.func @f() {\n  return\n}\n"}
    if kind == "YAML":
        data = example.encode(errors="surrogatepass")
        yield Input("YAML, driver", name, {**files, "p.yaml": data}, ["f.mlir", "--stage=p.yaml"], "p.yaml")
        return
    if kind == "value":
        if not isinstance(example, str):
            return
        example = f"g.py{{a={example}}}"
    arguments = [example] if isinstance(example, str) else example
    arguments = ["f.mlir", f"--stage={example}"] if isinstance(example, str) else [*arguments]
    try:
        for argument in arguments:
            argument.encode(errors="surrogateescape")
    except UnicodeEncodeError:
        return  # no process can be given this
    if any("\0" in argument for argument in arguments):
        return
    emits = "mlir" if isinstance(example, str) else ""
    yield Input(f"{kind}, driver", name, files, arguments, emits=emits)
