# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the MLIR Python bindings come from, and the name `mlir` that they go by."""

from __future__ import annotations

from lighthouse_build.bindings.core import Core, core
from lighthouse_build.bindings.provider import Provider, activate, find

__all__ = ["Core", "Provider", "activate", "core", "find"]
