# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
from flags import FlagOp
from lighthouse_build.schedule import schedule


def create_schedule():
    with schedule() as s:
        FlagOp(s.match("func.func"))
    return s.module
