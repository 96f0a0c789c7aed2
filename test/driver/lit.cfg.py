# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration of the driver's tests: `lh-opt` of the source tree, run by the Python that runs lit."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "python"))

from lighthouse_build import testing

_TOOLS = os.path.join(os.path.dirname(__file__), "..", "..", "tools")
testing.configure(
    config,
    lit_config,
    name="lh-opt",
    suffixes=[".mlir", ".py", ".yaml", ".test"],
    tools={"update-checks": [sys.executable, "-I", os.path.join(_TOOLS, "update-checks")]},
)
config.environment["HOME"] = "/nonexistent"
config.environment["LANG"] = "C.UTF-8"
