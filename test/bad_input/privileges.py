# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Commands that run others with less than root may do, or with a file system of their own.

Where a system has no way to that, the test is skipped, and the reason is what that system says.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["WITHOUT_CAPABILITIES", "obeying_modes", "with_mounts"]

WITHOUT_CAPABILITIES = ("--bounding-set=-all", "--inh-caps=-all")  # of setpriv

# Ways to mount what nobody else sees: as anybody; as root, if it grants no name spaces of users; in a chroot, too.
_MOUNTS = (("--map-root-user", "--mount"), ("--mount",), ("--mount", "--propagation", "unchanged"))


def obeying_modes() -> tuple[str, ...]:
    """What makes a command obey the modes of files: nothing, but for root."""
    if os.geteuid() != 0:
        return ()
    command = ("setpriv", *WITHOUT_CAPABILITIES)
    refusal = _refusal([*command, "true"])
    if refusal:
        pytest.skip(f"for root nothing is read-only, and it cannot drop its capabilities: {refusal}")
    return command


def with_mounts(directory: Path) -> tuple[str, ...]:
    """What lets a command mount a file system on `directory`, which it is to unmount."""
    refusals = []
    for how in _MOUNTS:
        command = ("unshare", *how)
        refusal = _refusal([*command, "sh", "-c", 'mount -t tmpfs tmpfs "$1" && umount "$1"', "sh", str(directory)])
        if not refusal:
            return command
        refusals.append(refusal)
    pytest.skip(f"no file system can be mounted here, to be full: {'; '.join(dict.fromkeys(refusals))}")


def _refusal(command: list[str]) -> str:
    """Why `command` cannot be run, or nothing."""
    if shutil.which(command[0]) is None:
        return f"needs {command[0]} (util-linux)"
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return run.stderr.strip() or f"{command[0]} ends with {run.returncode}" if run.returncode else ""
