# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""lit configuration of the tests of what each shipped stage does."""

import os
import sys

sys.path.append(os.path.join(os.path.dirname(__file__), "..", "..", "..", "python"))

from lighthouse_build import testing

testing.configure(config, lit_config, name="stages")
