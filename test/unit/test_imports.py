# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each use of the driver imports: exactly what is written down here.

A build starts the driver once an edge, so a module that one use does not need costs every user of another. Who needs
one more adds it here, to the uses that pay for it, or imports it later.
"""

from __future__ import annotations

import functools
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lighthouse_build.bindings import find

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"

FILES = {
    "p.mlir": "func.func @f(%a: tensor<4xf32>) -> tensor<4xf32> { return %a : tensor<4xf32> }",
    "y.yaml": "Pipeline: [{pass: canonicalize}]\n",
    "g.py": """
from mlir import ir

def create_schedule():
    return ir.Module.parse(
        "module attributes {transform.with_named_sequence} {"
        " transform.named_sequence @__transform_main(%root: !transform.any_op) { transform.yield } }"
    )
""",
    "p.interface.json": '{"format": 1, "source": "p.mlir", "functions": [], "externals": []}',
    "cse.stage.mlir": """// lighthouse-stage: {"format":1,"requires":[],"steps":[{"kind":"passes","name":"cse"}]}
module attributes {lh.stage} {
  module @step0 attributes {lh.pass_pipeline = "builtin.module(cse)"} {
  }
}
""",
}
PASSES = (
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},"
    "convert-to-llvm,reconcile-unrealized-casts"
)

# Our modules.
START = "frozen errors flags command_line limits outputs driver"
PLAN = (
    f"{START} language language.values language.spec resolution resolution.dependencies resolution.search "
    "resolution.plan stage_file"
)
MLIR = (
    f"{PLAN} job address_layout supervisor standard_error bindings bindings.core bindings.direct bindings.provider "
    "bindings.alias payload application application.context application.apply resolution.pass_files prefix_map"
)
CODE = (
    f"{MLIR} emission emission.c_interface emission.c_types emission.destinations emission.interface emission.lowered "
    "emission.names emission.translate emission.constants emission.codegen emission.llvm emission.llvm_ir "
    "emission.symbols target resolution.resolve"
)
HEADER = "emission emission.header emission.c_text emission.c_types emission.interface emission.names"

# Modules of the standard library, with what they import themselves.
STANDARD = "__future__ gc os"
FOR_MLIR = f"{STANDARD} site enum contextlib marshal mmap importlib importlib.machinery atexit"
FOR_CODE = f"{FOR_MLIR} re itertools functools math struct collections ctypes"

# Other packages; `mlir` by the name of its provider. What every Python of the environment imports does not count.
BINDINGS = "mlir mlir._mlir_libs._mlir mlir._mlir_libs._mlirRegisterEverything mlir._mlir_libs._site_initialize_0"
LLVM = "mlir._mlir_libs._mlirDialectsLLVM"  # of llvmlite, only the library

# To the arguments, the exit status, and what is imported: ours, of the standard library, of others.
USES = {
    "help": ("--help", 0, START, STANDARD, ""),
    "wrong flag": ("--emitt=mlir", 2, START, STANDARD, ""),
    "wrong spec": ("p.mlir --stage=tile.py{x", 3, PLAN, STANDARD, ""),
    "missing payload": ("q.mlir --stage=cse", 3, f"{PLAN} payload", STANDARD, ""),
    "missing stage": ("p.mlir --stage=q.yaml", 3, PLAN, f"{STANDARD} site", ""),
    "merge a header": ("p.interface.json --emit=header", 0, f"{PLAN} {HEADER} identity", f"{STANDARD} json typing", ""),
    "merge a header in a build": (
        "p.interface.json --emit=header --driver-identity=i.json",
        0,
        f"{PLAN} {HEADER}",
        f"{STANDARD} json typing",
        "",
    ),
    "lower to MLIR": (f"p.mlir --stage={PASSES}", 0, f"{MLIR} resolution.resolve", FOR_MLIR, BINDINGS),
    "lower to LLVM IR": (f"p.mlir --stage={PASSES} --emit=llvmir", 0, CODE, FOR_CODE, f"{BINDINGS} {LLVM}"),
    "lower to an object": (f"p.mlir --stage={PASSES} --emit=object=p.o", 0, CODE, FOR_CODE, f"{BINDINGS} {LLVM}"),
    "lower by a stage": ("p.mlir --stage=cse.stage.mlir", 0, MLIR, f"{FOR_MLIR} json", BINDINGS),
}


def imported(*arguments: str, cwd: Path | None = None, status: int = 0) -> set[str]:
    """The modules that Python imports when it is run with `arguments`, its children included."""
    command = [sys.executable, "-I", "-B", "-v", *arguments]
    result = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == status, result.stderr
    return set(re.findall(r"^import '([^']*)' #", result.stderr, re.MULTILINE))


def is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


@functools.cache
def closure(modules: str) -> set[str]:
    """The `modules` of the standard library and all that they import."""
    return imported("-S", "-c", ";".join(f"import {name}" for name in modules.split()))


@pytest.mark.parametrize("use", USES)
def test_nothing_else_is_imported(use: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    line, status, ours, standard, others = USES[use]
    arguments = re.split(r" (?=--)", line)  # a spec may hold spaces
    found = imported("-S", str(DRIVER), *arguments, cwd=tmp_path, status=status)

    package = "lighthouse_build."
    assert {name.removeprefix(package) for name in found if name.startswith(package)} == set(ours.split())
    assert set(filter(is_standard, found)) <= closure(standard)
    provider = find().name
    expected = {name.replace("mlir", provider, 1) if name.startswith("mlir") else name for name in others.split()}
    rest = {name for name in found if not is_standard(name) and not name.startswith("lighthouse_build")}
    assert rest - imported("-c", "pass") == expected
