# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM IR that is written without the code generator's LLVM: it is the module that this LLVM would have written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lighthouse_build.target import Target

pytest.importorskip("llvmlite.binding")

from lighthouse_build.emission import codegen, llvm, llvm_library, llvm_text
from lighthouse_build.emission.llvm_code import tokens_of
from llvmlite import binding

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"
X86 = "x86_64-unknown-linux-gnu"
LOWER = (
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},"
    "convert-linalg-to-loops,expand-strided-metadata,lower-affine,convert-scf-to-cf,convert-math-to-llvm,"
    "convert-vector-to-llvm,convert-to-llvm,reconcile-unrealized-casts"
)

pytestmark = pytest.mark.skipif(llvm_library.known_build() is None, reason="this build of llvmlite is not known")

# Every word that is let through, in a form that the bindings' LLVM prints.
WORDS = """
source_filename = "LLVMDialectModule"

@a = internal unnamed_addr constant [2 x i8] c"a;", align 1
@b = private local_unnamed_addr global i128 poison
@c = weak hidden global { float, i1 } zeroinitializer
@d = external global ptr
@e = linkonce_odr constant half f0x3C01
@f = weak_odr dso_local global bfloat f0x3F81

declare noalias noundef nonnull ptr @g(ptr readonly captures(none), ptr writeonly, i8 signext, i16 zeroext, i1)

define float @h(float %x, double %y, i32 %i, i64 %n, ptr %p, <4 x float> %v) #0 {
  %1 = fneg fast float %x
  %2 = fadd nnan ninf nsz arcp contract afn reassoc float %1, 1.100000e+00
  %3 = fsub float %2, +inf
  %4 = fmul float %3, 5.000000e-01
  %5 = fdiv float %4, -2.000000e+00
  %6 = frem float %5, +qnan
  %7 = fptrunc double %y to float
  %8 = fpext float %7 to double
  %9 = fptoui float %6 to i32
  %10 = fptosi double %8 to i64
  %11 = uitofp i32 %9 to float
  %12 = sitofp i64 %10 to double
  %13 = add nuw nsw i32 %i, 1
  %14 = sub i32 %13, 2
  %15 = mul i32 %14, -3
  %16 = udiv exact i32 %15, 4
  %17 = sdiv i32 %16, 5
  %18 = urem i32 %17, 6
  %19 = srem i32 %18, 7
  %20 = shl i32 %19, 1
  %21 = lshr i32 %20, 2
  %22 = ashr i32 %21, 3
  %23 = and i32 %22, 8
  %24 = or disjoint i32 %23, 1
  %25 = xor i32 %24, -1
  %26 = trunc i64 %n to i32
  %27 = zext nneg i32 %26 to i64
  %28 = sext i32 %25 to i64
  %29 = ptrtoint ptr %p to i64
  %30 = inttoptr i64 %29 to ptr
  %31 = bitcast float %11 to i32
  %32 = freeze i32 %31
  %33 = extractelement <4 x float> %v, i64 0
  %34 = insertelement <4 x float> undef, float %33, i32 1
  %35 = shufflevector <4 x float> %34, <4 x float> %v, <4 x i32> <i32 0, i32 1, i32 4, i32 poison>
  %36 = insertvalue { ptr, i64 } poison, ptr %30, 0
  %37 = extractvalue { ptr, i64 } %36, 0
  %38 = alloca i64, i64 1, align 8
  store volatile i64 %28, ptr %38, align 8
  %39 = load i64, ptr %38, align 8
  %40 = getelementptr inbounds nuw float, ptr %37, i64 %39
  %41 = tail call ptr @g(ptr %40, ptr null, i8 1, i16 2, i1 true)
  %42 = call float @llvm.vector.reduce.fadd.v4f32(float 0.000000e+00, <4 x float> %35)
  %43 = icmp eq i32 %32, 0
  %44 = icmp ne i32 %32, 0
  %45 = icmp ugt i32 %32, 0
  %46 = icmp uge i32 %32, 0
  %47 = icmp ult i32 %32, 0
  %48 = icmp ule i32 %32, 0
  %49 = icmp sgt i32 %32, 0
  %50 = icmp sge i32 %32, 0
  %51 = icmp slt i32 %32, 0
  %52 = icmp sle i32 %32, 0
  %53 = fcmp oeq float %42, 0.000000e+00
  %54 = fcmp ogt float %42, 0.000000e+00
  %55 = fcmp oge float %42, 0.000000e+00
  %56 = fcmp olt float %42, 0.000000e+00
  %57 = fcmp ole float %42, 0.000000e+00
  %58 = fcmp one float %42, 0.000000e+00
  %59 = fcmp ord float %42, 0.000000e+00
  %60 = fcmp ueq float %42, 0.000000e+00
  %61 = fcmp une float %42, 0.000000e+00
  %62 = fcmp uno float %42, 0.000000e+00
  %63 = select i1 %43, i1 %53, i1 false
  br i1 %63, label %64, label %66

64:                                               ; preds = %0
  switch i32 %32, label %65 [
    i32 0, label %66
  ]

65:                                               ; preds = %64
  unreachable

66:                                               ; preds = %64, %0
  %67 = phi float [ %42, %0 ], [ 1.300000e+00, %64 ]
  ret float %67
}

define void @i() memory(read) {
  ret void
}

declare i32 @llvm.ctlz.i32(i32, i1 immarg) #1

; Function Attrs: nocallback nofree nosync nounwind willreturn memory(none)
declare float @llvm.vector.reduce.fadd.v4f32(float, <4 x float>) #1

attributes #0 = { noinline norecurse memory(write, argmem: readwrite) }
attributes #1 = { nocallback nocreateundeforpoison nofree nosync nounwind speculatable willreturn memory(none) }

!llvm.module.flags = !{!0}

!0 = !{i32 2, !"Debug Info Version", i32 3}
"""


