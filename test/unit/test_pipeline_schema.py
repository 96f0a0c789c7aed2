# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The JSON Schema of pipeline files, which editors use: what it says is what the driver does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from lighthouse_build.errors import InputError, SourceLocation
from lighthouse_build.language.pipeline_file import read_pipeline

PACKAGE = Path(__file__).parents[2] / "python" / "lighthouse_build"
SCHEMA = json.loads((PACKAGE / "language" / "pipeline.schema.json").read_text())
SHIPPED = sorted((PACKAGE / "stages").glob("*.yaml"))


def accepts(text: str) -> bool:
    document: Any = yaml.safe_load(text)
    return bool(jsonschema.Draft202012Validator(SCHEMA).is_valid(document))


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_there_are_shipped_pipelines() -> None:
    assert len(SHIPPED) >= 4


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_shipped_pipelines_are_valid(path: Path) -> None:
    jsonschema.Draft202012Validator(SCHEMA).validate(yaml.safe_load(path.read_text()))
    read_pipeline(path.read_text(), str(path), {}, SourceLocation("test"))


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("Pipeline:\n  - pass: cse", True),
        ("Pipeline:\n  - schedule: a.mlir[seq]{p=1}\n  - include: b.yaml\n      {x=1}", True),
        ("Variables: {t: [8, 32]}\nPipeline:\n  - transform: a.py{sizes=$t}", True),
        ("Pipeline: []", False),
        ("Pipeline: cse", False),
        ("Pipeline:\n  - cse", False),
        ("Pipeline:\n  - pass: a\n    stage: b", False),
        ("Pipeline:\n  - pas: a", False),
        ("Pipeline:\n  - pass: [a]", False),
        ("Pipeline:\n  - transform: cse", False),
        ("Pipeline:\n  - include: a.mlir", False),
        ("Variables: {a-b: 1}\nPipeline:\n  - pass: c", False),
        ("Variables: [a]\nPipeline:\n  - pass: b", False),
        ("Stages:\n  - pass: a", False),
        ("- pass: a", False),
    ],
)
def test_the_schema_and_the_driver_agree(text: str, valid: bool) -> None:
    assert accepts(text) is valid
    try:
        read_pipeline(text, "p.yaml", {}, SourceLocation("test"))
    except InputError:
        assert not valid
    else:
        assert valid
