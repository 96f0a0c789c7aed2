# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A small classifier in PyTorch, imported as a payload through torch-mlir's FX importer.

The weights are part of the payload, so that a program that calls the library needs neither PyTorch nor Python.
"""

import itertools

import torch


def _model(features, hidden, classes, layers):
    """The classifier. Its weights are random, but the same in every process, as from a file."""
    torch.manual_seed(0)
    sizes = [features, *[hidden] * layers, classes]
    parts = []
    for inner, outer in itertools.pairwise(sizes):
        parts += [torch.nn.Linear(inner, outer), torch.nn.ReLU()]
    return torch.nn.Sequential(*parts[:-1]).eval()


def create_payload(batch=8, features=64, hidden=128, classes=10, layers=2):
    """The function `classify`, linalg on tensors.

    Args:
        batch: inputs that are classified at a time.
        features: of an input.
        hidden: the width of the hidden layers.
        classes: scores of an input.
        layers: hidden layers.
    """
    from mlir import ir
    from torch_mlir import fx
    from torch_mlir.dialects import torch as torch_dialect
    from torch_mlir.extras.fx_importer import FxImporter

    # By default the importer makes a context of its own, and a payload must be of this one.
    context = ir.Context.current
    torch_dialect.register_dialect(context)
    return fx.export_and_import(
        _model(features, hidden, classes, layers),
        torch.zeros(batch, features),
        fx_importer=FxImporter(context=context),
        output_type="linalg-on-tensors",
        func_name="classify",
    )


def classify(inputs):
    """What `classify` must compute, for the payload with its default sizes."""
    with torch.no_grad():
        return _model(inputs.shape[1], hidden=128, classes=10, layers=2)(torch.from_numpy(inputs)).numpy()
