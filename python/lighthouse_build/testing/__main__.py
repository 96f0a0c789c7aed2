# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Entry point: `python -m lighthouse_build.testing COMMAND …`, or this file by its path, as ctest runs it."""

from __future__ import annotations

import os
import sys

sys.dont_write_bytecode = True

# By path, Python puts this directory on the search path (or, isolated, nothing): neither finds the package.
_HERE = os.path.dirname(os.path.abspath(__file__))
if __package__ in (None, ""):
    _ROOT = os.path.dirname(os.path.dirname(_HERE))
    sys.path[:] = [_ROOT, *(p for p in sys.path if os.path.abspath(p or ".") != _HERE)]

# Name to module, function and what it does.
COMMANDS = {
    "check": ("check_test", "main", "lower a payload and compare the result with FileCheck; lh_add_check_test()"),
    "numeric": ("numeric_test", "main", "call a lowered function and compare with a reference; lh_add_numeric_test()"),
    "untested": ("coverage", "main", "print the declared stages that no test applies"),
    "update-checks": ("update_checks", "main", "write the CHECK lines of tests from what the RUN lines print"),
    "lit": ("commands", "lit", "run lit"),
    "count": ("commands", "count", "succeed if standard input has that many lines"),
    "not": ("commands", "invert", "succeed if a command fails"),
}


def main() -> int:
    """Run the command that the first argument names; the exit status."""
    # Only what is asked for: `count` stands in many RUN lines.
    from importlib import import_module

    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        print(__doc__)
        for command, (_, _, what) in COMMANDS.items():
            print(f"    {command:14} {what}")
        return 0 if name in ("-h", "--help") else 2
    module, function, _ = COMMANDS[name]
    from lighthouse_build import errors

    try:
        status: int = getattr(import_module(f"lighthouse_build.testing.{module}"), function)(sys.argv[2:])
    except errors.LighthouseError as error:
        colour = errors.Colour.for_terminal(sys.stderr.isatty())
        print(errors.render(error, colour, name), file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    return status


if __name__ == "__main__":
    sys.exit(main())
