# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The kinds of edits. Each is a function that changes a tree at random and says what it did.

An edit that cannot be made now (there is nothing to remove) raises `NotNow`. One that breaks the build has a second
half that mends it. All keep to what build tools call an edit: the file becomes newer.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from project import TOOL, Tree, mlir_opt

__all__ = ["KINDS", "PLAIN", "Done", "Kind", "NotNow"]


class NotNow(Exception):
    """This edit cannot be made in the present state of the tree."""


@dataclass(frozen=True)
class Done:
    """An edit that was made.

    Attributes:
        what: was done, for the report.
        then: the second half, to be called after a build: mends what the first half breaks, for one.
        settle: to be called after the last build: makes times in the future those of the present.
    """

    what: str
    then: Callable[[], None] | None = None
    settle: Callable[[], None] | None = None


Kind = Callable[[Tree, random.Random], Done]

# What holds a number of one digit, by the end of a file's name: before the number, and after it.
_NUMBERS = {
    ".py": (r"^[A-Z]+ = ", r"$"),
    ".json": r": ",
    ".txt": r"^",
    ".sh": r" \+ ",
    ".yaml": r"max-iterations=|rounds: |rounds=",
    ".mlir": r"arith\.constant (?=\d : i32)|transform\.param\.constant ",
}
_GENERATORS = ("schedules/*.py", "schedules/helpers/*.py", "modules/*.py", "overrides/*.py", "made.py")
_STAGES = ("schedules/*.mlir", "search/*/*.mlir", "pipelines/*.yaml", "search/*/*.yaml")
_TABLES = ("tables/**/*.json", "tables/*.txt", "schedules/*.sh")
_PAYLOADS = ("payloads/*.mlir",)


def _pattern(path: str) -> re.Pattern[str]:
    before = _NUMBERS[os.path.splitext(path)[1]]
    before, after = before if isinstance(before, tuple) else (before, "")
    return re.compile(rf"({before})([1-9])(?!\d){after}", re.MULTILINE)


def _other_number(tree: Tree, rng: random.Random, *patterns: str) -> tuple[str, str, str]:
    """A file, a text in it that ends with a number, and the same with another number of as many digits."""
    paths = [path for path in tree.files(*patterns) if _pattern(path).search(tree.read(path))]
    path = rng.choice(paths)
    match = rng.choice(list(_pattern(path).finditer(tree.read(path))))
    number = rng.choice([digit for digit in "123456789" if digit != match[2]])
    return path, match[0], match[1] + number


def _change_number(tree: Tree, rng: random.Random, *patterns: str) -> Done:
    path, old, new = _other_number(tree, rng, *patterns)
    tree.write(path, tree.read(path).replace(old, new, 1))
    return Done(f"{path}: {new} instead of {old}")


# --- Values -----------------------------------------------------------------------------------------------------------


def value_of_generator(tree: Tree, rng: random.Random) -> Done:
    return _change_number(tree, rng, "schedules/*.py")


def value_of_helper(tree: Tree, rng: random.Random) -> Done:
    return _change_number(tree, rng, "schedules/helpers/*.py", "modules/*.py", "overrides/*.py")


def value_of_table(tree: Tree, rng: random.Random) -> Done:
    return _change_number(tree, rng, *_TABLES)


def value_of_stage_file(tree: Tree, rng: random.Random) -> Done:
    return _change_number(tree, rng, *_STAGES)


def value_of_payload(tree: Tree, rng: random.Random) -> Done:
    return _change_number(tree, rng, *_PAYLOADS, "made.py")


def code_of_generator(tree: Tree, rng: random.Random) -> Done:
    """One more mark in a generator of marks."""
    path = rng.choice(["schedules/annotate.py", "schedules/aware.py", "schedules/order.py"])
    line = f'        mark(s.match("func.func"), "more_{rng.randint(0, 999)}", {rng.randint(1, 9)})\n'
    text = tree.read(path)
    old = re.search(r'^        mark\(s.match\("func.func"\), "more_.*\n', text, re.MULTILINE)
    text = text.replace(old[0], line) if old else text.replace("    return s.module", f"{line}    return s.module")
    tree.write(path, text)
    return Done(f"{path}: {line.strip()}")


# --- What means the same ----------------------------------------------------------------------------------------------


