# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ctest runs for `lh_add_numeric_test()`: call a lowered function and compare with a Python reference.

Generates inputs from the types in the interface file, calls the function through the C interface, calls the reference
with the same inputs as NumPy arrays, and compares what both return and what both wrote to writable arguments.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import signal
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lighthouse_build import errors
from lighthouse_build.emission.c_types import MemRef, UnsupportedTypeError, parse_type
from lighthouse_build.emission.interface import Function, Interface, Value
from lighthouse_build.errors import CrashError, Diagnostic, InputError, LighthouseError, LoweringError, SourceLocation
from lighthouse_build.prefix_map import of_build_tree
from lighthouse_build.testing.inputs import dtype_of, generate, parse_inputs, shape_text

__all__ = ["Tolerance", "compare", "main"]

_REFERENCE = re.compile(r"(?P<path>.*\.py)(?:\[(?P<function>\w+)\])?")
# Of sums of moderate length; elements that are integers or truth values must be equal.
_TOLERANCES = {"f16": 1e-2, "bf16": 5e-2, "f32": 1e-4, "f64": 1e-10, "c32": 1e-4, "c64": 1e-10}


@dataclass(frozen=True)
class Tolerance:
    """Values agree if they differ by at most `absolute` + `relative` * |reference|."""

    relative: float
    absolute: float


def main(argv: Sequence[str]) -> int:
    """Run the test; the exit status. The work is done in a child process, which lowered code may kill."""
    options = _parse(argv)
    entry = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    by_hand = Diagnostic(
        f"by hand: {shlex.join([sys.executable, '-I', '-B', entry, 'numeric', *argv])}", severity="note"
    )
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child == 0:
        status = int(errors.ExitCode.INTERNAL)
        try:
            status = _run_in_child(options, by_hand)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        why = "; it may be for another CPU than this machine's" if name == "SIGILL" else ""
        raise CrashError(f"{options.name}: @{options.function} died by {name}{why}", notes=[by_hand])
    return os.WEXITSTATUS(status)


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="numeric", description="Compare a lowered function with a reference.")
    parser.add_argument("--name", default="test", help="what messages call the test")
    parser.add_argument("--library", required=True, help="shared library with the lowered code")
    parser.add_argument("--interface", action="append", required=True, help="interface file of the library's payloads")
    parser.add_argument("--function", required=True, help="the payload's function")
    parser.add_argument("--reference", required=True, help="file.py[function]")
    parser.add_argument("--input", action="append", default=[], help="[name=]sizes[@low:high] or [name=]value")
    parser.add_argument("--tolerance", type=float, nargs="+", default=[], help="relative, and absolute if it differs")
    parser.add_argument("--seed", type=int, default=0, help="of the random inputs")
    return parser.parse_args(argv)


def _run_in_child(options: argparse.Namespace, by_hand: Diagnostic) -> int:
    try:
        _run(options)
        status = 0
    except LighthouseError as error:
        error = type(error)(
            f"{options.name}: {error.message}", error.location, [*error.diagnostic.notes, by_hand], error.causes
        )
        colour = errors.Colour.for_terminal(sys.stderr.isatty())
        print(errors.render(error, colour, "numeric"), file=sys.stderr)
        status = int(error.exit_code)
    return status


def _run(options: argparse.Namespace) -> None:
    try:
        import numpy as np
    except ImportError:
        msg = f"NumPy is not installed for {sys.executable}; install it: {sys.executable} -m pip install numpy"
        raise InputError(msg) from None
    from lighthouse_build.testing import native

    function = _find_function(options.interface, options.function)
    inputs = parse_inputs(function, options.input)
    values = generate(inputs, options.seed)
    results = _results(function)
    written = [i for i in inputs if i.value.writable and isinstance(i.type, MemRef) and not i.type.tensor]
    if not results and not written:
        msg = f"@{function.name} returns nothing and writes to no memref: there is nothing to compare"
        raise InputError(msg)

    reference = _Reference(options.reference, function.name)
    seen = [np.copy(v) if isinstance(v, np.ndarray) else v for v in values]
    expected = reference.call(seen)
    reference.check(function, results, expected)

    outcome = native.call(native.load(options.library), function, {i.value.index: v for i, v in zip(inputs, values)})
    pairs = [(f"result {v.index}", v, a, e) for v, a, e in zip(results, outcome.results, expected)]
    after = {i.value.index: array for i, array in zip(inputs, seen)}
    pairs += [
        (f"argument '{i.name}'", i.value, outcome.arguments[i.value.index], after[i.value.index]) for i in written
    ]
    for what, value, actual, wanted in pairs:
        key = _key(value)
        tolerance = _tolerance(options.tolerance, key)
        difference = compare(actual, wanted, tolerance if dtype_of(key).kind in "fc" else Tolerance(0, 0))
        if difference:
            passed = ", ".join(map(str, inputs)) or "none"
            notes = [
                *(Diagnostic(line, severity="note") for line in difference[1:]),
                Diagnostic(f"inputs: {passed}; seed {options.seed}", severity="note"),
            ]
            raise LoweringError(f"{what} of @{function.name} differs from {reference}: {difference[0]}", notes=notes)


def _find_function(paths: Sequence[str], name: str) -> Function:
    """The function of this name in the interface files. Raises InputError."""
    functions: list[Function] = []
    for path in paths:
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            msg = f"cannot read the interface: {error.strerror}; build the library"
            raise InputError(msg, SourceLocation(path)) from None
        functions += Interface.from_json(text, path).with_sources(of_build_tree(path).real).functions
    for function in functions:
        if function.name == name:
            if function.unsupported:
                msg = f"C cannot call @{name}: {function.unsupported}"
                raise InputError(msg, SourceLocation(function.source, function.line))
            return function
    names = [function.name for function in functions]
    hint = errors.did_you_mean(name, names) or f"; it has {', '.join(names) or 'none'}"
    msg = f"the library has no public function '{name}'{hint}"
    raise InputError(msg)


