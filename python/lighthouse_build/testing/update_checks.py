# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Write the CHECK lines of a test from what its RUN lines print, as LLVM's update_*_test_checks.py do.

Takes RUN lines of the form `lh-opt … | FileCheck …`, or the command of `--command` for a file without any (a payload of
`lh_add_check_test()`, say). Functions and other symbols are checked line by line, above the function of the same name
in the file, or at its end. Values and attribute aliases become FileCheck variables. RUN lines and hand-written comments
stay; what was written before is replaced, so that a second run changes nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lighthouse_build.errors import InputError, LoweringError, SourceLocation, UsageError

__all__ = ["Block", "Run", "blocks_of", "check_lines", "main", "parse_runs", "update"]

_DRIVER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "__main__.py")
_MARK = "NOTE: CHECK lines are written by update-checks"
_ARGUMENTS = "; its arguments: "
_COMMENTS = {".py": "#", ".yaml": "#", ".yml": "#"}
_RUN = re.compile(r"RUN:\s*(.*)$")
_PATHS = ("%s", "%S", "%t", "%lh_stages")
_TOOL = re.compile(r"(?<![\w./-])lh-opt(?![\w./:-])")
_PREFIXES = re.compile(r"--?check-prefix(?:es)?[= ]([\w,-]+)")


@dataclass(frozen=True)
class Run:
    """One RUN line that can be updated.

    Attributes:
        command: the part before FileCheck, without substitutions made.
        prefixes: of the directives that FileCheck looks for, in order.
        line: where it stands, from 1; 0 for that of --command.
    """

    command: str
    prefixes: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Block:
    """A piece of output: what stands before the first symbol (without a name), or one symbol."""

    name: str
    lines: tuple[str, ...]


_Key = tuple[str, int]  # of a piece of output: its name, and which of that name it is

# --- Reading a test ---


def parse_runs(text: str) -> tuple[list[Run], list[int]]:
    """The RUN lines of a test that can be updated, and the line numbers of the others."""
    runs, others = [], []
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        match = _RUN.search(line)
        if match is None:
            continue
        start = start or number
        pending += match[1].rstrip()
        if pending.endswith("\\"):
            pending = pending[:-1]
            continue
        run = _run_of(pending, start)
        if run is None:
            others.append(start)
        else:
            runs.append(run)
        pending, start = "", 0
    return runs, others


def _run_of(command: str, line: int) -> Run | None:
    head, bar, check = command.rpartition("|")
    # What also looks at diagnostics or files is written by hand.
    if (
        not bar
        or not re.match(r"\s*FileCheck\s", check)
        or not _TOOL.match(head.strip())
        or "2>" in head
        or "<" in check
    ):
        return None
    if "%s" not in shlex.split(check):
        return None
    prefixes = tuple(p for found in _PREFIXES.findall(check) for p in found.split(",")) or ("CHECK",)
    return Run(head.strip(), prefixes, line)


# --- Reading output ---

_SYMBOL = re.compile(
    r"^ *(?:[\w.]+\.func|transform\.named_sequence|module|(?:llvm\.mlir|memref)\.global)\b[^@\n]*"
    r"@(?:\"([^\"]+)\"|([\w.$-]+))"
)
_ALIAS = re.compile(r"^([#!])([A-Za-z_][\w$]*) = ")


def blocks_of(output: str) -> list[Block]:
    """The output in pieces: aliases and the like first, then each symbol with its region."""
    blocks: list[Block] = []
    loose: list[str] = []
    lines = output.splitlines()
    at = 0
    while at < len(lines):
        line = lines[at]
        symbol = _SYMBOL.match(line)
        # A module that holds symbols of its own is only a frame around them.
        if symbol and not (line.lstrip().startswith("module") and _holds_symbols(lines, at)):
            if loose:
                blocks.append(Block("", tuple(loose)))
                loose = []
            end = _end_of(lines, at)
            blocks.append(Block(symbol[1] or symbol[2], tuple(lines[at : end + 1])))
            at = end + 1
            continue
        if not _is_frame(line):
            loose.append(line)
        at += 1
    if loose:
        blocks.append(Block("", tuple(loose)))
    return blocks


def _is_frame(line: str) -> bool:
    """Lines that say nothing of a stage: braces of the module around everything, separators, the manifest."""
    return line.strip() in ("", "}", "module {", "// -----") or line.startswith("// lighthouse-stage:")


