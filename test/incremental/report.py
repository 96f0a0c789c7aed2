# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts what was edited, built, lowered, missed and needless, by kind of edit, and prints it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from model import LISTED, UNLISTED
from session import Verdict

__all__ = ["ENOUGH", "MOST_NEEDLESS", "Counts", "Report"]

MOST_NEEDLESS = 0.02  # part of all lowerings that may be needless for no listed reason
ENOUGH = 10  # times that a kind of edit must be made before a run says something of it
_CAUSES = (*LISTED, UNLISTED)


@dataclass
class Counts:
    """Attributes:
    edits: how many were made.
    builds: that were judged.
    failing: of these, how many had to fail.
    resolved: stages.
    lowered: payloads.
    due: lowerings that had to run.
    missed: of these, how many did not.
    needless: lowerings by reason.
    """

    edits: int = 0
    builds: int = 0
    failing: int = 0
    resolved: int = 0
    lowered: int = 0
    due: int = 0
    missed: int = 0
    needless: Counter[str] = field(default_factory=Counter)

    def add(self, other: Counts) -> None:
        for name in ("edits", "builds", "failing", "resolved", "lowered", "due", "missed"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.needless += other.needless


class Report:
    """What came of a run.

    Attributes:
        kinds: of edits that are to be made.
        by_kind: what their builds came to; also of the first build, which is of no kind.
        problems: with the edits that led to them.
    """

    def __init__(self, kinds: Iterable[str]) -> None:
        self.kinds = tuple(kinds)
        self.by_kind = {kind: Counts() for kind in self.kinds}
        self.problems: list[str] = []

    def made(self, kind: str) -> int:
        """Count an edit of `kind`; how many there are of all kinds."""
        self.by_kind[kind].edits += 1
        return self.edits

    @property
    def edits(self) -> int:
        return self.total().edits

    def add(self, kind: str, title: str, verdict: Verdict) -> None:
        """Count one build that was judged after an edit of `kind`, called `title`."""
        judgement = verdict.judgement
        self.by_kind.setdefault(kind, Counts()).add(
            Counts(
                builds=1,
                failing=int(verdict.failing),
                resolved=len(verdict.build.resolved),
                lowered=judgement.lowered,
                due=judgement.due,
                missed=len(judgement.missed),
                needless=Counter(judgement.needless.values()),
            )
        )
        self.problems += [f"{title}: {problem}" for problem in verdict.problems]
        self.problems += [
            f"{title}: needless, {reason}: {label}"
            for label, reason in judgement.needless.items()
            if reason == UNLISTED
        ]

    def total(self) -> Counts:
        total = Counts()
        for counts in self.by_kind.values():
            total.add(counts)
        return total

    def rare(self, enough: int = ENOUGH) -> list[str]:
        """The kinds that were made fewer than `enough` times."""
        return sorted(kind for kind in self.kinds if self.by_kind[kind].edits < enough)

    @property
    def passed(self) -> bool:
        """Something lowered, nothing missed, nothing different, and few needless lowerings."""
        total = self.total()
        unlisted = total.needless[UNLISTED]
        serious = len(self.problems) - unlisted
        # Where nothing was lowered, everything failed, in a clean build as well.
        return total.lowered > 0 and not serious and not total.missed and unlisted <= MOST_NEEDLESS * total.lowered

    def text(self) -> str:
        """All of it, for people."""
        total = self.total()
        unlisted = total.needless[UNLISTED]
        share = 100 * unlisted / total.lowered if total.lowered else 0.0
        rows = [
            ("edits", total.edits),
            ("builds judged", total.builds),
            ("  that fail, as a clean one does", total.failing),
            ("stages resolved", total.resolved),
            ("lowerings", total.lowered),
            ("  that were due", total.due),
            ("  missed", total.missed),
            *(
                (f"  needless ({letter}): {reason}", total.needless[reason])
                for letter, reason in zip("abcdefg", _CAUSES)
            ),
        ]
        lines = [f"{count:7}  {what}" for what, count in rows]
        lines.append(f"{share:6.2f}%  of the lowerings needless for no listed reason; {100 * MOST_NEEDLESS:g}% may be")
        lines += ["", *self._table()]
        rare = [f"{kind} {self.by_kind[kind].edits}" for kind in self.rare()]
        few = f"kinds of edits made fewer than {ENOUGH} times: {', '.join(rare)}"
        lines += ["", few if rare else f"every kind of edit was made {ENOUGH} times or more"]
        lines += ["", "problems:", *(self.problems or ["   none"])]
        return "\n".join(lines)

    def _table(self) -> list[str]:
        letters = "abcdefg"[: len(_CAUSES)]
        width = max(map(len, self.by_kind))
        head = f"{'kind of edit':{width}}  edits  builds  lowered    due  missed  needless" + "".join(
            f"{letter:>5}" for letter in letters
        )
        lines = [head]
        for kind, c in sorted(self.by_kind.items()):
            causes = "".join(f"{c.needless[reason] or '-':>5}" for reason in _CAUSES)
            lines.append(
                f"{kind:{width}}  {c.edits:5}  {c.builds:6}  {c.lowered:7}  {c.due:5}  {c.missed:6}  "
                f"{c.needless.total():8}{causes}"
            )
        return lines