def _results(function: Function) -> list[Value]:
    """The results of the payload's function, in order."""
    found = [p for p in function.parameters if p.mode == "out"]
    return sorted((*found, *function.returned, *function.in_place), key=lambda value: value.index)


def _key(value: Value) -> str:
    type = parse_type(value.type)
    return type.element.key if isinstance(type, MemRef) else value.type


def _tolerance(given: Sequence[float], key: str) -> Tolerance:
    relative = given[0] if given else _TOLERANCES.get(key, 0.0)
    return Tolerance(relative, given[1] if len(given) > 1 else relative)


class _Reference:
    """The user's function that says what is right."""

    def __init__(self, text: str, default: str) -> None:
        match = _REFERENCE.fullmatch(text)
        if match is None:
            msg = f"the reference '{text}' is not of the form file.py[function]"
            raise InputError(msg)
        self.path = match["path"]
        self.name = match["function"] or default
        self._location = SourceLocation(self.path)

    def __str__(self) -> str:
        return f"{os.path.basename(self.path)}[{self.name}]"

    def call(self, arguments: Sequence[Any]) -> list[Any]:
        """Its results. What it raises is an InputError at the user's line."""
        from lighthouse_build.resolution import generators

        if not os.path.isfile(self.path):
            msg = "there is no such reference file"
            raise InputError(msg, self._location)
        try:
            with generators.user_code(generators.import_directories(os.path.abspath(self.path))):
                module = generators.load(self.path, self._location)
                function: Callable[..., Any] = generators.lookup(module, self.name, self.path, self._location)
                result = generators.call(function, {}, str(self), self._location, arguments)
        except InputError as error:
            # Without the note that names the file again, as a stage.
            notes = [note for note in error.diagnostic.notes if note.location != self._location]
            raise InputError(error.message, error.location, notes) from None
        if result is None:
            return []
        return list(result) if isinstance(result, (tuple, list)) else [result]

    def check(self, function: Function, results: Sequence[Value], returned: Sequence[Any]) -> None:
        """Refuse what is not of the shape and type of the function's results. Raises InputError."""
        if len(returned) != len(results):
            types = ", ".join(value.type for value in results) or "nothing"
            msg = f"{self} returned {_count(returned)}, but @{function.name} returns {types}"
            raise InputError(msg, self._location)
        for value, array in zip(results, returned):
            self._check_result(value, array)

    def _check_result(self, value: Value, returned: Any) -> None:
        import numpy as np

        try:
            type = parse_type(value.type)
        except UnsupportedTypeError as error:
            msg = f"result {value.index} is a {value.type}, {error}"
            raise InputError(msg) from None
        dtype = dtype_of(_key(value))
        sizes = type.sizes if isinstance(type, MemRef) else ()
        array = np.asarray(returned)
        fits = len(sizes) == array.ndim and all(own in (None, size) for own, size in zip(sizes, array.shape))
        what = f"{self} returned {shape_text(array.shape) or 'a scalar'} of {array.dtype} as result {value.index}"
        if not fits:
            msg = f"{what}, but it is a {value.type}"
            raise InputError(msg, self._location)
        # A number of Python has no size; its kind must fit, though: a float for an integer would be cut off.
        plain = not isinstance(returned, (np.ndarray, np.generic)) and not isinstance(type, MemRef)
        if array.dtype != dtype and not (plain and array.dtype.kind in (dtype.kind, "i" if dtype.kind == "u" else "")):
            msg = f"{what}, but it is a {value.type}; return {dtype}"
            raise InputError(msg, self._location)


def _count(returned: Sequence[Any]) -> str:
    return {0: "nothing", 1: "one result"}.get(len(returned), f"{len(returned)} results")


def compare(actual: Any, wanted: Any, tolerance: Tolerance) -> list[str]:
    """How `actual` differs from `wanted`: nothing if it does not, else a summary and details."""
    import numpy as np

    actual, wanted = np.asarray(actual), np.asarray(wanted)
    if actual.shape != wanted.shape:
        return [
            f"it is {shape_text(actual.shape) or 'a scalar'}, the reference's {shape_text(wanted.shape) or 'a scalar'}"
        ]
    if tolerance == Tolerance(0, 0) and actual.dtype.kind not in "fc":
        good = actual == wanted
        distance = np.where(good, 0.0, 1.0)
        allowed = np.zeros(actual.shape)
    else:
        kind = np.complex128 if "c" in (actual.dtype.kind, wanted.dtype.kind) else np.float64
        a, w = actual.astype(kind), wanted.astype(kind)
        with np.errstate(invalid="ignore", over="ignore"):
            distance = np.abs(a - w)
            allowed = tolerance.absolute + tolerance.relative * np.abs(w)
            # Infinities differ from themselves by NaN.
            good = (a == w) | (np.isnan(a) & np.isnan(w)) | (np.isfinite(w) & (distance <= allowed))
        distance = np.where(np.isnan(distance), np.inf, distance)
    bad = int(np.count_nonzero(~good))
    if not bad:
        return []
    worst = np.unravel_index(int(np.argmax(np.where(good, -1.0, distance))), actual.shape)
    place = f"at [{', '.join(map(str, worst))}] " if actual.shape else ""
    details = [
        f"the worst {place}is {actual[worst]}, the reference says {wanted[worst]} (allowed: {allowed[worst]:.3g})"
    ]
    if actual.dtype.kind in "fc" and np.isnan(actual[~good]).any():
        details.append("NaN is also what stands in a result before the call: the element may never have been written")
    return [f"{bad} of {actual.size} elements", *details]
