# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the checkout's package ships, on payloads of ours."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "python"))

from lighthouse_build import testing

HERE = os.path.dirname(os.path.abspath(__file__))
checkout = os.environ.get("LIGHTHOUSE_CHECKOUT") or lit_config.fatal("run this suite with test/lighthouse/run.py")
driver = os.path.join(HERE, "..", "..", "..", "python", "lighthouse_build", "__main__.py")
testing.configure(
    config,
    lit_config,
    name="lighthouse-ours",
    tools={"lh-opt": [sys.executable, "-s", "-B", driver]},
    exec_root=os.path.join(lit_config.params.get("exec_root", os.path.join(HERE, "Output")), "ours"),
)
config.environment["PYTHONPATH"] = checkout