def _insert_line(tree: Tree, path: str, at: int, line: str) -> Done:
    lines = tree.read(path).splitlines(keepends=True)
    lines.insert(at, line + "\n")
    tree.write(path, "".join(lines))
    return Done(f"{path}:{at + 1}: {line.strip()}")


def _functions(tree: Tree, path: str) -> list[int]:
    return [n for n, line in enumerate(tree.read(path).splitlines()) if line.lstrip().startswith("def ")]


def comment_above(tree: Tree, rng: random.Random) -> Done:
    path = rng.choice([p for p in tree.files(*_GENERATORS) if _functions(tree, p)])
    return _insert_line(tree, path, 1, f"# Note {rng.randint(0, 999)}.")


def comment_inside(tree: Tree, rng: random.Random) -> Done:
    path = rng.choice([p for p in tree.files(*_GENERATORS) if _functions(tree, p)])
    at = rng.choice(_functions(tree, path))
    return _insert_line(tree, path, at + 1, f"    # Note {rng.randint(0, 999)}.")


def comment_below(tree: Tree, rng: random.Random) -> Done:
    path = rng.choice([p for p in tree.files(*_GENERATORS) if _functions(tree, p)])
    return _insert_line(tree, path, len(tree.read(path).splitlines()), f"# Note {rng.randint(0, 999)}.")


def comment_in_stage_file(tree: Tree, rng: random.Random) -> Done:
    path = rng.choice(tree.files(*_STAGES))
    return _insert_line(tree, path, 0, f"{'#' if path.endswith('.yaml') else '//'} Note {rng.randint(0, 999)}.")


def comment_in_payload(tree: Tree, rng: random.Random) -> Done:
    return _insert_line(tree, rng.choice(tree.files(*_PAYLOADS)), 0, f"// Note {rng.randint(0, 999)}.")


def layout(tree: Tree, rng: random.Random) -> Done:
    """Spaces in a table, or imports in another order."""
    path = rng.choice(tree.files("tables/**/*.json", "schedules/*.py", "schedules/helpers/*.py"))
    text = tree.read(path)
    if path.endswith(".json"):
        tree.write(path, json.dumps(json.loads(text), indent=rng.choice([None, 1, 2, 4])) + "\n")
        return Done(f"{path}: other spaces")
    lines = text.splitlines(keepends=True)
    imports = [n for n, line in enumerate(lines) if re.match(r"(from|import) ", line)]
    shuffled = rng.sample(imports, len(imports))
    new = list(lines)
    for n, other in zip(imports, shuffled):
        new[n] = lines[other]
    tree.write(path, "".join(new))
    return Done(f"{path}: imports in another order")


def touch(tree: Tree, rng: random.Random) -> Done:
    path = rng.choice(tree.files(*_GENERATORS, *_STAGES, *_TABLES, *_PAYLOADS))
    tree.touch(path)
    return Done(f"{path} is newer")


def mode(tree: Tree, rng: random.Random) -> Done:
    """Other permissions: no edit to a build tool."""
    path = rng.choice(tree.files(*_GENERATORS, *_STAGES, *_TABLES, *_PAYLOADS))
    bits = rng.choice([0o600, 0o640, 0o644, 0o755, 0o444])
    os.chmod(tree.root / path, bits)
    return Done(f"{path} gets mode {bits:o}")


def unrelated_file(tree: Tree, rng: random.Random) -> Done:
    """A file appears in, or goes from, a directory that is searched: an editor's swap file."""
    directory = rng.choice(["schedules", "schedules/helpers", "modules", "overrides", "pipelines", "search/first"])
    path = f"{directory}/.{rng.choice('abc')}.swp"
    if tree.exists(path):
        tree.remove(path)
        return Done(f"{path} goes")
    tree.write(path, "swap")
    return Done(f"{path} appears")


# --- Files that come, go and hide others ------------------------------------------------------------------------------

_SHADOWS = {
    "modules/tuning.py": (
        "overrides/tuning.py",
        "schedules/tuning.py",
        "modules/tuning/__init__.py",
        "overrides/tuning/__init__.py",
    ),
    "modules/naming.py": ("overrides/naming.py", "modules/naming/__init__.py"),
    "search/second/common.yaml": ("search/first/common.yaml", "pipelines/common.yaml"),
    "search/second/shared.mlir": ("search/first/shared.mlir", "shared.mlir"),
}


