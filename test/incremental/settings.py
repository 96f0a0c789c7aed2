# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the builds are run with: CMake, its generator, and copies of the driver and of the Python environment.

They are copies so that a test can edit them, as an update of the package or of the bindings would.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["MAKE", "NINJA", "Settings", "make_settings"]

NINJA = "Ninja"
MAKE = "Unix Makefiles"
_REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Settings:
    """Attributes:
    cmake: the program.
    generator: of the incremental build; a clean one replays the rules of Ninja.
    driver: a copy of the directories of the repository that a build uses.
    python: a virtual environment whose packages are links to those of the real one.
    jobs: that run at once.
    """

    cmake: str
    generator: str
    driver: Path
    python: Path
    jobs: int = 2

    def configure(self, source: Path, build: Path, generator: str) -> None:
        """Run CMake. Raises RuntimeError with what it said."""
        command = [self.cmake, "-S", str(source), "-B", str(build), "-G", generator, "-DCMAKE_BUILD_TYPE=Release"]
        command += [f"-DLH_PYTHON_ENV={self.python}", f"-DLighthouse_DIR={self.driver / 'cmake'}"]
        result = subprocess.run(command, check=False, capture_output=True, text=True, env=environment())
        if result.returncode:
            raise RuntimeError(f"CMake failed in {source}:\n{result.stdout}{result.stderr}")

    def build_command(self, build: Path, generator: str, *targets: str) -> list[str]:
        """What builds everything that can be built, whatever else fails."""
        if generator == MAKE:
            return ["make", "-C", str(build), "--no-print-directory", "-k", f"-j{self.jobs}", *targets]
        return ["ninja", "-C", str(build), "-k", "0", f"-j{self.jobs}", *targets]

    def record(self) -> Path:
        """The file that stands for the bindings; our own copy of it."""
        (record,) = self.python.glob("lib/python*/site-packages/torch_mlir-*.dist-info/RECORD")
        return record

    def identity(self) -> str:
        """A digest of the driver and of the bindings' version: inputs of everything."""
        digest = hashlib.sha256(self.record().read_bytes())
        for path in sorted((self.driver / "python").rglob("*")):
            if path.suffix in (".py", ".ll"):
                digest.update(path.read_bytes())
        return digest.hexdigest()


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a build."""
    hidden = ("MAKEFLAGS", "DESTDIR", "LH_TEST_BLIND_TO", "NINJA_STATUS")
    return {k: v for k, v in os.environ.items() if k not in hidden} | dict(extra or {})


def make_settings(work: Path, cmake: str, generator: str, python: str, jobs: int) -> Settings:
    """Copy the driver and link the packages of `python`, an interpreter, into directories below `work`."""
    driver = work / "driver"
    for name in ("cmake", "python", "requirements"):
        shutil.copytree(_REPOSITORY / name, driver / name, ignore=shutil.ignore_patterns("__pycache__"))
    env = work / "env"
    subprocess.run([python, "-m", "venv", "--without-pip", "--symlinks", env], check=True)
    (packages,) = env.glob("lib/python*/site-packages")
    listed = "import json, site, sysconfig; p = sysconfig.get_paths(); print(json.dumps([p['purelib'], p['platlib']]))"
    found = json.loads(subprocess.run([python, "-c", listed], check=True, capture_output=True, text=True).stdout)
    for directory in dict.fromkeys(found):
        for entry in sorted(Path(directory).iterdir()):
            target = packages / entry.name
            if target.exists() or entry.suffix == ".pth":
                continue
            if entry.suffix == ".dist-info" and entry.is_dir():
                shutil.copytree(entry, target, symlinks=True)
            else:
                target.symlink_to(entry)
    return Settings(cmake, generator, driver, env, jobs)
