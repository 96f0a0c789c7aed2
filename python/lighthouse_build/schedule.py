# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Helpers to write a schedule generator in a few lines.

    from lighthouse_build.schedule import schedule

    def create_schedule(sizes=(8, 32)):
        with schedule() as s:
            matmuls = s.match("linalg.matmul")
            s.tile(matmuls, sizes)
            s.passes("canonicalize", "cse")
        return s.module

Handles are those of the MLIR Python bindings, so that operations of `mlir.dialects.transform` mix with these freely.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["Sequencer", "schedule"]


class Sequencer:
    """A sequence under construction.

    Attributes:
        module: the schedule, to be returned from the generator.
        root: the handle of the payload; changes as `passes` replace it.
    """

    def __init__(self, module: Any, root: Any) -> None:
        self.module = module
        self.root = root

    def match(self, *names: str, within: Any = None) -> Any:
        """The operations of these names, in `within` or the whole payload."""
        from mlir.dialects.transform import structured

        return structured.MatchOp.match_op_names(self.root if within is None else within, list(names)).results_

    def tile(self, target: Any, sizes: Sequence[int], *, interchange: Sequence[int] = (), forall: bool = False) -> Any:
        """Tile what `target` holds into loops, outermost first; 0 leaves a loop alone.

        Args:
            target: handle of operations that can be tiled.
            sizes: of the tiles, one a loop.
            interchange: the order of the loops (not with `forall`).
            forall: make one `scf.forall` instead of `scf.for` loops.

        Returns:
            The handle of the tiled operation.
        """
        from mlir.dialects.transform import structured

        if forall:
            if interchange:
                msg = "interchange does not go with forall"
                raise ValueError(msg)
            return structured.TileUsingForallOp(target, tile_sizes=list(sizes)).tiled_op
        order = {"interchange": list(interchange)} if interchange else {}
        return structured.TileUsingForOp(target, sizes=list(sizes), **order).tiled_linalg_op

    def vectorize(self, target: Any, sizes: Sequence[int] = ()) -> None:
        """Vectorize what `target` holds; with `sizes`, masked to vectors of these."""
        from mlir.dialects.transform import structured

        structured.VectorizeOp(target, list(sizes) or None)

    def annotate(self, target: Any, name: str) -> None:
        """Set the unit attribute `name`."""
        from mlir.dialects import transform

        transform.AnnotateOp(target, name)

    def passes(self, *names: str, to: Any = None) -> Any:
        """Run registered passes without options on `to`, or on the whole payload; the handle of what they left."""
        from mlir.dialects import transform

        handle = self.root if to is None else to
        for name in names:
            handle = transform.ApplyRegisteredPassOp(transform.AnyOpType.get(), handle, name).result
        if to is None:
            self.root = handle
        return handle


@contextmanager
def schedule(name: str = "__transform_main") -> Iterator[Sequencer]:
    """A schedule with one named sequence; inside, operations are added to it.

    Args:
        name: of the sequence.
    """
    from mlir import ir
    from mlir.dialects import transform

    module = ir.Module.create()
    module.operation.attributes["transform.with_named_sequence"] = ir.UnitAttr.get()
    readonly = [{"transform.readonly": ir.UnitAttr.get()}]
    with ir.InsertionPoint(module.body):
        sequence = transform.NamedSequenceOp(name, [transform.AnyOpType.get()], [], arg_attrs=readonly)
    with ir.InsertionPoint(sequence.body):
        sequencer = Sequencer(module, sequence.bodyTarget)
        yield sequencer
        transform.YieldOp()
    if sequencer.root != sequence.bodyTarget:  # passes have put something else in its place
        consumed = ir.DictAttr.get({"transform.consumed": ir.UnitAttr.get()})
        sequence.operation.attributes["arg_attrs"] = ir.ArrayAttr.get([consumed])
