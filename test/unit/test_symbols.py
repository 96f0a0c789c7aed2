# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Undefined symbols: reading them from objects of every shape of ELF, and what is said about each."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from lighthouse_build.emission.symbols import explain_undefined, undefined_symbols
from lighthouse_build.errors import LoweringError

binding = pytest.importorskip("llvmlite.binding")

MODULE = """
@table = global ptr @called
@here = global i32 1
@there = external global i32
@maybe = extern_weak global i32
declare void @called()
declare void @"odd name"()
declare void @unused()
define internal void @local() nounwind { ret void }
define i32 @defined() nounwind {
  call void @called()
  call void @"odd name"()
  call void @local()
  %1 = load i32, ptr @there
  %2 = icmp eq ptr @maybe, null
  %3 = zext i1 %2 to i32
  %4 = add i32 %1, %3
  ret i32 %4
}
"""


def emit(triple: str, text: str = MODULE) -> bytes:
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()
    machine = binding.Target.from_triple(triple).create_target_machine(reloc="static", codemodel="default")
    module = binding.parse_assembly(text, binding.create_context())
    module.triple = triple
    module.data_layout = str(machine.target_data)
    return bytes(machine.emit_object(module))


# 32 and 64 bits, both byte orders.
ELF = [
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "riscv64-unknown-linux-gnu",
    "i686-unknown-linux-gnu",
    "arm-unknown-linux-gnueabihf",
    "aarch64_be-unknown-linux-gnu",
    "powerpc-unknown-linux-gnu",
    "s390x-unknown-linux-gnu",
]


@pytest.mark.parametrize("triple", ELF)
def test_reads_elf(triple: str) -> None:
    assert undefined_symbols(emit(triple)) == ["called", "odd name", "there"]
    assert undefined_symbols(emit(triple, "@x = global i32 1")) == []


@pytest.mark.parametrize("triple", ["x86_64-apple-macosx", "x86_64-pc-windows-msvc", "wasm32-unknown-unknown"])
def test_other_formats_are_not_checked(triple: str) -> None:
    assert undefined_symbols(emit(triple)) is None


def test_more_sections_than_the_header_can_count() -> None:
    variables = "".join(f'@v{i} = global i8 1, section ".v{i}"\n' for i in range(66000))
    assert undefined_symbols(emit(ELF[0], MODULE + variables)) == ["called", "odd name", "there"]


def test_agrees_with_nm(tmp_path: Path) -> None:
    if not (gcc := shutil.which("gcc")) or not (nm := shutil.which("nm")):
        pytest.skip("needs gcc and nm")
    source = tmp_path / "t.c"
    source.write_text('#include <math.h>\n#include <stdio.h>\nvoid f(double x) { printf("%g", sin(x) + erf(x)); }\n')
    obj = tmp_path / "t.o"
    subprocess.run([gcc, "-O1", "-fPIC", "-c", source, "-o", obj], check=True)
    listed = subprocess.run([nm, "-u", obj], check=True, capture_output=True, text=True).stdout
    found = undefined_symbols(obj.read_bytes())
    assert found == sorted(line.split()[-1] for line in listed.splitlines())
    assert found is not None
    assert "sin" in found


@settings(deadline=None)
@given(st.integers(0, 4000), st.integers(0, 255))
@example(place=47, byte=128)  # a section table beyond any address
def test_damaged_objects_are_errors_not_crashes(place: int, byte: int) -> None:
    obj = emit(ELF[0])
    for damaged in (obj[: place % len(obj)], obj[: place % len(obj)] + bytes([byte]) + obj[place % len(obj) + 1 :]):
        # Either it can be read, or a ValueError says so; nothing else may come out.
        with contextlib.suppress(ValueError):
            result = undefined_symbols(damaged)
            assert result is None or all(isinstance(name, str) for name in result)


def test_truncated_object_is_an_error() -> None:
    with pytest.raises(ValueError, match="damaged ELF object"):
        undefined_symbols(emit(ELF[0])[:70])


# --- What is said -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    """
    malloc free aligned_alloc memcpy memmove memset abort puts printf
    sin sinf sinl expm1f roundevenf fmodl fminimum_numf sincosf ldexp powf tgamma cexpf
    __multi3 __udivti3 __umodti3 __addtf3 __floattisf __floatuntidf __fixunsdfti __extendsftf2 __trunctfsf2 __powisf2
    __muldc3 __divsc3 __letf2 __unordtf2 __popcountdi2 __mulodi4 __divmodti4 __lttf2 __aarch64_ldadd4_acq_rel
    __aeabi_idivmod _GLOBAL_OFFSET_TABLE_ __tls_get_addr __stack_chk_fail
    """.split(),
)
def test_found_by_any_link(name: str) -> None:
    explain_undefined([name], (), ())


@pytest.mark.parametrize(
    ("name", "pattern"),
    [
        (
            "__kmpc_fork_call",
            r"needs a symbol that nothing defines: '__kmpc_fork_call'; link libomp and allow the names "
            r"with --allow-undefined='__kmpc_\*' \(in CMake: LINK_LIBRARIES, and ALLOW_UNDEFINED '__kmpc_\*'\)",
        ),
        ("mlirAsyncRuntimeCreateToken", "mlir_async_runtime"),
        ("printMemrefF32", "mlir_c_runner_utils"),
        ("_mlir_ciface_printMemrefF32", "mlir_c_runner_utils"),
        ("_mlir_ciface_mine", "llvm.emit_c_interface|link the library that defines it"),
        ("_mlir_memref_to_llvm_alloc", "use-generic-functions"),
        ("mgpuLaunchKernel", "mlir_cuda_runtime"),
        ("__trunctfbf2", "convert by way of f32"),
        ("__atomic_load_16", "libatomic"),
        ("llvm.new.intrinsic.f32", "lower it to something older"),
        ("mystery", "declare it in the payload, or link it and allow it with --allow-undefined"),
        ("sinq", "declare it in the payload"),
        ("my_malloc", "declare it in the payload"),
        ("__multi3x", "declare it in the payload"),
        ("memrefCopy", "declare it in the payload"),
    ],
)
def test_missing(name: str, pattern: str) -> None:
    with pytest.raises(LoweringError, match=pattern) as caught:
        explain_undefined(["malloc", name], (), ())
    assert [note.message.startswith(f"'{name}' is ") for note in caught.value.diagnostic.notes] == [True]


@pytest.mark.parametrize(
    ("declared", "allow"),
    [(["a", "b2"], []), ([], ["a", "b?"]), (["a"], ["b*"]), ([], ["[ab]", "b[0-9]"]), ([], ["*"])],
)
def test_declared_and_allowed(declared: Sequence[str], allow: Sequence[str]) -> None:
    explain_undefined(["a", "b2"], declared, allow)
    with pytest.raises(LoweringError):
        explain_undefined(["a", "b2", "c3"], declared, [pattern for pattern in allow if pattern != "*"])


def test_several_are_all_named() -> None:
    with pytest.raises(LoweringError, match="'a1', 'a2', 'a3' and 2 more") as caught:
        explain_undefined(["a1", "a2", "a3", "a4", "a5"], (), ["A*"])
    assert [note.severity for note in caught.value.diagnostic.notes] == ["note"] * 5
    assert "'a5'" in caught.value.diagnostic.notes[4].message
