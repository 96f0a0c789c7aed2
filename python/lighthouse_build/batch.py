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

import sys

from lighthouse_build import command_line
from lighthouse_build.command_line import Request
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import frozen, replace
from lighthouse_build.record import Record

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

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

    def new_record(self, contents: Mapping[str, bytes | memoryview], inputs: Iterable[str], began: int) -> bytes:
        """The text of the record of a lowering that wrote `contents`, and began to read `inputs` at time `began`."""
        sizes = {path: len(data) for path, data in contents.items()}
        return Record.of(self.command, inputs, sizes, began).to_json().encode()

    def within(self, whole: Edge) -> Part:
        """This part of `whole`."""
        return replace(self, whole=whole)


def read(batch: Request) -> list[Part]:
    """The parts of the batch that `batch` names, and what it says of driver and bindings holds for each.

    Raises:
        InputError: the file cannot be read, or is none.
    """
    try:
        with open(batch.batch, encoding="utf-8") as stream:
            text = stream.read()
    except OSError as error:
        raise InputError(f"cannot read the batch '{batch.batch}': {error.strerror}") from None
    except ValueError:
        text = ""  # not UTF-8
    common, *paragraphs = (paragraph.splitlines() for paragraph in text.strip("\n").split("\n\n"))
    if not paragraphs or not all(len(lines) >= 2 for lines in paragraphs):
        what = "not a batch: a paragraph of arguments, then one for each payload, which begins with the record's file"
        raise InputError(what, SourceLocation(batch.batch))
    driver = {
        "mlir_package": batch.mlir_package,
        "mlir_python_path": batch.mlir_python_path,
        "driver_identity": batch.driver_identity,
        "write_if_changed": True,
    }
    named = (sys.executable, batch.mlir_package, *batch.mlir_python_path, batch.driver_identity)
    parts = []
    for record, *own in paragraphs:
        request = replace(command_line.parse([*common, *own]), **driver)
        parts.append(Part(request, record, (*named, *common, *own)))
    return parts
