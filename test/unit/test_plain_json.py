# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is read and written without `json` is what `json` reads and writes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lighthouse_build import plain_json
from lighthouse_build.frozen import frozen


@frozen
class Value:
    name: str
    parts: tuple[Any, ...] = ()


_TEXT = st.text(st.characters(exclude_categories=()), max_size=8)
_SCALARS = _TEXT | st.integers() | st.booleans()
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(_TEXT, inner, max_size=3)
        | st.builds(Value, _TEXT, st.lists(inner, max_size=2).map(tuple))
    ),
    max_leaves=12,
)


@given(_VALUES)
def test_dumps(value: Any) -> None:
    assert plain_json.dumps(value) == json.dumps(value, default=vars, indent=1, sort_keys=True)


@given(_VALUES, st.none() | st.integers(0, 2), st.sampled_from(["", " ", "\n", "\t\r\n", "x", "\f", ",", "\x00"]))
def test_loads(value: Any, indent: int | None, behind: str) -> None:
    check_loads(json.dumps(value, default=vars, indent=indent) + behind)


@given(st.text('[]{}:,"\\ \n0123456789.eE+-truefalsnINy', max_size=12) | _TEXT)
def test_loads_what_may_be_no_json(text: str) -> None:
    check_loads(text)


@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "1.5", "null", "NaN", "-Infinity", "[1", '"a\nb"', "\ufeff1", "1" * 5000]
)
def test_loads_the_same(text: str) -> None:
    check_loads(text)


@pytest.mark.parametrize("value", [{"a": [1, True, "\u00e9"]}, Value("x", ({"b": ""}, []))])
def test_without_the_c_functions(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    text = plain_json.dumps(value)
    monkeypatch.setattr(plain_json, "_C", None)
    assert plain_json.dumps(value) == text
    assert plain_json.loads(text) == json.loads(text)


def check_loads(text: str) -> None:
    assert outcome(plain_json.loads, text) == outcome(json.loads, text)


def outcome(loads: Callable[[str], Any], text: str) -> str:
    try:
        return repr(loads(text))
    except ValueError as error:
        return f"{type(error)}: {error}"


@pytest.mark.parametrize("text", ["{", '{"a": "b":', "[1,]", '"a', "", "nothing"])
def test_what_is_wrong_is_told_where_json_was_not_there_before(text: str) -> None:
    """Its C functions raise errors of a module that it imports; without that they fail in another way."""
    code = (
        "import sys; from lighthouse_build.plain_json import loads\n"
        "assert 'json' not in sys.modules\n"
        "try: loads(sys.argv[1])\n"
        "except ValueError as error: print(error)\n"
    )
    package = Path(plain_json.__file__).parents[1]
    command = [sys.executable, "-I", "-S", "-c", f"import sys; sys.path.insert(0, {str(package)!r})\n{code}", text]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    with pytest.raises(json.JSONDecodeError) as expected:
        json.loads(text)
    assert (done.stdout, done.stderr) == (f"{expected.value}\n", "")
