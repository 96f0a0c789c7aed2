# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A table of flags, read from a command line and printed as help. Knows nothing of what the flags mean.

In place of `argparse`, whose import and whose parser of forty flags are a sixth of the time of a small lowering. The
syntax is that of LLVM's tools: `--flag=value` or `--flag value`, with one dash as well, `-o file` or `-ofile`, flags
and other arguments in any order, and no flags after `--`.
"""

from __future__ import annotations

from lighthouse_build.errors import UsageError, did_you_mean
from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Flag", "Values", "help_text", "read"]

_INDENT = 26  # columns before the help of a flag
_WIDTH = 100  # columns


@frozen
class Flag:
    """One flag.

    Attributes:
        group: the heading that it stands under.
        names: its spellings; what reads it uses the first.
        help: a text for users.
        value: what stands for its value in the help; a flag without one takes none.
        default: its value if it is given without one; None if it must have one.
        choices: the values that it accepts; empty for any.
    """

    group: str
    names: tuple[str, ...]
    help: str
    value: str = ""
    default: str | None = None
    choices: tuple[str, ...] = ()

    def shown(self) -> list[str]:
        """Its spellings with their value, as a user types them."""
        if self.choices and self.default is None:
            return [f"{name}{'=' * name.startswith('--')}{choice}" for name in self.names for choice in self.choices]
        equals = "[={}]" if self.default is not None else "={}"
        return [
            name + (equals if name.startswith("--") else " {}").format(self.value) if self.value else name
            for name in self.names
        ]


class Values:
    """What a command line says: the values of each flag in order, and the other arguments."""

    def __init__(self) -> None:
        self.arguments: list[str] = []
        self._values: dict[str, list[str]] = {}

    def add(self, name: str, value: str) -> None:
        self._values.setdefault(name, []).append(value)

    def given(self, name: str) -> bool:
        """Whether the flag `name` is there."""
        return name in self._values

    def all(self, name: str) -> tuple[str, ...]:
        """All values of the flag `name`."""
        return tuple(self._values.get(name, ()))

    def last(self, name: str) -> str | None:
        """The last value of the flag `name`, which overrides those before; None if it is not there."""
        return self._values[name][-1] if name in self._values else None


def read(flags: Sequence[Flag], argv: Sequence[str], program: str) -> Values:
    """Read the command line `argv` of `program`.

    Raises:
        UsageError: an unknown flag, or one with a wrong value or none.
    """
    known = {name: flag for flag in flags for name in flag.names}
    values = Values()
    pending = list(reversed(argv))
    while pending:
        argument = pending.pop()
        if argument == "--":
            values.arguments += reversed(pending)
            pending = []
        elif argument == "-" or not argument.startswith("-"):
            values.arguments.append(argument)
        else:
            name, value = _split(argument, known)
            if name not in known:
                hint = did_you_mean(name, list(known)) or f"; see {program} --help"
                raise UsageError(f"unknown argument '{argument}'{hint}")
            flag = known[name]
            if value is None and flag.value:
                value = flag.default
                if value is None and pending and (pending[-1] == "-" or not pending[-1].startswith("-")):
                    value = pending.pop()
            values.add(flag.names[0], _checked(flag, name, value))
    return values


def _split(argument: str, known: dict[str, Flag]) -> tuple[str, str | None]:
    """The flag that `argument` begins with, and the value that it holds, if it does."""
    name, equals, value = argument.partition("=")
    if f"-{name}" in known and name not in known:
        name = f"-{name}"
    short = argument[:2]
    if name not in known and short in known and known[short].value:
        return short, argument[2:]
    return name, value if equals else None


def _checked(flag: Flag, name: str, value: str | None) -> str:
    if not flag.value:
        if value is not None:
            raise UsageError(f"{name} takes no value, but was given '{value}'")
        return ""
    if value is None:
        raise UsageError(f"{name} wants a value: {', '.join(flag.shown())}")
    if flag.choices and value not in flag.choices:
        raise UsageError(f"{name} takes {', '.join(flag.choices[:-1])} or {flag.choices[-1]}, not '{value}'")
    return value


def help_text(
    flags: Sequence[Flag], usage: str, description: str, epilog: str, arguments: Sequence[tuple[str, str]]
) -> str:
    """The text of `--help`.

    Args:
        flags: flags of one group stand together.
        usage: the line after `usage:`.
        description: what stands before the flags.
        epilog: what stands after them.
        arguments: the arguments that are no flags, each with its help.
    """
    lines = [f"usage: {usage}", "", description.strip(), "", "arguments:"]
    for name, text in arguments:
        lines += _entry(name, text)
    group = ""
    for flag in flags:
        if flag.group != group:
            group = flag.group
            lines += ["", f"{group}:"]
        lines += _entry(", ".join(flag.shown()), flag.help)
    return "\n".join([*lines, "", epilog.strip()]) + "\n"


def _entry(head: str, text: str) -> list[str]:
    """`head` with `text` beside it; below it, if `head` is long."""
    lines = [f"  {head}".ljust(_INDENT - 2)]
    if len(lines[0]) > _INDENT - 2:
        lines.append(" " * (_INDENT - 2))
    separator = "  "
    for word in text.split():
        if len(lines[-1]) + 1 + len(word) > _WIDTH:
            lines.append(" " * (_INDENT - 2))
            separator = "  "
        lines[-1] += separator + word
        separator = " "
    return lines
