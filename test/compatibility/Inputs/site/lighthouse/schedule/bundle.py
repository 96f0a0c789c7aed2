# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Reads a pipeline while it generates, and writes its passes into the schedule."""

from pathlib import Path

import yaml
from mlir.dialects import transform
from mlir.dialects.transform import structured

from .builders import sequence

_DESCRIPTORS = Path(__file__).parents[1] / "pipeline" / "descriptors"


def apply_bundle(target, name):
    print("module { } // applying", name)
    for item in yaml.safe_load((_DESCRIPTORS / name).read_text())["Pipeline"]:
        target = transform.apply_registered_pass(transform.AnyOpType.get(), target, item["pass"])
    return target


def create_schedule(bundle="tidy.yaml"):
    with sequence() as (module, root):
        functions = structured.MatchOp.match_op_names(root, ["func.func"])
        apply_bundle(functions.result, bundle)
    return module
