# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What each use of the driver imports: exactly what is written down here.

A build starts the driver once an edge, so a module that one use does not need costs every user of another. Who needs
one more adds it here, to the uses that pay for it, or imports it later.
"""

from __future__ import annotations

import functools
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from lighthouse_build.bindings import find
from lighthouse_build.emission.llvm_library import known_build

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
    "i.json": "{}",
    "p.interface.json": '{"format": 1, "source": "p.mlir", "functions": [], "externals": []}',
    "cse.stage.mlir": """// lighthouse-stage: {"format":1,"requires":[],"steps":[{"kind":"passes","name":"cse"}]}
module attributes {lh.stage} {
  module @step0 attributes {lh.pass_pipeline = "builtin.module(cse)"} {
  }
}
""",
}
FILES["q.mlir"] = FILES["p.mlir"].replace("@f", "@g")
FILES["k.batch"] = "--stage=lower.stage.mlir\n" + "".join(
    f"\n{name}.json\n{name}.mlir\n--emit=object={name}.o\n--emit=interface={name}.interface.json\n" for name in "pq"
)
PASSES = (
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},"
    "convert-to-llvm,reconcile-unrealized-casts"
)

FILES["lower.stage.mlir"] = FILES["cse.stage.mlir"].replace("builtin.module(cse)", f"builtin.module({PASSES})")

# Our modules.
START = "start frozen errors flags command_line limits outputs driver"
VERSION = (
    "bindings bindings.core bindings.direct bindings.importing bindings.provider bindings.alias emission "
    "emission.llvm_library"
)
PLAN = (
    f"{START} language language.values language.spec resolution resolution.dependencies resolution.search "
    "resolution.plan stage_file"
)
MLIR = (
    f"{PLAN} handover job address_layout supervisor standard_error bindings bindings.core bindings.direct "
    "bindings.importing bindings.provider bindings.alias payload application application.context application.apply "
    "resolution.pass_files prefix_map scopes"
)
TEXT = (
    f"{MLIR} emission emission.c_interface emission.c_library emission.c_types emission.destinations "
    "emission.interface emission.lowered emission.names emission.translate emission.llvm_code emission.llvm_library "
    "emission.llvm_text target resolution.resolve"
)
CODE = f"{TEXT} emission.constants emission.codegen emission.llvm emission.symbols"
RESOLVE = " ".join(name for name in MLIR.split() if name != "resolution.pass_files") + " resolution.resolve"
YAML = "language.pipeline_file"
PYTHON = (
    "resolution.environment resolution.generators resolution.locations resolution.parameters "
    "resolution.python_dialects resolution.python_step resolution.recording resolution.repair resolution.schedules "
    "target"
)
HEADER = (
    "emission emission.header emission.c_library emission.c_text emission.c_types emission.interface emission.names "
    "plain_json prefix_map"
)

# Modules of the standard library, with what they import themselves.
STANDARD = "__future__ gc os"
FOR_VERSION = f"{STANDARD} site"
FOR_MLIR = f"{STANDARD} site marshal mmap atexit"
FOR_RESOLVE = f"{FOR_MLIR} json"
FOR_PYTHON = (
    f"{FOR_RESOLVE} contextlib faulthandler fcntl fnmatch hashlib importlib.util pwd shutil select signal sysconfig"
)
FOR_CODE = f"{FOR_MLIR} ctypes"

# Other packages; `mlir` by the name of its provider. What every Python of the environment imports does not count.
BINDINGS = "mlir mlir._mlir_libs._mlir mlir._mlir_libs._mlirRegisterEverything mlir._mlir_libs._site_initialize_0"
LLVM = "mlir._mlir_libs._mlirDialectsLLVM"  # of llvmlite, only the library

# The bindings as user code has them; with `.*`, all that is imported with it counts, of the standard library, too.
WHOLE = "mlir.ir.* mlir.dialects.builtin.* mlir.dialects.transform.interpreter.*"

# To the arguments, the exit status, and what is imported: ours, of the standard library, of others.
USES = {
    "help": ("--help", 0, START, STANDARD, ""),
    "wrong flag": ("--emitt=mlir", 2, START, STANDARD, ""),
    "wrong spec": ("p.mlir --stage=tile.py{x", 3, PLAN, STANDARD, ""),
    "missing payload": ("r.mlir --stage=cse", 3, f"{PLAN} payload", STANDARD, ""),
    "missing stage": ("p.mlir --stage=q.yaml", 3, PLAN, f"{STANDARD} site", ""),
    "merge a header": ("p.interface.json --emit=header", 0, f"{PLAN} {HEADER} identity", f"{STANDARD} _json", ""),
    "merge a header in a build": (
        "p.interface.json --emit=header --driver-identity=i.json",
        0,
        f"{PLAN} {HEADER}",
        f"{STANDARD} _json",
        "",
    ),
    "lower to MLIR": (f"p.mlir --stage={PASSES}", 0, f"{MLIR} resolution.resolve", FOR_MLIR, BINDINGS),
    "lower to LLVM IR": (f"p.mlir --stage={PASSES} --emit=llvmir", 0, TEXT, FOR_MLIR, f"{BINDINGS} {LLVM}"),
    "lower to an object": (f"p.mlir --stage={PASSES} --emit=object=p.o", 0, CODE, FOR_CODE, f"{BINDINGS} {LLVM}"),
    "resolve from YAML": ("--stage=y.yaml --emit=stage", 0, f"{RESOLVE} {YAML}", FOR_RESOLVE, f"{BINDINGS} yaml.*"),
    "resolve from Python": ("--stage=g.py --emit=stage", 0, f"{RESOLVE} {PYTHON}", FOR_PYTHON, WHOLE),
    "version": ("--version", 0, f"{START} {VERSION}", FOR_VERSION, ""),
    "lower by a stage": ("p.mlir --stage=cse.stage.mlir", 0, f"{MLIR} plain_json", f"{FOR_MLIR} _json", BINDINGS),
    "lower as a build does": (
        "p.mlir --stage=lower.stage.mlir --emit=object=p.o --emit=interface=p.interface.json --emit=header=p.h "
        "--driver-identity=i.json --stamp=p.stamp --depfile=p.d",
        0,
        f"{' '.join(name for name in CODE.split() if name != 'resolution.resolve')} emission.header emission.c_text "
        "plain_json",
        f"{FOR_CODE} fcntl _json",
        f"{BINDINGS} {LLVM}",
    ),
}
AS_A_BUILD_DOES = USES["lower as a build does"]
BATCH = "--batch=k.batch --emit=header=k.h --driver-identity=i.json --stamp=k.stamp --depfile=k.d"
USES |= {
    # With what any of its payloads may need: regular expressions, for floating-point constants.
    "lower a batch": (
        BATCH,
        0,
        f"{AS_A_BUILD_DOES[2]} batch record workers emission.llvm_ir",
        f"{FOR_CODE} fcntl _json re math",
        AS_A_BUILD_DOES[4],
    ),
    "a batch with nothing to do": (BATCH, 0, f"{PLAN} {HEADER} batch record", f"{STANDARD} _json fcntl", ""),
}
AGAIN = {"a batch with nothing to do"}  # what has been run before
RUNNING_PYTHON = {"resolve from Python"}
OF_KNOWN_BUILD = {"version", "lower to LLVM IR"}  # of llvmlite; others are loaded and asked


def imported(*arguments: str, cwd: Path | None = None, status: int = 0, runs_python: bool = False) -> set[str]:
    """The modules that Python imports when it is run with `arguments`, its children included.

    With `runs_python` it is run as the driver starts itself anew before it runs code of the user.
    """
    isolation = ["-s"] if runs_python else ["-I"]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    if runs_python:
        environment["PYTHONHASHSEED"] = "0"
    command = [sys.executable, *isolation, "-B", "-v", *arguments]
    result = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == status, result.stderr
    return set(re.findall(r"^import '([^']*)' #", result.stderr, re.MULTILINE))


def is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def is_data(module: str) -> bool:
    """Whether `sysconfig` imports it for what it knows of the platform."""
    return module.startswith("_sysconfigdata")


@functools.cache
def closure(modules: str) -> set[str]:
    """The `modules` of the standard library and all that they import."""
    return imported("-S", "-c", ";".join(f"import {name}" for name in modules.split()))


@pytest.mark.parametrize("use", USES)
def test_nothing_else_is_imported(use: str, tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    line, status, ours, standard, others = USES[use]
    if use in OF_KNOWN_BUILD and known_build() is None:
        pytest.skip("this build of llvmlite is not among those of emission/llvm_library.py")
    arguments = re.split(r" (?=--)", line)  # a spec may hold spaces
    runs_python = use in RUNNING_PYTHON
    no_site = () if runs_python else ("-S",)
    if use in AGAIN:
        imported(*no_site, str(DRIVER), *arguments, cwd=tmp_path)
    found = imported(*no_site, str(DRIVER), *arguments, cwd=tmp_path, status=status, runs_python=runs_python)

    package = "lighthouse_build."
    assert {name.removeprefix(package) for name in found if name.startswith(package)} == set(ours.split())
    provider = find().name
    named = [re.sub(r"^mlir\b", provider, name) for name in others.split()]
    whole = ";".join(f"import {name[:-2]}" for name in named if name.endswith(".*"))
    found -= imported("-c", whole or "pass") | {"mlir"}  # another name of the bindings
    assert set(filter(is_standard, found)) <= closure(standard)
    rest = {n for n in found if not (is_standard(n) or is_data(n) or n.startswith("lighthouse_build"))}
    assert rest == {name for name in named if not name.endswith(".*")} - {"mlir"}
