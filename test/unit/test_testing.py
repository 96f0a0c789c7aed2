# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The pure parts of `testing`: finding FileCheck, lit's substitutions, made-up inputs, comparison, coverage."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from lighthouse_build.emission.interface import Function, Value
from lighthouse_build.errors import InputError
from lighthouse_build.testing import configure, filecheck, lit_configuration
from lighthouse_build.testing.coverage import Project
from lighthouse_build.testing.inputs import generate, parse_inputs, to_bf16
from lighthouse_build.testing.numeric_test import Tolerance, compare

MAIN = Path(lit_configuration.__file__).with_name("__main__.py")


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


# --- FileCheck ---


def test_llvms_filecheck_comes_first_and_the_newest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path / 'a'}:{tmp_path / 'b'}")
    program(tmp_path / "a" / "FileCheck-9")
    newest = program(tmp_path / "b" / "FileCheck-22")
    program(tmp_path / "b" / "FileCheck-22-old")
    assert filecheck.find() == (str(newest),)
    plain = program(tmp_path / "b" / "FileCheck")
    assert filecheck.find() == (str(plain),)


def test_the_python_one_is_taken_without_llvms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    script = program(tmp_path / "venv" / "filecheck")
    assert filecheck.find(python=str(tmp_path / "venv" / "python3")) == (str(script),)


def test_no_filecheck_is_an_error_that_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        InputError, match=r"there is no FileCheck: .*pip install filecheck\), or name one \(LH_FILECHECK"
    ):
        filecheck.find(python=str(tmp_path / "python3"))
    with pytest.raises(InputError, match="no FileCheck at 'FileCheck-99'"):
        filecheck.find("FileCheck-99")


@pytest.mark.parametrize(
    ("text", "prefixes", "unused"),
    [
        ("// CHECK: a", ["CHECK"], []),
        ("// CHECK-NEXT: a\n// A-COUNT-3: b", ["CHECK", "A"], []),
        ("// CHECK{LITERAL}: a", ["CHECK"], []),
        ("// MY-CHECK: a", ["CHECK"], ["CHECK"]),
        ("// CHECKED: a CHECK", ["CHECK"], ["CHECK"]),
        ("// CHECK: a", ["CHECK", "B"], ["B"]),
        ("func.func @f()", ["CHECK"], ["CHECK"]),
    ],
)
def test_unused_prefixes(tmp_path: Path, text: str, prefixes: list[str], unused: list[str]) -> None:
    (tmp_path / "a.mlir").write_text(text)
    assert filecheck.unused_prefixes(tmp_path / "a.mlir", prefixes) == unused


# --- lit ---


def substitute(line: str, substitutions: list[tuple[str, str]]) -> str:
    """As lit does."""
    for pattern, text in substitutions:
        line = re.sub(pattern, text, line.replace("%%", "\0"))
    return line.replace("%%", "\0").replace("\0", "%")


def configured(tmp_path: Path, **arguments: Any) -> SimpleNamespace:
    config = SimpleNamespace(
        test_source_root=str(tmp_path / "suite"),
        test_format=None,
        suffixes=set(),
        excludes=set(),
        substitutions=[],
        environment={},
        name="<unnamed>",
    )
    if "lighthouse" in arguments:
        config.lighthouse = arguments.pop("lighthouse")
    lit_config = SimpleNamespace(params={"exec_root": str(tmp_path / "out")}, note=print, fatal=pytest.fail)
    configure(config, lit_config, filecheck_path=str(program(tmp_path / "bin" / "FileCheck")), **arguments)
    return config


def test_tools_are_substituted_where_they_are_commands(tmp_path: Path) -> None:
    tools = {"opt": "/x/%s y/opt", "lh-opt": ["python", "main.py"]}
    config = configured(tmp_path, tools=tools, stages="/build/stages")
    for line, expected in (
        ("lh-opt %s | FileCheck %s", f"python main.py %s | {tmp_path}/bin/FileCheck %s"),
        ("not lh-opt < a.mlir", "not python main.py < a.mlir"),
        ("opt x && opt y", "'/x/%s y/opt' x && '/x/%s y/opt' y"),
        ("cat my-opt opt.txt ./opt %t.opt --opt", "cat my-opt opt.txt ./opt %t.opt --opt"),
        ("grep 'lh-opt: error'", "grep 'lh-opt: error'"),
        ("lh-opt --stage=%lh_stages/a.stage.mlir", "python main.py --stage=/build/stages/a.stage.mlir"),
    ):
        assert substitute(line, config.substitutions) == expected


def test_what_the_build_knows_is_used_and_can_be_overridden(tmp_path: Path) -> None:
    site = {"name": "suite-of-build", "lh_opt": ["py", "opt"], "tools": {"mine": "/b/mine"}, "stages": "/b/stages"}
    config = configured(tmp_path, lighthouse=site)
    assert config.name == "suite-of-build"
    assert substitute("lh-opt | mine %lh_stages", config.substitutions) == "py opt | /b/mine /b/stages"
    config = configured(tmp_path, lighthouse=site, name="own", tools={"mine": "/own"}, suffixes=[".x"])
    assert (config.name, config.suffixes) == ("own", {".x"})
    assert substitute("mine", config.substitutions) == "/own"
    assert {"Inputs", "Output", "lit.cfg.py"} <= config.excludes


