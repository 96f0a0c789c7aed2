# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM IR as text without the code generator's LLVM, which takes a third of such a lowering to load.

The bindings' LLVM has verified what it prints; the other one reads the text, checks the target, and prints the same
module again. That is left out where nothing can come of it: the build of llvmlite is known, the target is one of those
below, and the text holds nothing but words, intrinsics and forms that LLVM 22 is known to read as they were meant.
Anything else goes through LLVM (`codegen.py`), and so does what needs more than text: code of the runtime to be linked
in, features of a CPU, a target that the payload names itself.
"""

from __future__ import annotations

from lighthouse_build.emission import llvm_library
from lighthouse_build.emission.llvm_code import DIGITS, NEW_LITERALS, is_as_before, tokens_of
from lighthouse_build.target import Target, baseline_cpu

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["for_reader", "known_target"]

# As `llvm_library` knows its LLVM: data layouts, and CPUs besides the baseline.
_LAYOUTS = {
    "x86_64-unknown-linux-gnu": (
        "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-i128:128-f80:128-n8:16:32:64-S128",
        ("x86-64-v2", "x86-64-v3", "x86-64-v4"),
    ),
    "aarch64-unknown-linux-gnu": (
        "e-m:e-p270:32:32-p271:32:32-p272:64:64-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-S128-Fn32",
        (),
    ),
}

_OF_GNU = ("x86_64-linux-gnu", "aarch64-linux-gnu")  # as compilers call them, and CMake hands over

_LONGEST = 1 << 24  # characters; the words take 20 ns each of them, LLVM three to five times as much

_KNOWN_STARTS = ("@", *DIGITS, *NEW_LITERALS)
_HEAD = "source_filename = "


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORDS = _words("""
    source_filename attributes define declare global constant
    internal external private weak linkonce_odr weak_odr hidden dso_local unnamed_addr local_unnamed_addr align
    void ptr half bfloat float double i1 i8 i16 i32 i64 i128 x c true false null undef poison zeroinitializer label to

    ret br switch unreachable call tail phi select freeze alloca load store getelementptr inbounds volatile
    add sub mul udiv sdiv urem srem shl lshr ashr and or xor nuw nsw exact disjoint nneg
    icmp eq ne ugt uge ult ule sgt sge slt sle
    fneg fadd fsub fmul fdiv frem fast nnan ninf nsz arcp contract afn reassoc
    fcmp oeq ogt oge olt ole one ord ueq une uno
    trunc zext sext fptrunc fpext fptoui fptosi uitofp sitofp ptrtoint inttoptr bitcast
    extractelement insertelement shufflevector extractvalue insertvalue

    noalias noundef nonnull readonly writeonly immarg signext zeroext
    nocallback nocreateundeforpoison nofree noinline norecurse nosync nounwind speculatable willreturn
    memory argmem none read write readwrite captures
""")
_INTRINSICS = _words("""
    abs bitreverse bswap ceil copysign cos ctlz ctpop cttz exp exp2 fabs floor fma fmuladd fshl fshr log log10 log2
    maximum maxnum memcpy memmove memset minimum minnum nearbyint pow rint round roundeven sin smax smin sqrt
    stackrestore stacksave trunc umax umin
""")
_REDUCTIONS = _words(
    "add and fadd fmax fmaximum fmin fminimum fmul mul or smax smin umax umin xor"
)  # llvm.vector.reduce.


def known_target(triple: str | None, cpu: str | None, features: Sequence[str]) -> Target | None:
    """What `codegen.resolve_target` returns for the same arguments, where that is known without LLVM."""
    build = llvm_library.known_build()
    if build is None or features:
        return None
    triple = triple.replace("-linux-gnu", "-unknown-linux-gnu") if triple in _OF_GNU else triple or build.host
    if triple not in _LAYOUTS or (cpu and cpu != baseline_cpu(triple) and cpu not in _LAYOUTS[triple][1]):
        return None
    return Target(triple, cpu or baseline_cpu(triple))


def for_reader(llvm_ir: str, target: Target) -> str | None:
    """LLVM IR text as LLVM 22 reads it, with the triple and the data layout of `target`.

    Args:
        llvm_ir: a module as the bindings translate it.
        target: what code is generated for.

    Returns:
        The text of the module that `codegen.generate` returns as `llvmir`, in another spelling; None where only LLVM
        can tell whether that is possible.
    """
    if target.triple not in _LAYOUTS or len(llvm_ir) > _LONGEST or llvm_library.known_build() is None:
        return None
    comment, source, rest = [*llvm_ir.split("\n", 2), "", ""][:3]
    if not source.startswith(_HEAD) or '"target-' in rest or "@memrefCopy" in rest:
        return None
    tokens = tokens_of(rest)
    if not all(map(_is_known, tokens)):
        return None
    if not is_as_before(tokens):
        from lighthouse_build.emission.llvm_ir import to_reader

        rest = to_reader(rest)
    layout = _LAYOUTS[target.triple][0]
    return f'{comment}\n{source}\ntarget datalayout = "{layout}"\ntarget triple = "{target.triple}"\n{rest}'


def _is_known(token: str) -> bool:
    """Whether LLVM 22 knows the `token`, once `to_reader` has rewritten it."""
    if token.startswith("@llvm."):
        name = token.split(".")
        return name[1] in _INTRINSICS or (name[1:3] == ["vector", "reduce"] and not _REDUCTIONS.isdisjoint(name[3:4]))
    return token in _WORDS or token.startswith(_KNOWN_STARTS)