def _end_of(lines: Sequence[str], start: int) -> int:
    """The last line of the operation that begins at `start`: MLIR closes its region at its own indentation."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    if not lines[start].rstrip().endswith("{"):
        return start
    for at in range(start + 1, len(lines)):
        if re.match(rf" {{{indent}}}}}", lines[at]):
            return at
    return len(lines) - 1


def _holds_symbols(lines: Sequence[str], start: int) -> bool:
    return any(_SYMBOL.match(line) for line in lines[start + 1 : _end_of(lines, start)])


# --- Writing directives ---

_VALUE = re.compile(r"%[\w$.-]*[\w$]")
# Where a name of a value is given to it, which a sibling region may have used before. A colon ends arguments of blocks.
_DEFINES = re.compile(
    r"^\s*(?P<results>%[^=]*?) = "
    r"|\^\w+\((?P<block>[^)]*)\)"
    r"|\b(?:scf|affine)\.for (?P<for>%[\w$.-]+) ="
    r"|\biter_args\((?P<iter>[^)]*)\)"
    r"|\b(?:scf\.forall|scf\.parallel|affine\.parallel) \((?P<parallel>[^)]*)\)"
    r"|\bshared_outs\((?P<shared>[^)]*)\)"
)


class _Names:
    """FileCheck variables for the names in one piece of output."""

    def __init__(self, aliases: dict[str, str]) -> None:
        self._aliases = aliases
        self._values: dict[str, str] = {}
        self._count = {"ARG": 0, "VAL": 0}

    def line(self, text: str, in_signature: bool = False) -> str:
        """`text` as the pattern of a directive."""
        fresh = {position for found in _DEFINES.finditer(text) for position in _positions(found)}
        out, end = [], 0
        for match in _VALUE.finditer(text):
            name = match[0]
            if _in_string(text, match.start()):
                continue
            out.append(self._literal(text[end : match.start()]))
            end = match.end()
            if match.start() in fresh or in_signature or name not in self._values:
                kind = "ARG" if in_signature else "VAL"
                self._values[name] = f"{kind}{self._count[kind]}"
                self._count[kind] += 1
                out.append(f"%[[{self._values[name]}:.*]]")
            else:
                out.append(f"%[[{self._values[name]}]]")
        out.append(self._literal(text[end:]))
        return "".join(out)

    def forget(self, text: str) -> None:
        """Note that `text` is left out: what it defines has no variable, until a later line uses it."""
        for found in _DEFINES.finditer(text):
            for position in _positions(found):
                match = _VALUE.match(text, position)
                if match:
                    self._values.pop(match[0], None)

    def _literal(self, text: str) -> str:
        """Text as FileCheck takes it literally, with variables for aliases."""
        text = re.sub(r"\[\[", r"{{\\[\\[}}", re.sub(r"\{\{", r"{{[{][{]}}", text))
        return re.sub(
            r"([#!])([A-Za-z_][\w$]*)(?![\w$.<])",
            lambda m: f"{m[1]}[[{self._aliases[m[0]]}]]" if m[0] in self._aliases else m[0],
            text,
        )


def _positions(match: re.Match[str]) -> Iterable[int]:
    """Where names are given in a match of _DEFINES: in lists of `%name = init` not to what they start from."""
    for group, text in match.groupdict().items():
        if text is None:
            continue
        for value in _VALUE.finditer(text):
            rest = text[value.end() :].lstrip()
            before = text[: value.start()].rstrip()
            if group in ("iter", "shared") and (before.endswith("=") or not rest.startswith("=")):
                continue
            yield match.start(group) + value.start()


def _in_string(text: str, position: int) -> bool:
    return len(re.findall(r'(?<!\\)"', text[:position])) % 2 == 1


def check_lines(blocks: Sequence[Block], prefix: str, filter: str | None = None) -> list[list[str]]:
    """The directives for each piece of output.

    Args:
        blocks: the output.
        prefix: what directives begin with.
        filter: a regular expression; only lines in which it is found are checked, in order, besides labels.
    """
    aliases: dict[str, str] = {}
    lines = _symbol_lines, _loose_lines
    return [lines[not block.name](block, prefix, aliases, filter) for block in blocks]


def _loose_lines(block: Block, prefix: str, aliases: dict[str, str], filter: str | None) -> list[str]:
    names = _Names(aliases)
    lines = []
    for line in block.lines:
        alias = _ALIAS.match(line)
        if alias is None:
            if filter is None or re.search(filter, line):
                lines.append(f"{prefix}: {names.line(line.strip())}")
            continue
        # A variable of all blocks: $ outlives labels.
        name = f"${alias[2].upper()}"
        lines.append(f"{prefix}: {alias[1]}[[{name}:[A-Za-z_0-9$]+]] = {names.line(line[alias.end() :])}")
        aliases[alias[1] + alias[2]] = name
    return lines


def _symbol_lines(block: Block, prefix: str, aliases: dict[str, str], filter: str | None) -> list[str]:
    names = _Names(aliases)
    head, *body = block.lines
    # A label cannot define variables, which arguments are.
    at = head.find("(%")
    label, signature = (head[: at + 1], head[at + 1 :]) if at >= 0 else (head, "")
    lines = [f"{prefix}-LABEL: {names.line(label)}"]
    if signature and (filter is None or re.search(filter, signature)):
        lines.append(f"{prefix}-SAME:    {names.line(signature, in_signature=True)}")
    for line in body:
        if filter is not None:
            if re.search(filter, line):
                lines.append(f"{prefix}:       {names.line(line)}")
            else:
                names.forget(line)
        elif line.strip():
            lines.append(f"{prefix}-NEXT:  {names.line(line)}")
        else:
            lines.append(f"{prefix}-EMPTY:")
    return lines


# --- Writing the test ---


@dataclass(frozen=True)
class Settings:
    """What the command line says, and the file's own note after it.

    Attributes:
        command: what to run for a file without RUN lines, as in RUN lines.
        prefix: of the directives, with `command`.
        filter: see `check_lines`.
        force: replace directives that were written by hand.
    """

    command: str | None = None
    prefix: str = "CHECK"
    filter: str | None = None
    force: bool = False

    def text(self) -> str:
        """As arguments, for the file's note."""
        words = []
        for flag, value in (("--command", self.command), ("--filter", self.filter)):
            words += [flag, value] if value else []
        words += ["--prefix", self.prefix] if self.prefix != "CHECK" else []
        return shlex.join(words)


