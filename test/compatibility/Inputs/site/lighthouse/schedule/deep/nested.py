# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""In a directory of the package that is no package."""

from lighthouse.schedule.plain import create_schedule

__all__ = ["create_schedule"]
