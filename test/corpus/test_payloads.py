# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Every payload of the corpus becomes an object that links, for three architectures, or says what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

PAYLOADS = Path(__file__).parent / "payloads"
LH_OPT = Path(__file__).parents[2] / "tools" / "lh-opt"
NAMES = sorted(path.name.removesuffix(".pipeline") for path in PAYLOADS.glob("*.pipeline"))


@dataclass(frozen=True)
class Platform:
    """What is generated for, and the compiler that links it."""

    name: str
    triple: str
    cpu: str | None
    compiler: str


X86 = Platform("x86-64-v3", "x86_64-linux-gnu", "x86-64-v3", "x86_64-linux-gnu-gcc")
AARCH64 = Platform("aarch64", "aarch64-linux-gnu", None, "aarch64-linux-gnu-gcc")
RISCV64 = Platform("riscv64", "riscv64-linux-gnu", None, "riscv64-linux-gnu-gcc")
PLATFORMS = (X86, AARCH64, RISCV64)

# What must fail, and how the error says why. Everything else must succeed.
OPENMP = r"'__kmpc_\w+'.*libomp.*--allow-undefined='__kmpc_\*'"
ERRORS = {
    ("arm-sve", X86): r"'llvm\.aarch64\.sve\.sdot\.nxv4i32', an instruction of AArch64, but the target is x86_64",
    ("arm-sve", AARCH64): r"CPU 'generic' of aarch64\S* lacks the feature 'sve'",
    ("arm-sve", RISCV64): r"an instruction of AArch64, but the target is riscv64",
    ("ll-meta", AARCH64): r"target-cpu.*unknown CPU 'x86-64-v3' for aarch64",
    ("ll-meta", RISCV64): r"target-cpu.*unknown CPU 'x86-64-v3' for riscv64",
    ("omp-reduce", X86): OPENMP,
    ("omp-reduce", AARCH64): OPENMP,
    ("omp-reduce", RISCV64): OPENMP,
    ("triple-dl", AARCH64): r"target triple 'x86_64-unknown-linux-gnu'.*the target is 'aarch64-unknown-linux-gnu'",
    ("triple-dl", RISCV64): r"target triple 'x86_64-unknown-linux-gnu'.*the target is 'riscv64-unknown-linux-gnu'",
    ("vec-scalable", X86): "scalable",
    ("vec-scalable", AARCH64): "scalable",
    ("vec-scalable", RISCV64): "scalable",
    ("x86-avx512", X86): r"'llvm\.x86\.avx512\.mask\.compress\.v16f32'.*CPU 'x86-64-v3' .* lacks the feature 'avx512f'",
    ("x86-avx512", AARCH64): r"an instruction of x86, but the target is aarch64",
    ("x86-avx512", RISCV64): r"an instruction of x86, but the target is riscv64",
}

# What a payload declares and its user has to define.
DEFINED_BY_USERS = {"calls": "float _mlir_ciface_ext(void *memref) { return 0; }"}


def lower(name: str, platform: Platform, obj: Path, *options: str) -> subprocess.CompletedProcess[str]:
    payload = PAYLOADS / f"{name}.mlir"
    schedule = PAYLOADS / f"{name}.schedule.mlir"
    stages = [f"--stage={schedule}"] if schedule.exists() else []
    stages.append("--stage=" + (PAYLOADS / f"{name}.pipeline").read_text().strip())
    target = [f"--target-triple={platform.triple}", *([f"--cpu={platform.cpu}"] if platform.cpu else [])]
    return subprocess.run(
        [sys.executable, str(LH_OPT), str(payload), *stages, *target, f"--emit=object={obj}", *options],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )


def link(name: str, platform: Platform, obj: Path) -> None:
    """Link the object alone, with nothing left undefined."""
    compiler = shutil.which(platform.compiler)
    if not compiler:
        pytest.skip(f"lowered, but not linked: there is no {platform.compiler}; .ci/run installs it")
    stub = obj.with_suffix(".c")
    stub.write_text(DEFINED_BY_USERS.get(name, ""))
    command = [compiler, "-shared", "-fPIC", "-Wl,--no-undefined,--fatal-warnings", str(obj), str(stub), "-lm"]
    done = subprocess.run([*command, "-o", str(obj.with_suffix(".so"))], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_corpus_is_there() -> None:
    assert len(NAMES) >= 37
    assert {name for name, _ in ERRORS} <= set(NAMES)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform.name)
@pytest.mark.parametrize("name", NAMES)
def test_object_or_clear_error(name: str, platform: Platform, tmp_path: Path) -> None:
    obj = tmp_path / "payload.o"
    done = lower(name, platform, obj)
    expected = ERRORS.get((name, platform))
    if expected is None:
        assert done.returncode == 0, done.stderr
        link(name, platform, obj)
        return
    errors = [line for line in done.stderr.splitlines() if " error: " in line]
    assert len(errors) == 1, done.stderr
    assert re.search(expected, errors[0]), errors[0]
    assert done.returncode == 1
    assert not obj.exists()


@pytest.mark.parametrize(
    ("name", "platform", "options"),
    [
        ("arm-sve", AARCH64, ["--features=+sve"]),
        ("x86-avx512", X86, ["--cpu=x86-64-v4"]),
        ("x86-avx512", X86, ["--features=+avx512f"]),
        ("omp-reduce", X86, ["--allow-undefined=__kmpc_*"]),
        ("omp-reduce", RISCV64, ["--allow-undefined=__kmpc_*"]),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_the_fix_that_the_error_names(name: str, platform: Platform, options: list[str], tmp_path: Path) -> None:
    obj = tmp_path / "payload.o"
    done = lower(name, platform, obj, *options)
    assert done.returncode == 0, done.stderr
    assert obj.read_bytes()[:4] == b"\x7fELF"


@pytest.mark.parametrize("level", ["-O0", "-O1", "-O3"])
@pytest.mark.parametrize("name", ["ll-masked", "math-bf16", "vec-matmul-intr", "vmm-bf16"])
def test_other_optimization_levels(name: str, level: str, tmp_path: Path) -> None:
    obj = tmp_path / "payload.o"
    done = lower(name, RISCV64, obj, level)
    assert done.returncode == 0, done.stderr
    link(name, RISCV64, obj)