def printed(text: str) -> str:
    """The module of `text` as the code generator's LLVM prints it."""
    return str(codegen._parse(text.encode(), llvm.create_context()))


def module(body: str) -> str:
    return f"; ModuleID = 'LLVMDialectModule'\nsource_filename = \"LLVMDialectModule\"\n\n{body}\n"


def written(text: str) -> str | None:
    return llvm_text.for_reader(text, Target(X86, "x86-64"))


def generated(text: str) -> str:
    made = codegen.generate(text, Target(X86, "x86-64"), optimize=2, kinds=["llvmir"], declared=())
    return made["llvmir"].decode()


def test_every_word_is_known_to_the_reader() -> None:
    text = "; ModuleID = 'LLVMDialectModule'" + WORDS
    ours = written(text)
    assert ours is not None
    assert printed(ours) == generated(text)
    tokens = tokens_of(WORDS)
    assert set(tokens) >= llvm_text._WORDS


INTRINSICS = {
    **dict.fromkeys(("ceil", "cos", "exp", "exp2", "fabs", "floor", "log", "log10", "log2"), "float @{}.f32(float)"),
    **dict.fromkeys(("nearbyint", "rint", "round", "roundeven", "sin", "sqrt", "trunc"), "float @{}.f32(float)"),
    **dict.fromkeys(("copysign", "maximum", "maxnum", "minimum", "minnum", "pow"), "float @{}.f32(float, float)"),
    **dict.fromkeys(("fma", "fmuladd"), "float @{}.f32(float, float, float)"),
    **dict.fromkeys(("smax", "smin", "umax", "umin"), "i32 @{}.i32(i32, i32)"),
    **dict.fromkeys(("bitreverse", "bswap", "ctpop"), "i32 @{}.i32(i32)"),
    **dict.fromkeys(("abs", "ctlz", "cttz"), "i32 @{}.i32(i32, i1 immarg)"),
    **dict.fromkeys(("fshl", "fshr"), "i32 @{}.i32(i32, i32, i32)"),
    **dict.fromkeys(
        ("memcpy", "memmove"), "void @{}.p0.p0.i64(ptr noalias writeonly, ptr noalias readonly, i64, i1 immarg)"
    ),
    "memset": "void @{}.p0.i64(ptr writeonly, i8, i64, i1 immarg)",
    "stacksave": "ptr @{}.p0()",
    "stackrestore": "void @{}.p0(ptr)",
}


@pytest.mark.parametrize("name", sorted(llvm_text._INTRINSICS))
def test_every_intrinsic_is_known_to_the_reader(name: str) -> None:
    text = module("declare " + INTRINSICS[name].format(f"llvm.{name}"))
    ours = written(text)
    assert ours is not None
    assert printed(ours) == generated(text)
    assert "attributes #0 = {" in generated(text)  # which it gives to intrinsics that it knows


@pytest.mark.parametrize("name", sorted(llvm_text._REDUCTIONS))
def test_every_reduction_is_known_to_the_reader(name: str) -> None:
    start = "float, " if name in ("fadd", "fmul") else ""
    kind = "float" if name.startswith("f") else "i32"
    suffix = "v4f32" if name.startswith("f") else "v4i32"
    text = module(f"declare {kind} @llvm.vector.reduce.{name}.{suffix}({start}<4 x {kind}>)")
    ours = written(text)
    assert ours is not None
    assert printed(ours) == generated(text)
    assert "attributes #0 = {" in generated(text)


@pytest.mark.parametrize(
    "body",
    [
        "declare void @memrefCopy(i64, ptr, ptr)",
        "declare <vscale x 4 x float> @f()",
        "declare void @llvm.x86.avx512.rsqrt14.ps.512()",
        "declare void @llvm.vector.insert.v8f32.v4f32()",
        "declare void @llvm.vector.reduce()",
        "declare void @llvm.masked.load.v4f32.p0(ptr)",
        "declare void @llvm.of.tomorrow()",
        "define void @f() noipa { ret void }",
        "define void @f() #0 { ret void }\nattributes #0 = { ofTomorrow }",
        'define void @f() "target-cpu"="skylake" { ret void }',
        'define void @f() #0 { ret void }\nattributes #0 = { "target-features"="+avx2" }',
        'module asm ".globl f"',
        "$f = comdat any",
        'target triple = "x86_64-unknown-linux-gnu"',
        'target datalayout = "e"',
        "define void @f() {\nstart:\n  ret void\n}",
        '!0 = !DIFile(filename: "f.c", directory: "/")',
        "@a = global float f0x3F800000 ; " + "x" * llvm_text._LONGEST,
    ],
)
def test_what_only_llvm_can_tell_is_left_to_it(body: str) -> None:
    assert written(module("define void @known() {\n  ret void\n}")) is not None
    assert written(module(body)) is None


