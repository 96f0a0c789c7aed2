# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The part of the bindings that applies stages, at the cost of their C extensions alone.

`import mlir.ir` and the generated dialect modules cost three times as much as the extensions below them, and pull in
numpy where that is installed. The driver needs none of it: it parses, runs passes, interprets, prints. What is reached
here are the same classes that `mlir.ir` exports, and every dialect, pass, extension and translation is registered.
"""

from __future__ import annotations

from lighthouse_build.bindings.direct import open_package
from lighthouse_build.bindings.importing import import_module
from lighthouse_build.bindings.provider import Provider, activate, find
from lighthouse_build.errors import InputError
from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["Core", "core"]


@frozen
class Core:
    """The C extensions of a provider.

    Attributes:
        provider: whose they are.
        ir: what `mlir.ir` re-exports: `Context`, `Module`, `Operation`, attributes, types, `MLIRError`.
        passmanager: what `mlir.passmanager` re-exports: `PassManager`.
        context: makes a context in which every dialect is at hand.
    """

    provider: Provider
    ir: Any
    passmanager: Any
    context: Callable[[], Any]

    def apply_named_sequence(self, payload: Any, sequence: Any, schedule: Any) -> None:
        """Interpret the transform sequence `sequence` of the module `schedule` on `payload`, in place.

        Args:
            payload: module or operation to transform; not verified afterwards.
            sequence: the named sequence to start at.
            schedule: the module that it lies in, in the context of `payload`.

        Raises:
            ValueError: the interpreter failed; the diagnostics are in its text.
        """
        operations = (self._operation(value) for value in (payload, sequence, schedule))
        self.interpreter().apply_named_sequence(*operations)

    def interpreter(self) -> Any:
        """The extension that interprets schedules."""
        return _extension(self.provider, "_mlirTransformInterpreter", "a transform interpreter")

    def translation(self) -> Any:
        """The extension that translates to LLVM IR."""
        return _extension(self.provider, "_mlirDialectsLLVM", "a translation to LLVM IR")

    def translate_module_to_llvmir(self, module: Any) -> str:
        """The LLVM IR text of `module`, which must be of the LLVM dialect and of others that translate."""
        text: str = self.translation().translate_module_to_llvmir(self._operation(module))
        return text

    def generic_operations(self) -> _DialectModules:
        """While open, operations are plain `OpView`s, and to look at one does not import the module of its dialect.

        Not for user code, which may rely on the classes of the dialects. `Operation.walk` imports `mlir.ir` in any
        case: iterate over regions, blocks and operations instead.
        """
        return _DialectModules(self._registry(), [])

    def dialect_operations(self) -> _DialectModules:
        """While open, inside `generic_operations`, operations have the classes of their dialects: for user code."""
        return _DialectModules(self._registry(), [f"{self.provider.name}.dialects"])

    def leave_out_of_locations(self, prefix: str) -> None:
        """From here on, locations that operations get from Python's stack leave out the files with this prefix."""
        self._registry().register_traceback_file_exclusion(prefix)

    def _registry(self) -> Any:
        return _extension(self.provider, "_mlir", "an IR module").globals

    def _operation(self, value: Any) -> Any:
        return value if isinstance(value, self.ir.Operation) else value.operation


class _DialectModules:
    """While open, the modules of dialects are looked for in the packages `packages` alone."""

    # Not by `contextlib`, which what only looks for the bindings would have to import.

    def __init__(self, registry: Any, packages: list[str]) -> None:
        self._registry = registry
        self._packages = packages

    def __enter__(self) -> None:
        self._before = self._registry.dialect_search_modules
        self._registry.dialect_search_modules = self._packages

    def __exit__(self, *_: object) -> None:
        self._registry.dialect_search_modules = self._before


def core(package: str | None = None, *, whole: bool = True) -> Core:
    """Load the C extensions of the bindings; `import mlir` then means the same package.

    Args:
        package: as of `find`.
        whole: for user code, which may import anything of the bindings. Without that `mlir` is not imported, and it
            takes half the time (see `direct.py`).

    Raises:
        InputError: as `activate`; or the bindings lack a part.
    """
    provider = activate(package) if whole else find(package)
    context = None if whole else open_package(provider.name)
    # Importing a submodule runs the package's `__init__`, which registers all dialects, passes and translations.
    module = _extension(provider, "_mlir", "an IR module")
    return Core(provider, module.ir, module.passmanager, context or module.ir.Context)


def _extension(provider: Provider, name: str, what: str) -> Any:
    full_name = f"{provider.name}._mlir_libs.{name}"
    try:
        module = import_module(full_name)
        if getattr(module, "__file__", None) is None:  # a folder of stubs, taken for a package
            raise ImportError(f"No module named '{full_name}'", name=full_name)
    except ImportError as error:
        msg = f"the MLIR Python bindings '{provider}' lack {what}: {error}; choose others with LH_MLIR_PACKAGE"
        raise InputError(msg) from error
    return module
