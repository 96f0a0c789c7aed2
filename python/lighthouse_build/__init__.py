# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lighthouse Build: lower MLIR payloads in a C++ build, by stages written in MLIR, Python and YAML.

The package is the driver `lh-opt` and the stages it ships. As a library, it offers:

* `Pipeline`: stages to apply to modules in memory (`pipeline.py`; errors are those of `errors.py`);
* `schedule`: helpers to write schedule generators (`schedule.py`);
* `Target`: annotate a parameter with it to be told what the code is generated for;
* `depends_on(path)`: declares an input that no hook can see.
"""

from __future__ import annotations

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from typing import Any

    from lighthouse_build.pipeline import Pipeline
    from lighthouse_build.resolution.recording import depends_on
    from lighthouse_build.target import Target

__all__ = ["Pipeline", "Target", "__version__", "depends_on"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazily, since the driver imports this package on its way to `--help`.
    homes = {"Pipeline": "pipeline", "Target": "target", "depends_on": "resolution.recording"}
    if name in homes:
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{homes[name]}"), name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
