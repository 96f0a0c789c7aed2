# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LH_MLIR_PACKAGE and LH_MLIR_PYTHON_PATH: the bindings that a project has built, not installed anywhere."""

import os
import subprocess
from pathlib import Path

from run import Project

WHERE = "Resolving stage where"
K = "Lowering k/k"


def check(project: Project) -> None:
    python = project.settings.python
    interpreter = f"{python}/bin/python3" if os.path.isdir(python) else python
    find = (
        "from importlib.util import find_spec as f; print((f('torch_mlir') or f('mlir')).submodule_search_locations[0])"
    )
    answer = subprocess.run([interpreter, "-c", find], capture_output=True, text=True, check=True)
    installed = Path(answer.stdout.strip())
    # The bindings, as a build tree of the project has them: no distribution, in a directory of their own.
    own = project.binary.parent / "python_packages/own_core"
    package = own / installed.name
    (package / "_mlir_libs").mkdir(parents=True)
    for path in [*installed.iterdir(), *(installed / "_mlir_libs").iterdir()]:
        target = package / path.relative_to(installed)
        if not target.exists():
            target.symlink_to(path)

    project.configure("-DLH_MLIR_PACKAGE=no_such_mlir", error="'no_such_mlir', but no such package is installed")
    project.configure(f"-DLH_MLIR_PACKAGE={installed.name}", f"-DLH_MLIR_PYTHON_PATH={own}")
    project.expect(WHERE, K)
    assert str(package) in (project.binary / "k/k.mlir").read_text()
    # They are inputs, of the stage and of the lowering.
    library = next(path for path in (package / "_mlir_libs").iterdir() if path.name.startswith("_mlir."))
    text = library.read_bytes()
    library.unlink()
    library.write_bytes(text)
    library.chmod(0o755)
    project.expect()  # built again to the same bytes
    library.write_bytes(text + b"\0")  # which the loader does not look at
    project.expect(WHERE, K)
    module = package / "passmanager.py"
    text = module.read_bytes()
    module.unlink()
    module.write_bytes(text + b"# New.\n")
    project.expect(WHERE, K)
    # And back to the installed ones.
    project.configure("-DLH_MLIR_PYTHON_PATH=")
    project.expect(WHERE, K)
    assert str(package) not in (project.binary / "k/k.mlir").read_text()
