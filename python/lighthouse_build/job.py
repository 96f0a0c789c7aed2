# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the child process does: resolve, apply, emit. All that needs MLIR, LLVM or the user's Python starts here."""

from __future__ import annotations

import io
import os
import sys
import time

from lighthouse_build import address_layout, errors
from lighthouse_build.command_line import CODE, CPP, STDOUT, Request
from lighthouse_build.errors import Diagnostic, LighthouseError, SourceLocation
from lighthouse_build.prefix_map import PrefixMap
from lighthouse_build.scopes import contextmanager
from lighthouse_build.stage_file import SCHEDULE, SIDECAR_SUFFIX, ResolvedStage, Step

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from lighthouse_build.application.tracing import Tracer
    from lighthouse_build.handover import Data, Handover
    from lighthouse_build.language.spec import Spec
    from lighthouse_build.payload import Payload
    from lighthouse_build.resolution.dependencies import Dependencies
    from lighthouse_build.resolution.plan import PlannedStep
    from lighthouse_build.resolution.python_step import UserPython
    from lighthouse_build.supervisor import Progress
    from lighthouse_build.target import Target
    from lighthouse_build.tool.program import Tool

__all__ = ["Job", "preload"]


def preload(request: Request, *, schedules: bool) -> None:
    """Load what a job that runs no Python of the user's needs of MLIR. Errors are left to the job.

    In a heap of its own and by itself, so that it always comes to lie in the same way: before the job starts, or, in a
    batch, before the processes of all its jobs are forked.

    Args:
        schedules: whether it applies any.
    """
    from lighthouse_build.application.context import is_loaded

    if is_loaded():
        return
    address_layout.in_own_heap(lambda: _load_bindings(request, schedules))
    import lighthouse_build.application.apply
    import lighthouse_build.handover
    import lighthouse_build.resolution.pass_files
    import lighthouse_build.supervisor

    if request.kinds & CODE:
        import lighthouse_build.emission.c_interface
        import lighthouse_build.emission.llvm_text
        import lighthouse_build.emission.translate  # noqa: F401


def _load_bindings(request: Request, schedules: bool) -> None:
    from lighthouse_build.application.context import load

    try:
        core = load(whole=False)
        if schedules:
            core.interpreter()
        if request.kinds & CODE:
            core.translation()
    except (LighthouseError, MemoryError):
        return


def preload_generator(request: Request) -> None:
    """Load what generates code for jobs like that of `request`, before they are forked. Errors are left to them."""
    if request.kinds & CODE:
        import lighthouse_build.emission.llvm_ir  # noqa: F401
    if request.kinds & (CODE - {"llvmir"}):
        from lighthouse_build.emission import codegen

        try:
            codegen.preload()
        except (LighthouseError, MemoryError):
            return