def _shadow(tree: Tree, rng: random.Random, suffix: str) -> Done:
    free = [
        (old, new) for old, news in _SHADOWS.items() if old.endswith(suffix) for new in news if not tree.exists(new)
    ]
    if not free:
        raise NotNow
    old, new = rng.choice(free)
    _, number, other = _other_number(tree, rng, old)
    tree.write(new, tree.read(old).replace(number, other, 1))
    return Done(f"{new} hides {old}")


def _unshadow(tree: Tree, rng: random.Random, suffix: str) -> Done:
    present = [new for old, news in _SHADOWS.items() if old.endswith(suffix) for new in news if tree.exists(new)]
    if not present:
        raise NotNow
    path = rng.choice(present)
    tree.remove(path)
    directory = os.path.dirname(path)
    if path.endswith("__init__.py"):
        os.rmdir(tree.root / directory)
    return Done(f"{path} no longer hides another")


def shadow_module(tree: Tree, rng: random.Random) -> Done:
    return _shadow(tree, rng, ".py")


def unshadow_module(tree: Tree, rng: random.Random) -> Done:
    return _unshadow(tree, rng, ".py")


def shadow_stage_file(tree: Tree, rng: random.Random) -> Done:
    return _shadow(tree, rng, rng.choice([".yaml", ".mlir"]))


def unshadow_stage_file(tree: Tree, rng: random.Random) -> Done:
    return _unshadow(tree, rng, rng.choice([".yaml", ".mlir"]))


def optional_file(tree: Tree, rng: random.Random) -> Done:
    """What was looked for in vain appears, or goes again."""
    path, text = rng.choice(
        [
            ("overrides/local_tuning.py", '"""Of this machine."""\n\nEXTRA = {}\n'),
            ("modules/local_tuning.py", '"""Of this machine."""\n\nEXTRA = {}\n'),
            ("tables/override.json", '{{"parts": {}}}\n'),
            ("tables/wide", "{}\n"),
        ]
    )
    if tree.exists(path):
        tree.remove(path)
        return Done(f"{path} goes")
    tree.write(path, text.format(rng.randint(1, 9)))
    return Done(f"{path} appears")


def listed_file(tree: Tree, rng: random.Random) -> Done:
    """A file appears in, or goes from, a directory that a generator lists."""
    path = f"tables/parts/{rng.choice('cdef')}.json"
    if tree.exists(path):
        tree.remove(path)
        return Done(f"{path} goes")
    tree.write(path, json.dumps({"part": rng.randint(1, 9)}))
    return Done(f"{path} appears")


def rename(tree: Tree, rng: random.Random) -> Done:
    """Rename a file, and where it is named."""
    folder, stem, suffix, users = rng.choice(
        [
            ("pipelines", "nested", ".yaml", ["pipelines/cleanup.yaml"]),
            (
                "schedules/helpers",
                "constants",
                ".py",
                [f"schedules/helpers/{user}*.py" for user in ("marks", "sequences")],
            ),
            ("schedules/helpers", "sequences", ".py", ["schedules/unroll.py"]),
        ]
    )
    (old,) = tree.files(f"{folder}/{stem}*{suffix}")
    name = os.path.basename(old).removesuffix(suffix)
    number = name[len(stem) :].strip("_")
    new_name = f"{stem}_{int(number or 0) + 1}"
    tree.move(old, f"{folder}/{new_name}{suffix}")
    for user in tree.files(*users):
        tree.write(user, re.sub(rf"\b{name}\b", new_name, tree.read(user)))
    return Done(f"{old} becomes {new_name}{suffix}")


def rename_payload(tree: Tree, rng: random.Random) -> Done:
    old = rng.choice(tree.files(*_PAYLOADS))
    stem = old.removesuffix(".mlir")
    new = f"{stem[:-1]}.mlir" if stem.endswith("x") else f"{stem}x.mlir"
    tree.move(old, new)
    tree.write("payloads.cmake", tree.read("payloads.cmake").replace(old, new))
    return Done(f"{old} becomes {new}")


# --- Times and options ------------------------------------------------------------------------------------------------


