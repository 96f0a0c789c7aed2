# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Dialects that Python defines."""


def register_and_load():
    """Load them into the current context."""
    from . import beacon

    beacon.register_and_load()
