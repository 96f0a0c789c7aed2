# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The artefact in the middle: a stage with everything resolved.

A resolved stage, `NAME.stage.mlir`, is text that MLIR parses: a module with one nested module `@step<n>` a step, in
order.

    // lighthouse-stage: {"format": 1, "requires": [], "steps": [{"kind": "passes", "name": "canonicalize"}, …]}
    module attributes {lh.stage} {
      module @step0 attributes {lh.pass_pipeline = "builtin.module(canonicalize)"} {
      }
      module @step1 attributes {transform.with_named_sequence} {
        transform.named_sequence @__transform_main(…) {…}
        transform.named_sequence @__lh_step1(%root: !transform.any_op {transform.consumed}) {…}   // the entry
      }
      module @step2 attributes {lh.python = {class = "Name", file = "stages.py", options = "{}", digest = "…"}} {
      }
      module @step3 attributes {lh.tool_schedule = {entry = "__transform_main", text = "…"}} {
      }
    }

The first line is read without MLIR. Locations are not in it: a comment in a generator must not change the stage. They
stand in a sidecar, `NAME.stage.mlir.loc`, which errors read and nothing depends on.
"""

from __future__ import annotations

from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.frozen import field, frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = [
    "PASSES",
    "PYTHON",
    "SCHEDULE",
    "SIDECAR_SUFFIX",
    "TOOL_SCHEDULE",
    "ResolvedStage",
    "Step",
    "entry_name",
    "passes_only",
]

FORMAT = 1
PASSES = "passes"
SCHEDULE = "schedule"
PYTHON = "python"
TOOL_SCHEDULE = "tool-schedule"  # a schedule that only the project's own tool reads
SIDECAR_SUFFIX = ".loc"
_HEAD = "// lighthouse-stage: "


@frozen
class Step:
    """One step.

    Attributes:
        kind: `PASSES`, `SCHEDULE`, `PYTHON` or `TOOL_SCHEDULE`.
        name: in messages and for `--print-ir-after`.
    """

    kind: str
    name: str


@frozen
class ResolvedStage:
    """A resolved stage.

    Attributes:
        steps: the steps, in order.
        body: the module as text, without the manifest.
        name: what messages call the stage.
        locations: line of `body` (from 1) to the place that made what stands there.
        requires: dialects, defined in Python, that must be loaded before `body` is parsed.
        path: the file that it was read from, if any.
    """

    steps: tuple[Step, ...]
    body: str
    name: str
    locations: Mapping[int, SourceLocation] = field(factory=dict)
    requires: tuple[str, ...] = ()
    path: str = ""

    def to_text(self) -> str:
        """The file's contents."""
        import json

        manifest = {
            "format": FORMAT,
            "requires": list(self.requires),
            "steps": [{"kind": step.kind, "name": step.name} for step in self.steps],
        }
        return _HEAD + json.dumps(manifest) + "\n" + self.body.rstrip("\n") + "\n"

    def to_sidecar(self, name: Callable[[str], str] = str) -> str:
        """The sidecar's contents: `body` line, file by its `name`, line, column."""
        import json

        rows = [[line, name(at.file), at.line, at.column] for line, at in sorted(self.locations.items())]
        return json.dumps({"format": FORMAT, "locations": rows}) + "\n"

    @classmethod
    def from_text(
        cls, text: str, path: str, sidecar: str | None = None, real: Callable[[str], str] = str
    ) -> ResolvedStage:
        """Read what `to_text` and `to_sidecar` wrote. An unusable sidecar is ignored: it only helps errors.

        Args:
            text: the contents of the file.
            path: of the file.
            sidecar: the contents of the sidecar, if there is one.
            real: the file that a name in the sidecar stands for.
        """
        from lighthouse_build.plain_json import loads

        head, _, body = text.partition("\n")
        if not head.startswith(_HEAD):
            msg = "not a resolved stage: its first line is no manifest; write one with lh-opt --emit=stage"
            raise InputError(msg, SourceLocation(path, 1, 1))
        try:
            manifest = loads(head[len(_HEAD) :])
            if manifest["format"] != FORMAT:
                msg = f"the stage has format {manifest['format']}, this lh-opt reads {FORMAT}; resolve it again"
                raise InputError(msg, SourceLocation(path, 1, 1))
            steps = tuple(Step(str(s["kind"]), str(s["name"])) for s in manifest["steps"])
            requires = tuple(map(str, manifest["requires"]))
        except (ValueError, KeyError, TypeError) as error:
            msg = f"the manifest of the stage is damaged ({error}); resolve it again"
            raise InputError(msg, SourceLocation(path, 1, 1)) from None
        for step in steps:
            if step.kind not in (PASSES, SCHEDULE, PYTHON, TOOL_SCHEDULE):
                msg = f"the stage has a step of kind '{step.kind}', which this lh-opt does not know; resolve it again"
                raise InputError(msg, SourceLocation(path, 1, 1))
        return cls(steps, body, path, _read_sidecar(sidecar, real), requires, path)


def _read_sidecar(text: str | None, real: Callable[[str], str]) -> dict[int, SourceLocation]:
    if text is None:
        return {}
    from lighthouse_build.plain_json import loads

    try:
        data = loads(text)
        if data["format"] != FORMAT:
            return {}
        rows = data["locations"]
        files = {name: real(str(name)) for _, name, _, _ in rows}  # each is looked for once
        return {int(at): SourceLocation(files[f], int(line), int(column)) for at, f, line, column in rows}
    except (ValueError, KeyError, TypeError):
        return {}


def entry_name(index: int) -> str:
    """The symbol of the entry of step `index`."""
    return f"__lh_step{index}"


def passes_only(pipelines: Sequence[tuple[str, str, SourceLocation]], name: str) -> ResolvedStage:
    """A stage of pass pipelines alone, which is made without MLIR: (anchored pipeline, step's name, place) each."""
    lines = ["module attributes {lh.stage} {"]
    locations = {}
    for index, (pipeline, _, location) in enumerate(pipelines):
        lines += [f"  module @step{index} attributes {{lh.pass_pipeline = {_string(pipeline)}}} {{", "  }"]
        locations[len(lines) - 1] = location
    lines.append("}")
    steps = tuple(Step(PASSES, step) for _, step, _ in pipelines)
    return ResolvedStage(steps, "\n".join(lines) + "\n", name, locations)


def _string(text: str) -> str:
    """`text` as MLIR prints a string attribute."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    out = []
    for byte in text.encode():
        if byte in b'"\\':
            out.append("\\" + ("\\" if byte == 0x5C else "22"))
        elif 0x20 <= byte < 0x7F:
            out.append(chr(byte))
        else:
            out.append(f"\\{byte:02X}")
    return '"' + "".join(out) + '"'
