# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Entry point: `python -m lighthouse_build …`, or this file by its path, as a build runs it.

Python compiles this file anew each time, so that what it does beyond finding the package is in `start.py`.
"""

import os
import sys

# A full disk truncates bytecode, and Python then fails for ever after. Who installs or configures compiles ahead.
sys.dont_write_bytecode = True

# By path, Python puts this directory on the search path (or, isolated, nothing): neither finds the package. Its parent
# goes before installed packages, of which one may be another version of it, and after the standard library.
if __package__ in (None, ""):
    _HERE = os.path.dirname(os.path.abspath(__file__))
    _PARENT = os.path.dirname(_HERE)
    sys.path[:] = [p for p in sys.path if os.path.abspath(p or ".") != _HERE]
    if _PARENT not in sys.path:
        _INSTALLED = (i for i, p in enumerate(sys.path) if p.endswith(("site-packages", "dist-packages")))
        sys.path.insert(next(_INSTALLED, len(sys.path)), _PARENT)

from lighthouse_build.start import main  # noqa: E402 (it could not be found before)

if __name__ == "__main__":
    main()
