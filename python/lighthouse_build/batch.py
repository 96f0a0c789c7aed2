# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Several payloads that one run of the driver lowers, each alone and only when it must be.

To the build tool a batch is one rule, which runs when an input of any payload has changed. What has to be lowered then,
a record of each payload tells (`record.py`). So a batch writes what as many rules would, and runs what they would run;
but the build tool has less to look at, and what all have in common is loaded once: each payload is lowered in a process
that is forked from one which has the bindings (`workers.py`).

A batch file has an argument a line, in paragraphs. The first is of all payloads; each other one is of a payload: the
file of its record, then its arguments.

    --stage=/b/tile.stage.mlir
    -O2

    /b/CMakeFiles/k.lh/mlp.lowered.json
    /s/mlp.mlir
    --emit=object=/b/k/mlp.o
"""

from __future__ import annotations

import os
import sys

from lighthouse_build import command_line
from lighthouse_build.command_line import Request
from lighthouse_build.errors import InputError, SourceLocation, UsageError
from lighthouse_build.frozen import frozen, replace
from lighthouse_build.language.spec import file_head
from lighthouse_build.record import Record

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterable

    from lighthouse_build.outputs import Edge

__all__ = ["Part", "read"]


@frozen
class Part:
    """One payload of a batch.

    Attributes:
        request: to lower it.
        record: the file of its record.
        command: what the record calls the request: all that its outputs depend on besides files.
        whole: the run of the batch, once it has begun.
    """

    request: Request
    record: str
    command: tuple[str, ...]
    whole: Edge | None = None

    def is_done(self) -> bool:
        """Whether it has been lowered, and nothing has changed since."""
        record = Record.read(self.record)
        return record is not None and record.holds(self.command)

    def inputs(self) -> Iterable[str]:
        """What it was lowered from."""
        record = Record.read(self.record)
        return record.inputs if record else ()

    def new_record(self, outputs: Iterable[str], inputs: Iterable[str], began: int) -> bytes:
        """The text of the record of a lowering that has written `outputs`, and began to read `inputs` at `began`."""
        return Record.of(self.command, inputs, outputs, began).to_json().encode()

    def renew_record(self) -> None:
        """Write the record anew, when the outputs have got other times."""
        record = Record.read(self.record)
        if record is None:
            return
        temporary = f"{self.record}.tmp"
        try:
            with open(temporary, "w", encoding="utf-8") as stream:
                stream.write(record.renewed().to_json())
            os.replace(temporary, self.record)
        except OSError:  # as it is, it says that somebody else has written the outputs: they are made again
            return

    def within(self, whole: Edge) -> Part:
        """This part of `whole`."""
        return replace(self, whole=whole)


def read(batch: Request) -> list[Part]:
    """The parts of the batch that `batch` names, and what it says of driver and bindings holds for each.

    Raises:
        InputError: the file cannot be read, or is none.
    """
    path = batch.batch
    try:
        # A line ends in \n alone: arguments may hold what else Python takes for its end.
        with open(path, encoding="utf-8", newline="") as stream:
            lines = stream.read().split("\n")
    except OSError as error:
        raise InputError(f"cannot read the batch '{path}': {error.strerror}") from None
    except ValueError:
        lines = []  # not UTF-8
    common, *paragraphs = _paragraphs(lines) or [(1, [])]
    if not paragraphs:
        what = "not a batch: a paragraph of arguments, then one for each payload, which begins with the record's file"
        raise InputError(what, SourceLocation(path))
    driver = {
        "mlir_package": batch.mlir_package,
        "mlir_python_path": batch.mlir_python_path,
        "driver_identity": batch.driver_identity,
        "write_if_changed": True,
    }
    named = (sys.executable, batch.mlir_package, *batch.mlir_python_path, batch.driver_identity)
    parts: list[Part] = []
    written: set[str] = set()
    for line, (record, *own) in paragraphs:
        place = SourceLocation(path, line)
        arguments = [*common[1], *own]
        try:
            request = command_line.parse(arguments)
        except UsageError as error:
            raise InputError(error.message, place) from None
        if request.action != "run" or request.batch or request.depfile or request.stamp or not request.inputs:
            raise InputError("a paragraph of a batch lowers one payload; depfile and stamp are of the whole", place)
        head = file_head(request.inputs[0])
        if (head and head.kind == "py") or (parts and request.stages != parts[0].request.stages):
            # What runs Python starts the driver anew, before anything is locked.
            what = "the payloads of a batch are lowered by the same stages, and none is generated by Python"
            raise InputError(f"{what}; '{request.inputs[0]}' needs a command of its own", place)
        for file in (record, *(emission.path for emission in request.emissions)):
            if file in written or file == command_line.STDOUT:
                raise InputError(f"'{file}' is written more than once, or is no file", place)
            written.add(file)
        parts.append(Part(replace(request, **driver), record, (*named, *arguments)))
    return parts


def _paragraphs(lines: list[str]) -> list[tuple[int, list[str]]]:
    """The paragraphs of `lines`, each with the number of its first line."""
    found: list[tuple[int, list[str]]] = []
    is_open = False
    for number, line in enumerate(lines, 1):
        if not line:
            is_open = False
        elif is_open:
            found[-1][1].append(line)
        else:
            found.append((number, [line]))
            is_open = True
    return found
