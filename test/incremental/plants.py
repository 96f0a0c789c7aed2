# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Planted bugs: the driver is made blind to one kind of dependency, and the oracle must find the lowerings it misses.

For each kind there is an edit that only this kind tells of. It is made three times: with a driver that sees, which must
pass; with a blind one, which must come out as missed lowerings; and after that the build is made to see again.
"""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from builds import Build
from edges import Edge
from project import TOOL, mlir_opt
from session import Session
from settings import NINJA, Settings

__all__ = ["PLANTS", "Plant", "run"]


@dataclass(frozen=True)
class Plant:
    """One kind of blindness.

    Attributes:
        target: what is built: one library of the project.
        edit: changes what the target is lowered from; another change each time.
        blind_to: kinds of dependencies, with commas; more than one where a file is found in two ways.
        unnamed: what must be taken out of the rules, too: they name it themselves.
    """

    target: str
    edit: Callable[[Session], None]
    blind_to: str
    unnamed: Callable[[Edge], Iterable[str]] | None = None


def _number(path: str, before: str) -> Callable[[Session], None]:
    """An edit that changes the number after `before` in a file of the tree, and not the file's directory."""

    def edit(session: Session) -> None:
        session.tree.write(path, _incremented(session.tree.read(path), before), in_place=True)

    return edit


def _copy(path: str, places: Sequence[str], before: str) -> Callable[[Session], None]:
    """An edit that makes a file appear which hides all like it: at the next of `places`."""

    def edit(session: Session) -> None:
        there = [place for place in places if session.tree.exists(place)]
        session.tree.write(places[len(there)], _incremented(session.tree.read([path, *there][-1]), before))

    return edit


def _incremented(text: str, before: str) -> str:
    new, count = re.subn(rf"({before})(\d)", lambda found: f"{found[1]}{int(found[2]) % 9 + 1}", text)
    assert count, f"'{before}' is not there"
    return new


def _new_table(session: Session) -> None:
    number = len(session.tree.files("tables/parts/*.json"))
    session.tree.write(f"tables/parts/z{number}.json", f'{{"part": {number}}}')


def _compile(session: Session) -> None:
    source = session.work / "scale.c"
    old = re.findall(r"\d+", source.read_text()) if source.exists() else ["1"]
    source.write_text(f"int scale(void) {{ return {int(old[0]) + 1}; }}\n")
    library = session.tree.root / "tables" / "libscale.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)


def _look_for(session: Session) -> None:
    if session.tree.exists("tables/wide"):
        session.tree.remove("tables/wide")
    else:
        session.tree.write("tables/wide", "")


def _update_driver(session: Session) -> None:
    with open(session.settings.driver / "python" / "lighthouse_build" / "errors.py", "a") as stream:
        stream.write("# New.\n")


def _update_bindings(session: Session) -> None:
    with open(session.settings.record(), "a") as stream:
        stream.write("new,,\n")


_SHARED = _number("search/second/shared.mlir", r"transform\.param\.constant ")
PLANTS = {
    "bindings": Plant("found_first", _update_bindings, "bindings"),
    "declared": Plant("counted", _number("tables/shift.txt", "^"), "declared"),
    "driver": Plant("found_first", _update_driver, "driver"),
    "generators": Plant("targeted", _number("schedules/aware.py", "LANES = "), "generators,imports"),
    "imports": Plant("targeted", _number("schedules/helpers/constants.py", "OFFSET = "), "imports"),
    "libraries": Plant("counted", _compile, "libraries"),
    "listings": Plant("counted", _new_table, "listings"),
    "natives": Plant("marked", _number("schedules/preloaded.mlir", r"transform\.param\.constant "), "natives"),
    "opens": Plant("marked", _number("tables/factors.json", '"annotate": '), "opens"),
    "payload": Plant(
        "found_first",
        _number("payloads/found_0.mlir", r"%start = arith\.constant "),
        "payload",
        lambda edge: [edge.source] if edge.source else [],
    ),
    # Where the rule names it for all payloads of a batch, a record tells of which.
    "payload in a batch": Plant("marked", _number("payloads/marked_1.mlir", r"%start = arith\.constant "), "payload"),
    "stages in a batch": Plant("marked", _number("tables/factors.json", '"annotate": '), "stages"),
    "pipelines": Plant("tables", _number("search/second/common.yaml", "max-iterations="), "pipelines"),
    "programs": Plant("counted", _number("schedules/shift.sh", r" \+ "), "programs"),
    "schedules": Plant("found_first", _SHARED, "schedules"),
    "stats": Plant("targeted", _look_for, "stats"),
    "stages": Plant("found_first", _SHARED, "stages", lambda edge: edge.stages),
    "tool": Plant(
        "tooled",
        _number(TOOL, "Version "),
        "tool",
        lambda edge: [path for path in edge.inputs if edge.is_lowering and Path(path).name.startswith("lh_tool_")],
    ),
    # The last: it hides a file that others edit.
    "searched": Plant(
        "found_first",
        _copy("search/second/shared.mlir", ["search/first/shared.mlir", "shared.mlir"], r"transform\.param\.constant "),
        "searched",
    ),
}


