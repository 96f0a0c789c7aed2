# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a `Request` asks for, in order: plan, resolve, apply, emit, commit.

The parent process reads the command line, finds files and expands pipelines; a child does all that needs MLIR, LLVM
or the user's Python (`supervisor.py`); the parent writes the outputs.
"""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lighthouse_build import command_line, errors
from lighthouse_build.command_line import CODE, STDOUT, Request
from lighthouse_build.errors import ExitCode, InputError, LighthouseError, SourceLocation
from lighthouse_build.outputs import Edge
from lighthouse_build.stage_file import SIDECAR_SUFFIX, ResolvedStage, Step

if TYPE_CHECKING:
    from lighthouse_build.resolution.resolve import PlannedStep
    from lighthouse_build.supervisor import Progress

__all__ = ["main"]

_COMMAND_LINE = "<command line>"
_STDIN = "<stdin>"


def main(argv: Sequence[str] | None = None) -> int:
    """Run `lh-opt` with `argv` (by default the process's own); the exit status."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except LighthouseError as error:
        colour = errors.Colour.for_terminal(sys.stderr.isatty())
        print(errors.render(error, colour), file=sys.stderr)
        return int(error.exit_code)
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of standard output has gone: not an error of ours
        return 1
    except SystemExit:
        raise
    except BaseException as error:
        return _internal(error)


def _internal(error: BaseException) -> int:
    """A bug of the driver: one line, and the traceback in a file to report it with."""
    import tempfile
    import traceback

    from lighthouse_build.supervisor import InternalError

    text = str(error) if isinstance(error, InternalError) else traceback.format_exc()
    with tempfile.NamedTemporaryFile("w", prefix="lh-opt-bug-", suffix=".txt", delete=False) as stream:
        stream.write(f"lh-opt {sys.argv[1:]}\n{text}")
    last = text.strip().splitlines()[-1]
    print(f"lh-opt: error: internal error: {last}; please report it with '{stream.name}'", file=sys.stderr)
    return int(ExitCode.INTERNAL)


def _run(argv: list[str]) -> int:
    request = command_line.parse(argv)
    if request.mlir_package:
        os.environ["LH_MLIR_PACKAGE"] = request.mlir_package
    if request.action == "version":
        print(_version())
    elif request.action == "print-target":
        from lighthouse_build.emission.codegen import resolve_target

        target = resolve_target(request.triple, request.cpu, request.features)
        print(target.triple, target.cpu, ",".join(target.features))
    elif request.kinds == {"header"} and request.inputs[0].endswith(".interface.json"):
        _merge_header(request)
    else:
        _lower(request, argv)
    return int(ExitCode.SUCCESS)


def _version() -> str:
    import lighthouse_build

    lines = [f"lh-opt {lighthouse_build.__version__} (Lighthouse Build)"]
    try:
        from lighthouse_build.bindings import find

        provider = find()
        lines.append(f"MLIR bindings: {provider}, at {provider.root}")
    except LighthouseError as error:
        lines.append(f"MLIR bindings: none ({error.message})")
    try:
        import llvmlite
        from llvmlite import binding

        version = ".".join(map(str, binding.llvm_version_info))
        lines.append(f"code generator: LLVM {version} of llvmlite {llvmlite.__version__}")
    except ImportError as error:
        lines.append(f"code generator: none ({error})")
    return "\n".join(lines)


def _driver_files() -> list[str]:
    """The driver's own sources: inputs of everything that it makes."""
    package = os.path.dirname(os.path.abspath(__file__))
    found = []
    for directory, folders, files in os.walk(package):
        folders[:] = sorted(f for f in folders if f not in ("__pycache__", "stages", "include"))
        found += [os.path.join(directory, name) for name in sorted(files) if name.endswith((".py", ".ll"))]
    return found


def _paths(request: Request) -> list[str]:
    return [e.path for e in request.emissions if e.path != STDOUT]


def _commit(request: Request, edge: Edge, contents: Mapping[str, bytes], inputs: Sequence[str]) -> None:
    """Write files, then standard output."""
    edge.commit({path: data for path, data in contents.items() if path != STDOUT}, inputs)
    if STDOUT in contents:
        sys.stdout.buffer.write(contents[STDOUT])
        sys.stdout.buffer.flush()


def _merge_header(request: Request) -> None:
    """One header of the interface files of a library."""
    from lighthouse_build.emission.header import render
    from lighthouse_build.emission.interface import Interface
    from lighthouse_build.resolution.resolve import read_text

    (emission,) = request.emissions
    with Edge(_paths(request), request.stamp, request.depfile) as edge:
        interfaces = [Interface.from_json(read_text(path), path) for path in request.inputs]
        text = render(interfaces, guard_name=_guard(emission.path), namespace=request.namespace)
        inputs = [os.path.abspath(path) for path in request.inputs]
        _commit(request, edge, {emission.path: text.encode()}, [*inputs, *_driver_files()])


def _guard(path: str) -> str:
    return os.path.basename(path) if path != STDOUT else "lighthouse"


@dataclass(frozen=True)
class _Result:
    """What the child sends back: path to bytes, and the inputs that it found."""

    contents: dict[str, bytes]
    inputs: list[str]


def _lower(request: Request, argv: Sequence[str]) -> None:
    """Resolve or lower."""
    from lighthouse_build.language.spec import parse_spec
    from lighthouse_build.resolution.dependencies import Dependencies
    from lighthouse_build.resolution.resolve import Planner, runs_python
    from lighthouse_build.resolution.search import SearchPath
    from lighthouse_build.supervisor import supervise

    specs = []
    for text in request.stages:
        location = SourceLocation(_COMMAND_LINE, 1, 1, text)
        spec = parse_spec(text, lambda at, text=text: SourceLocation(_COMMAND_LINE, 1, at + 1, text))  # type: ignore[misc]
        specs.append((spec, location))
    dependencies = Dependencies()
    with Edge(_paths(request), request.stamp, request.depfile) as edge:
        planner = Planner(SearchPath(request.include), dependencies)
        plans = [(text, planner.plan(spec, ".", at)) for text, (spec, at) in zip(request.stages, specs)]
        if runs_python([step for _, plan in plans for step in plan]):
            _fix_hash_seed(argv)
        payload = None
        if request.inputs:
            payload = _read_payload(request.inputs[0], dependencies)
        result = supervise(
            lambda progress: _Job(request, plans, payload, dependencies, progress).run(), request.timeout
        )
        inputs = sorted({*result.inputs, *_driver_files()})
        _commit(request, edge, result.contents, inputs)


def _fix_hash_seed(argv: Sequence[str]) -> None:
    """Start over with a fixed hash seed if user code will run: the order of a set must not change what it generates."""
    if os.environ.get("PYTHONHASHSEED") == "0" and not sys.flags.ignore_environment:
        return
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    environment["PYTHONHASHSEED"] = "0"
    entry = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    os.execve(sys.executable, [sys.executable, "-s", entry, *argv], environment)


def _read_payload(path: str, dependencies: Any) -> tuple[str, str | None, bytes]:
    """Name, path and contents of the payload; the contents of a file are left to MLIR."""
    if path == "-":
        return _STDIN, None, sys.stdin.buffer.read()
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise InputError(f"cannot read payload '{path}': {error.strerror}") from None
    dependencies.add(path)
    return path, path, b""


class _Job:
    """The child's work."""

    def __init__(
        self,
        request: Request,
        plans: Sequence[tuple[str, list[PlannedStep]]],
        payload: tuple[str, str | None, bytes] | None,
        dependencies: Any,
        progress: Progress,
    ) -> None:
        self.request = request
        self.plans = plans
        self.payload = payload
        self.dependencies = dependencies
        self.progress = progress
        self.times: list[tuple[str, float]] = []

    def run(self) -> _Result:
        from lighthouse_build.bindings import find

        started = time.perf_counter()
        for path in find().files():
            self.dependencies.add(str(path))
        contents = self._resolve_all() if self.payload is None else self._lower()
        if self.request.timing:
            self._print_times(time.perf_counter() - started)
        return _Result(contents, self.dependencies.paths())

    @contextmanager
    def _doing(self, what: str) -> Iterator[None]:
        self.progress(what)
        started = time.perf_counter()
        yield
        self.times.append((what, time.perf_counter() - started))

    def _print_times(self, total: float) -> None:
        print(f"{'seconds':>9}  {'share':>5}  what", file=sys.stderr)
        for what, seconds in [*self.times, ("total", total)]:
            print(f"{seconds:9.4f}  {100 * seconds / total:4.0f}%  {what}", file=sys.stderr)

    def _resolve(self, steps: Sequence[PlannedStep], name: str) -> ResolvedStage:
        from lighthouse_build.resolution import generators
        from lighthouse_build.resolution.resolve import resolve, runs_python

        if runs_python(steps):
            from lighthouse_build.application.context import load

            load()  # before the environment that may name the bindings is scrubbed
            generators.scrub_environment(dict(self.request.environment))
        with self._doing(f"stage '{name}' (resolving it)"):
            return resolve(steps, name, self.dependencies, self.request.python_path)

    def _resolve_all(self) -> dict[str, bytes]:
        """`--emit=stage`: one resolved stage of all specs."""
        from lighthouse_build.application.apply import parse_pipeline
        from lighthouse_build.application.context import Diagnostics, context, load, parse_stage
        from lighthouse_build.stage_file import PASSES

        (emission,) = self.request.emissions
        stage = self._resolve([step for _, plan in self.plans for step in plan], "the stage")
        # What can be known to fail now, fails now: the text parses again, and its pass pipelines exist.
        with context() as ctx, load().generic_operations():
            diagnostics = Diagnostics(ctx)
            module = parse_stage(stage, diagnostics, ctx)
            for step, holder in zip(stage.steps, module.operation.regions[0].blocks[0].operations):
                if step.kind == PASSES:
                    pipeline = holder.attributes["lh.pass_pipeline"].value
                    parse_pipeline(pipeline, ctx, diagnostics.location(holder.operation.location))
            self._report(diagnostics)
        contents = {emission.path: stage.to_text().encode()}
        if emission.path != STDOUT:
            contents[emission.path + SIDECAR_SUFFIX] = stage.to_sidecar().encode()
        return contents

    def _stages(self) -> list[ResolvedStage]:
        from lighthouse_build.language.spec import Resolved
        from lighthouse_build.resolution.resolve import read_resolved

        stages = []
        for text, plan in self.plans:
            if len(plan) == 1 and isinstance(plan[0].spec, Resolved):
                stages.append(read_resolved(plan[0].path))
            else:
                stages.append(self._resolve(plan, text))
        return stages

    def _lower(self) -> dict[str, bytes]:
        from lighthouse_build.application import apply, context

        assert self.payload is not None
        name, path, text = self.payload
        if self.request.kinds & CODE:
            from lighthouse_build.emission.codegen import resolve_target

            self.target = resolve_target(self.request.triple, self.request.cpu, self.request.features)
        stages = self._stages()
        self._check_steps(stages)
        code = self.request.kinds & (CODE | {"interface", "header"})
        ir = context.load().ir
        with context.context() as ctx, ir.Location.unknown(), context.load().generic_operations():
            diagnostics = context.Diagnostics(ctx)
            with self._doing(f"the parser on '{name}'"):
                module = context.parse_payload(context.Payload(name, path, text), diagnostics, ctx)
            signatures = None
            if code:
                from lighthouse_build.emission import c_interface

                signatures = c_interface.mark(module, name)
            timer = _StepTimer(self.times, self.progress)
            hooks = apply.Hooks((timer.before, self._print_before), (timer.after, self._print_after))
            apply.apply_stages(module, stages, diagnostics, hooks)
            contents = self._emit_mlir(module)
            if code:
                contents.update(self._emit_code(module, signatures, diagnostics))
            self._report(diagnostics)
        return contents

    def _report(self, diagnostics: Any) -> None:
        """Print the warnings and remarks of what went well."""
        colour = errors.Colour.for_terminal(sys.stderr.isatty())
        for diagnostic in diagnostics.take():
            print(errors.render_diagnostic(diagnostic, colour), file=sys.stderr)

    def _asm(self, module: Any) -> str:
        text: str = module.operation.get_asm(enable_debug_info=self.request.debug_info)
        return text.rstrip("\n") + "\n"

    def _emit_mlir(self, module: Any) -> dict[str, bytes]:
        contents = {}
        for emission in self.request.emissions:
            if emission.kind == "mlir":
                contents[emission.path] = self._asm(module).encode()
            elif emission.kind == "bytecode":
                stream = io.BytesIO()
                module.operation.write_bytecode(stream)
                contents[emission.path] = stream.getvalue()
        return contents

    def _emit_code(self, module: Any, signatures: Any, diagnostics: Any) -> dict[str, bytes]:
        from lighthouse_build.emission import c_interface, translate

        request = self.request
        contents = {}
        translate.check_lowered(module, diagnostics)
        interface = c_interface.finish(module, signatures, symbol_prefix=request.symbol_prefix)
        kinds = request.kinds & CODE
        code: Mapping[str, bytes] = {}
        if kinds:
            from lighthouse_build.emission import codegen

            with self._doing("the translation to LLVM IR"):
                llvm_ir = translate.translate(module, diagnostics)
            with self._doing("the code generator"):
                code = codegen.generate(
                    llvm_ir,
                    self.target,
                    optimize=request.optimize,
                    kinds=kinds,
                    declared={*signatures.declared, *(f"_mlir_ciface_{name}" for name in signatures.declared)},
                    allow_undefined=request.allow_undefined,
                )
        for emission in request.emissions:
            if emission.kind in code:
                contents[emission.path] = code[emission.kind]
            elif emission.kind == "interface":
                contents[emission.path] = interface.to_json().encode()
            elif emission.kind == "header":
                from lighthouse_build.emission import header

                text = header.render([interface], guard_name=_guard(emission.path), namespace=request.namespace)
                contents[emission.path] = text.encode()
        return contents

    def _check_steps(self, stages: Sequence[ResolvedStage]) -> None:
        """The steps that are to be printed must exist."""
        names = [step.name for stage in stages for step in stage.steps]
        for wanted in (*self.request.print_before, *self.request.print_after):
            if wanted not in names:
                hint = errors.did_you_mean(wanted, names) or f"; the steps are {', '.join(names) or 'none'}"
                raise errors.UsageError(f"no step '{wanted}' to print{hint}")

    def _print_before(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        if step.name in self.request.print_before:
            self._dump("Before", step, module)

    def _print_after(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        if self.request.print_after_all or step.name in self.request.print_after:
            self._dump("After", step, module)

    def _dump(self, when: str, step: Step, module: Any) -> None:
        print(f"// -----// IR Dump {when} {step.name} //----- //\n{self._asm(module)}", file=sys.stderr)


class _StepTimer:
    """Tells the supervisor which step runs, and takes its time."""

    def __init__(self, times: list[tuple[str, float]], progress: Progress) -> None:
        self.times = times
        self.progress = progress
        self.started = 0.0

    def before(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        from lighthouse_build.application.apply import describe

        self.progress(describe(stage, step))
        self.started = time.perf_counter()

    def after(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        from lighthouse_build.application.apply import describe

        self.times.append((describe(stage, step), time.perf_counter() - self.started))
