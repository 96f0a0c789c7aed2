# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

"""tinyc chooses vectors as NumPy would by the same weights: `policy.py TINYC WEIGHTS DIRECTORY`.

A payload for each of some features; what tinyc says of its scores, and the vectors in what it makes.
"""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

SKIPPED = 77
WIDTHS = (4, 16)


def payload(elements: int, coefficients: int, evaluations: int) -> str:
    """Polynomials of polynomials; 0 elements are an unknown number."""
    shape = f"{elements or '?'}xf32"
    lines = [
        f"func.func @f(%x: memref<{shape}>, %y: memref<{shape}>) {{",
        f"  %p = tiny.poly [{', '.join(['0.5'] * coefficients)}]",
        f"  %v0 = bufferization.to_tensor %x restrict : memref<{shape}> to tensor<{shape}>",
    ]
    lines += [f"  %v{n + 1} = tiny.eval %p(%v{n}) : tensor<{shape}>" for n in range(evaluations)]
    types = f"(tensor<{shape}>, memref<{shape}>) -> ()"
    lines.append(f"  bufferization.materialize_in_destination %v{evaluations} in restrict writable %y : {types}")
    return "\n".join([*lines, "  return", "}", ""])


def reference(weights: Any, features: tuple[int, ...]) -> Any:
    """The scores, in double precision."""
    import numpy as np

    hidden = np.tanh(np.log1p(features) @ np.array(weights["hidden"]["weights"]) + weights["hidden"]["bias"])
    return hidden @ np.array(weights["scores"]["weights"]) + weights["scores"]["bias"]


def main() -> int:
    """The exit status."""
    try:
        import numpy  # noqa: F401
    except ImportError:
        print("skipped: there is no NumPy to compare with")
        return SKIPPED
    tinyc, weights, directory = (
        sys.argv[1],
        json.loads(Path(sys.argv[2]).read_text(encoding="utf-8")),
        Path(sys.argv[3]),
    )
    directory.mkdir(parents=True, exist_ok=True)
    chosen = set()
    for features in itertools.product((0, 8, 4096), (3, 20), (1, 3)):
        path = directory / f"{'-'.join(map(str, features))}.mlir"
        path.write_text(payload(*features))
        done = subprocess.run(
            [tinyc, path, "--emit-mlir", "--print-policy"], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said = re.search(r"features (.*), scores (.*)", done.stderr)
        assert said, done.stderr
        assert tuple(map(int, said[1].split())) == features, (features, done.stderr)
        scores = [float(word) for word in said[2].split()]
        expected = reference(weights, features)
        assert max(abs(scores - expected)) < 1e-5 * max(abs(expected)), (features, scores, expected)
        width = WIDTHS[int(expected.argmax())]
        assert f"vector<{width}xf32>" in done.stdout, (features, width)
        chosen.add(width)
    assert chosen == set(WIDTHS), "the test knows one decision only"
    print("tinyc decides as NumPy does")
    return 0


if __name__ == "__main__":
    sys.exit(main())