def test_runs_of_one_suite_get_directories_of_their_own(tmp_path: Path) -> None:
    roots = {configured(tmp_path).test_exec_root for _ in range(3)}
    out = str(tmp_path / "out")
    assert roots == {out, f"{out}/parallel-1", f"{out}/parallel-2"}
    lit_configuration._held.pop().close()
    assert configured(tmp_path).test_exec_root == f"{out}/parallel-2"
    for stream in lit_configuration._held:
        stream.close()
    lit_configuration._held.clear()


@pytest.mark.parametrize(
    ("arguments", "text", "status"),
    [
        (["count", "2"], "a\nb\n", 0),
        (["count", "2"], "a\nb", 0),
        (["count", "3"], "a\nb\n", 1),
        (["count"], "", 2),
        (["not", sys.executable, "-c", "exit(3)"], "", 0),
        (["not", sys.executable, "-c", ""], "", 1),
        (["not", "no-such-command"], "", 1),
        (["not", sys.executable, "-c", "import os; os.abort()"], "", 1),
        (["not", "--crash", sys.executable, "-c", "import os; os.abort()"], "", 0),
        (["not", "--crash", sys.executable, "-c", "exit(3)"], "", 1),
        (["nothing"], "", 2),
    ],
)
def test_programs_of_tests(arguments: list[str], text: str, status: int) -> None:
    done = subprocess.run([sys.executable, "-I", str(MAIN), *arguments], input=text, text=True, capture_output=True)
    assert done.returncode == status, done.stderr


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["lit", "."], "lit: error: lit is not installed for .*; install it: .* -m pip install lit"),
        (
            ["numeric", "--library=a", "--interface=b", "--function=f", "--reference=r.py"],
            "numeric: error: test: NumPy is not installed for .*; install it: .* -m pip install numpy",
        ),
    ],
)
def test_missing_packages_are_named(arguments: list[str], error: str) -> None:
    # -S: without installed packages.
    done = subprocess.run([sys.executable, "-I", "-S", str(MAIN), *arguments], text=True, capture_output=True)
    assert done.returncode == 3
    assert re.match(error, done.stderr), done.stderr


# --- Inputs ---


def function(*types: str) -> Function:
    parameters = [Value(type, index, name="abc"[index]) for index, type in enumerate(types)]
    return Function("f", "f", tuple(parameters), (), False)


def test_inputs_by_order_by_name_and_by_number() -> None:
    f = function("tensor<?x4xf32>", "i32", "memref<?xindex>")
    for items in (["3x4", "7", "5@0:2"], ["c=5@0:2", "a=3x4", "b=7"], ["2=5@0:2", "0=3x4", "1=7"]):
        a, b, c = parse_inputs(f, items)
        assert (a.sizes, b.scalar, c.sizes, c.range.high) == ((3, 4), 7, (5,), 2)
    assert [str(i) for i in parse_inputs(f, ["3x4", "7", "5@0:2"])] == ["a: 3x4xf32", "b: i32 = 7", "c: 5xindex"]


@pytest.mark.parametrize(
    ("items", "error"),
    [
        ([], r"the argument 'a' has sizes \?x4: give them with INPUTS a=<sizes>"),
        (["3"], r"'3' does not fit the sizes \?x4 of the argument 'a'"),
        (["3x5"], "'3x5' does not fit"),
        (["axb"], "'axb' does not fit"),
        (["3x4", "1.5"], "'1.5' is no value of the argument 'b', a i32"),
        (["3x4", "b=1"], "the argument 'c' is of type memref<2xindex>: say what it may be with INPUTS c=@<low>:<high>"),
        (["3x4", "d=1"], "@f has no argument 'd'; it has a, b, c"),
        (["a=3x4", "a=3x4"], "the input of 'a' is given twice"),
        (["3x4", "1", "@0:1", "5"], "there are 4 inputs, but @f takes 3 arguments"),
        (["3x4@2:1"], "the range of 'a' is empty: 2 to 1"),
        (["3x4@"], "is not of the form"),
    ],
)
def test_wrong_inputs(items: list[str], error: str) -> None:
    with pytest.raises(InputError, match=error):
        parse_inputs(function("tensor<?x4xf32>", "i32", "memref<2xindex>"), items)


def test_what_cannot_be_made_up_is_refused() -> None:
    for type, error in (("!llvm.ptr", "which a test cannot make up"), ("tensor<*xf32>", "which has no rank")):
        with pytest.raises(InputError, match=error):
            parse_inputs(function(type), [])


