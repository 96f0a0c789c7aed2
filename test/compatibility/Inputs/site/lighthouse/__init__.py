# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A package in the shape of llvm/lighthouse's: what its own files may rely on, and nothing of theirs."""

__version__ = "0.0.test"
