# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM IR to objects, for any target: the code generator, LLVM 22 by way of llvmlite.

LLVM IR text alone often needs none of it (`llvm_text.py`).

What can be known to go wrong is an error that says what the target or the runtime lacks. What cannot (LLVM's "Cannot
select", an assertion) ends the process; the supervisor that runs this module in a child reports it.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build import address_layout
from lighthouse_build.emission.constants import fill_in
from lighthouse_build.emission.llvm_code import code_of, is_as_before, tokens_of
from lighthouse_build.emission.symbols import explain_undefined, undefined_symbols
from lighthouse_build.errors import Diagnostic, InputError, LoweringError, UsageError, did_you_mean
from lighthouse_build.frozen import frozen
from lighthouse_build.scopes import contextmanager
from lighthouse_build.target import Target, baseline_cpu, baseline_features, normalise_triple, same_platform

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import IO, Any

    from lighthouse_build.emission.constants import Bytes

__all__ = ["KINDS", "generate", "llvm_version", "preload", "resolve_target"]

KINDS = frozenset({"llvmir", "bitcode", "assembly", "object"})

_OLDEST_LLVM = 22  # what `llvm_ir.to_reader` writes for
_SHORT = 1 << 17  # characters; of longer text the tokens take more time than rewriting does
_BODY = ".body("  # as `c_interface` calls what a C function calls


# --- LLVM -------------------------------------------------------------------------------------------------------------


_loaded: Any = None


def preload() -> None:
    """Load LLVM now, for processes that are forked later. Raises as `generate`."""
    _llvm()


def _llvm() -> Any:
    """LLVM, ready for use.

    Raises:
        InputError: it is not installed, or has an LLVM that is too old.
    """
    global _loaded
    if _loaded is None:
        _loaded = _load()
    return _loaded


def _load() -> Any:
    try:
        with address_layout.heaps_kept_free():
            from lighthouse_build.emission import llvm
    except ImportError as error:
        msg = (
            f"the code generator needs llvmlite 0.50 ({error}); install it with: "
            f"{sys.executable} -m pip install 'llvmlite==0.50.*'"
        )
        raise InputError(msg) from None
    _check_version(llvm.llvm_version_info)
    llvm.initialize()
    return llvm


def _check_version(version: tuple[int, ...]) -> None:
    if version[0] < _OLDEST_LLVM:
        found = ".".join(map(str, version))
        msg = (
            f"llvmlite has LLVM {found}, which cannot read what the bindings write; LLVM {_OLDEST_LLVM} or newer is "
            f"needed: {sys.executable} -m pip install 'llvmlite==0.50.*'"
        )
        raise InputError(msg)


def llvm_version() -> str:
    """The version of the code generator's LLVM, `22.1.0`."""
    return ".".join(map(str, _llvm().llvm_version_info))


@contextmanager
def _captured_stderr() -> Iterator[list[str]]:
    """Collects what is written to file descriptor 2: LLVM has no other way to say that it ignores a CPU or feature.

    The list is filled on leaving, one item a line.
    """
    lines: list[str] = []
    sys.stderr.flush()
    saved = os.dup(2)
    with _memory() as stream:
        os.dup2(stream.fileno(), 2)
        try:
            yield lines
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            stream.seek(0)
            lines += stream.read().decode("utf-8", "replace").splitlines()


def _memory() -> IO[bytes]:
    """A file without a name."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("lh-opt-llvm"), "w+b")
    import tempfile

    return tempfile.TemporaryFile()


# --- Targets ----------------------------------------------------------------------------------------------------------

# x86 CPUs before 64 bits. LLVM knows them for x86_64, and ends the process when code is generated.
_X86_32_BIT_STARTS = tuple("i3 i4 i5 i6 pentium prescott yonah lakemont k6 athlon geode winchip c3".split())
_X86_32_BIT_CPUS = r"i[3-6]86|pentium(?!.*64).*|prescott|yonah|lakemont|k6.*|athlon(?!64|-fx).*|geode|winchip.*|c3.*"


def resolve_target(triple: str | None, cpu: str | None, features: Sequence[str]) -> Target:
    """The target for what the user asked for, checked against LLVM.

    Args:
        triple: LLVM's or GNU's name of the platform (`gcc -dumpmachine`); None for the platform this runs on.
        cpu: LLVM's name of a CPU; None for the platform's baseline, whatever this runs on; `native` for the CPU this
            runs on, with its features spelled out, because a virtual machine may hide some that the name implies.
        features: `+name` or `-name`; an item may hold several, separated by commas. Later ones win.

    Raises:
        UsageError: something is not known to LLVM, or `native` is asked for another architecture.
    """
    llvm = _llvm()
    host = normalise_triple(llvm.get_process_triple())
    triple = normalise_triple(triple) if triple else host
    _check_triple(triple)
    wanted = [word for item in features for word in item.replace(" ", "").split(",") if word]
    for word in wanted:
        if not _is_feature(word):
            msg = f"'{word}' is not a CPU feature with its sign; write '+{word.lstrip('+-')}' or '-{word.lstrip('+-')}'"
            raise UsageError(msg)

    known: list[str] = []
    if cpu == "native":
        if triple.partition("-")[0] != host.partition("-")[0]:
            msg = f"CPU 'native' is that of {host}, but the target is {triple}; name its CPU"
            raise UsageError(msg)
        cpu = llvm.get_host_cpu_name()
        # Those that are off are named too: the CPU's name may imply them.
        known = llvm.get_host_cpu_features()
    elif not cpu or cpu == baseline_cpu(triple):
        cpu = baseline_cpu(triple)
        known = list(baseline_features(triple))
    # One word for each feature, in order of the last: equal targets are equal tuples.
    chosen = tuple({word[1:]: word for word in (*known, *wanted)}.values())
    target = Target(triple, cpu, tuple(word for word in chosen if word[1:]))
    _check_cpu(target)
    return target


def _is_feature(word: str) -> bool:
    """Whether `word` is a name with a sign."""
    name = word[1:].replace("_", "").replace(".", "").replace("-", "")
    return word.startswith(("+", "-")) and (name.isalnum() or (not name and len(word) > 1))


def _check_triple(triple: str) -> None:
    try:
        _llvm().Target(triple)
    except RuntimeError:
        hint = did_you_mean(triple.partition("-")[0], _ARCHITECTURES)
        msg = f"unknown target triple '{triple}': LLVM has no code generator for '{triple.partition('-')[0]}'{hint}"
        raise UsageError(msg) from None


# For did-you-mean; what is possible is for LLVM to say.
_ARCHITECTURES = (
    "x86_64",
    "i686",
    "aarch64",
    "arm",
    "riscv64",
    "riscv32",
    "loongarch64",
    "powerpc64le",
    "s390x",
    "wasm32",
)


def _check_cpu(target: Target) -> None:
    """Raise a UsageError for a CPU or feature that LLVM would ignore with a warning."""
    if target.arch == "x86_64" and target.cpu.startswith(_X86_32_BIT_STARTS):
        import re

        if re.fullmatch(_X86_32_BIT_CPUS, target.cpu):
            msg = f"CPU '{target.cpu}' has no 64-bit instructions, which {target.triple} needs"
            raise UsageError(msg)
    with _captured_stderr() as lines:
        _target_machine(target)
    for line in lines:
        import re

        match = re.match(r"'([^']*)' is not a recognized (processor|feature)", line)
        if not match:
            continue
        name = match[1].lstrip("+-")
        cpus, features = _names_known(target.triple)
        if match[2] == "processor":
            msg = f"unknown CPU '{name}' for {target.triple}{did_you_mean(name, cpus)}"
        else:
            msg = f"unknown CPU feature '{name}' for {target.triple}{did_you_mean(name, features)}"
        raise UsageError(msg)
    if lines:
        msg = f"LLVM refuses CPU '{target.cpu}' for {target.triple}: {lines[0]}"
        raise UsageError(msg)


def _names_known(triple: str) -> tuple[list[str], list[str]]:
    """CPUs and features of the triple's architecture, for did-you-mean.

    From the help text, which LLVM prints once in a process: both lists may be empty.
    """
    import re

    with _captured_stderr() as lines:
        _target_machine(Target(triple, "help"))
    names: tuple[list[str], list[str]] = ([], [])
    heading = 0
    for line in lines:
        if line.startswith("Available features"):
            heading = 1
        elif match := re.match(r"  (\S+) +- ", line):
            names[heading].append(match[1])
    return names


def _target_machine(target: Target, optimize: int = 0, abi: str = "") -> Any:
    return _llvm().Target(target.triple).create_target_machine(target.cpu, ",".join(target.features), optimize, abi)


def _abi(target: Target) -> str:
    """The calling convention where the triple does not decide it: floats in registers, if the CPU has such."""
    if target.arch not in ("riscv32", "riscv64"):
        return ""
    integers = "lp64" if target.arch == "riscv64" else "ilp32"
    has = _features_present(target, ("d", "f"))
    return integers + ("d" if has["d"] else "f" if has["f"] else "")


def _features_present(target: Target, names: Sequence[str]) -> dict[str, bool]:
    """Which of the CPU features the target has, by its CPU, its features or what these imply.

    LLVM does not tell. But its inliner refuses to inline a function that needs more features than its caller has; so
    one pair of functions for each feature is optimised, and those that are inlined tell.
    """
    llvm = _llvm()
    machine = _target_machine(target)
    base = ",".join(target.features)
    functions = [
        f'define internal i32 @needs{i}(i32 %x) "target-features"="{",".join(filter(None, (base, "+" + name)))}" {{\n'
        f"  %y = mul i32 %x, 3\n  ret i32 %y\n}}\n"
        f'define i32 @has{i}(i32 %x) "target-features"="{base}" {{\n'
        f"  %y = call i32 @needs{i}(i32 %x)\n  ret i32 %y\n}}\n"
        for i, name in enumerate(names)
    ]
    module = llvm.parse_assembly("".join(functions), llvm.create_context())
    module.triple = target.triple
    module.data_layout = machine.target_data
    with _captured_stderr():  # a feature that the architecture does not know is none that the target has
        _optimise(module, machine, 2)
    left = {function.name for function in module.functions}
    return {name: f"needs{i}" not in left for i, name in enumerate(names)}


# --- Code -------------------------------------------------------------------------------------------------------------


def generate(
    llvm_ir: str,
    target: Target,
    *,
    optimize: int,
    kinds: Collection[str],
    declared: Collection[str],
    allow_undefined: Sequence[str] = (),
    constants: Mapping[str, Bytes] | None = None,
) -> dict[str, bytes | bytearray]:
    """Generate code from LLVM IR.

    Args:
        llvm_ir: a module as the bindings translate it: the text of a newer LLVM.
        target: what to generate for, from `resolve_target`.
        optimize: 0 to 3, as for a C compiler; from 2 on loops and straight-line code are vectorised.
        kinds: what to return, of `KINDS`.
        declared: functions and globals that the payload declares to be defined elsewhere.
        allow_undefined: further symbols that may stay undefined; `*` matches any characters.
        constants: what was taken out of the module, from `constants.take_out`.

    Returns:
        Bytes for each of `kinds`, equal for equal arguments.

        `llvmir` and `bitcode` are what goes into the optimiser: the payload with the target's triple and data layout
        and with `memrefCopy` if it calls it, verified; nothing is optimised yet, so that another compiler can, and
        conversions of 16-bit floats are still instructions. They are LLVM 22's; from `llvmir` `constants` are left out,
        for `constants.pieces`. `assembly` and `object` are optimised and position-independent, and have as weak hidden
        functions what they call of the runtime in `runtime/`.

    Raises:
        LoweringError: LLVM refuses the module, or it uses what the target lacks, or the code would need a symbol that
            nothing defines.
    """
    if unknown := set(kinds) - KINDS:
        msg = f"unknown kinds {sorted(unknown)}"
        raise ValueError(msg)
    contents = constants or {}
    text = _to_reader(llvm_ir)
    machine = _target_machine(target, optimize, _abi(target))
    outputs: dict[str, bytes | bytearray] = {}
    if "llvmir" in kinds:
        # This LLVM would read and print them again a character at a time.
        outputs["llvmir"] = str(_module(text, {}, target, machine)).encode()
    if not {"bitcode", "assembly", "object"} & set(kinds):
        return outputs
    if "bitcode" in kinds:
        outputs["bitcode"] = _module(text, contents, target, machine).as_bitcode()
    if {"assembly", "object"} & set(kinds):
        module = _module(_with_bodies_inlined(text) if optimize else text, contents, target, machine)
        _optimise(module, machine, optimize)
        obj = _emit_object(module, machine)
        undefined = undefined_symbols(obj)
        if undefined is not None:
            explain_undefined(undefined, declared, allow_undefined)
        if "object" in kinds:
            outputs["object"] = obj
        if "assembly" in kinds:
            outputs["assembly"] = _for_assemblers(_guarded(lambda: machine.emit_assembly(module))).encode()
    return outputs


def _to_reader(llvm_ir: str) -> str:
    """`llvm_ir` in the form that LLVM 22 parses."""
    if len(llvm_ir) <= _SHORT and is_as_before(tokens_of(llvm_ir)):
        return llvm_ir
    from lighthouse_build.emission.llvm_ir import to_reader

    return to_reader(llvm_ir)


def _with_bodies_inlined(text: str) -> str:
    """`text` in which the body of a C function, `@f.body`, is inlined first if it is called once.

    LLVM inlines it into the function in any case, but else optimises it by itself before and with that once more.
    """
    calls: dict[str, int] = {}
    ends: dict[str, int] = {}  # of the definitions: where ` {` stands
    position = text.find(_BODY)
    while position >= 0:
        name = text[text.rfind("@", 0, position) : position]
        end = text.find("\n", position)
        if not text.startswith("define ", text.rfind("\n", 0, position) + 1):
            calls[name] = calls.get(name, 0) + 1
        elif text.startswith("define internal ", text.rfind("\n", 0, position) + 1) and text.endswith(") {", 0, end):
            ends[name] = end - 2  # without attributes, which might forbid it
        position = text.find(_BODY, position + 1)
    pieces, position = [], 0
    for name, end in ends.items():
        if calls.get(name) == 1:
            pieces += [text[position:end], " alwaysinline"]
            position = end
    return "".join([*pieces, text[position:]])


def _module(text: str, constants: Mapping[str, Bytes], target: Target, machine: Any) -> Any:
    """The module of `text` with the constants filled in, for the target, checked and verified."""
    module = _parse(fill_in(text.encode(), constants), _llvm().create_context())
    _set_target(module, target, machine.target_data)
    _check_requirements(text, module, target)
    _link_runtime(module, [f.name for f in module.functions if f.is_declaration and f.name == "memrefCopy"])
    _verify(module)
    return module


def _parse(text: bytes | bytearray, context: Any) -> Any:
    try:
        return _llvm().parse_assembly(text, context)
    except RuntimeError as error:
        import re

        # "LLVM IR parsing error\n<string>:4:36: error: what\n<line>\n<caret>"
        match = re.search(r"<string>:(\d+):(\d+): error: (.*)", str(error))
        what = match[3] if match else str(error)
        notes = []
        if match:
            line = text.split(b"\n")[int(match[1]) - 1].decode(errors="replace")
            column = int(match[2])
            notes = [Diagnostic(f"LLVM IR: {line[max(0, column - 60) : column + 60].strip()}", severity="note")]
        msg = f"LLVM {llvm_version()} cannot read the LLVM IR of the payload: {what}"
        raise LoweringError(msg, notes=notes) from None


def _verify(module: Any) -> None:
    try:
        module.verify()
    except RuntimeError as error:
        msg = f"LLVM {llvm_version()} finds the LLVM IR of the payload invalid: {str(error).strip()}"
        raise LoweringError(msg) from None


def _guarded(call: Any) -> Any:
    """What `call` returns; LLVM's complaint as an error."""
    try:
        return call()
    except RuntimeError as error:
        msg = f"LLVM cannot generate code: {str(error).strip()}"
        raise LoweringError(msg) from None


def _set_target(module: Any, target: Target, layout: str) -> None:
    """Set triple and data layout; an error if the payload has others of its own."""
    own = module.triple
    if own and not same_platform(own, target.triple):
        msg = (
            f"the payload has the target triple '{own}' (llvm.target_triple), but the target is '{target.triple}'; "
            f"remove the attribute, or ask for --target-triple={own}"
        )
        raise LoweringError(msg)
    if module.data_layout and module.data_layout != layout:
        msg = (
            f"the payload has the data layout '{module.data_layout}' (llvm.data_layout or dlti.dl_spec), but that of "
            f"{target.triple} is '{layout}'; remove the attribute, or ask for the target that it belongs to"
        )
        raise LoweringError(msg)
    module.triple = target.triple
    module.data_layout = layout


def _optimise(module: Any, machine: Any, level: int) -> None:
    _llvm().optimise(module, machine, level)


def _emit_object(module: Any, machine: Any) -> bytes:
    """The object of the optimised module, with the runtime functions it calls linked into both.

    Only instruction selection decides which conversions become calls: so the object is made, looked at, and made again
    when it lacks some. Of a format that is not read (`undefined_symbols`) the platform is trusted to have them.
    """
    while True:
        # Instruction selection changes the module it works on.
        obj: bytes = _guarded(lambda: machine.emit_object(module.clone()))
        undefined = undefined_symbols(obj)
        available = _runtime_names() if undefined else ()
        lacking = [name for name in undefined or () if name in available]
        if not _link_runtime(module, lacking):
            return obj


# The parts of RISC-V's a, c and m have had names of their own since 2023, which binutils before 2.43 refuse.
_RISCV_ATTRIBUTE = r'(?m)^\t\.attribute\t5, "(rv\d+i[^"]*)"'
_RISCV_IMPLIED = {"a": ("zaamo", "zalrsc"), "c": ("zca", "zcd", "zcf"), "m": ("zmmul",)}


def _for_assemblers(assembly: str) -> str:
    """`assembly` without the names of RISC-V extensions that others in the list imply."""
    import re

    def shorten(match: re.Match[str]) -> str:
        words = match[1].split("_")
        names = [re.sub(r"\d+p\d+$", "", word) for word in words]
        implied = {part for name in names for part in _RISCV_IMPLIED.get(name, ())}
        kept = [word for word, name in zip(words, names, strict=True) if name not in implied]
        return match[0].replace(match[1], "_".join(kept))

    return re.sub(_RISCV_ATTRIBUTE, shorten, assembly)


# --- Runtime ----------------------------------------------------------------------------------------------------------


_RUNTIME = os.path.join(os.path.dirname(os.path.abspath(__file__)), "runtime")


def _runtime_names() -> frozenset[str]:
    """The functions in `runtime/`, one a file of its name."""
    return frozenset(name[:-3] for name in os.listdir(_RUNTIME) if name.endswith(".ll"))


def _link_runtime(module: Any, names: Sequence[str]) -> bool:
    """Link the runtime functions `names` into the module, each unless it has one; whether there was any."""
    linked = False
    for name in names:
        if any(f.name == name and not f.is_declaration for f in module.functions):
            continue
        with open(os.path.join(_RUNTIME, f"{name}.ll"), encoding="utf-8") as stream:
            part = _llvm().parse_assembly(stream.read(), module.context)
        part.triple = module.triple
        part.data_layout = module.data_layout
        module.link_in(part)
        linked = True
    return linked


# --- What the payload asks of the target ------------------------------------------------------------------------------

# Whose intrinsics have which prefix: `llvm.x86.avx512.…`.
_INTRINSIC_ARCHITECTURES = {
    "aarch64": ("AArch64", r"aarch64.*|arm64.*"),
    "amdgcn": ("AMD GPUs", r"amdgcn"),
    "amdgpu": ("AMD GPUs", r"amdgcn"),
    "arm": ("32-bit ARM", r"(?:arm|thumb)(?!64).*"),
    "hexagon": ("Hexagon", r"hexagon"),
    "loongarch": ("LoongArch", r"loongarch.*"),
    "nvvm": ("NVIDIA GPUs", r"nvptx.*"),
    "ppc": ("PowerPC", r"powerpc.*"),
    "r600": ("AMD GPUs", r"r600"),
    "riscv": ("RISC-V", r"riscv.*"),
    "s390": ("z/Architecture", r"s390x?"),
    "spv": ("SPIR-V", r"spirv.*"),
    "wasm": ("WebAssembly", r"wasm.*"),
    "x86": ("x86", r"x86.*|i[3-9]86"),
}


@frozen
class _Need:
    """Intrinsics whose names match need one of the features."""

    pattern: str  # compiled when it is used
    features: tuple[str, ...]


def _need(pattern: str, *features: str) -> _Need:
    return _Need(pattern, features)


# The first that matches the start counts, so the special ones go first. An intrinsic that is missing here is left to
# LLVM, which ends the process with "Cannot select".
_NEEDS = (
    _need(r"llvm\.x86\.avx512bf16\.", "avx512bf16"),
    _need(r"llvm\.x86\.avx512fp16\.", "avx512fp16"),
    _need(r"llvm\.x86\.avx512\.vp2intersect\.", "avx512vp2intersect"),
    _need(r"llvm\.x86\.avx512\.(?:mask\.)?vpdp", "avx512vnni"),
    _need(r"llvm\.x86\.avx512\.conflict\.", "avx512cd"),
    _need(r"llvm\.x86\.avx512\.vpermi2var\.qi|llvm\.x86\.avx512\.(?:permvar\.qi|pmultishift)", "avx512vbmi"),
    _need(r"llvm\.x86\.avx512\.(?:psad|pmul|pack|pmadd|dbpsadbw|permvar\.hi|psllv\.w|psrav\.w|psrlv\.w)", "avx512bw"),
    _need(r"llvm\.x86\.avx512\.", "avx512f"),
    _need(r"llvm\.x86\.avx10\.", "avx10.2"),
    _need(r"llvm\.x86\.avx2\.vpdpb", "avxvnniint8", "avx10.2"),
    _need(r"llvm\.x86\.avx2\.vpdpw", "avxvnniint16", "avx10.2"),
    _need(r"llvm\.x86\.avx2\.", "avx2"),
    _need(r"llvm\.x86\.avx\.", "avx"),
    _need(r"llvm\.x86\.(?:vbcstne|vcvtne[eo]|vcvtneps2bf16)", "avxneconvert", "avx512bf16"),
    _need(r"llvm\.x86\.vcvtps2ph", "f16c"),
    _need(r"llvm\.x86\.tdpbf16ps", "amx-bf16"),
    _need(r"llvm\.x86\.tdpfp16ps", "amx-fp16"),
    _need(r"llvm\.x86\.tdpb[su][su]d", "amx-int8"),
    _need(r"llvm\.x86\.(?:tile|ldtilecfg|sttilecfg)", "amx-tile"),
    _need(r"llvm\.x86\.aesni\.", "aes"),
    _need(r"llvm\.x86\.pclmulqdq", "pclmul"),
    _need(r"llvm\.x86\.sse42\.", "sse4.2"),
    _need(r"llvm\.x86\.sse41\.", "sse4.1"),
    _need(r"llvm\.x86\.ssse3\.", "ssse3"),
    _need(r"llvm\.x86\.sse3\.", "sse3"),
    _need(r"llvm\.x86\.sse4a\.", "sse4a"),
    _need(r"llvm\.aarch64\.sme\.", "sme"),
    _need(r"llvm\.aarch64\.sve\.(?:bf\w+)", "bf16"),
    _need(r"llvm\.aarch64\.sve\.[su]{1,2}mmla", "i8mm"),
    _need(r"llvm\.aarch64\.sve\.", "sve", "sme"),
    _need(r"llvm\.aarch64\.neon\.[su]dot", "dotprod"),
    _need(r"llvm\.aarch64\.neon\.(?:us|su)dot|llvm\.aarch64\.neon\.[su]{1,2}mmla", "i8mm"),
    _need(r"llvm\.aarch64\.neon\.bf", "bf16"),
    _need(r"llvm\.aarch64\.crypto\.", "aes", "sha2", "crypto"),
    _need(r"llvm\.riscv\.v", "v", "zve32x", "zve64x"),
)

# What makes vectors of a size that only the machine knows.
_SCALABLE = {
    r"aarch64|arm64": ("sve", "sme"),
    r"riscv.*": ("v", "zve32x", "zve64x"),
}


def _check_requirements(text: str, module: Any, target: Target) -> None:
    """Raise a LoweringError for what the payload uses and the target lacks, as far as it is known beforehand."""
    for function in module.functions:
        if function.is_declaration and function.name.startswith("llvm."):
            _check_intrinsic(function.name, target)
    if "vscale" in text:
        code = code_of(text)
        if "<vscale x " in code or "@llvm.vscale." in code:
            _check_scalable(target)
    if '"target-cpu"=' in text or '"target-features"=' in text:
        _check_function_attributes(text, target)


def _check_intrinsic(name: str, target: Target) -> None:
    family = _INTRINSIC_ARCHITECTURES.get(name.split(".")[1])
    if not family:
        return
    import re

    if not re.fullmatch(family[1], target.arch):
        msg = (
            f"the payload uses '{name}', an instruction of {family[0]}, but the target is {target.triple}; "
            "lower it without stages for that architecture, or choose another --target-triple"
        )
        raise LoweringError(msg)
    need = next((need for need in _NEEDS if re.match(need.pattern, name)), None)
    if need and not any(_features_present(target, need.features).values()):
        raise LoweringError(_lacks(f"'{name}'", need.features, target))


def _check_scalable(target: Target) -> None:
    import re

    features = next((names for arch, names in _SCALABLE.items() if re.fullmatch(arch, target.arch)), None)
    if features is None:
        msg = (
            f"the payload uses scalable vectors (vector<[4]xf32>), which {target.arch} does not have; they need "
            "AArch64 with SVE or RISC-V with V"
        )
        raise LoweringError(msg)
    if not any(_features_present(target, features).values()):
        raise LoweringError(_lacks("scalable vectors (vector<[4]xf32>)", features, target))


def _lacks(what: str, features: Sequence[str], target: Target) -> str:
    return (
        f"the payload uses {what}, for which CPU '{target.cpu}' of {target.triple} lacks the feature "
        f"'{features[0]}'; choose a --cpu that has it, or add --features=+{features[0]}"
    )


def _check_function_attributes(text: str, target: Target) -> None:
    """Raise a LoweringError for a CPU or feature that the payload asks for itself and the target does not know."""
    import re

    asked = set(re.findall(r'^attributes #\d+ = .*?"target-cpu"="([^"]*)"', text, re.MULTILINE))
    features = set(re.findall(r'^attributes #\d+ = .*?"target-features"="([^"]*)"', text, re.MULTILINE))
    try:
        for cpu in sorted(asked):
            _check_cpu(Target(target.triple, cpu, ()))
        for words in sorted(features):
            _check_cpu(Target(target.triple, target.cpu, tuple(word for word in words.split(",") if word)))
    except UsageError as error:
        msg = f"a function of the payload asks for another machine (target-cpu, target-features): {error.message}"
        raise LoweringError(msg) from None
