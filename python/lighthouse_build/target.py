# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What code is generated for: triple, CPU, features. Plain data, which generators of schedules receive.

A generator with a parameter annotated `lighthouse_build.Target` chooses tile and vector sizes by it. Nothing here
loads LLVM; `emission.codegen.resolve_target` makes a `Target` from the command line and checks it against LLVM.
"""

from __future__ import annotations

from lighthouse_build.frozen import frozen

__all__ = ["Target", "baseline_cpu", "baseline_features", "normalise_triple", "same_platform"]


@frozen
class Target:
    """A machine to generate code for.

    Attributes:
        triple: LLVM's name of architecture, vendor and system, `x86_64-unknown-linux-gnu`.
        cpu: LLVM's name of the CPU, `x86-64-v3`; never `native`.
        features: LLVM's names of CPU features with their sign, `+avx2` or `-avx512f`, that change what the CPU has.
    """

    triple: str
    cpu: str
    features: tuple[str, ...] = ()

    @property
    def arch(self) -> str:
        """The architecture, first part of the triple: `x86_64`, `aarch64`, `riscv64`."""
        return self.triple.partition("-")[0]

    @property
    def os(self) -> str:
        """The operating system without a version, `linux`, `darwin`, `windows`; `none` where the triple has none."""
        parts = self.triple.split("-")
        return parts[2].rstrip("0123456789.") if len(parts) > 2 else "none"

    @property
    def vector_bits(self) -> int:
        """The width in bits of the widest vector registers of a fixed size; what a vectorised loop should fill.

        x86: 128 (SSE2), 256 (AVX), 512 (AVX-512F) by CPU, then by features. Everywhere else 128, the size of NEON, VSX,
        z/Vector, LSX and SIMD128 registers, with two exceptions: LoongArch's `+lasx` has 256, and a RISC-V feature
        `+zvl<N>b` promises N. SVE and RISC-V V registers have no fixed size; 128 is the least they have. A CPU without
        vector registers gets 128, too: LLVM splits such vectors into scalars.
        """
        return _vector_bits(self)

    def __str__(self) -> str:
        return " ".join((self.triple, self.cpu, *self.features))


# --- Vector width -----------------------------------------------------------------------------------------------------

# Compiled when they are used, which is seldom.
_X86 = r"x86_64|amd64|i[3-9]86|x86"

# x86 CPUs by their widest registers; those not named have SSE only. LLVM's `-mcpu=help` names them all.
_AVX512_CPUS = (
    r"x86-64-v4|znver[4-9]|knl|knm|mic_avx512|skylake[-_]avx512|skx|cascadelake|cooperlake|cannonlake"
    r"|icelake[-_].*|rocketlake|tigerlake|sapphirerapids|emeraldrapids|graniterapids.*|diamondrapids|novalake"
)
_AVX_CPUS = (
    r"x86-64-v3|znver[1-3]|bdver[1-4]|btver2|sandybridge|corei7-avx|ivybridge|core-avx-i|haswell|core-avx2|core_.*_avx.*"
    r"|broadwell|skylake|alderlake|raptorlake|meteorlake|arrowlake.*|lunarlake|pantherlake|wildcatlake|gracemont"
    r"|sierraforest|grandridge|clearwaterforest|core_[345]th_gen_avx.*"
)


def _vector_bits(target: Target) -> int:
    import re  # not for what only has a target

    # As LLVM applies them: the last word on a feature counts.
    features = {feature[1:]: feature[0] == "+" for feature in target.features}
    if re.fullmatch(_X86, target.arch):
        return _x86_vector_bits(target.cpu, features)
    if target.arch.startswith("loongarch") and features.get("lasx"):
        return 256
    if target.arch.startswith("riscv"):
        promised = [int(m[1]) for name, on in features.items() if on and (m := re.fullmatch(r"zvl(\d+)b", name))]
        return max(128, *promised) if promised else 128
    return 128


def _x86_vector_bits(cpu: str, features: dict[str, bool]) -> int:
    import re

    bits = 512 if re.fullmatch(_AVX512_CPUS, cpu) else 256 if re.fullmatch(_AVX_CPUS, cpu) else 128
    if any(on and name.startswith(("avx512", "avx10")) for name, on in features.items()):
        bits = 512
    elif bits < 256 and (features.get("avx") or features.get("avx2")):
        bits = 256
    # What is taken away takes along all that builds on it.
    if features.get("avx") is False:
        return 128
    if features.get("avx512f") is False or features.get("avx2") is False:
        return min(bits, 256)
    return bits


# --- Triples ----------------------------------------------------------------------------------------------------------

_ARCHES = {"amd64": "x86_64", "x64": "x86_64", "ppc64le": "powerpc64le", "ppc64": "powerpc64", "ppc": "powerpc"}
_SYSTEMS = (
    r"(linux|darwin|macosx?|ios|freebsd|netbsd|openbsd|dragonfly|solaris|haiku|hurd|fuchsia|windows|mingw32|cygwin"
    r"|wasi(p[12])?|emscripten|aix|none|elf|uefi)[0-9.]*"
)


def normalise_triple(triple: str) -> str:
    """`triple` as LLVM writes it: GNU's `x86_64-linux-gnu` has no vendor, LLVM's has `unknown`.

    Parts that are there stay as they are, except names of an architecture and of Windows that only GNU uses.
    """
    import re

    parts = triple.split("-")
    parts[0] = _ARCHES.get(parts[0], parts[0])
    if len(parts) > 1 and re.fullmatch(_SYSTEMS, parts[1]):
        parts.insert(1, "unknown")
    if parts[0] == "arm64" and not (len(parts) > 1 and parts[1] == "apple"):
        parts[0] = "aarch64"
    if len(parts) == 3 and parts[2] == "mingw32":
        parts[2:] = ["windows", "gnu"]
    return "-".join(parts)


def same_platform(one: str, other: str) -> bool:
    """Whether two triples name the same platform; the vendor (`pc`, `unknown`) makes no difference on Linux."""
    a, b = normalise_triple(one).split("-"), normalise_triple(other).split("-")
    if a[2:3] == b[2:3] == ["linux"]:
        a[1] = b[1] = ""
    return a == b


# --- Baselines --------------------------------------------------------------------------------------------------------

_BASELINE_CPUS = {
    "x86_64": "x86-64",
    "i386": "i386",
    "i486": "i486",
    "i586": "i586",
    "i686": "i686",
    "riscv64": "generic-rv64",
    "riscv32": "generic-rv32",
    "loongarch64": "loongarch64",
    "powerpc64le": "ppc64le",
    "powerpc64": "ppc64",
}

# The least that Linux distributions are built for: LLVM's generic CPUs know the integer instructions only.
_BASELINE_FEATURES = {
    "riscv64": ("+m", "+a", "+f", "+d", "+c"),
    "riscv32": ("+m", "+a", "+f", "+d", "+c"),
}


def baseline_cpu(triple: str) -> str:
    """The CPU whose code runs on every machine of the platform: what is generated for unless a CPU is asked for."""
    arch, _, rest = triple.partition("-")
    if arch == "arm64" and rest.startswith("apple-") and not rest.startswith("apple-ios"):
        return "apple-m1"
    return _BASELINE_CPUS.get(arch, "generic")


def baseline_features(triple: str) -> tuple[str, ...]:
    """Features that the baseline of the platform has and its baseline CPU does not name."""
    return _BASELINE_FEATURES.get(triple.partition("-")[0], ())
