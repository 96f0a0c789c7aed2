# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an object still needs: its undefined symbols, and which of them a link will find.

An object that is handed on with a symbol nobody defines fails in the user's link, with a name that the user never
wrote. So each undefined symbol must be the payload's own declaration, part of the C library, its mathematics or the
compiler's runtime, or allowed by the user; anything else is an error that says what it is and what to do.
Pure Python: neither MLIR nor LLVM is loaded.
"""

from __future__ import annotations

import struct

from lighthouse_build.emission.c_library import COMPLEX, LIBC, LIBM
from lighthouse_build.errors import Diagnostic, LoweringError
from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = ["explain_undefined", "undefined_symbols"]


# --- Reading ELF ------------------------------------------------------------------------------------------------------

_SHT_SYMTAB = 2
_SHN_UNDEF = 0
_STB_GLOBAL = 1


@frozen
class _Layout:
    """Where the headers and symbols of one class of ELF have their fields, as `struct` formats and offsets in bytes."""

    section_table: str  # e_shoff
    section_table_at: int
    section_count_at: int  # e_shentsize, then e_shnum
    section: str  # sh_name to sh_entsize
    symbol: str
    info: int  # the index of st_info among the fields of a symbol
    place: int  # of st_shndx


_LAYOUTS = {
    1: _Layout("I", 32, 46, "IIIIIIIIII", "IIIBBH", info=3, place=5),
    2: _Layout("Q", 40, 58, "IIQQQQIIQQ", "IBBHQQ", info=1, place=3),
}


def undefined_symbols(obj: bytes) -> list[str] | None:
    """The names of the symbols that `obj`, a relocatable object, needs from elsewhere, sorted.

    Weak references are left out: a link succeeds without them. Only ELF is read; the result is None, not checked, for
    other formats (Mach-O, COFF, WebAssembly), whose linkers report what is missing.

    Raises:
        ValueError: `obj` is ELF, but damaged.
    """
    if obj[:4] != b"\x7fELF":
        return None
    try:
        return sorted(_elf_undefined(obj))
    except (struct.error, KeyError, IndexError, OverflowError, ValueError) as error:
        msg = f"damaged ELF object: {error}"
        raise ValueError(msg) from None


def _elf_undefined(obj: bytes) -> set[str]:
    layout = _LAYOUTS[obj[4]]
    order = "<" if obj[5] == 1 else ">"
    (table,) = struct.unpack_from(order + layout.section_table, obj, layout.section_table_at)
    entry_size, count = struct.unpack_from(order + "HH", obj, layout.section_count_at)

    def section(index: int) -> tuple[int, int, int, int, int]:
        """Type, offset, size, link and entry size."""
        fields = struct.unpack_from(order + layout.section, obj, table + index * entry_size)
        return fields[1], fields[4], fields[5], fields[6], fields[9]

    if count == 0:  # more than 65,279 sections: the number stands in the first of them
        count = section(0)[2]
    names = set()
    for index in range(count):
        kind, offset, size, link, symbol_size = section(index)
        if kind != _SHT_SYMTAB:
            continue
        strings = section(link)[1]
        # The first symbol is the null symbol.
        for place in range(offset + symbol_size, offset + size, symbol_size):
            fields = struct.unpack_from(order + layout.symbol, obj, place)
            if fields[layout.place] == _SHN_UNDEF and fields[layout.info] >> 4 == _STB_GLOBAL:
                start = strings + fields[0]
                names.add(obj[start : obj.index(b"\0", start)].decode("utf-8", "replace"))
    return names


# --- What a link will find --------------------------------------------------------------------------------------------


# The compiler's runtime, what libgcc and compiler-rt both have. Every compiler driver links one of them.
_INTEGER = r"(?:si|di|ti)"
_REAL = r"(?:sf|df|xf|tf)"
_COMPILER_RUNTIME = "|".join(
    (
        rf"__(?:ashl|ashr|lshr|mul|div|mod|udiv|umod){_INTEGER}3",
        rf"__(?:mulo){_INTEGER}4",
        rf"__(?:u?divmod){_INTEGER}4",
        rf"__(?:neg|clz|ctz|ffs|popcount|parity|bswap|cmp|ucmp|clrsb){_INTEGER}2",
        rf"__(?:add|sub|mul)v{_INTEGER}3",
        rf"__(?:add|sub|mul|div){_REAL}3",
        rf"__(?:neg|eq|ne|lt|le|gt|ge|unord){_REAL}2",
        rf"__powi{_REAL}2",
        r"__(?:mul|div)(?:sc|dc|xc|tc)3",
        rf"__fix(?:uns)?{_REAL}{_INTEGER}",
        rf"__float(?:un)?{_INTEGER}{_REAL}",
        r"__extend(?:sfdf|sfxf|sftf|dfxf|dftf|xftf)2",
        r"__trunc(?:dfsf|xfsf|tfsf|xfdf|tfdf|tfxf)2",
        # Atomics that a CPU has no instructions for: outlined by AArch64, else in libatomic.
        r"__aarch64_(?:cas|swp|ldadd|ldclr|ldeor|ldset)(?:1|2|4|8|16)_(?:relax|acq|rel|acq_rel)",
        # ARM's run-time ABI.
        r"__aeabi_\w+",
        # 16-bit floats under their older names, on 32-bit ARM and x86.
        r"__gnu_(?:h2f|f2h)_ieee",
    )
)

# What a linker or the C runtime defines, and what unwinding and stack protection refer to.
_PLATFORM = frozenset(
    """
    _GLOBAL_OFFSET_TABLE_ _DYNAMIC .TOC. __tls_get_addr ___tls_get_addr __stack_chk_fail __stack_chk_guard __dso_handle
    __gcc_personality_v0 __gxx_personality_v0 _Unwind_Resume __cxa_atexit __ehdr_start
    """.split()
)


# --- What to do about the others --------------------------------------------------------------------------------------


@frozen
class _Remedy:
    """What symbols whose names match the pattern are, and what to do about them."""

    pattern: str
    what: str
    fix: str


def _link_and_allow(library: str, pattern: str) -> str:
    return (
        f"link {library} and allow the names with --allow-undefined='{pattern}' "
        f"(in CMake: LINK_LIBRARIES, and ALLOW_UNDEFINED '{pattern}')"
    )


_REMEDIES = (
    _Remedy(
        r"__kmpc_\w+|omp_\w+",
        "a function of LLVM's OpenMP runtime, libomp (GCC's libgomp does not have it)",
        _link_and_allow("libomp", "__kmpc_*"),
    ),
    _Remedy(
        r"GOMP_\w+",
        "a function of GCC's OpenMP runtime",
        _link_and_allow("libgomp", "GOMP_*"),
    ),
    _Remedy(
        r"mlirAsyncRuntime\w+",
        "a function of MLIR's asynchronous runtime",
        _link_and_allow("mlir_async_runtime of an LLVM build", "mlirAsyncRuntime*"),
    ),
    _Remedy(
        r"mgpu\w+|cu[A-Z]\w+|hip[A-Z]\w+",
        "a function of MLIR's GPU runtime",
        _link_and_allow("mlir_cuda_runtime or mlir_rocm_runtime of an LLVM build", "mgpu*"),
    ),
    _Remedy(
        r"_mlir_memref_to_llvm_(?:alloc|aligned_alloc|free)",
        "an allocation function of the user's own, asked for by use-generic-functions",
        "define it in your program and allow the names with --allow-undefined='_mlir_memref_to_llvm_*' "
        "(in CMake: ALLOW_UNDEFINED), or lower without use-generic-functions to call malloc and free",
    ),
    _Remedy(
        (
            r"(?:_mlir_ciface_)?(?:print(?:Memref|I64|U64|F16|BF16|F32|F64|String|Open|Close|Comma|Newline)\w*"
            r"|nanoTime|rtclock|rts?rand|rtdrand)"
        ),
        "a function of MLIR's runner utilities",
        _link_and_allow("mlir_c_runner_utils or mlir_runner_utils of an LLVM build", "print*"),
    ),
    _Remedy(
        r"_mlir_ciface_\w+",
        "the C interface of a function that is declared with llvm.emit_c_interface and defined nowhere",
        "link the library that defines it and allow the name with --allow-undefined (in CMake: LINK_LIBRARIES, and "
        "ALLOW_UNDEFINED)",
    ),
    _Remedy(
        r"__svml_\w+|_ZGV\w+|__sv_\w+|amd_vr\w+|armpl_\w+",
        "a function of a vector mathematics library",
        _link_and_allow("that library", "<name>"),
    ),
    _Remedy(
        r"llvm\.[\w.]+",
        "an intrinsic that the code generator's LLVM does not know",
        "lower it to something older",
    ),
    _Remedy(
        r"__atomic_\w+",
        "an atomic operation of a size that the CPU has no instruction for",
        _link_and_allow("libatomic", "__atomic_*"),
    ),
    _Remedy(
        r"__(?:trunc|extend|fix|fixuns|float|floatun)\w*(?:hf|bf)\w*",
        "a conversion of a 16-bit float that the compilers' runtimes do not all have",
        "convert by way of f32, or link a runtime that has it and allow the name with --allow-undefined (in CMake: "
        "LINK_LIBRARIES, and ALLOW_UNDEFINED)",
    ),
)


def explain_undefined(symbols: Sequence[str], declared: Collection[str], allow: Sequence[str]) -> None:
    """Raise an error that names each of `symbols` that a link would miss.

    Args:
        symbols: undefined symbols of an object, as `undefined_symbols` gives them.
        declared: external functions and globals that the payload declares itself.
        allow: names that the user vouches for; `*`, `?` and `[…]` match as in file names.

    Raises:
        LoweringError: with one note a symbol: what it is, and the remedy.
    """
    missing = [name for name in symbols if not _is_found(name, declared, allow)]
    if not missing:
        return
    notes = [Diagnostic(_explain(name), severity="note") for name in missing]
    names = ", ".join(f"'{name}'" for name in missing[:3]) + (f" and {len(missing) - 3} more" if missing[3:] else "")
    plural = "symbols that nothing defines" if missing[1:] else "a symbol that nothing defines"
    msg = f"the lowered code needs {plural}: {names}; {_remedy(missing[0])}"
    raise LoweringError(msg, notes=notes)


def _is_found(name: str, declared: Collection[str], allow: Sequence[str]) -> bool:
    return (
        name in declared
        or name in LIBC
        or name in LIBM
        or name in COMPLEX
        or name in _PLATFORM
        or _is_of_compiler(name)
        or (bool(allow) and _is_allowed(name, allow))
    )


def _is_of_compiler(name: str) -> bool:
    if not name.startswith("__"):
        return False
    import re  # not for an object that needs nothing of the kind

    return re.fullmatch(_COMPILER_RUNTIME, name) is not None


def _is_allowed(name: str, allow: Sequence[str]) -> bool:
    import fnmatch

    return any(fnmatch.fnmatchcase(name, pattern) for pattern in allow)


def _known(name: str) -> _Remedy | None:
    import re

    return next((remedy for remedy in _REMEDIES if re.fullmatch(remedy.pattern, name)), None)


def _remedy(name: str) -> str:
    known = _known(name)
    return known.fix if known else "declare it in the payload, or link it and allow it with --allow-undefined"


def _explain(name: str) -> str:
    known = _known(name)
    return f"'{name}' is {known.what}" if known else f"'{name}' is not part of libc, libm or the compiler's runtime"
