"""Annotates functions with what the environment says; the second of two sequences."""

import os

from mlir import ir
from searched_module import annotate


def make():
    assert os.environ["LH_TEST_OTHER"] == "7"
    assert "LH_TEST_HIDDEN" not in os.environ
    return ir.Module.parse(annotate(os.environ["LH_TEST_FACTOR"]))
