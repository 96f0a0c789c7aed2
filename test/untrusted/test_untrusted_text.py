# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Text that nobody wrote in good faith: an error at its place, in bounded time and memory, and a terminal left alone.

Every run has a limit of memory and a time after which it counts as hanging; both are many times what is needed.
"""

from __future__ import annotations

import json
import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
USAGE, INPUT, LOWERING, CRASH = 2, 3, 1, 4
MEMORY = 6 << 30  # of addresses; reading without a bound takes all there is
SECONDS = 120
DEEP = 20_000

PAYLOAD = "func.func @f() {\n  return\n}\n"


def lh_opt(directory: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-B", str(DRIVER), *arguments]
    known: dict[str, object] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.run(  # type: ignore[call-overload, no-any-return]
        command,
        cwd=directory,
        encoding="utf-8",
        timeout=SECONDS,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
        check=False,
        **(known | options),
    )


def refused(run: subprocess.CompletedProcess[str], pattern: str, status: int = INPUT) -> None:
    assert run.returncode == status, run.stderr[:2000]
    assert re.search(pattern, run.stderr, re.MULTILINE), run.stderr[:2000]
    assert "Traceback" not in run.stderr
    assert run.stdout == ""
    assert len(run.stderr) < 20_000


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "f.mlir").write_text(PAYLOAD)
    return tmp_path


# --- MLIR's parser --------------------------------------------------------------------------------------------------

NESTED = {
    "attributes": "module attributes {a.b = " + "[" * DEEP + "]" * DEEP + "} {}",
    "dictionaries": "module attributes {a.b = " + "{a = " * DEEP + "1" + "}" * DEEP + "} {}",
    "types": "func.func private @f(" + "tuple<" * DEEP + "i32" + ">" * DEEP + ")",
    "function types": "func.func private @f(" + "(" * DEEP + "i32",
    "affine expressions": "module attributes {a.b = affine_map<(d0) -> (" + "(" * DEEP + "d0" + ")" * DEEP + ")>} {}",
    "locations": "module {} loc(" + "fused[" * DEEP + '"a"' + "]" * DEEP + ")",
    "regions": "func.func @f() {\n" + "scf.execute_region {\n" * DEEP + "scf.yield }\n" * DEEP + "return }",
    "modules": "module {\n" * DEEP + "}\n" * DEEP,
    "modules with strings": 'module attributes {a = "}"} {\n' * DEEP + "}\n" * DEEP,
    "never closed": "module attributes {a.b = " + "[" * DEEP,
}


@pytest.mark.parametrize("what", NESTED)
@pytest.mark.parametrize("role", ["payload", "schedule"])
def test_deep_nesting(directory: Path, what: str, role: str) -> None:
    (directory / "deep.mlir").write_text(NESTED[what])
    arguments = ["deep.mlir"] if role == "payload" else ["f.mlir", "--stage=deep.mlir"]
    refused(lh_opt(directory, *arguments), rf"deep.mlir:\d+:\d+: error: the {role} nests brackets more than 1000 deep")


def test_deep_nesting_in_other_texts(directory: Path) -> None:
    text = NESTED["regions"]
    refused(lh_opt(directory, "-", input=text, stdin=None), r"<stdin>:1001:\d+: error: the payload nests brackets")
    manifest = '// lighthouse-stage: {"format": 1, "requires": [], "steps": []}\n'
    (directory / "deep.stage.mlir").write_text(manifest + NESTED["modules"])
    run = lh_opt(directory, "f.mlir", "--stage=deep.stage.mlir")
    refused(run, r"deep.stage.mlir:1002:8: error: the stage nests brackets")


def test_nesting_that_people_may_write(directory: Path) -> None:
    depth = 400
    (directory / "nested.mlir").write_text(
        "func.func @f() {\n" + "scf.execute_region {\n" * depth + "scf.yield }\n" * depth + "return }"
    )
    run = lh_opt(directory, "nested.mlir")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("scf.execute_region") == depth


def test_brackets_in_strings_and_comments_do_not_count(directory: Path) -> None:
    text = "".join(f'func.func private @f{i}() attributes {{a.b = "((<[{{" }} // ([{{<\n' for i in range(2000))
    (directory / "strings.mlir").write_text(text)
    run = lh_opt(directory, "strings.mlir")
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("func.func") == 2000


@pytest.mark.parametrize("number", ["9" * 100_000, "0x" + "9" * 1_000_000, "-" + "9" * 100_000])
def test_huge_integers(directory: Path, number: str) -> None:
    (directory / "huge.mlir").write_text(f"module attributes {{a.b = {number} : i64}} {{}}\n")
    refused(lh_opt(directory, "huge.mlir"), r"huge.mlir:1:\d+: error: the payload holds an integer of more than 2000 ")


def test_large_constants_are_no_huge_integers(directory: Path) -> None:
    (directory / "constant.mlir").write_text(
        f'module attributes {{a.b = dense<"0x{"00" * 40_000}"> : tensor<10000xf32>, a.c = "{"1" * 10_000}"}} {{}}\n'
        f"func.func private @f_{'1' * 10_000}()\n"
    )
    run = lh_opt(directory, "constant.mlir")
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("data", [b"\0" * 4096, b"module {\n  \0\n}\n", PAYLOAD.encode() + b"\0"])
@pytest.mark.parametrize("role", ["payload", "schedule"])
def test_nul_in_mlir(directory: Path, data: bytes, role: str) -> None:
    """MLIR skips them: what a power failure left of a file would be an empty module."""
    (directory / "nul.mlir").write_bytes(data)
    arguments = ["nul.mlir"] if role == "payload" else ["f.mlir", "--stage=nul.mlir"]
    refused(lh_opt(directory, *arguments), rf"nul.mlir:\d+:\d+: error: the {role} holds a NUL character")


# --- Specs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spec", "pattern"),
    [
        ("func.func(" * 5000 + "cse" + ")" * 5000, r"<command line>:1:650: error: the pipeline is nested more than 64"),
        ("g.py{a=" + "[" * 5000, r"<command line>:1:71: error: values are nested more than 64 deep"),
        ("g.py{a=" + "{a=" * 5000, r"<command line>:1:\d+: error: values are nested more than 64 deep"),
        ("g.py{a=" + "9" * 100_000 + "}", r"<command line>:1:8: error: the integer has more than 1000 digits"),
        ("g.py{a=0x" + "f" * 100_000 + "}", r"<command line>:1:8: error: the integer has more than 1000 digits"),
        ("g.py{a='" + "x" * 100_000, r"<command line>:1:8: error: the string is never closed"),
        ("x.py" + " .py" * 25_000, r"error: stage file"),
        ("()" * 50_000, r"error: not a pass pipeline"),
    ],
    ids=["pipeline", "list", "dictionary", "integer", "hexadecimal", "string", "files", "parentheses"],
)
def test_specs(directory: Path, spec: str, pattern: str) -> None:
    refused(lh_opt(directory, "f.mlir", f"--stage={spec}"), pattern)


# --- YAML -----------------------------------------------------------------------------------------------------------

ITEM = "Pipeline:\n  - pass: cse{x=$a}\n"
BOMBS = {
    "aliases": ("a: &a [x]\nb: &b [*a,*a]\nPipeline: *b\n", r"y.yaml:2:8: error: aliases are not part"),
    "alias of itself": ("Pipeline: &a [*a]\n", r"y.yaml:1:15: error: aliases are not part"),
    "flow nesting": ("Pipeline: " + "[" * DEEP, r"y.yaml:1:75: error: the file is nested more than 64 deep"),
    "nesting over lines": ("Pipeline:\n " + "[\n " * DEEP, r"y.yaml:\d+:2: error: the file is nested more than 64"),
    "map nesting": ("Pipeline: " + "{a: " * DEEP, r"y.yaml:1:\d+: error: the file is nested more than 64 deep"),
    "block nesting": ("Pipeline:\n" + "".join(f"{' ' * i}-\n" for i in range(600)), r"y.yaml:\d+:\d+: error: the file"),
    "size": ("Pipeline:\n" + "  - pass: cse\n" * 100_000, r"y.yaml: error: the pipeline file is larger than 256 KiB"),
    "substitution": (
        f"Variables: {{a: {'x' * 1000}, b: '{'$a' * 1000}', c: '{'$b' * 1000}', d: '{'$c' * 1000}'}}\n"
        "Pipeline:\n  - pass: cse{x=$d}\n",
        r"y.yaml:1:\d+: error: the variables of the file expand to more than 1 MiB",
    ),
    "integer": (f"Variables: {{a: {'9' * 50_000}}}\n{ITEM}", r"y.yaml:1:16: error: not a value: the integer has more "),
    "integer of base 60": (f"Variables: {{a: {':'.join(['59'] * 3000)}}}\n{ITEM}", r"y.yaml:1:16: error: .* more than"),
    "Python object": (f"Variables: {{a: !!python/object/apply:os.abort []}}\n{ITEM}", r"y.yaml:1:16: error: not a va"),
    "surrogate": ('Pipeline:\n  - pass: "\\uD800"\n', r"y.yaml:2:11: error: a stage cannot hold what is not UTF-8"),
    "beyond Unicode": ('Pipeline:\n  - pass: "\\UFFFFFFFF"\n', r"y.yaml: error: not YAML"),
    "NUL": ("Pipeline:\n  - pass: \0\n", r"y.yaml:2:11: error: not YAML: the character U\+0000 is not allowed"),
    "escaped NUL": ('Pipeline:\n  - pass: "\\0"\n', r"y.yaml:2:11: error: a stage cannot hold a NUL character"),
    "key that is no text": ("? [a]\n: b\n", r"y.yaml:1:3: error: expected a name"),
    "impossible date": (f"Variables: {{a: 2001-99-99}}\n{ITEM}", r"y.yaml:1:16: error: not a value"),
}


@pytest.mark.parametrize("what", BOMBS)
def test_yaml(directory: Path, what: str) -> None:
    text, pattern = BOMBS[what]
    (directory / "y.yaml").write_text(text)
    refused(lh_opt(directory, "f.mlir", "--stage=y.yaml"), pattern)


def test_includes_that_double(directory: Path) -> None:
    (directory / "y0.yaml").write_text("Pipeline: [{pass: cse}]\n")
    for i in range(1, 40):
        (directory / f"y{i}.yaml").write_text("Pipeline:\n" + f"  - include: y{i - 1}.yaml\n" * 2)
    run = lh_opt(directory, "f.mlir", "--stage=y39.yaml")
    refused(run, r"y\d+.yaml:\d:14: error: the pipelines expand to more than 2000 items")


def test_a_chain_of_includes_that_never_ends(directory: Path) -> None:
    for i in range(60):
        (directory / f"y{i}.yaml").write_text(f"Pipeline:\n  - include: y{i + 1}.yaml\n")
    refused(lh_opt(directory, "f.mlir", "--stage=y0.yaml"), r"error: pipelines include each other more than 50 deep")


# --- Files that are none --------------------------------------------------------------------------------------------

KINDS = ("directory", "pipe", "device", "sparse", "loop", "unreadable")
HUGE = 8 << 30


def special(kind: str, path: Path) -> None:
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    elif kind == "sparse":
        path.touch()
        os.truncate(path, HUGE)
    elif kind == "loop":
        path.symlink_to(path)
    else:
        path.symlink_to("/proc/self/mem")  # opens, and cannot be read


@pytest.mark.parametrize("kind", KINDS)
def test_payload_that_is_no_file(directory: Path, kind: str) -> None:
    special(kind, directory / "x.mlir")
    refused(lh_opt(directory, "x.mlir"), r"error: cannot read |x.mlir:1:1: error: the payload holds a NUL character")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("extension", ["mlir", "py", "yaml", "stage.mlir"])
def test_stage_that_is_no_file(directory: Path, kind: str, extension: str) -> None:
    special(kind, directory / f"x.{extension}")
    expected = {
        "directory": "is a directory, not a file",
        "pipe": "is a pipe, not a file",
        "device": "is a device, not a file",
        "sparse": "is larger than",
        "loop": "not found",
    }.get(kind, "Input/output error")
    run = lh_opt(directory, "f.mlir", f"--stage=x.{extension}")
    refused(run, "error: ")
    assert expected in run.stderr
    assert f"did you mean 'x.{extension}'" not in run.stderr


@pytest.mark.parametrize("kind", KINDS)
def test_include_that_is_no_file(directory: Path, kind: str) -> None:
    special(kind, directory / "x.yaml")
    (directory / "y.yaml").write_text("Pipeline:\n  - include: ./x.yaml\n")
    refused(lh_opt(directory, "f.mlir", "--stage=y.yaml"), r"y.yaml:2:14: error: ")


def test_standard_input_that_never_ends(directory: Path) -> None:
    with open("/dev/zero", "rb") as zero:
        refused(lh_opt(directory, "-", stdin=zero), r"error: the payload on standard input is larger than 1 GiB")


@pytest.mark.parametrize("file", ["pipe", "/dev/zero", ".", "a\\00b", "/proc/self/mem", "\\1B[31m\\0A"])
@pytest.mark.parametrize("role", ["payload", "sidecar"])
def test_locations_that_are_no_files(directory: Path, file: str, role: str) -> None:
    """A location in IR names any file; showing its line must not open what is none."""
    os.mkfifo(directory / "pipe")
    if role == "payload":
        (directory / "bad.mlir").write_text(
            f'func.func @f() -> i32 {{ "func.return"() : () -> () loc("{file}":1:1) }}\n'
        )
        run = lh_opt(directory, "bad.mlir")
    else:
        manifest = '{"format": 1, "requires": [], "steps": [{"kind": "passes", "name": "a"}]}'
        step = 'module @step0 attributes {lh.pass_pipeline = "builtin.module(nonsense)"} {}'
        (directory / "x.stage.mlir").write_text(
            f"// lighthouse-stage: {manifest}\nmodule attributes {{lh.stage}} {{\n{step}\n}}\n"
        )
        name = file.replace("\\00", "\0").replace("\\1B", "\x1b").replace("\\0A", "\n")
        (directory / "x.stage.mlir.loc").write_text(json.dumps({"format": 1, "locations": [[2, name, 1, 1]]}))
        run = lh_opt(directory, "f.mlir", "--stage=x.stage.mlir")
    refused(run, r"error: ")
    assert is_harmless(run.stderr)


# --- Names ----------------------------------------------------------------------------------------------------------

SEQUENCE = "\x1b]0;title\x07\x1b[2J\x9b31m\u202e"


def is_harmless(text: str) -> bool:
    return all(c.isprintable() or c in "\n\t" for c in text)


@pytest.mark.parametrize(
    "arguments",
    [
        (f"{SEQUENCE}.mlir",),
        ("f.mlir", f"--stage={SEQUENCE}"),
        ("f.mlir", f"--stage={SEQUENCE}.py"),
        ("f.mlir", f"--stage=g.py{{'{SEQUENCE}'=1}}"),
        ("f.mlir", f"--{SEQUENCE}"),
        ("f.mlir", f"--emit=mlir={SEQUENCE}/x"),
        ("bad.mlir",),
        ("f.mlir", "--stage=names.mlir"),
        ("f.mlir", "--stage=y.yaml"),
        ("f.mlir", "--stage=raises.py"),
        (f"odd{SEQUENCE}.mlir", "--stage=none"),
    ],
    ids=["payload", "pass", "file", "option", "argument", "output", "source", "sequence", "YAML", "Python", "found"],
)
def test_escape_sequences(directory: Path, arguments: tuple[str, ...]) -> None:
    (directory / "bad.mlir").write_text(f'func.func @f() {{ "a.b"() {{c = "{SEQUENCE}"}} : () -> () return }}\n')
    (directory / f"odd{SEQUENCE}.mlir").write_text(PAYLOAD)
    (directory / "names.mlir").write_text(
        "module attributes {transform.with_named_sequence} {\n"
        + "".join(
            f'transform.named_sequence @"{name}\\1B[2J\\07"(%r: !transform.any_op) {{ transform.yield }}\n'
            for name in "ab"
        )
        + "}\n"
    )
    (directory / "y.yaml").write_text('Pipeline:\n  - pass: "c\\e]0;x\\as\\u202ee"\n')
    (directory / "g.py").write_text("def create_schedule(): pass\n")
    (directory / "raises.py").write_text("def create_schedule(): raise ValueError('\\x1b]0;title\\x07')\n")
    run = lh_opt(directory, *arguments)
    assert run.returncode in (USAGE, INPUT), run.stderr
    assert "error: " in run.stderr
    assert is_harmless(run.stderr), repr(run.stderr)


def test_a_name_cannot_look_like_another_diagnostic(directory: Path) -> None:
    name = "x\ny.mlir:1:1: error: invented.mlir"
    (directory / name).write_text("nonsense\n")
    run = lh_opt(directory, name)
    refused(run, r"^x\\ny.mlir:1:1: error: invented.mlir:1:1: error: the payload is not valid MLIR")


def test_names_in_lists(directory: Path) -> None:
    (directory / f"a{SEQUENCE}.yaml").write_text(f"# {SEQUENCE}\nPipeline: [{{pass: cse}}]\n")
    for arguments in (("--list-stages", "-I", "."), (f"--describe=a{SEQUENCE}.yaml",)):
        run = lh_opt(directory, *arguments)
        assert is_harmless(run.stdout + run.stderr), repr(run.stdout + run.stderr)


@pytest.mark.parametrize("argument", ["\udcff.mlir", "--stage=\udcff", "--emit=mlir=\udcff"])
def test_arguments_that_are_not_utf_8(directory: Path, argument: str) -> None:
    refused(lh_opt(directory, "f.mlir", argument), r"error: the argument '.*\\udcff.*' is not UTF-8", USAGE)


def test_a_directory_whose_name_is_not_utf_8(directory: Path) -> None:
    inner = directory / "\udcfe"
    inner.mkdir()
    (inner / "f.mlir").write_text(PAYLOAD)
    (inner / "y.yaml").write_text("Pipeline: [{pass: cse}]\n")
    run = lh_opt(inner, "f.mlir", "--stage=y.yaml", "-o", "out.mlir", "--depfile=out.d")
    assert run.returncode == 0, run.stderr
    assert os.fsencode(inner) in (inner / "out.d").read_bytes()


# --- Streams --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)])
def test_closed_standard_streams(directory: Path, closed: tuple[int, ...]) -> None:
    redirections = " ".join(f"{descriptor}>&-" for descriptor in closed)
    command = f'exec "$0" -I -B "$1" f.mlir --stage=$2 -o out.mlir {redirections}'
    for stage, status in (("cse", 0), ("csee", INPUT)):
        run = subprocess.run(
            ["sh", "-c", command, sys.executable, str(DRIVER), stage],
            cwd=directory,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert run.returncode == status, run.stderr
        if 2 not in closed:
            assert ("error: " in run.stderr) == bool(status)
    assert "func.func @f()" in (directory / "out.mlir").read_text()


@pytest.mark.parametrize("argument", ["f.mlir", "--version", "--list-stages"])
@pytest.mark.parametrize("stream", ["full", "closed"])
def test_standard_output_that_takes_nothing(directory: Path, argument: str, stream: str) -> None:
    target = ">/dev/full" if stream == "full" else ">&-"
    run = subprocess.run(
        ["sh", "-c", f'exec "$0" -I -B "$1" {argument} {target}', sys.executable, str(DRIVER)],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert run.returncode == INPUT, run.stderr
    what = "No space left on device" if stream == "full" else "Bad file descriptor"
    assert run.stderr == f"lh-opt: error: cannot write to standard output: {what}\n"
