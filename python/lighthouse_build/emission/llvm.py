# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""LLVM, by the C functions of llvmlite's library.

What is here does what `llvmlite.binding` does under the same names, for the part that the code generator needs.
Importing that package takes as long as generating code for a small payload: it declares its whole interface, an
in-memory compiler included, and imports its builder of IR.

These functions are no interface that llvmlite promises. A call with the arguments of another version would end the
process, or worse: so only versions are taken whose functions have been compared with those below (`llvm_library.py`).
"""

from __future__ import annotations

import ctypes
from ctypes import byref, c_bool, c_char_p, c_int, c_size_t, c_uint, c_void_p

from lighthouse_build.emission import llvm_library

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

__all__ = [
    "Module",
    "Target",
    "TargetMachine",
    "create_context",
    "get_host_cpu_features",
    "get_host_cpu_name",
    "get_process_triple",
    "initialize",
    "llvm_version_info",
    "optimise",
    "parse_assembly",
]

# The result and the arguments of each function. What points to something of LLVM's, or to where a string is to be put,
# is a `c_void_p`.
_P = c_void_p
_FUNCTIONS: dict[str, tuple[Any, ...]] = {
    "GetVersionInfo": (c_uint,),
    "InitializeAllTargetInfos": (None,),
    "InitializeAllTargets": (None,),
    "InitializeAllTargetMCs": (None,),
    "InitializeAllAsmPrinters": (None,),
    "InitializeNativeTarget": (None,),
    "InitializeNativeAsmPrinter": (None,),
    "SetCommandLine": (None, c_char_p, c_char_p),
    "DisposeString": (None, _P),
    "GetProcessTriple": (None, _P),
    "GetHostCPUName": (None, _P),
    "GetHostCPUFeatures": (c_int, _P),
    "GetTargetFromTriple": (_P, c_char_p, _P),
    # target, triple, CPU, features, level, relocation, code model, printing, JIT, ABI
    "CreateTargetMachine": (
        *(_P, _P, c_char_p, c_char_p, c_char_p, c_int),
        *(c_char_p, c_char_p, c_int, c_int, c_char_p),
    ),
    "CreateTargetMachineData": (_P, _P),
    "CopyStringRepOfTargetData": (None, _P, _P),
    "TargetMachineEmitToMemory": (_P, _P, _P, c_int, _P),
    "GetBufferStart": (_P, _P),
    "GetBufferSize": (c_size_t, _P),
    "DisposeMemoryBuffer": (None, _P),
    "ContextCreate": (_P,),
    "ParseAssembly": (_P, _P, c_char_p, _P),
    "DisposeModule": (None, _P),
    "CloneModule": (_P, _P),
    "PrintModuleToString": (None, _P, _P),
    "WriteBitcodeToString": (None, _P, _P, _P),
    "VerifyModule": (c_bool, _P, _P),
    "LinkModules": (c_int, _P, _P, _P),
    "GetDataLayout": (None, _P, _P),
    "SetDataLayout": (None, _P, c_char_p),
    "GetTarget": (None, _P, _P),
    "SetTarget": (None, _P, c_char_p),
    "ModuleFunctionsIter": (_P, _P),
    "FunctionsIterNext": (_P, _P),
    "DisposeFunctionsIter": (None, _P),
    "GetValueName": (c_char_p, _P),
    "IsDeclaration": (c_int, _P),
    "CreatePipelineTuningOptions": (_P,),
    "PTOSetLoopInterleaving": (None, _P, c_bool),
    "PTOSetLoopVectorization": (None, _P, c_bool),
    "PTOSetSLPVectorization": (None, _P, c_bool),
    "PTOSetLoopUnrolling": (None, _P, c_bool),
    "CreatePassBuilder": (_P, _P, _P),
    "buildPerModuleDefaultPipeline": (_P, _P, c_int),
    "RunNewModulePassManager": (None, _P, _P, _P),
}


def _library() -> Any:
    """llvmlite's library, with its functions.

    Raises:
        ImportError: as `llvm_library.find`; or the library cannot be loaded.
    """
    path = llvm_library.find()
    try:
        library = ctypes.CDLL(path)
        for name, (result, *arguments) in _FUNCTIONS.items():
            function = getattr(library, f"LLVMPY_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(library, name, function)
    except (OSError, AttributeError) as error:
        msg = f"llvmlite's library cannot be used: {error}"
        raise ImportError(msg, name="llvmlite") from None
    return library


_lib = _library()


def _string(function: Any, *arguments: Any, owned: bool = True) -> str:
    """The string that `function` puts at its last argument; LLVM keeps it if it is not `owned`."""
    return _result_and_string(function, *arguments, owned=owned)[1]


def _result_and_string(function: Any, *arguments: Any, owned: bool = True) -> tuple[Any, str]:
    out = c_void_p()
    result = function(*arguments, byref(out))
    if out.value is None:
        return result, ""
    text = ctypes.string_at(out).decode(errors="replace")
    if owned:
        _lib.DisposeString(out)
    return result, text


def _version() -> tuple[int, ...]:
    packed = _lib.GetVersionInfo()
    return tuple(packed >> shift & 0xFF for shift in (16, 8, 0))


llvm_version_info = _version()


def initialize() -> None:
    """Make the target of this machine available; the others are when one is first asked for."""
    _lib.InitializeNativeTarget()
    _lib.InitializeNativeAsmPrinter()
    # Without it nothing lowers llvm.matrix.*, which MLIR's vector lowering can make.
    _lib.SetCommandLine(b"lh-opt", b"-enable-matrix")


def _initialize_all() -> None:
    _lib.InitializeAllTargetInfos()
    _lib.InitializeAllTargets()
    _lib.InitializeAllTargetMCs()
    _lib.InitializeAllAsmPrinters()


def get_process_triple() -> str:
    return _string(_lib.GetProcessTriple)


def get_host_cpu_name() -> str:
    return _string(_lib.GetHostCPUName)


def get_host_cpu_features() -> list[str]:
    """Each feature that LLVM knows of, with its sign, sorted by name."""
    found, text = _result_and_string(_lib.GetHostCPUFeatures)
    return sorted(filter(None, text.split(",")), key=lambda word: word[1:]) if found else []


class Target:
    """The back end for a triple."""

    def __init__(self, triple: str) -> None:
        self._triple = triple
        self._pointer, error = _result_and_string(_lib.GetTargetFromTriple, triple.encode())
        if not self._pointer:
            _initialize_all()
            self._pointer, error = _result_and_string(_lib.GetTargetFromTriple, triple.encode())
        if not self._pointer:
            raise RuntimeError(error)

    def create_target_machine(self, cpu: str, features: str, level: int, abi: str) -> TargetMachine:
        """A target machine for position-independent code."""
        texts = [text.encode() for text in (self._triple, cpu, features, abi)]
        pointer = _lib.CreateTargetMachine(self._pointer, *texts[:3], level, b"pic", b"default", 0, 0, texts[3])
        if not pointer:
            msg = f"no target machine for CPU '{cpu}' and features '{features}'"
            raise RuntimeError(msg)
        return TargetMachine(pointer)


class TargetMachine:
    def __init__(self, pointer: int) -> None:
        self.pointer = pointer

    @property
    def target_data(self) -> str:
        """The data layout."""
        return _string(_lib.CopyStringRepOfTargetData, _lib.CreateTargetMachineData(self.pointer))

    def emit_object(self, module: Module) -> bytes:
        return self._emit(module, is_object=True)

    def emit_assembly(self, module: Module) -> str:
        return self._emit(module, is_object=False).decode()

    def _emit(self, module: Module, *, is_object: bool) -> bytes:
        buffer, error = _result_and_string(_lib.TargetMachineEmitToMemory, self.pointer, module.pointer, int(is_object))
        if not buffer:
            raise RuntimeError(error)
        try:
            return ctypes.string_at(_lib.GetBufferStart(buffer), _lib.GetBufferSize(buffer))
        finally:
            _lib.DisposeMemoryBuffer(buffer)


def create_context() -> int:
    """A context, which lives as long as the process."""
    context: int = _lib.ContextCreate()
    return context


def parse_assembly(text: str | bytes | bytearray, context: int) -> Module:
    """The module of LLVM IR text. Raises RuntimeError."""
    data = text.encode() if isinstance(text, str) else bytes(text)
    pointer, error = _result_and_string(_lib.ParseAssembly, context, data)
    if error or not pointer:
        raise RuntimeError(error)
    return Module(pointer, context)


class Function:
    """A function of a module."""

    def __init__(self, pointer: int) -> None:
        self.name = _lib.GetValueName(pointer).decode()
        self.is_declaration = bool(_lib.IsDeclaration(pointer))


class Module:
    """A module; freed with its last reference."""

    def __init__(self, pointer: int, context: int) -> None:
        self.pointer: int | None = pointer
        self.context = context

    def __del__(self) -> None:
        if self.pointer is not None:
            _lib.DisposeModule(self.pointer)

    def __str__(self) -> str:
        return _string(_lib.PrintModuleToString, self.pointer)

    def as_bitcode(self) -> bytes:
        out, size = c_void_p(), c_size_t()
        _lib.WriteBitcodeToString(self.pointer, byref(out), byref(size))
        try:
            return ctypes.string_at(out, size.value)
        finally:
            _lib.DisposeString(out)

    def clone(self) -> Module:
        return Module(_lib.CloneModule(self.pointer), self.context)

    def verify(self) -> None:
        """Raises RuntimeError if the module is invalid."""
        invalid, message = _result_and_string(_lib.VerifyModule, self.pointer)
        if invalid:
            raise RuntimeError(message)

    def link_in(self, other: Module) -> None:
        """Link `other`, which is then used up, into this module."""
        pointer, other.pointer = other.pointer, None
        failed, message = _result_and_string(_lib.LinkModules, self.pointer, pointer)
        if failed:
            raise RuntimeError(message)

    @property
    def data_layout(self) -> str:
        return _string(_lib.GetDataLayout, self.pointer, owned=False)

    @data_layout.setter
    def data_layout(self, layout: str) -> None:
        _lib.SetDataLayout(self.pointer, layout.encode())

    @property
    def triple(self) -> str:
        return _string(_lib.GetTarget, self.pointer, owned=False)

    @triple.setter
    def triple(self, triple: str) -> None:
        _lib.SetTarget(self.pointer, triple.encode())

    @property
    def functions(self) -> Iterator[Function]:
        """Its functions, in order."""
        iterator = _lib.ModuleFunctionsIter(self.pointer)
        try:
            while pointer := _lib.FunctionsIterNext(iterator):
                yield Function(pointer)
        finally:
            _lib.DisposeFunctionsIter(iterator)


def optimise(module: Module, machine: TargetMachine, level: int) -> None:
    """Run LLVM's default pipeline of `level`, 0 to 3; loops and straight-line code are vectorised from 2 on."""
    options = _lib.CreatePipelineTuningOptions()
    _lib.PTOSetLoopVectorization(options, level >= 2)
    _lib.PTOSetSLPVectorization(options, level >= 2)
    _lib.PTOSetLoopInterleaving(options, level >= 2)
    _lib.PTOSetLoopUnrolling(options, level >= 1)
    builder = _lib.CreatePassBuilder(machine.pointer, options)
    passes = _lib.buildPerModuleDefaultPipeline(builder, level)
    _lib.RunNewModulePassManager(passes, module.pointer, builder)