def update(path: Path, settings: Settings, substitutions: Sequence[tuple[str, str]]) -> str:
    """The text of the test `path` with its directives brought up to date.

    Args:
        path: the test.
        settings: how; the file's own note says what is not given.
        substitutions: what RUN lines may say and what it stands for, besides `%s` and the like.

    Raises:
        InputError: there is nothing to update, or directives were written by hand.
        LoweringError: a command fails.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the test: {error}", SourceLocation(str(path))) from None
    comment = _COMMENTS.get(path.suffix, "//")
    marked = f"{comment} {_MARK}" in text
    settings = _with_note(text, settings, path)
    runs, skipped = parse_runs(text)
    if settings.command:
        runs = [*runs, Run(settings.command, (settings.prefix,), 0)]
    if not runs:
        msg = "no RUN line of the form 'lh-opt ... | FileCheck %s'; write one, or give --command"
        raise InputError(msg, SourceLocation(str(path)))
    for line in skipped:
        print(f"{path}:{line}: note: this RUN line is left to you", file=sys.stderr)
    prefixes = list(dict.fromkeys(prefix for run in runs for prefix in run.prefixes))
    if not marked and not settings.force:
        _refuse_hand_written(text, comment, prefixes, path)
    stripped = _strip(text, comment, prefixes)
    # What is run is the file without directives: their variables are no part of a payload or a generator.
    outputs = {run: _output(run, path, substitutions) for run in runs}
    written = _sections(runs, outputs, settings.filter, path)
    for prefix in prefixes:
        if all(prefix != section.prefix for section in written):
            msg = f"note: nothing has the prefix {prefix}, which FileCheck may refuse; leave it out of the RUN lines"
            print(f"{path}: {msg}", file=sys.stderr)
    note = f"{comment} {_MARK}" + (f"{_ARGUMENTS}{settings.text()}" if settings.text() else "")
    return _insert(stripped, note, written, comment)


def _with_note(text: str, settings: Settings, path: Path) -> Settings:
    """`settings`, completed by the arguments that the file was last updated with."""
    found = re.search(re.escape(_MARK) + re.escape(_ARGUMENTS) + "(.*)$", text, re.MULTILINE)
    if found is None:
        return settings
    try:
        noted = _parser().parse_args([*shlex.split(found[1]), str(path)])
    except (UsageError, ValueError) as error:
        line = text.count("\n", 0, found.start()) + 1
        raise InputError(f"the note of update-checks is damaged: {error}", SourceLocation(str(path), line)) from None
    return replace(
        settings,
        command=settings.command or noted.command,
        filter=settings.filter if settings.filter is not None else noted.filter,
        prefix=noted.prefix if settings.prefix == "CHECK" else settings.prefix,
    )


def _directive(comment: str, prefixes: Sequence[str]) -> re.Pattern[str]:
    names = "|".join(map(re.escape, prefixes))
    kinds = r"(?:-(?:NEXT|SAME|NOT|DAG|LABEL|EMPTY|COUNT-\d+))?"
    return re.compile(rf"^[ \t]*{re.escape(comment)}[ \t]*(?:{names}){kinds}:")


def _refuse_hand_written(text: str, comment: str, prefixes: Sequence[str], path: Path) -> None:
    pattern = _directive(comment, prefixes)
    for number, line in enumerate(text.splitlines(), 1):
        if pattern.match(line):
            msg = "this directive is written by hand; --force replaces all of them"
            raise InputError(msg, SourceLocation(str(path), number, 1))


def _strip(text: str, comment: str, prefixes: Sequence[str]) -> list[str]:
    """The lines of a test without the directives and the note of update-checks, and the blank lines they leave."""
    pattern = _directive(comment, prefixes)
    kept: list[str] = []
    removed = False
    for line in text.splitlines():
        if pattern.match(line) or line.startswith(f"{comment} {_MARK}"):
            removed = True
            continue
        if not line.strip() and removed and (not kept or not kept[-1].strip()):
            continue
        removed = removed and not line.strip()
        kept.append(line)
    while kept and not kept[-1].strip():
        kept.pop()
    return kept


def _output(run: Run, path: Path, substitutions: Sequence[tuple[str, str]]) -> str:
    with tempfile.TemporaryDirectory() as directory:
        meanings = {
            "lh-opt": shlex.join([sys.executable, "-I", "-B", _DRIVER]),
            "%s": shlex.quote(str(path.resolve())),
            "%S": shlex.quote(str(path.resolve().parent)),
            "%t": shlex.quote(os.path.join(directory, "t")),
            **dict(substitutions),
        }
        # In one go: what is put in may look like what is substituted. Of `%s` and `%stages`, the longer one.
        names = "|".join(re.escape(name) for name in sorted(meanings, key=len, reverse=True) if name != "lh-opt")
        pattern = re.compile(f"{_TOOL.pattern}|{names}")

        def meaning(match: re.Match[str]) -> str:
            text = meanings[match[0]]
            return _within(run.command[: match.start()], text) if match[0] in _PATHS else text

        command = pattern.sub(meaning, run.command)
        done = subprocess.run(
            command, shell=True, cwd=directory, stdin=subprocess.DEVNULL, capture_output=True, check=False
        )
    if done.returncode != 0:
        sys.stderr.buffer.write(done.stderr)
        sys.stderr.flush()
        raise LoweringError(f"the command failed: {run.command}", SourceLocation(str(path), run.line))
    return done.stdout.decode("utf-8", "replace")


def _within(before: str, text: str) -> str:
    """The path `text`, quoted if it must be, as it is written after `before` in a command: bare within quotes."""
    quotations = re.sub(r"'[^']*'|\"(?:[^\"\\]|\\.)*\"|\\.", "", before)
    return "".join(shlex.split(text)) if re.search("['\"]", quotations) else text


@dataclass(frozen=True)
class _Section:
    """The directives of one prefix for one piece of output; `symbol` is empty for what is no symbol."""

    symbol: str
    prefix: str
    directives: tuple[str, ...]


def _sections(runs: Sequence[Run], outputs: Mapping[Run, str], filter: str | None, path: Path) -> list[_Section]:
    """The directives, in the order in which FileCheck must meet them."""
    pieces: dict[Run, dict[_Key, Block]] = {}
    order: list[_Key] = []
    for run in runs:
        blocks = blocks_of(outputs[run])
        names = [block.name for block in blocks]
        pieces[run] = {(block.name, names[:i].count(block.name)): block for i, block in enumerate(blocks)}
        at = 0
        for key in pieces[run]:
            if key not in order:
                order.insert(at, key)
            at = order.index(key) + 1
    sections: dict[tuple[_Key, str], _Section] = {}
    for run in runs:
        for prefix in run.prefixes:
            lines = check_lines(list(pieces[run].values()), prefix, filter)
            for (key, block), directives in zip(pieces[run].items(), lines):
                if _prefix_of(run, key, pieces, path) == prefix and directives:
                    sections[key, prefix] = _Section(block.name, prefix, tuple(directives))
    return [section for key in order for (k, _), section in sections.items() if k == key]


def _prefix_of(run: Run, key: _Key, pieces: Mapping[Run, Mapping[_Key, Block]], path: Path) -> str:
    """The first prefix of a RUN line on which all RUN lines that have it agree in a piece of output."""
    for prefix in run.prefixes:
        peers = [other for other in pieces if prefix in other.prefixes]
        if all(pieces[other].get(key) == pieces[run][key] for other in peers):
            return prefix
    msg = f"other RUN lines with the prefix {run.prefixes[-1]} print something else; give each a prefix of its own"
    raise InputError(msg, SourceLocation(str(path), run.line))


def _insert(lines: Sequence[str], note: str, sections: Sequence[_Section], comment: str) -> str:
    """The test with its directives: above the symbols of their names, or all at the end."""
    last_run = max((i for i, line in enumerate(lines) if _RUN.search(line)), default=-1)
    placed: dict[int, list[list[str]]] = {}
    for section, position in zip(sections, _anchors(lines, [section.symbol for section in sections])):
        placed.setdefault(position, []).append([f"{comment} {line}".rstrip() for line in section.directives])
    out = [note, ""] if last_run < 0 else []
    for index, line in enumerate(lines):
        for directives in placed.pop(index, []):
            out += directives
        out.append(line)
        if index == last_run:
            out.append(note)
    for groups in placed.values():
        for directives in groups:
            out += ["", *directives]
    return "\n".join(out) + "\n"


def _anchors(lines: Sequence[str], names: Sequence[str]) -> list[int]:
    """For each symbol the line to write its directives above; the end for all, if their order is another one there."""
    end = len(lines)
    places: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        symbol = _SYMBOL.match(line)
        if symbol:
            places.setdefault(symbol[1] or symbol[2], []).append(index)
    positions: list[int | None] = []
    for name in names:
        found = places.get(name, [])
        if len(found) > 1:  # in several parts of the file
            return [end] * len(names)
        positions.append(found[0] if found else None)
    # What the file does not have goes with what comes after it.
    following = end
    filled: list[int] = []
    for position in reversed(positions):
        following = following if position is None else position
        filled.insert(0, following)
    return filled if filled == sorted(filled) else [end] * len(names)


# --- The command ---


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="update-checks", description=(__doc__ or "").split("\n\n")[0], allow_abbrev=False)
    parser.add_argument("tests", nargs="+", type=Path, metavar="TEST", help="files with RUN lines")
    parser.add_argument("--filter", metavar="REGEX", help="check only lines in which this is found, besides labels")
    parser.add_argument("--command", metavar="COMMAND", help="for files without RUN lines: 'lh-opt %%s --stage=...'")
    parser.add_argument("--prefix", default="CHECK", help="of the directives, with --command; default: CHECK")
    parser.add_argument("--lh-opt", metavar="COMMAND", help="what lh-opt stands for; default: the one of this package")
    parser.add_argument("--stages", metavar="DIR", help="what %%lh_stages stands for: lighthouse-stages of a build")
    parser.add_argument(
        "--substitute", action="append", default=[], metavar="NAME=TEXT", help="what else RUN lines may say"
    )
    parser.add_argument("--force", action="store_true", help="replace directives that were written by hand")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a test is out of date")
    return parser


def main(argv: Sequence[str]) -> int:
    """Update the tests; the exit status."""
    options = _parser().parse_args(argv)
    if options.filter is not None:
        try:
            re.compile(options.filter)
        except re.error as error:
            raise UsageError(f"--filter '{options.filter}' is no regular expression: {error}") from None
    substitutions = [tuple(text.split("=", 1)) for text in options.substitute]
    for substitution, text in zip(substitutions, options.substitute):
        if len(substitution) != 2 or not substitution[0]:
            raise UsageError(f"--substitute '{text}' is not of the form NAME=TEXT")
    if options.stages:
        substitutions.append(("%lh_stages", shlex.quote(os.path.abspath(options.stages))))
    if options.lh_opt:
        substitutions.append(("lh-opt", options.lh_opt))
    settings = Settings(options.command, options.prefix, options.filter, options.force)
    stale = 0
    for path in options.tests:
        text = update(path, settings, [(s[0], s[1]) for s in substitutions])
        if text == path.read_text(encoding="utf-8"):
            continue
        stale += 1
        if options.check:
            print(f"{path}: error: out of date; run update-checks", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8")
            print(f"updated {path}")
    return 1 if options.check and stale else 0