def run(kinds: str, settings: Settings, work: Path, rng: random.Random) -> bool:
    """Plant the bugs `kinds`, names with commas or 'all'; whether each of them was found."""
    names = list(PLANTS) if kinds == "all" else kinds.split(",")
    if "tool" in names and not mlir_opt():
        print("tool: skipped: there is no mlir-opt of LLVM 22 (mlir-22-tools)")
        names.remove("tool")
    unknown = [name for name in names if name not in PLANTS]
    if unknown or settings.generator != NINJA:
        raise SystemExit(f"no plants {unknown} for {settings.generator}; there are {', '.join(PLANTS)}, for {NINJA}")
    different = _kinds(settings) ^ {kind for plant in PLANTS.values() for kind in plant.blind_to.split(",")}
    if different:
        print(f"PROBLEM kinds that only the driver or only the oracle knows: {', '.join(sorted(different))}")
    passed = not different
    session = Session(settings, work / "session", rng, [PLANTS[names[0]].target])
    session.incremental.configure()
    for name in names:
        passed &= _plant(name, PLANTS[name], session)
    return passed


def _kinds(settings: Settings) -> set[str]:
    """The kinds that the driver tells apart, so that none is without a plant."""
    text = (settings.driver / "python" / "lighthouse_build" / "resolution" / "dependencies.py").read_text()
    return set(re.findall(r'^    "(\w+)",', text, re.MULTILINE))


def _plant(name: str, plant: Plant, session: Session) -> bool:
    """Whether the oracle passes what sees and finds what is blind."""
    session.retarget([plant.target])
    problems = [*session.check(_build_anew(session)).problems]
    plant.edit(session)
    problems += session.check(session.build()).problems
    for problem in problems:
        print(f"{name}: PROBLEM before it was planted: {problem}", flush=True)

    blind = {"LH_TEST_BLIND_TO": plant.blind_to}
    if plant.unnamed:
        _take_out_of_rules(session, plant.unnamed)
    session.check(_build_anew(session, blind), extra=blind)
    plant.edit(session)
    verdict = session.check(session.build(blind), extra=blind)
    missed = verdict.judgement.missed
    print(f"{name}: blind to {plant.blind_to}: {len(missed)} missed: {', '.join(missed) or 'NOT FOUND'}", flush=True)
    if plant.unnamed:
        session.incremental.configure()
    return bool(missed) and not problems


def _build_anew(session: Session, extra: dict[str, str] | None = None) -> Build:
    """Build the target from nothing, so that its depfiles are of this driver."""
    for edge in session.expected()[0].edges:
        mark = session.incremental.build_tree / Path(edge.mark).relative_to(session.replay.build_tree)
        mark.unlink(missing_ok=True)
    session.ledger.done.clear()
    return session.build(extra)


def _take_out_of_rules(session: Session, unnamed: Callable[[Edge], Iterable[str]]) -> None:
    """Take inputs that the rules of the target name out of them; what is ordered stays."""
    rules = session.incremental.build_tree / "build.ninja"
    text = rules.read_text()
    for edge in session.expected()[0].edges:
        mark = str(Path(edge.rule).relative_to(session.replay.build_tree))
        for path in unnamed(edge):
            found = Path(path)
            if found.is_relative_to(session.replay.build_tree):
                found = found.relative_to(session.replay.build_tree)
            rule = re.compile(
                rf"^(build {re.escape(mark)} .*: CUSTOM_COMMAND.*?) {re.escape(str(found))}(?= )", re.MULTILINE
            )
            text, count = rule.subn(r"\1", text)
            assert count == 1, f"the rule of {mark} does not name {found}"
    rules.write_text(text)
