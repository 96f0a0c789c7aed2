# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The checkout's own tests of `lh-opt`, where they lie."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "..", "python"))

from lighthouse_build import testing

HERE = os.path.dirname(os.path.abspath(__file__))
checkout = os.environ.get("LIGHTHOUSE_CHECKOUT") or lit_config.fatal("run this suite with test/lighthouse/run.py")
driver = os.path.join(HERE, "..", "..", "..", "python", "lighthouse_build", "__main__.py")
config.test_source_root = os.path.join(checkout, "test", "opt")
testing.configure(
    config,
    lit_config,
    name="lighthouse-theirs",
    excludes=["transforms"],
    tools={"lh-opt": [sys.executable, "-s", "-B", driver]},
    exec_root=os.path.join(lit_config.params.get("exec_root", os.path.join(HERE, "Output")), "theirs"),
)
config.substitutions.append(("%TEST", os.path.join(checkout, "test")))
config.environment["PYTHONPATH"] = checkout
