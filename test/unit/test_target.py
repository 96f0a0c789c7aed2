# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""`Target`, as generators see it: parts of the triple, vector width, and GNU's names for triples."""

from __future__ import annotations

import subprocess
import sys

import pytest
from lighthouse_build.target import Target, baseline_cpu, baseline_features, normalise_triple, same_platform

X86 = "x86_64-unknown-linux-gnu"


@pytest.mark.parametrize(
    ("triple", "cpu", "features", "bits"),
    [
        (X86, "x86-64", (), 128),
        (X86, "x86-64-v2", (), 128),
        (X86, "x86-64-v3", (), 256),
        (X86, "x86-64-v4", (), 512),
        (X86, "nehalem", (), 128),
        (X86, "haswell", (), 256),
        (X86, "skylake", (), 256),
        (X86, "skylake-avx512", (), 512),
        (X86, "icelake-server", (), 512),
        (X86, "alderlake", (), 256),
        (X86, "znver3", (), 256),
        (X86, "znver4", (), 512),
        (X86, "x86-64", ("+avx",), 256),
        (X86, "x86-64", ("+sse4.2",), 128),
        (X86, "x86-64-v3", ("+avx512f",), 512),
        (X86, "x86-64-v4", ("-avx512f",), 256),
        (X86, "x86-64-v4", ("-avx",), 128),
        (X86, "rocketlake", ("+avx2", "-avx512f"), 256),
        (X86, "x86-64-v3", ("+avx512f", "-avx512f"), 256),
        ("aarch64-unknown-linux-gnu", "generic", (), 128),
        ("aarch64-unknown-linux-gnu", "neoverse-v1", ("+sve",), 128),
        ("arm64-apple-macosx", "apple-m1", (), 128),
        ("riscv64-unknown-linux-gnu", "generic-rv64", ("+v",), 128),
        ("riscv64-unknown-linux-gnu", "generic-rv64", ("+v", "+zvl256b"), 256),
        ("loongarch64-unknown-linux-gnu", "la464", ("+lasx",), 256),
        ("powerpc64le-unknown-linux-gnu", "pwr9", (), 128),
    ],
)
def test_vector_bits(triple: str, cpu: str, features: tuple[str, ...], bits: int) -> None:
    assert Target(triple, cpu, features).vector_bits == bits


def test_is_a_value() -> None:
    target = Target(X86, "x86-64-v3", ("+avx512f",))
    assert (target.arch, target.os) == ("x86_64", "linux")
    assert Target("x86_64-apple-darwin23.1.0", "x86-64").os == "darwin"
    assert Target("riscv32", "generic-rv32").os == "none"
    assert str(target) == f"{X86} x86-64-v3 +avx512f"
    assert target == Target(X86, "x86-64-v3", ("+avx512f",))
    assert len({target, Target(X86, "x86-64-v3", ("+avx512f",))}) == 1
    with pytest.raises(AttributeError):
        target.cpu = "native"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("gnu", "llvm"),
    [
        ("x86_64-linux-gnu", "x86_64-unknown-linux-gnu"),
        ("aarch64-linux-gnu", "aarch64-unknown-linux-gnu"),
        ("riscv64-linux-gnu", "riscv64-unknown-linux-gnu"),
        ("arm-linux-gnueabihf", "arm-unknown-linux-gnueabihf"),
        ("x86_64-pc-linux-gnu", "x86_64-pc-linux-gnu"),
        ("x86_64-redhat-linux", "x86_64-redhat-linux"),
        ("x86_64-alpine-linux-musl", "x86_64-alpine-linux-musl"),
        ("x86_64-w64-mingw32", "x86_64-w64-windows-gnu"),
        ("arm64-apple-darwin23", "arm64-apple-darwin23"),
        ("arm64-linux-gnu", "aarch64-unknown-linux-gnu"),
        ("amd64-unknown-freebsd14.1", "x86_64-unknown-freebsd14.1"),
        ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-gnu"),
        ("riscv64-unknown-elf", "riscv64-unknown-elf"),
        ("wasm32-wasi", "wasm32-unknown-wasi"),
    ],
)
def test_normalise_triple(gnu: str, llvm: str) -> None:
    assert normalise_triple(gnu) == llvm
    assert normalise_triple(llvm) == llvm


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("x86_64-linux-gnu", "x86_64-pc-linux-gnu", True),
        ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl", False),
        ("x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", False),
        ("x86_64-apple-darwin23", "x86_64-unknown-darwin23", False),
    ],
)
def test_same_platform(one: str, other: str, same: bool) -> None:
    assert same_platform(one, other) is same


def test_baselines() -> None:
    assert baseline_cpu(X86) == "x86-64"
    assert baseline_cpu("aarch64-unknown-linux-gnu") == "generic"
    assert baseline_cpu("arm64-apple-macosx14") == "apple-m1"
    assert baseline_features(X86) == ()
    assert "+d" in baseline_features("riscv64-unknown-linux-gnu")


def test_needs_no_llvm() -> None:
    code = "import sys, lighthouse_build.target; sys.exit(any(m.startswith(('llvmlite', 'mlir')) for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}).returncode == 0
