# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Malformed specs and pipelines, 150 of each: one error where the fault is, and nothing else.

A valid text is generated and then broken in one known way, so that what must be said and where is known, too. The same
texts unbroken are accepted. All of it is the same in every run. The driver runs in this process, up to where it would
start to work; a sample runs as a process of its own.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from lighthouse_build import driver
from lighthouse_build.errors import SourceLocation
from lighthouse_build.language.pipeline_file import read_pipeline
from lighthouse_build.language.spec import parse_spec

DRIVER = Path(driver.__file__).parent / "__main__.py"
INPUT = 3
EACH = 150
SAMPLE = 25  # every one of so many runs as a process

WORDS = ("tile", "sizes", "fuse", "a", "b2", "unroll_factor", "x-y", "µ", "_p", "peel")


class Maker:
    """Makes valid text from a source of chance."""

    def __init__(self, seed: str) -> None:
        self.random = random.Random(seed)

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def name(self) -> str:
        return self.one("main", "tile_it", "_private", "Seq2", "seq.a", "f$1")

    def value(self, depth: int = 0) -> str:
        scalars = (
            "32",
            "-1",
            "0x40",
            "1.5",
            "1e-3",
            "true",
            "None",
            "fast",
            '"two words"',
            r"'it\'s'",
            "linalg.matmul",
        )
        if depth > 2 or self.random.random() < 0.6:
            return self.one(*scalars)
        items = [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        if self.random.random() < 0.3:
            return self.group(depth + 1)
        brackets = self.one("[]", "()")
        return brackets[0] + self.one(",", ", ").join(items) + brackets[1]

    def entries(self, count: int, depth: int = 0) -> list[str]:
        keys = self.random.sample(WORDS, count)
        return [key if self.random.random() < 0.2 else f"{key}={self.value(depth)}" for key in keys]

    def group(self, depth: int = 0, least: int = 0) -> str:
        return "{" + self.one(" ", ",", ", ").join(self.entries(self.random.randrange(least, 5), depth)) + "}"

    def path(self, extension: str) -> str:
        return self.one("", "dir/", "../", "/abs/", "a b/") + self.one("stage", "x86-64", "v1.2", "päck") + extension

    def passes(self) -> str:
        return self.one(
            "canonicalize",
            "func.func(cse,canonicalize{max-iterations=3})",
            "builtin.module(func.func(cse),inline)",
            "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map}",
        )

    def spec(self) -> str:
        python = self.path(".py") + self.one("", "[gen]", "[gen,seq]", "[seq=main]", "[gen=a,seq=b]")
        return self.one(
            self.passes(),
            self.path(".mlir") + self.one("", f"[{self.name()}]", "[@main]") + self.one("", self.group()),
            python + self.one("", self.group(), self.group() + self.group()),
            f"{self.path('.py')}[stage=Name]" + self.one("", self.group()),
            self.path(".yaml") + self.one("", " ", "\n ") + self.group(),
            self.path(".stage.mlir"),
        )


@dataclass(frozen=True)
class Broken:
    """A malformed text, the place of its fault (0: only somewhere in the text), and a part of what must be said."""

    text: str
    says: str
    line: int = 0
    column: int = 0


# --- specs --------------------------------------------------------------------------------------------------------


def never_closed(m: Maker) -> Broken:
    head = m.path(".py") + m.one("", "[gen]")
    return Broken(head + m.group(least=1)[:-1], "'{' is never closed", 1, len(head) + 1)


def names_never_closed(m: Maker) -> Broken:
    head = m.path(m.one(".py", ".mlir"))
    return Broken(f"{head}[{m.name()}", "'[' is never closed", 1, len(head) + 1)


def wrong_bracket(m: Maker) -> Broken:
    head = f"{m.path('.mlir')}{{p=[{m.one('1', '1,2', 'a')}"
    return Broken(head + m.one("}", ")}"), "expected ']'", 1, len(head) + 1)


def twice(m: Maker) -> Broken:
    head = m.path(".py") + "{" + ",".join(m.entries(3)) + ","
    key = re.split(r"[=,{}]", head.partition("{")[2])[0]
    return Broken(f"{head}{key}={m.value()}}}", f"'{key}' is given twice", 1, len(head) + 1)


def no_value(m: Maker) -> Broken:
    head = m.path(".yaml") + "{tile="
    return Broken(head + "}", "expected a value before '}'", 1, len(head) + 1)


def no_key(m: Maker) -> Broken:
    head = m.path(".py") + m.one("{", "{a=1 ", "{a,")
    return Broken(f"{head}={m.value()}}}", "expected an option's name before '='", 1, len(head) + 1)


def two_commas(m: Maker) -> Broken:
    head = f"{m.path('.mlir')}{{p=({m.value(3)},"
    return Broken(head + ",2)}", "expected a value before ','", 1, len(head) + 1)


def unknown_keyword(m: Maker) -> Broken:
    head = m.path(".py") + "["
    return Broken(f"{head}{m.one('fn', 'generator', 'class', 'GEN')}={m.name()}]", "unknown keyword", 1, len(head) + 1)


def too_many_names(m: Maker) -> Broken:
    head = m.path(".py") + f"[{m.name()},{m.name()},"
    return Broken(f"{head}{m.name()}]", "too many names in brackets", 1, len(head) + 1)


def name_twice(m: Maker) -> Broken:
    head = f"{m.path('.py')}[{m.name()},"
    return Broken(f"{head}gen={m.name()}]", "'gen' is given twice", 1, len(head) + 1)


def not_a_name(m: Maker) -> Broken:
    head = m.path(".mlir") + "["
    bad = m.one("1st", "=x", ",a", "!a", "(a)")
    return Broken(f"{head}{bad}]", f"expected a name before '{bad[0]}'", 1, len(head) + 1)


def one_group_too_many(m: Maker) -> Broken:
    head, says = (
        (f"{m.path('.py')}{m.group()}{m.group()}", "a Python file takes"),
        (f"{m.path('.mlir')}{m.group()}", "a schedule takes"),
        (f"{m.path('.yaml')}{m.group()}", "a pipeline takes"),
        (m.path(".stage.mlir"), "takes no arguments"),
    )[m.random.randrange(4)]
    return Broken(head + m.group(), says, 1, len(head) + 1)


def text_after(m: Maker) -> Broken:
    head = f"{m.path('.py')}{m.group()}"
    return Broken(
        f"{head} {m.one('cse', ',cse', '.py', '}', 'é')}", "unexpected text after the stage", 1, len(head) + 2
    )


def string_never_closed(m: Maker) -> Broken:
    head = m.path(".py") + "{label="
    quote = m.one('"', "'")
    return Broken(f"{head}{quote}it is {m.one('', 'open')}}}", "the string is never closed", 1, len(head) + 1)


def unknown_escape(m: Maker) -> Broken:
    head = f'{m.path(".py")}{{label="{m.one("", "a", "é ")}'
    return Broken(f'{head}\\{m.one("q", "d", " ")}"}}', "unknown escape", 1, len(head) + 1)


def class_and_generator(m: Maker) -> Broken:
    head = m.path(".py")
    return Broken(f"{head}[stage={m.name()},{m.one('gen', 'seq')}=x]", "'stage=' excludes", 1, len(head) + 1)


def too_deep(m: Maker) -> Broken:
    depth = m.random.randrange(65, 5000)
    return Broken(f"{m.path('.py')}{{a={m.one('[', '(', '{a=') * depth}", "nested more than 64 deep")


def pipeline_never_closed(m: Maker) -> Broken:
    head = m.one("func.func", "builtin.module(func.func(cse),any", "cse,canonicalize{x=1},func.func")
    return Broken(f"{head}({m.one('cse', 'cse,canonicalize{a=1}')}", "'(' is never closed", 1, len(head) + 1)


def pipeline_closed_twice(m: Maker) -> Broken:
    head = m.passes()
    bad = m.one(")", "}", "]")
    says = "unexpected text" if head.startswith("builtin.module(") else f"unbalanced '{bad}'"
    return Broken(f"{head}{bad}", says, 1, len(head) + 1)


def nothing(m: Maker) -> Broken:
    return Broken(m.one("", " ", "\n", "\t  "), "the stage is empty", 1, 1)


def control_characters(m: Maker) -> Broken:
    head = m.one("a", "cse,", "x.py{a=")
    return Broken(f"{head}\0b", "NUL", 1, len(head) + 1)


def quoted_pass(m: Maker) -> Broken:
    return Broken(f'"{m.one("canonicalize", "file.txt", "x")}"', "a quoted stage must be", 1, 1)


SPECS: tuple[Callable[[Maker], Broken], ...] = (
    never_closed,
    names_never_closed,
    wrong_bracket,
    twice,
    no_value,
    no_key,
    two_commas,
    unknown_keyword,
    too_many_names,
    name_twice,
    not_a_name,
    one_group_too_many,
    text_after,
    string_never_closed,
    unknown_escape,
    class_and_generator,
    too_deep,
    pipeline_never_closed,
    pipeline_closed_twice,
    nothing,
    control_characters,
    quoted_pass,
)


# --- pipelines ----------------------------------------------------------------------------------------------------


def above(m: Maker) -> list[str]:
    """Lines of a pipeline that is right so far."""
    lines = ["# " + m.one("A comment.", "Ünïcode.", "")] * m.random.randrange(4)
    lines += ["Pipeline:"]
    for _ in range(m.random.randrange(1, 5)):
        lines.append(m.one("  - pass: cse", '  - pass: "canonicalize"', "  - stage: inline", "  # between"))
    return lines + ["  - pass: cse"]


def at_the_end(m: Maker, line: str, says: str, column: int) -> Broken:
    lines = above(m)
    return Broken(
        "\n".join([*lines, line, *m.one("", "  - pass: cse").splitlines()]) + "\n", says, len(lines) + 1, column
    )


def unknown_key(m: Maker) -> Broken:
    key = m.one("pas", "transfrom", "Pass", "steps", "é", "1")
    return at_the_end(m, f"  - {key}: cse", f"unknown key '{key}'", 5)


def unknown_section(m: Maker) -> Broken:
    lines = above(m)
    key = m.one("pipeline", "Variable", "Stages", "x")
    return Broken("\n".join([*lines, f"{key}: {m.one('{}', 'a', '[b]')}"]), f"unknown key '{key}'", len(lines) + 1, 1)


def section_twice(m: Maker) -> Broken:
    lines = above(m)
    return Broken("\n".join([*lines, "Pipeline: [{pass: cse}]"]), "'Pipeline' is given twice", len(lines) + 1, 1)


def no_pipeline(m: Maker) -> Broken:
    return Broken("#\n" * m.random.randrange(5) + "Variables: {a: 1}\n", "the key 'Pipeline' is missing")


def not_a_map(m: Maker) -> Broken:
    return Broken(m.one("- pass: cse\n", "cse\n", "", "3\n", "[]\n", "~\n"), "expected a map with the key 'Pipeline'")


def two_stages(m: Maker) -> Broken:
    return at_the_end(m, f"  - {{pass: cse, {m.one('stage', 'include')}: cse}}", "expected one stage in each item", 5)


def no_item(m: Maker) -> Broken:
    return at_the_end(m, f"  - {m.one('cse', '[pass, cse]', '3', 'null')}", "expected 'pass: …'", 5)


def not_text(m: Maker) -> Broken:
    return at_the_end(m, f"  - pass: {m.one('[cse]', '{a: b}', '[]')}", "expected a stage as text", 11)


def wrong_kind(m: Maker) -> Broken:
    key, spec = (("pass", "a.py"), ("schedule", "cse"), ("transform", "a.yaml"), ("include", "b.mlir"))[
        m.random.randrange(4)
    ]
    return at_the_end(m, f"  - {key}: {spec}", f"'{key}' wants ", len(f"  - {key}: ") + 1)


def undefined_variable(m: Maker) -> Broken:
    name = m.one("tile", "2D_sizes", "t", "µ")
    return at_the_end(m, f"  - pass: p{{a={m.one(f'${name}', f'${{{name}}}')}}}", f"undefined variable '{name}'", 11)


def unused_variable(m: Maker) -> Broken:
    line = f"Variables: {{{m.one('tile', 'a', '2D')}: {m.random.randrange(99)}}}"
    return Broken(f"{line}\n" + "\n".join(above(m)), "is never used", 1, 13)


def unnamable_variable(m: Maker) -> Broken:
    return Broken(
        f"Variables: {{{m.one('a-b', 'a.b', 'x y')}: 1}}\n" + "\n".join(above(m)), "cannot name a variable", 1, 13
    )


def variables_no_map(m: Maker) -> Broken:
    return Broken(
        f"Variables: {m.one('[a]', 'a', '3')}\n" + "\n".join(above(m)), "expected a map of names to defaults", 1, 12
    )


def no_value_of_ours(m: Maker) -> Broken:
    value = m.one("2020-01-01", "!!binary aGk=", "!!set {a, b}", "{1: 2}")
    return Broken(f"Variables: {{v: {value}}}\nPipeline:\n  - pass: p{{a=$v}}\n", "not a value", 1, 16)


def alias(m: Maker) -> Broken:
    lines = above(m)
    lines[-1] = "  - &x pass: cse" if m.random.random() < 0.5 else "  - &x {pass: cse}"
    return Broken("\n".join([*lines, "  - *x"]), "aliases are not part of the pipeline format", len(lines) + 1, 5)


def not_yaml(m: Maker) -> Broken:
    return at_the_end(
        m, m.one("  - pass: a: b: c", "\t- pass: cse", "  - pass: @x", "  - pass: 'x", " - pass: cse"), "not YAML", 0
    )


def missing_include(m: Maker) -> Broken:
    name = m.one("no.yaml", "../no/such.yaml", "no.py", "no.mlir")
    return at_the_end(m, f"  - stage: {name}", f"stage file '{name}' not found", 12)


def includes_itself(m: Maker) -> Broken:
    return at_the_end(m, "  - include: broken.yaml", "the pipeline includes itself", 14)


def value_for_nobody(m: Maker) -> Broken:
    return at_the_end(m, f"  - include: takes.yaml{{size=1 {m.one('tile', 'sise')}=2}}", "has no variable", 14)


def broken_spec(m: Maker) -> Broken:
    """A spec that is broken by itself, in single quotes: the column is known in the line."""
    breakers = [b for b in SPECS if b not in (nothing, control_characters, too_deep)]
    while True:
        broken = m.random.choice(breakers)(m)
        if "'" not in broken.text and "\n" not in broken.text:
            found = at_the_end(m, f"  - stage: '{broken.text}'", broken.says, broken.column + 12)
            return Broken(found.text, found.says, found.line, found.column)


def empty_pipeline(m: Maker) -> Broken:
    return Broken("# x\n" * m.random.randrange(3) + "Pipeline: []\n", "the pipeline is empty")


def no_list(m: Maker) -> Broken:
    return Broken(f"Pipeline: {m.one('cse', '{pass: cse}', '3')}\n", "expected a list of stages", 1, 11)


PIPELINES: tuple[Callable[[Maker], Broken], ...] = (
    unknown_key,
    unknown_section,
    section_twice,
    no_pipeline,
    not_a_map,
    two_stages,
    no_item,
    not_text,
    wrong_kind,
    undefined_variable,
    unused_variable,
    unnamable_variable,
    variables_no_map,
    no_value_of_ours,
    alias,
    not_yaml,
    missing_include,
    includes_itself,
    value_for_nobody,
    broken_spec,
    broken_spec,
    empty_pipeline,
    no_list,
)


# --- tests --------------------------------------------------------------------------------------------------------


def broken_texts(kinds: tuple[Callable[[Maker], Broken], ...]) -> list[Broken]:
    """`EACH` different ones, all kinds alike."""
    made: dict[str, Broken] = {}
    number = 0
    while len(made) < EACH:
        kind = kinds[number % len(kinds)]
        broken = kind(Maker(f"{kind.__name__} {number}"))
        made.setdefault(broken.text, broken)
        number += 1
    return list(made.values())


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "payload.mlir").write_text("func.func @f() {\n  return\n}\n")
    (tmp_path / "takes.yaml").write_text("Pipeline:\n  - pass: p{a=$size}\n")
    monkeypatch.chdir(tmp_path)

    def accepted(*_: object) -> NoReturn:
        pytest.fail("the malformed text was accepted")

    monkeypatch.setattr("lighthouse_build.supervisor.supervise", accepted)
    monkeypatch.setattr("os.execve", accepted)
    return tmp_path


