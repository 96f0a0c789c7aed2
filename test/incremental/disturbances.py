# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What befalls builds and build trees: killed, edited under, robbed of files. Each function says what it did.

The builds that are disturbed are not judged; the ones after them are, and what they leave.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import edits
from session import Session

__all__ = ["DISTURBANCES", "Disturbance"]

Disturbance = Callable[[Session, random.Random], str]

_LONGEST = 2.0  # seconds after which a build is disturbed, at most; most take as long


def _killed(session: Session, rng: random.Random, *, group: bool) -> str:
    what = rng.choice(edits.PLAIN)(session.tree, rng).what
    _, keys = session.expected()
    session.ledger.unsure |= session.ledger.due(keys)
    after = rng.uniform(0, _LONGEST)
    status = session.incremental.build_killed(after, group=group).status
    return f"{what}; killed after {after:.2f} s" if status < 0 else f"{what}; done before it was killed"


def killed_group(session: Session, rng: random.Random) -> str:
    """The build and all of its processes are killed."""
    return _killed(session, rng, group=True)


def killed_tool(session: Session, rng: random.Random) -> str:
    """The build tool alone is killed; its drivers go on while the next build starts."""
    return _killed(session, rng, group=False)


def edited_under(session: Session, rng: random.Random) -> str:
    """A second edit is made while the build of the first runs."""
    done = [rng.choice(edits.PLAIN)(session.tree, rng).what]
    after = rng.uniform(0, _LONGEST)
    kind = rng.choice(edits.PLAIN)
    build = session.incremental.build_edited(after, lambda: done.append(kind(session.tree, rng).what))
    session.ledger.unsure |= set(build.lowered)
    return f"{done[0]}; while that is built, after {after:.2f} s, {done[1]}"


def output_deleted(session: Session, rng: random.Random) -> str:
    """A stage, an output of a lowering, a header, a library or the driver's identity goes."""
    clean, _ = session.expected()
    path = rng.choice(sorted(p for p in clean.contents if not p.endswith((".loc", ".interface.json"))))
    (session.incremental.build_tree / path).unlink()
    written = str(session.replay.build_tree / path)
    of_all = any(edge.is_driver and written in edge.outputs for edge in clean.edges)
    for edge in clean.edges:
        if edge.is_lowering and written in edge.outputs:
            session.ledger.done.pop(edge.label, None)
        elif edge.is_lowering and (of_all or written in edge.inputs):
            session.ledger.deleted.add(edge.label)
    return f"{path} is deleted"


def note_deleted(session: Session, rng: random.Random) -> str:
    """A stamp, a depfile, a record, a lock, or what Ninja or Make noted, goes."""
    build = session.incremental.build_tree
    patterns = ["CMakeFiles/*.lh/**/*.stamp", "CMakeFiles/*.lh/**/*.d", ".ninja_deps", ".ninja_log"]
    patterns += ["CMakeFiles/*.lh/**/*.lowered.json", "CMakeFiles/*.lh/**/*.lock"]
    patterns += ["CMakeFiles/*.dir/compiler_depend.*"]
    path = rng.choice(sorted(found for pattern in [rng.choice(patterns)] for found in build.glob(pattern)) or [Path()])
    if path == Path():
        raise edits.NotNow
    path.unlink()
    clean, _ = session.expected()
    session.ledger.deleted |= {edge.label for edge in clean.edges if edge.is_lowering}
    return f"{path.relative_to(build)} is deleted"


DISTURBANCES: tuple[Disturbance, ...] = (killed_group, killed_tool, edited_under, output_deleted, note_deleted)