def test_values_have_the_types_and_ranges_that_were_asked_for() -> None:
    f = function("tensor<1000xf16>", "memref<1000xui8>", "memref<1000xi1>")
    a, b, c = generate(parse_inputs(f, ["@2:3"]), seed=1)
    assert (a.dtype, b.dtype, c.dtype) == (np.float16, np.uint8, np.bool_)
    assert a.min() >= 2
    assert a.max() <= 3
    assert set(np.unique(b)) == set(range(9))
    assert set(np.unique(c)) == {False, True}
    again = generate(parse_inputs(f, ["@2:3"]), seed=1)
    assert all(np.array_equal(x, y) for x, y in zip((a, b, c), again))
    other = generate(parse_inputs(f, ["@2:3"]), seed=2)
    assert not np.array_equal(a, other[0])


def test_bf16_rounds_to_nearest_even() -> None:
    values = np.array([1.0, 1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20, -0.0, np.inf, 3.4e38], np.float32)
    assert to_bf16(values).tolist() == [0x3F80, 0x3F80, 0x3F82, 0x3F81, 0x8000, 0x7F80, 0x7F80]
    assert to_bf16(np.array([np.nan], np.float32))[0] & 0x7FC0 == 0x7FC0
    (array,) = generate(parse_inputs(function("tensor<100xbf16>"), []), seed=0)
    assert array.dtype == np.float32
    assert not (array.view(np.uint32) & 0xFFFF).any(), "references see what the function sees"


# --- Comparison ---

LOOSE = Tolerance(1e-2, 1e-3)


@pytest.mark.parametrize(
    ("actual", "wanted"),
    [([1.0, 2.0], [1.0, 2.01]), ([np.nan, np.inf], [np.nan, np.inf]), ([0.0], [0.0009]), ([[]], [[]]), (1.0, 1.0)],
)
def test_what_agrees(actual: object, wanted: object) -> None:
    assert compare(np.array(actual, np.float32), np.array(wanted, np.float32), LOOSE) == []


@pytest.mark.parametrize(
    ("actual", "wanted", "text"),
    [
        ([1.0, 2.0], [1.0, 2.1], "1 of 2 elements"),
        ([0.0], [0.0011], "1 of 1 elements"),
        ([np.nan, 1], [1, 1], "1 of 2 elements"),
        ([1.0, 1], [np.nan, 1], "1 of 2 elements"),
        ([np.inf, 1], [-np.inf, 1], "1 of 2 elements"),
        ([3e38], [np.inf], "1 of 1 elements"),
        ([[1.0], [2.0]], [1.0, 2.0], "it is 2x1, the reference's 2"),
    ],
)
def test_what_differs(actual: object, wanted: object, text: str) -> None:
    assert compare(np.array(actual, np.float32), np.array(wanted, np.float32), LOOSE)[0] == text


def test_the_worst_element_is_named() -> None:
    wanted = np.zeros((2, 3))
    actual = wanted.copy()
    actual[0, 1], actual[1, 2] = 0.1, -0.5
    summary, worst = compare(actual, wanted, LOOSE)
    assert summary == "2 of 6 elements"
    assert worst == "the worst at [1, 2] is -0.5, the reference says 0.0 (allowed: 0.001)"


def test_integers_must_be_equal() -> None:
    big = np.array([2**62], np.int64)
    assert compare(big, big, Tolerance(0, 0)) == []
    assert compare(big, big + 1, Tolerance(0, 0))[0] == "1 of 1 elements"


# --- Coverage ---


def project(tmp_path: Path, **changes: object) -> Path:
    stages = [
        {"name": "inner", "implicit": False, "directory": "/p", "stages": []},
        {"name": "outer", "implicit": False, "directory": "/p", "stages": ["inner"]},
        {"name": "by-lit", "implicit": False, "directory": "/p", "stages": []},
        {"name": "unused", "implicit": False, "directory": "/p/sub", "stages": ["inner"]},
        {"name": "lh_stage_1", "implicit": True, "directory": "/p", "stages": ["outer"]},
    ]
    suite = tmp_path / "suite"
    suite.mkdir(exist_ok=True)
    (suite / "a.mlir").write_text("// RUN: lh-opt --stage=%lh_stages/by-lit.stage.mlir\n// unused.stage.mlir\n")
    data = {
        "format": 1,
        "stages": stages,
        "tests": [{"name": "t", "kind": "check", "stages": ["lh_stage_1"]}],
        "suites": [{"name": "s", "directory": str(suite)}],
        **changes,
    }
    path = tmp_path / "stages.json"
    path.write_text(json.dumps(data))
    return path


def test_stages_that_no_test_applies(tmp_path: Path) -> None:
    assert [stage.name for stage in Project.read(project(tmp_path)).untested()] == ["unused"]
    without = Project.read(project(tmp_path, tests=[], suites=[]))
    assert [stage.name for stage in without.untested()] == ["inner", "outer", "by-lit", "unused"]


def test_unreadable_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file or directory; run CMake"):
        Project.read(tmp_path / "missing.json")
    changes: list[dict[str, object]] = [{"format": 2}, {"stages": [{}]}, {"tests": 3}]
    for change in changes:
        with pytest.raises(InputError, match="run CMake again"):
            Project.read(project(tmp_path, **change))
