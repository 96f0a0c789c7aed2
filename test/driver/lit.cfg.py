# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration of the driver's tests: `lh-opt` of the source tree, run by the Python that runs lit."""

import os
import shutil
import sys

import lit.formats

config.name = "lh-opt"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".py", ".yaml", ".test"]
config.excludes = ["Inputs", "lit.cfg.py"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = lit_config.params.get("exec_root", os.path.join(config.test_source_root, "Output"))

_root = os.path.dirname(os.path.dirname(config.test_source_root))
_driver = os.path.join(_root, "python", "lighthouse_build", "__main__.py")
_scripts = os.path.dirname(sys.executable)

# LLVM's FileCheck where there is one, else the Python one beside lit.
_filecheck = next(
    filter(None, (shutil.which(name) for name in ("FileCheck", "FileCheck-22"))), os.path.join(_scripts, "filecheck")
)
if not os.path.exists(_filecheck):
    lit_config.fatal(f"no FileCheck: neither LLVM's on PATH nor the Python one in {_scripts}")
lit_config.note(f"using FileCheck: {_filecheck}")

config.substitutions += [
    (r"\blh-opt\b(?!:)", f"'{sys.executable}' -I '{_driver}'"),
    (r"\bFileCheck\b", f"'{_filecheck}'"),
    ("%python", f"'{sys.executable}'"),
]
config.environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "LANG": "C.UTF-8"}
for name in ("LH_MLIR_PACKAGE", "TMPDIR"):
    if name in os.environ:
        config.environment[name] = os.environ[name]