def test_another_target_is_left_to_llvm() -> None:
    text = module("declare void @f()")
    assert llvm_text.for_reader(text, Target("riscv64-unknown-linux-gnu", "generic-rv64")) is None
    assert llvm_text.known_target("riscv64-unknown-linux-gnu", None, ()) is None
    assert llvm_text.known_target(X86, "skylake", ()) is None
    assert llvm_text.known_target(X86, None, ["+avx2"]) is None


def test_an_unknown_llvmlite_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llvm_library, "_BUILDS", {})
    assert llvm_text.known_target(X86, None, ()) is None
    assert written(module("declare void @f()")) is None


@pytest.mark.parametrize("triple", [None, *llvm_text._LAYOUTS, *llvm_text._OF_GNU])
def test_what_is_known_of_targets_is_what_llvm_says(triple: str | None) -> None:
    for cpu in (None, "", *llvm_text._LAYOUTS.get(triple or "", ("", ()))[1]):
        target = llvm_text.known_target(triple, cpu, ())
        assert target == codegen.resolve_target(triple, cpu, ())
        assert llvm_text._LAYOUTS[target.triple][0] == codegen._target_machine(target).target_data


PAYLOADS = {
    "matmul": """
func.func @f(%a: tensor<4x8xf32>, %b: tensor<8x2xf32>) -> tensor<4x2xf32> {
  %c = arith.constant dense<[[1.1, 0.5], [0.0, 1.0e30], [-0.0, 0x7FC00000], [0x7F800000, 3.0]]> : tensor<4x2xf32>
  %r = linalg.matmul ins(%a, %b : tensor<4x8xf32>, tensor<8x2xf32>) outs(%c : tensor<4x2xf32>) -> tensor<4x2xf32>
  return %r : tensor<4x2xf32>
}""",
    "types": """
func.func @f(%a: f16, %b: bf16, %c: f64, %d: i8, %e: memref<?xf16>, %i: index) -> (f32, i64) {
  %0 = arith.constant 1.1 : f16
  %1 = arith.addf %a, %0 : f16
  memref.store %1, %e[%i] : memref<?xf16>
  %2 = arith.constant 1.1 : bf16
  %3 = arith.addf %b, %2 : bf16
  %4 = arith.extf %3 : bf16 to f32
  %5 = arith.constant 1.1 : f64
  %6 = arith.maximumf %c, %5 : f64
  %7 = arith.truncf %6 : f64 to f32
  %8 = arith.addf %4, %7 : f32
  %9 = arith.extsi %d : i8 to i64
  return %8, %9 : f32, i64
}""",
    "large constant": f"""
func.func @f(%i: index) -> f32 {{
  %0 = arith.constant dense<{[float(i) for i in range(2000)]}> : tensor<2000xf32>
  %1 = tensor.extract %0[%i] : tensor<2000xf32>
  return %1 : f32
}}""",
    "vectors": """
func.func @f(%a: vector<4xf32>, %m: memref<4xf32>) -> f32 {
  %0 = math.sqrt %a : vector<4xf32>
  %1 = vector.reduction <add>, %0 : vector<4xf32> into f32
  %2 = math.fma %1, %1, %1 : f32
  return %2 : f32
}""",
}


@pytest.mark.parametrize("name", PAYLOADS)
def test_text_and_bitcode_of_the_driver_are_the_same_module(name: str, tmp_path: Path) -> None:
    (tmp_path / "p.mlir").write_text(PAYLOADS[name])
    command = [sys.executable, "-I", str(DRIVER), "p.mlir", f"--stage={LOWER}"]
    subprocess.run([*command, "--emit=llvmir=one.ll"], cwd=tmp_path, check=True)
    subprocess.run([*command, "--emit=llvmir=two.ll", "--emit=bitcode=two.bc"], cwd=tmp_path, check=True)
    text = (tmp_path / "one.ll").read_text()
    assert text.startswith("; ModuleID = 'LLVMDialectModule'"), "it went through LLVM"
    assert (tmp_path / "two.ll").read_text() == text, "what else is asked for makes no difference"
    bitcode = str(binding.parse_bitcode((tmp_path / "two.bc").read_bytes(), binding.create_context()))
    # Only the names of the modules differ, which stand before.
    assert printed(text).partition("\ntarget ")[2] == bitcode.partition("\ntarget ")[2]
