# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Testing stages and lowered code: lit, FileCheck, and numbers against a reference.

For a hand-written `lit.cfg.py`:

    from lighthouse_build import testing

    testing.configure(config, lit_config)

The rest is what ctest runs for `lh_add_check_test()` and `lh_add_numeric_test()`, and tools for developers:
`python -m lighthouse_build.testing --help`.
"""

from __future__ import annotations

from lighthouse_build.testing.lit_configuration import configure

__all__ = ["configure"]