def arguments(stage: str) -> list[str]:
    return ["payload.mlir", f"--stage={stage}", "-o", "out.mlir", "--depfile=out.d"]


def check(broken: Broken, file: str, status: int, out: str, err: str) -> None:
    """One error, at the place of the fault."""
    lines = [line for line in err.splitlines() if re.search(r"(^|\S): error: ", line)]
    assert len(lines) == 1, f"{broken}\n{err}"
    found = re.match(rf"{re.escape(file)}(?::(\d+))?(?::(\d+))?: error: (.*)", lines[0])
    assert found, f"{broken}\n{err}"
    line, column = int(found[1] or 0), int(found[2] or 0)
    assert broken.says in found[3], f"{broken}\n{err}"
    assert broken.line in (0, line), f"{broken}\n{err}"
    assert broken.column in (0, column), f"{broken}\n{err}"
    texts = broken.text.splitlines() or [""]
    assert line <= len(texts) + 1, f"{broken}\n{err}"
    assert line == 0 or column <= len((texts[line - 1 : line] or [""])[0]) + 1 or "\n" in broken.text
    assert line or not broken.text.strip(), f"{broken}\n{err}"
    assert status == INPUT, f"{broken}\n{err}"
    assert out == ""
    assert "Traceback" not in err


def test_malformed_specs(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = sorted(directory.iterdir())
    for broken in broken_texts(SPECS):
        status = driver.main(arguments(broken.text))
        check(broken, "<command line>", status, *capsys.readouterr())
    assert sorted(directory.iterdir()) == before


def test_malformed_pipelines(directory: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (directory / "broken.yaml").touch()
    before = sorted(directory.iterdir())
    for broken in broken_texts(PIPELINES):
        (directory / "broken.yaml").write_text(broken.text)
        status = driver.main(arguments("broken.yaml"))
        check(broken, str(directory / "broken.yaml"), status, *capsys.readouterr())
    assert sorted(directory.iterdir()) == before


@pytest.mark.parametrize("number", range(0, EACH, SAMPLE))
def test_a_sample_as_processes(directory: Path, number: int) -> None:
    spec, pipeline = broken_texts(SPECS)[number], broken_texts(PIPELINES)[number]
    (directory / "broken.yaml").write_text(pipeline.text)
    for broken, stage, file in (
        (spec, spec.text, "<command line>"),
        (pipeline, "broken.yaml", str(directory / "broken.yaml")),
    ):
        if "\0" in stage:
            continue  # no argument of a process can hold it
        run = subprocess.run(
            [sys.executable, "-I", str(DRIVER), *arguments(stage)],
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        check(broken, file, run.returncode, run.stdout, run.stderr)


def test_what_is_broken_was_whole() -> None:
    """The texts that are broken above are accepted unbroken."""
    nowhere = SourceLocation("")
    for number in range(500):
        maker = Maker(f"whole {number}")
        parse_spec(maker.spec(), lambda offset: nowhere)
        read_pipeline("\n".join(above(maker)) + "\n", "whole.yaml", {}, nowhere)
