# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Counts what was edited, built, lowered, missed and needless, and prints it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from model import LISTED, UNLISTED
from session import Verdict

__all__ = ["MOST_NEEDLESS", "Report"]

MOST_NEEDLESS = 0.02  # part of all lowerings that may be needless for no listed reason


@dataclass
class Report:
    """Attributes:
    edits: how often each kind was made.
    needless: lowerings by reason.
    problems: with the edits that led to them.
    """

    edits: Counter[str] = field(default_factory=Counter)
    needless: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    builds: int = 0
    failing: int = 0
    resolved: int = 0
    lowered: int = 0
    due: int = 0
    missed: int = 0

    def add(self, name: str, verdict: Verdict) -> None:
        """Count one build that was judged after the edit `name`."""
        judgement = verdict.judgement
        self.builds += 1
        self.failing += verdict.failing
        self.resolved += len(verdict.build.resolved)
        self.lowered += judgement.lowered
        self.due += judgement.due
        self.missed += len(judgement.missed)
        self.needless.update(judgement.needless.values())
        self.problems += [f"{name}: {problem}" for problem in verdict.problems]
        self.problems += [
            f"{name}: needless, {reason}: {label}" for label, reason in judgement.needless.items() if reason == UNLISTED
        ]

    @property
    def passed(self) -> bool:
        """Nothing missed, nothing different, and few needless lowerings."""
        unlisted = self.needless[UNLISTED]
        serious = len(self.problems) - unlisted
        return not serious and not self.missed and unlisted <= MOST_NEEDLESS * self.lowered

    def text(self) -> str:
        """All of it, for people."""
        rows = [
            ("edits", sum(self.edits.values())),
            ("builds judged", self.builds),
            ("  that fail, as a clean one does", self.failing),
            ("stages resolved", self.resolved),
            ("lowerings", self.lowered),
            ("  that were due", self.due),
            ("  missed", self.missed),
            *((f"  needless: {reason}", self.needless[reason]) for reason in (*LISTED, UNLISTED)),
        ]
        lines = [f"{count:7}  {what}" for what, count in rows]
        lines += ["", "kinds of edits:", *(f"{count:7}  {kind}" for kind, count in sorted(self.edits.items()))]
        lines += ["", "problems:", *(self.problems or ["   none"])]
        return "\n".join(lines)
