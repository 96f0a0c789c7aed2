# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lighthouse Build: lower MLIR payloads in a C++ build, by stages written in MLIR, Python and YAML.

The package is the driver `lh-opt` and the stages it ships. What a schedule generator may import from here:

* `Target`: annotate a parameter with it to be told what the code is generated for;
* `depends_on(path)`: declares an input that no hook can see.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lighthouse_build.resolution.dependencies import depends_on
    from lighthouse_build.target import Target

__all__ = ["Target", "__version__", "depends_on"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Lazily, since the driver imports this package on its way to `--help`.
    if name == "Target":
        from lighthouse_build.target import Target

        return Target
    if name == "depends_on":
        from lighthouse_build.resolution.dependencies import depends_on

        return depends_on
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
