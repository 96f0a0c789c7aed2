# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Runs the tests of llvm/lighthouse's `lh-opt` with this one, and tests of its descriptors and schedules.

    python test/lighthouse/run.py --checkout <directory>     # or LIGHTHOUSE_CHECKOUT in the environment, or in CMake

Neither its files nor copies of them are part of this tree. `theirs` runs the checkout's own `test/opt`, `suite` what
its package ships, on payloads of ours. Exits with 77, what ctest is told to report as skipped, where there is no
checkout, or a package is missing that the checkout needs. Further arguments go to lit.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DRIVER = HERE.parents[1] / "python" / "lighthouse_build" / "__main__.py"
SKIPPED = 77


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checkout", default="", help="of llvm/lighthouse; by default LIGHTHOUSE_CHECKOUT")
    parser.add_argument("--work", default="", help="where tests write; by default in this directory")
    arguments, for_lit = parser.parse_known_args()
    named = arguments.checkout or os.environ.get("LIGHTHOUSE_CHECKOUT", "")
    if not named:
        return _skip(
            "no checkout of llvm/lighthouse; name one: --checkout, LIGHTHOUSE_CHECKOUT, LH_LIGHTHOUSE_CHECKOUT"
        )
    checkout = Path(named).resolve()
    if not (checkout / "lighthouse" / "__init__.py").is_file():
        print(f"error: '{checkout}' is no checkout of llvm/lighthouse", file=sys.stderr)
        return 2
    environment = {**os.environ, "LIGHTHOUSE_CHECKOUT": str(checkout), "PYTHONPATH": str(checkout)}
    missing = _missing_module(environment)
    if missing:
        return _skip(f"the checkout needs the Python package '{missing}', which {sys.executable} does not have")
    work = Path(arguments.work or HERE / "Output").resolve()
    lit = [sys.executable, "-c", "from lit.main import main; main()", "-v", f"--param=exec_root={work}", *for_lit]
    return subprocess.run([*lit, HERE / "theirs", HERE / "suite"], env=environment, check=False).returncode


def _missing_module(environment: dict[str, str]) -> str:
    """The installed package that one of its schedules asks for in vain."""
    command = [sys.executable, "-s", DRIVER, "--describe=tiling.py[tile_ops]"]
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    found = re.search(r"No module named '(\w+)", run.stderr)
    return found[1] if found and found[1] not in ("lighthouse", "mlir") else ""


def _skip(why: str) -> int:
    print(f"skipped: {why}")
    return SKIPPED


if __name__ == "__main__":
    sys.exit(main())