def same_second(tree: Tree, rng: random.Random) -> Done:
    """A number for a number, in the second in which the file was last written: what is cached by time and size shows.

    The second is one that is still to come, so that the build in between cannot outlast it.
    """
    path, old, new = _other_number(tree, rng, *_GENERATORS, *_STAGES, *_TABLES)
    second = (int(time.time()) + 3) * 10**9
    tree.touch(path, second)

    def edit() -> None:
        text = tree.read(path)
        tree.write(path, text.replace(old, new, 1))
        tree.touch(path, second + 10**8)

    return Done(f"{path}: {new} in the second of {old}", edit, lambda: tree.touch(path))


def option(tree: Tree, rng: random.Random) -> Done:
    """An option in CMake: of a generator, of a sequence."""
    name = rng.choice(["BIAS", "UNROLL"])
    text = tree.read("settings.cmake")
    old = re.search(rf"set\({name} (\d)\)", text)
    assert old
    new = rng.choice([digit for digit in "1234" if digit != old[1]])
    tree.write("settings.cmake", text.replace(old[0], f"set({name} {new})"))
    return Done(f"{name} is {new}")


def cpu(tree: Tree, rng: random.Random) -> Done:
    """The CPU that a stage is resolved for."""
    text = tree.read("settings.cmake")
    old = re.search(r"set\(CPU (\S+)\)", text)
    assert old
    new = rng.choice([name for name in ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4") if name != old[1]])
    tree.write("settings.cmake", text.replace(old[0], f"set(CPU {new})"))
    return Done(f"the CPU is {new}")


def tool(tree: Tree, rng: random.Random) -> Done:
    """The project's opt tool is built again, to the same bytes or to others."""
    if rng.random() < 0.5:
        tree.touch(TOOL)
        return Done(f"{TOOL} is built again")
    text = tree.read(TOOL)
    old = re.search(r"Version (\d+)", text)
    assert old
    tree.write(TOOL, text.replace(old[0], f"Version {int(old[1]) + 1}"))
    return Done(f"{TOOL} is another")


def several(tree: Tree, rng: random.Random) -> Done:
    """Three edits at once."""
    kinds = (value_of_generator, value_of_helper, value_of_payload, value_of_table, value_of_stage_file, comment_inside)
    return Done("; ".join(rng.choice(kinds)(tree, rng).what for _ in range(3)))


# --- What breaks the build --------------------------------------------------------------------------------------------


def mistake(tree: Tree, rng: random.Random) -> Done:
    """What does not parse."""
    path = rng.choice(tree.files("schedules/*.py", "schedules/helpers/*.py", *_STAGES, "payloads/*.mlir"))
    text = tree.read(path)
    wrong = {".py": "def broken(:\n", ".yaml": "  - oops: [\n", ".mlir": "oops\n"}
    tree.write(path, text + wrong[os.path.splitext(path)[1]])
    return Done(f"{path} has a mistake", lambda: tree.write(path, text))


def remove(tree: Tree, rng: random.Random) -> Done:
    """A file that is needed goes, and comes back."""
    path = rng.choice(tree.files("schedules/helpers/*s.py", "tables/*s.json", "pipelines/*.yaml", *_PAYLOADS))
    text = tree.read(path)
    tree.remove(path)
    return Done(f"{path} is removed", lambda: tree.write(path, text))


def rename_half(tree: Tree, rng: random.Random) -> Done:
    """A file is renamed, but not where it is named."""
    path = rng.choice(tree.files("schedules/helpers/marks.py", "schedules/*.mlir", "pipelines/*.yaml"))
    tree.move(path, path + ".old")
    return Done(f"{path} gets another name", lambda: tree.move(path + ".old", path))


# Edits after which a build succeeds, one half each; builds are killed and edited under with these.
PLAIN: tuple[Kind, ...] = (
    value_of_generator,
    value_of_helper,
    value_of_table,
    value_of_stage_file,
    value_of_payload,
    code_of_generator,
    comment_inside,
    several,
)
KINDS: tuple[Kind, ...] = (
    *PLAIN,
    comment_above,
    comment_below,
    comment_in_stage_file,
    comment_in_payload,
    layout,
    touch,
    mode,
    unrelated_file,
    shadow_module,
    unshadow_module,
    shadow_stage_file,
    unshadow_stage_file,
    optional_file,
    listed_file,
    rename,
    rename_payload,
    same_second,
    option,
    cpu,
    *([tool] if mlir_opt() else []),
    mistake,
    remove,
    rename_half,
)