class Job:
    """The child's work."""

    def __init__(
        self,
        request: Request,
        plans: Sequence[tuple[str, list[PlannedStep]]],
        payload: Payload | None,
        dependencies: Dependencies,
        progress: Progress,
        tracer: Tracer | None = None,
        scratch: str = "",
        handover: Handover | None = None,
    ) -> None:
        self.request = request
        # Parts of a payload are joined before they are handed over.
        self.handover = None if request.split_input_file or request.verify_diagnostics else handover
        self.prefix_map = PrefixMap(request.prefix_map)
        self.plans = plans
        self.payload = payload
        self.dependencies = dependencies
        self.progress = progress
        self.tracer = tracer
        self.scratch = scratch
        self.times: list[tuple[str, float]] = []
        self.timer = _StepTimer(self.times, progress)
        self.target: Target | None = None
        self.tool: Tool | None = None
        self.python: UserPython | None = None

    def run(self) -> tuple[Mapping[str, Data], list[str]]:
        """What is to be written, path to data as the handover has it, and the inputs that were found."""
        from lighthouse_build.application.context import load

        started = time.perf_counter()
        self.python = self._user_python()
        provider = load(whole=self.python is not None).provider
        if not self.request.driver_identity:
            for path in provider.files():
                self.dependencies.add(path, "bindings")
        try:
            contents: Mapping[str, Data] = self._resolve_all() if self.payload is None else self._lower()
        except (LighthouseError, MemoryError):
            raise
        except BaseException as error:
            raise self._whose(error) from None
        if self.request.timing:
            self._print_times(time.perf_counter() - started)
        if self.handover:
            contents = {path: self.handover.keep(data) for path, data in contents.items()}
        # A directory that was searched concerns the edge that resolves a stage, whose early cutoff absorbs it.
        return contents, self.dependencies.paths(searched=self.payload is None)

    def _whose(self, error: BaseException) -> BaseException:
        """`error`, or the user's if it comes from code of theirs that the driver calls without knowing: a hook, a
        property, what they put in place of a function of Python's."""
        if self.python is None:
            return error
        from lighthouse_build.resolution.generators import as_error, user_frames

        if isinstance(error, OSError) and not user_frames(error):
            # It was free to open every descriptor there is, or to forbid more of them.
            return errors.InputError(f"after code of the project had run, lh-opt could not go on: {error}")
        return as_error(error, "code of the project failed", None) if user_frames(error) else error

    def look_up(self, spec: Spec | None, location: SourceLocation | None) -> str:
        """The answer to `--describe` and `--list-passes`."""
        from lighthouse_build import describe
        from lighthouse_build.resolution.search import SearchPath

        if spec is None or location is None:
            return describe.list_passes()
        search = SearchPath(self.request.include, self.request.python_path)
        return describe.describe(spec, location, search, self._user_python())

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
        from lighthouse_build.resolution.resolve import resolve

        with self._doing(f"stage '{name}' (resolving it)"):
            remark = lambda remark: self._report([remark])  # noqa: E731
            return resolve(steps, name, self.python, remark, self._tool(), self.prefix_map)

    def _user_python(self) -> UserPython | None:
        """How user code runs, if any will."""
        from lighthouse_build.resolution.plan import runs_python

        generated = self.payload is not None and self.payload.generator is not None
        planned = runs_python([step for _, plan in self.plans for step in plan])
        if not (generated or planned or self.request.action == "describe"):
            return None
        from lighthouse_build.application.context import load
        from lighthouse_build.resolution.environment import scrub
        from lighthouse_build.resolution.python_step import UserPython

        known = frozenset(sys.modules)
        load()  # before the environment that may name the bindings is scrubbed
        scrub(dict(self.request.environment))
        root = os.path.abspath(self.request.project_root or os.curdir)
        return UserPython(self.dependencies, self.request.python_path, self._target, root, known)

    def _target(self) -> Target:
        """What code is generated for; found out once."""
        if self.request.no_target and self.payload is None:
            msg = "a generator asks for the target, which it did not when the build was configured; run CMake again"
            raise errors.InputError(msg)
        if self.target is None:
            from lighthouse_build.emission.llvm_text import known_target

            asked = (self.request.triple, self.request.cpu, self.request.features)
            self.target = known_target(*asked)
        if self.target is None:
            from lighthouse_build.emission.codegen import resolve_target

            self.target = resolve_target(*asked)
        return self.target

    def _resolve_all(self) -> dict[str, bytes]:
        """`--emit=stage`: one resolved stage of all specs."""
        from lighthouse_build.application.apply import parse_pipeline
        from lighthouse_build.application.context import Diagnostics, context, load, parse_stage
        from lighthouse_build.resolution.resolve import requirements
        from lighthouse_build.stage_file import PASSES

        (emission,) = self.request.emissions
        stage = self._resolve([step for _, plan in self.plans for step in plan], self._declared_name())
        if emission.kind == "schedule":
            return {emission.path: self._flat_library(stage).encode()}
        # What can be known to fail now, fails now: the text parses again, and its pass pipelines exist.
        with context() as ctx, load().ir.Location.unknown(), load().generic_operations():
            diagnostics = Diagnostics(ctx)
            with requirements(stage, self.python, diagnostics):
                module = parse_stage(stage, diagnostics, ctx)
            for step, holder in zip(stage.steps, module.operation.regions[0].blocks[0].operations):
                if step.kind == PASSES and self._tool() is None:
                    pipeline = holder.attributes["lh.pass_pipeline"].value
                    location = diagnostics.location(holder.operation.location)
                    parse_pipeline(pipeline, ctx, location, self.progress.standard_error)
            self._report(diagnostics.take())
        tool = self._tool()
        if tool is not None:
            from lighthouse_build.tool.check import check_pipelines

            check_pipelines(tool, stage)
        contents = {emission.path: stage.to_text().encode()}
        if emission.path != STDOUT:
            contents[emission.path + SIDECAR_SUFFIX] = stage.to_sidecar(self.prefix_map.with_package()).encode()
        return contents

    def _declared_name(self) -> str:
        """What messages call the one stage of all specs: as the build declares it, else by the specs."""
        function, _, name = self.request.declared_by.rpartition(":")[2].rstrip(")").partition("(")
        return name if function == "lh_add_stage" else ", ".join(self.request.stages)

    def _flat_library(self, stage: ResolvedStage) -> str:
        """`--emit=schedule`."""
        from lighthouse_build.resolution.schedules import flatten

        with self._doing("the schedules"):
            return flatten(stage)

    def _tool(self) -> Tool | None:
        """The tool that applies stages in place of the bindings."""
        if self.request.tool and self.tool is None:
            self.tool = self._find_tool()
        return self.tool

    def _find_tool(self) -> Tool:
        from lighthouse_build.tool.program import Tool

        tool = Tool(self.request.tool)
        if not self.request.tool_identity:
            tool.check_version()
        self._depend_on(tool, self.request.tool_identity)
        return tool

    def _mlir_translate(self) -> Tool:
        """The tool that writes C++."""
        from lighthouse_build.emission import mlir_translate

        tool = mlir_translate.find(self.request.mlir_translate)
        self._depend_on(tool, self.request.mlir_translate_identity)
        return tool

    def _depend_on(self, tool: Tool, identity: str) -> None:
        """Count a tool: by the file that tells it from a changed one, or by its own files."""
        if identity:
            self.dependencies.add(identity, "tool")
            return
        from lighthouse_build.tool.identity import files

        for path in files(tool.path):
            self.dependencies.add(path, "tool")

    def _stages(self) -> list[ResolvedStage]:
        from lighthouse_build.language.spec import Resolved
        from lighthouse_build.resolution.pass_files import add_pass_files
        from lighthouse_build.resolution.plan import read_resolved

        stages = []
        for text, plan in self.plans:
            if len(plan) == 1 and isinstance(plan[0].spec, Resolved):
                stages.append(read_resolved(plan[0].path, self.prefix_map))
            else:
                stages.append(self._resolve(plan, text))
            add_pass_files(stages[-1].body, self.dependencies)
        return stages

    def _lower(self) -> Mapping[str, Data]:
        assert self.payload is not None
        if self.request.kinds & CODE:
            self._target()  # a mistake in it is told before the work is done
        stages = self._stages()
        if self.tracer:
            self.tracer.resolved(stages)
        self._check_steps(stages)
        if self.request.split_input_file or self.request.verify_diagnostics:
            return self._test_parts(self.payload, stages)
        self._load(stages)
        payload = self.payload
        if payload.path:
            self.prefix_map.directory(payload.path)  # found out now: that takes memory by the length of the path
        contents, reported = address_layout.in_fresh_heap(lambda: self._lower_payload(payload, stages))
        self._report(reported)
        return contents

    def _load(self, stages: Sequence[ResolvedStage]) -> None:
        """Import what applying `stages` needs, so that what is allocated then depends on them and the payload alone."""
        import lighthouse_build.application.apply

        if any(step.kind == SCHEDULE for stage in stages for step in stage.steps):
            lighthouse_build.application.context.load().interpreter()
        if self.request.kinds & (CODE | {"interface", "header"}):
            import lighthouse_build.emission.c_interface
        if self.request.kinds & CODE:
            lighthouse_build.application.context.load().translation()

    def _lower_payload(
        self, payload: Payload, stages: Sequence[ResolvedStage]
    ) -> tuple[Mapping[str, Data], list[Diagnostic]]:
        """Apply `stages` to one payload; what is to be written, and MLIR's warnings and remarks."""
        from lighthouse_build.application import apply, context

        is_cpp = CPP in self.request.kinds
        code = self.request.kinds & (CODE | {"interface", "header"})
        if self._tool() is not None:
            return self._lower_with_tool(payload, stages)
        ir = context.load().ir
        with context.context() as ctx, ir.Location.unknown(), context.load().generic_operations():
            ctx.allow_unregistered_dialects = self.request.allow_unregistered
            diagnostics = context.Diagnostics(ctx)
            if self.tracer:
                diagnostics.observe = self.tracer.observe
            with self._doing(f"the parser on '{payload.name}'"):
                module = self._read(payload, diagnostics, ctx)
            signatures: Any = None
            if is_cpp:
                from lighthouse_build.emission import emitc

                signatures = emitc.mark(module, payload.name)
            elif code:
                from lighthouse_build.emission import c_interface

                signatures = c_interface.mark(module, payload.name)
            hooks = apply.Hooks(
                before=(self.timer.before, self._print_before, *([self.tracer.before] if self.tracer else [])),
                after=(self.timer.after, self._print_after),
                standard_error=self.progress.standard_error,
                verify_passes=self.request.verify_each,
                python=self.python,
                tracer=self.tracer,
                payload=payload.name,
            )
            module = apply.apply_stages(module, stages, diagnostics, hooks)
            context.leave(module)
            contents = self._emit_mlir(module)
            try:
                if is_cpp:
                    contents.update(self._emit_models(module, signatures, diagnostics))
                elif code:
                    contents.update(self._emit_code(module, signatures, diagnostics))
            except LighthouseError as error:
                error.causes = (*diagnostics.take(), *error.causes)  # a remark of a stage may say why
                raise
            return contents, diagnostics.take()

    def _lower_with_tool(
        self, payload: Payload, stages: Sequence[ResolvedStage]
    ) -> tuple[dict[str, Data], list[Diagnostic]]:
        """The same with the tool in place of the bindings, which only mark the C interface and read what comes out."""
        from lighthouse_build.tool.lowering import bindings_version, lower
        from lighthouse_build.tool.session import Session

        tool = self._tool()
        assert tool is not None
        request = self.request
        if request.print_before or request.print_after or request.print_after_all:
            raise errors.UsageError("--print-ir-* do not go with --tool; see what --print-tool-command prints")
        options = ["--verify-each=0"] if not request.verify_each else []
        options += ["--allow-unregistered-dialect"] if request.allow_unregistered else []
        session = Session(tool, self.scratch, options, self.progress, bindings_version)
        emit = self._emit_models if CPP in request.kinds else self._emit_code
        return lower(session, payload, stages, request, self._read, emit)

    def _read(self, payload: Payload, diagnostics: Any, ctx: Any) -> Any:
        """The module of a payload: parsed, or generated."""
        from lighthouse_build.application import context

        if payload.generator is None:
            return context.parse_payload(payload, diagnostics, ctx, self.prefix_map)
        from lighthouse_build.resolution.python_step import generate_payload

        assert self.python is not None
        assert payload.path is not None
        spec, location = payload.generator
        module = generate_payload(spec, payload.path, location, self.python, diagnostics, ctx)
        if self.tracer:
            self.tracer.generated(module)
        return module

    def _test_parts(self, payload: Payload, stages: Sequence[ResolvedStage]) -> dict[str, bytes]:
        """`--split-input-file` and `--verify-diagnostics`: each part by itself; all failures are told."""
        from lighthouse_build.application import expectations
        from lighthouse_build.payload import Payload
        from lighthouse_build.resolution.plan import read_text

        if payload.generator:
            raise errors.UsageError("--split-input-file and --verify-diagnostics want a payload that is a text")
        name = payload.name
        text = payload.text if isinstance(payload.text, str) else payload.text.decode(errors="replace")
        whole = read_text(payload.path) if payload.path else text
        parts = expectations.split(whole) if self.request.split_input_file else [expectations.Part(whole, 0)]
        texts: list[bytes] = []
        failed = 0
        for part in parts:
            failures: list[Diagnostic] = []
            reported: list[Diagnostic] = []
            try:
                contents, reported = self._lower_payload(Payload(name, None, part.text, part.offset), stages)
                texts += [bytes(data) for data in contents.values() if not isinstance(data, tuple)]
            except LighthouseError as error:
                # Without a place it is our summary of what MLIR said.
                reported = [*error.causes, *([error.diagnostic] if error.location or not error.causes else [])]
                failures = [*error.causes, error.diagnostic]
            if self.request.verify_diagnostics:
                failures = expectations.unmet(part, name, reported)
                reported = []
            failed += bool(failures)
            self.progress.printer.show(*(failures or reported))
        if failed:
            what = "part" if len(parts) > 1 else "payload"
            raise errors.LoweringError(
                f"{failed} of {len(parts)} {what}s failed" if len(parts) > 1 else f"the {what} failed"
            )
        separator = f"{expectations.MARKER}\n".encode()
        return {self.request.emissions[0].path: separator.join(texts)}

    def _report(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Print the warnings and remarks of what went well."""
        self.progress.printer.show(*diagnostics)

    def _printing(self) -> dict[str, bool]:
        """How MLIR is to print."""
        return {
            "enable_debug_info": self.request.debug_info,
            "print_generic_op_form": self.request.generic,
            "use_local_scope": self.request.local_scope,
        }

    def _asm(self, module: Any) -> str:
        text: str = module.operation.get_asm(**self._printing())
        if self.prefix_map and self.request.debug_info:
            text = self.prefix_map.in_mlir(text)
        return text.rstrip("\n") + "\n"

    def _text(self, module: Any) -> Data:
        """`_asm`, printed to where the parent finds it if that can be done."""
        if self.handover is None or not self.handover.takes_text or (self.prefix_map and self.request.debug_info):
            return self._asm(module).encode()
        # Each stage has verified what it left; the printer would do so once more.
        how = {**self._printing(), "assume_verified": bool(self.plans), "binary": True}
        return self.handover.printed(lambda path: module.operation.print(file=path, **how))

    def _emit_mlir(self, module: Any) -> dict[str, Data]:
        contents: dict[str, Data] = {}
        for emission in self.request.emissions:
            if emission.kind == "mlir":
                contents[emission.path] = self._text(module)
            elif emission.kind == "bytecode":
                contents[emission.path] = self._bytecode(module)
        return contents

    def _bytecode(self, module: Any) -> bytes:
        stream = io.BytesIO()
        module.operation.write_bytecode(stream)
        if self.prefix_map.concerns(stream.getvalue()):  # what Python built; locations can only be changed in the text
            from lighthouse_build.application import context

            text = self.prefix_map.in_mlir(module.operation.get_asm(enable_debug_info=True))
            stream = io.BytesIO()
            context.load().ir.Module.parse(text, module.context).operation.write_bytecode(stream)
        return stream.getvalue()

    def _emit_code(self, module: Any, signatures: Any, diagnostics: Any) -> dict[str, Data]:
        from lighthouse_build.emission import c_interface, translate

        request = self.request
        contents: dict[str, Data] = {}
        referring = translate.check_lowered(module, diagnostics)
        interface = c_interface.finish(module, signatures, symbol_prefix=request.symbol_prefix, referring=referring)
        if not interface.functions:
            self._report([_nothing_exported(interface.source)])
        kinds = request.kinds & CODE
        code: dict[str, Data] = {}
        if kinds:
            from lighthouse_build.emission import llvm_text

            taken: dict[str, Any] = {}
            with self._doing("the translation to LLVM IR"):
                if translate.has_globals(module):
                    from lighthouse_build.emission import constants

                    taken = constants.take_out(module, self._target().triple)
                llvm_ir = self.prefix_map.in_llvm_ir(translate.translate(module, diagnostics))
                text = llvm_text.for_reader(llvm_ir, self._target()) if "llvmir" in kinds else None
            if text is not None:
                code["llvmir"] = text.encode()
        if kinds - code.keys():
            from lighthouse_build.emission import codegen

            with self._doing("the code generator"):
                code |= codegen.generate(
                    llvm_ir,
                    self._target(),
                    constants=taken,
                    optimize=request.optimize,
                    kinds=kinds - code.keys(),
                    declared=interface.externals,
                    allow_undefined=request.allow_undefined,
                )
        printed = code.get("llvmir")
        if isinstance(printed, bytes) and taken:
            pieces = constants.pieces(printed, taken, readable=True)
            code["llvmir"] = self.handover.keep(pieces) if self.handover else b"".join(pieces)
        for emission in request.emissions:
            if emission.kind in code:
                contents[emission.path] = code[emission.kind]
            elif emission.kind == "interface":
                contents[emission.path] = interface.with_sources(self.prefix_map).to_json().encode()
            elif emission.kind == "header":
                from lighthouse_build.emission import header

                guard = header.guard_name(emission.path, interface.source)
                text = header.render([interface], guard_name=guard, namespace=request.namespace)
                contents[emission.path] = text.encode()
        return contents

    def _emit_models(self, module: Any, unlowered: Any, diagnostics: Any) -> dict[str, Data]:
        """The C++ of the payload's models, and what is said of them."""
        from lighthouse_build.emission import cpp_source, emitc, header, mlir_translate, model_header
        from lighthouse_build.tool.lowering import bindings_version

        with self._doing("the preparation for C++"):
            unit = emitc.finish(module, unlowered, diagnostics)
        with self._doing("the translation to C++"):
            text = mlir_translate.translate(unit.text, self._mlir_translate(), bindings_version)
        contents: dict[str, Data] = {}
        for emission in self.request.emissions:
            if emission.kind == CPP:
                contents[emission.path] = cpp_source.render(unit, text, self.request.namespace).encode()
            elif emission.kind == "interface":
                contents[emission.path] = unit.models.with_sources(self.prefix_map).to_json().encode()
            elif emission.kind == "header":
                text = model_header.render(
                    [unit.models],
                    guard_name=header.guard_name(emission.path, unit.models.source),
                    namespace=self.request.namespace,
                    class_name=self.request.class_name,
                )
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


def _nothing_exported(source: str) -> Diagnostic:
    msg = (
        "nothing can call this payload: it has no public function with a body; make one public, or leave the payload "
        "out of the library"
    )
    return Diagnostic(msg, SourceLocation(source), "warning")


class _StepTimer:
    """Tells the supervisor which step runs, and takes its time."""

    def __init__(self, times: list[tuple[str, float]], progress: Progress) -> None:
        self.times = times
        self.progress = progress
        self.started = 0.0
        self.count = 0

    def before(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        from lighthouse_build.application.apply import describe

        self.count += 1
        self.progress(describe(stage, step), self.count)
        self.started = time.perf_counter()

    def after(self, stage: ResolvedStage, step: Step, index: int, module: Any) -> None:
        from lighthouse_build.application.apply import describe

        self.times.append((describe(stage, step), time.perf_counter() - self.started))
