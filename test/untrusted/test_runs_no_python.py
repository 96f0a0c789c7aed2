# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What SECURITY.md says: `.mlir` and `.yaml` run no Python unless they name a `.py` file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"

# Each says that it has run. All names that an import of the driver, of the bindings or of a stage might look for.
SPY = "import os\nopen(os.path.join({directory!r}, 'ran'), 'a').write(__file__ + '\\n')\n"
NAMES = (
    "mlir",
    "yaml",
    "json",
    "re",
    "sitecustomize",
    "usercustomize",
    "torch_mlir",
    "llvmlite",
    "stage",
    "p",
    "f",
    "my",
)

PAYLOAD = """\
module attributes {lh.python = {class = "S", file = "stage.py", options = "{}", digest = ""}, "stage.py" = "stage.py"} {
  func.func @"stage.py"() {
    return
  }
}
"""
SCHEDULE = """\
module attributes {transform.with_named_sequence, lh.python = {class = "S", file = "stage.py", options = "{}"}} {
  transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {
    transform.annotate %r "lh.python" : !transform.any_op
    transform.yield
  }
}
"""
STEP = 'module @step0 attributes {{lh.pass_pipeline = "builtin.module(cse)", lh.python = {python}}} {{}}'
PYTHON = '{class = "S", file = "stage.py", options = "{}", digest = "0"}'


def resolved(kind: str, body: str, requires: str = "[]") -> str:
    manifest = f'{{"format": 1, "requires": {requires}, "steps": [{{"kind": "{kind}", "name": "a"}}]}}'
    return f"// lighthouse-stage: {manifest}\nmodule attributes {{lh.stage}} {{\n{body}\n}}\n"


FILES = {
    "f.mlir": PAYLOAD,
    "schedule.mlir": SCHEDULE,
    "passes.stage.mlir": resolved("passes", STEP.format(python=PYTHON)),
    "python.stage.mlir": resolved("python", f"module @step0 attributes {{lh.python = {PYTHON}}} {{}}"),
    "passes.yaml": "Pipeline:\n  - pass: cse\n  - schedule: schedule.mlir\n  - stage: passes.stage.mlir\n",
    "tag.yaml": "Variables: {a: !!python/object/apply:os.system [touch ran]}\nPipeline: [{pass: 'cse{x=$a}'}]\n",
    "name.yaml": "Variables: {a: !!python/name:stage.S ''}\nPipeline: [{pass: 'cse{x=$a}'}]\n",
    "module.yaml": "Pipeline: !!python/module:stage\n",
    "names.yaml": "Pipeline:\n  - stage: stage.py[stage=S]\n",
    "includes.yaml": "Pipeline:\n  - include: names.yaml\n",
}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    spy = SPY.format(directory=str(tmp_path))
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(spy + "class S:\n    def apply(self, module): pass\n")
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def lh_opt(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-B", str(DRIVER), *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("f.mlir",), 0),
        (("f.mlir", "--stage=canonicalize"), 0),
        (("f.mlir", "--stage=schedule.mlir"), 0),
        (("f.mlir", "--stage=passes.stage.mlir"), 0),
        (("f.mlir", "--stage=passes.yaml"), 0),
        (("--stage=passes.yaml", "--emit=stage"), 0),
        (("f.mlir", "--stage=lower-to-llvm.yaml", "--emit=object", "-o", "o"), 0),
        (("f.mlir", "--stage=tag.yaml"), 3),
        (("f.mlir", "--stage=name.yaml"), 3),
        (("f.mlir", "--stage=module.yaml"), 3),
        (("f.mlir", "--stage=stage"), 3),
        (("f.mlir", "--stage=my{file=stage.py}"), 3),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_text_runs_no_python(directory: Path, arguments: tuple[str, ...], status: int) -> None:
    if "--emit=object" in arguments:
        (directory / "f.mlir").write_text("func.func @f() {\n  return\n}\n")
    run = lh_opt(directory, *arguments)
    assert run.returncode == status, run.stderr
    assert not (directory / "ran").exists()


@pytest.mark.parametrize("stage", ["stage.py[stage=S]", "names.yaml", "includes.yaml", "python.stage.mlir"])
def test_what_names_a_python_file_runs_that(directory: Path, stage: str) -> None:
    """The counterpart: the spies do report."""
    run = lh_opt(directory, "f.mlir", f"--stage={stage}")
    assert run.returncode == 0, run.stderr
    assert set((directory / "ran").read_text().split()) == {str(directory / "stage.py")}


def test_bytecode_runs_no_python(directory: Path) -> None:
    assert lh_opt(directory, "f.mlir", "--emit=bytecode", "-o", "f.mlirbc").returncode == 0
    assert lh_opt(directory, "f.mlirbc").returncode == 0
    assert not (directory / "ran").exists()
