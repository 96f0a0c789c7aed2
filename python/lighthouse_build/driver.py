# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a `Request` asks for, in order: plan, resolve, apply, emit, commit.

The parent process reads the command line, finds files and expands pipelines; a child does all that needs MLIR, LLVM
or the user's Python (`supervisor.py`); the parent writes the outputs.
"""

from __future__ import annotations

import os
import sys

from lighthouse_build import command_line, errors, limits
from lighthouse_build.command_line import CODE, CPP, STDOUT, Request
from lighthouse_build.errors import COMMAND_LINE, ExitCode, InputError, LighthouseError, SourceLocation
from lighthouse_build.frozen import replace
from lighthouse_build.outputs import Edge

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from lighthouse_build.application.tracing import Tracer
    from lighthouse_build.batch import Part
    from lighthouse_build.handover import Data
    from lighthouse_build.language.spec import Spec
    from lighthouse_build.payload import Payload
    from lighthouse_build.resolution.plan import PlannedStep, Planner
    from lighthouse_build.stage_file import ResolvedStage
    from lighthouse_build.supervisor import Progress

__all__ = ["end", "main"]

_STDIN = "<stdin>"
_MODELS = "models"  # what an interface file of models has, and one of C functions has not


def main(argv: Sequence[str] | None = None) -> int:
    """Run `lh-opt` with `argv` (by default the process's own); the exit status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Known before the command line is, which may be wrong.
    printer = errors.Printer(any(a.endswith("-diagnostics-format=json") for a in arguments))
    return _status(lambda: _run(arguments, printer), printer)


def _status(action: Callable[[], int], printer: errors.Printer) -> int:
    """The exit status of `action()`, or of what it raises, which is told."""
    try:
        return action()
    except LighthouseError as error:
        return _told(error, printer)
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader of standard output has gone: not an error of ours
        return 1
    except MemoryError:
        return _told(errors.CrashError("ran out of memory"), printer)
    except SystemExit:
        raise
    except BaseException as error:
        return _internal(error)


def end() -> None:
    """Wait for what the driver has started and is about to end."""
    supervisor = sys.modules.get("lighthouse_build.supervisor")
    if supervisor:
        supervisor.reap()


def _told(error: LighthouseError, printer: errors.Printer) -> int:
    try:
        printer.error(error)
    except OSError:  # there is nobody to tell: standard error is full or closed
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    return error.exit_code


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
    return ExitCode.INTERNAL


def _run(argv: list[str], printer: errors.Printer) -> int:
    request = command_line.parse(argv)
    printer.as_json = request.json_diagnostics
    if request.mlir_package:
        os.environ["LH_MLIR_PACKAGE"] = request.mlir_package
    for directory in reversed(request.mlir_python_path):
        _search_for_bindings(directory)
    if request.batch:
        return _placed(request, lambda: _lower_batch(request, argv, printer))
    return _placed(request, lambda: _perform(request, argv, printer))


def _placed(request: Request, action: Callable[[], int | None]) -> int:
    """The exit status of `action()`; what it raises gets the place in a build description that `request` names."""
    try:
        return action() or ExitCode.SUCCESS
    except LighthouseError as error:
        if request.declared_by:
            from lighthouse_build import declaration

            declaration.place(error, request.declared_by)
        raise


def _search_for_bindings(directory: str) -> None:
    """Import packages from `directory` before those that are installed, but after the standard library."""
    own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    sys.path.insert(sys.path.index(own) if own in sys.path else len(sys.path), os.path.abspath(directory))


def _perform(request: Request, argv: list[str], printer: errors.Printer) -> None:
    if request.action == "help":
        print(command_line.help_text(), end="")
    elif request.action == "version":
        print(_version(request.tool))
    elif request.action == "print-target":
        from lighthouse_build.emission.codegen import resolve_target

        target = resolve_target(request.triple, request.cpu, request.features)
        print(target.triple, target.cpu, ",".join(target.features))
    elif request.action == "asks-for-target":
        _print_whether_target_is_asked(request)
    elif request.action == "needs-python":
        _print_python_steps(request)
    elif request.action == "print-tool-command":
        _print_tool_command(request)
    elif request.action in ("describe", "list-stages", "list-passes"):
        _look_up(request, argv)
    elif request.kinds == {"header"} and request.inputs[0].endswith(".interface.json"):
        _merge_header(request)
    elif "embedded-header" in request.kinds:
        _embed(request)
    elif "tool-identity" in request.kinds:
        _identify_tool(request)
    elif "driver-identity" in request.kinds:
        _identify_driver(request)
    else:
        _lower(request, argv, printer)


def _plan_stages(request: Request) -> list[PlannedStep]:
    from lighthouse_build.resolution.dependencies import Dependencies
    from lighthouse_build.resolution.plan import Planner
    from lighthouse_build.resolution.search import SearchPath

    planner = Planner(SearchPath(request.include, request.python_path), Dependencies())
    return [
        step for text in request.stages for step in planner.plan(_parse_stage(text)[0], ".", _on_command_line(text, 0))
    ]


def _print_whether_target_is_asked(request: Request) -> None:
    from lighthouse_build.resolution.plan import asks_for_target

    print("yes" if asks_for_target(_plan_stages(request)) else "no")


def _print_python_steps(request: Request) -> None:
    from lighthouse_build.resolution.plan import python_steps

    for name, why in python_steps(_plan_stages(request)):
        print(f"{name}: {why}")


def _print_tool_command(request: Request) -> None:
    """The command that does with the tool what `lh-opt payload --stage=…` does."""
    from lighthouse_build.tool.command import command

    print(command(request.tool or "mlir-opt", request.inputs, _resolved_stages(request)))


def _resolved_stages(request: Request) -> list[ResolvedStage]:
    """The stages of a request that takes resolved ones alone."""
    from lighthouse_build.language.spec import Resolved
    from lighthouse_build.resolution.plan import read_resolved

    stages = []
    for step, text in zip(_plan_stages(request), request.stages):
        if not isinstance(step.spec, Resolved):
            msg = "this wants a resolved stage; make one with --emit=stage -o name.stage.mlir"
            raise InputError(msg, _on_command_line(text, 0))
        stages.append(read_resolved(step.path))
    return stages


def _embed(request: Request) -> None:
    """Resolved stages as C++."""
    from lighthouse_build.bindings import find
    from lighthouse_build.emission import embedding
    from lighthouse_build.emission.header import guard_name

    paths = {e.kind: e.path for e in request.emissions}
    header = paths["embedded-header"]
    with _edge(request) as edge:
        stages = _resolved_stages(request)
        provider = find()
        guard = guard_name(header, "stages")
        text = embedding.render_header(stages, guard_name=guard, namespace=request.namespace)
        contents = {header: text.encode()}
        if "embedded-source" in paths:
            text = embedding.render_source(
                stages, header=os.path.basename(header), namespace=request.namespace, origin=f"MLIR of {provider}"
            )
            contents[paths["embedded-source"]] = text.encode()
        inputs = [*(stage.path for stage in stages), *_own_inputs(request)]
        if not request.driver_identity:
            inputs += provider.files()
        if request.tool:
            from lighthouse_build.tool.check import check_embedded
            from lighthouse_build.tool.program import Tool

            tool = Tool(request.tool)
            for stage in stages:
                check_embedded(tool, stage, f"the bindings {provider}")
            inputs.append(os.path.abspath(request.tool_identity or request.tool))
        _commit(request, edge, contents, inputs)


def _identify_tool(request: Request) -> None:
    """`--emit=tool-identity`: a file that changes only if the tool does."""
    from lighthouse_build.tool.identity import files, identify

    (emission,) = request.emissions
    with _edge(request) as edge:
        contents = {emission.path: identify(request.tool).encode()}
        _commit(request, edge, contents, [*files(request.tool), *_own_inputs(request)])


def _identify_driver(request: Request) -> None:
    """`--emit=driver-identity`: a file that changes only if the driver does, or what it runs with."""
    from lighthouse_build.identity import Identity
    from lighthouse_build.resolution.dependencies import Dependencies

    (emission,) = request.emissions
    with _edge(request) as edge:
        identity = Identity()
        dependencies = Dependencies()
        for path in (*identity.own, *identity.directories, identity.interpreter, *identity.packages):
            dependencies.add(path, "driver")
        for path in identity.bindings:
            dependencies.add(path, "bindings")
        _commit(request, edge, {emission.path: identity.text().encode()}, dependencies.paths())


def _look_up(request: Request, argv: Sequence[str]) -> None:
    """`--describe` and the lists: prints an answer, writes nothing."""
    if request.untested:
        from lighthouse_build.testing.coverage import Project

        for stage in Project.read(request.untested).untested():
            print(errors.printable(f"{stage.name} ({stage.directory})"))
        return
    if request.action == "list-stages":
        from lighthouse_build.describe import list_stages

        print(errors.printable(list_stages(request.include)))
        return
    from lighthouse_build.job import Job
    from lighthouse_build.language.spec import Generator, StageClass
    from lighthouse_build.resolution.dependencies import Dependencies
    from lighthouse_build.supervisor import supervise

    spec, location = None, None
    if request.action == "describe":
        spec, location = _parse_stage(request.described)
        if isinstance(spec, (Generator, StageClass)):
            _fix_hash_seed(argv)
    answer = supervise(lambda progress: Job(request, [], None, Dependencies(), progress).look_up(spec, location), None)
    print(errors.printable(answer))


def _parse_stage(text: str) -> tuple[Spec, SourceLocation]:
    from lighthouse_build.language.spec import parse_spec

    return parse_spec(text, lambda offset: _on_command_line(text, offset)), _on_command_line(text, 0)


def _on_command_line(text: str, offset: int) -> SourceLocation:
    """The place of `offset` in an argument."""
    return SourceLocation(COMMAND_LINE, 1, offset + 1, text)


def _version(tool: str) -> str:
    import lighthouse_build

    lines = [f"lh-opt {lighthouse_build.__version__} (Lighthouse Build)"]
    try:
        from lighthouse_build.bindings import find

        provider = find()
        lines.append(f"MLIR bindings: {provider}, at {provider.root}")
    except LighthouseError as error:
        lines.append(f"MLIR bindings: none ({error.message})")
    try:
        from lighthouse_build.emission import llvm_library

        library = llvm_library.find()
        build = llvm_library.known_build(library)
        version = build.llvm if build else _version_of_llvm()
        lines.append(f"code generator: LLVM {version} of llvmlite {llvm_library.version_of(library)}")
    except ImportError as error:
        lines.append(f"code generator: none ({error})")
    if tool:
        from lighthouse_build.tool.program import Tool

        program = Tool(tool)
        program.check_version()
        lines.append(f"tool: {program}, at {program.path}")
    return "\n".join(lines)


def _version_of_llvm() -> str:
    """As LLVM itself says, once it is loaded."""
    from lighthouse_build.emission import llvm

    return ".".join(map(str, llvm.llvm_version_info))


def _own_inputs(request: Request) -> list[str]:
    """What the driver itself counts by, as an input of everything that it makes: its identity, or its sources."""
    if request.driver_identity:
        return [os.path.abspath(request.driver_identity)]
    from lighthouse_build.identity import driver_files

    return driver_files()


def _paths(request: Request) -> list[str]:
    return [e.path for e in request.emissions if e.path != STDOUT]


def _edge(request: Request, named: Iterable[str] = (), part: Part | None = None, outputs: Iterable[str] = ()) -> Edge:
    """The run as the build sees it, or as a part of it.

    Args:
        named: inputs that the command names besides those of the request.
        outputs: what it writes besides.
    """
    if part:
        return Edge(_paths(request), part.record, whole=part.whole)
    named = (*request.inputs, *named, request.driver_identity, request.tool_identity, request.mlir_translate_identity)
    return Edge(
        [*outputs, *_paths(request)],
        request.stamp,
        request.depfile,
        if_changed=request.write_if_changed,
        prefixes=request.depfile_prefixes,
        omitted=[os.path.abspath(path) for path in named if path] if request.depfile_omit_named else (),
    )


def _commit(
    request: Request,
    edge: Edge,
    contents: Mapping[str, bytes | memoryview],
    inputs: Sequence[str],
    name: Callable[[bytes | memoryview, str], bool] = lambda data, path: False,
    record: Callable[[], bytes] | None = None,
) -> bool:
    """Write files, then standard output; as `Edge.commit`."""
    renewed = edge.commit({path: data for path, data in contents.items() if path != STDOUT}, inputs, name, record)
    if STDOUT in contents:
        try:
            sys.stdout.buffer.write(contents[STDOUT])
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the interpreter would try again
            raise InputError(f"cannot write to standard output: {error.strerror}") from None
    return renewed


def _merge_header(request: Request) -> None:
    """One header of the interface files of a library."""
    from lighthouse_build.resolution.plan import read_text

    (emission,) = request.emissions
    with _edge(request) as edge:
        text = _merged(request, {path: read_text(path) for path in request.inputs})
        inputs = [os.path.abspath(path) for path in request.inputs]
        _commit(request, edge, {emission.path: text.encode()}, [*inputs, *_own_inputs(request)])


def _merged(request: Request, texts: Mapping[str, str]) -> str:
    """The header of interface files, path to text: of models, or of C functions."""
    from lighthouse_build.emission import header
    from lighthouse_build.prefix_map import PrefixMap

    real = PrefixMap(request.prefix_map).real
    name = header.guard_name(request.emissions[0].path, request.inputs[0])
    if any(f'"{_MODELS}"' in text for text in texts.values()):
        from lighthouse_build.emission import model_header, models

        units = [models.Models.from_json(text, path).with_sources(real) for path, text in texts.items()]
        return model_header.render(units, guard_name=name, namespace=request.namespace, class_name=request.class_name)
    from lighthouse_build.emission import interface
    from lighthouse_build.emission.c_types import UnsupportedTypeError

    interfaces = [unit.with_sources(real) for path, text in texts.items() for unit in interface.read(text, path)]
    try:
        return header.render(interfaces, guard_name=name, namespace=request.namespace)
    except UnsupportedTypeError as error:
        what = f"not interface files: they have a type {error}; they are written by lh-opt --emit=interface"
        raise InputError(what, SourceLocation(request.inputs[0])) from None


def _lower(request: Request, argv: Sequence[str], printer: errors.Printer, part: Part | None = None) -> None:
    """Resolve or lower; `part` is what the request stands for in a batch."""
    from lighthouse_build.language.spec import Resolved
    from lighthouse_build.resolution.dependencies import Dependencies
    from lighthouse_build.resolution.plan import Planner, applies_schedules, runs_python
    from lighthouse_build.resolution.search import SearchPath

    specs = [_parse_stage(text) for text in request.stages]
    dependencies = Dependencies(request.listings)
    with _edge(request, (spec.path for spec, _ in specs if isinstance(spec, Resolved)), part) as edge:
        if part and part.is_done():
            return  # another build has done it meanwhile
        planner = Planner(SearchPath(request.include, request.python_path), dependencies)
        plans = [(text, planner.plan(spec, ".", at)) for text, (spec, at) in zip(request.stages, specs)]
        payload = _read_payload(request.inputs[0], planner) if request.inputs else None
        steps = [step for _, plan in plans for step in plan]
        schedules = applies_schedules(steps)
        python = runs_python(steps) or bool(payload and payload.generator)
        if python:
            _fix_hash_seed(argv)
        # Not before all is there: most mistakes are names of files, and are told sooner.
        from lighthouse_build.handover import Handover
        from lighthouse_build.job import Job, preload
        from lighthouse_build.supervisor import supervise

        handover = Handover(next((e.path for e in request.emissions if e.kind in CODE and e.path != STDOUT), ""))
        scratch = ""
        if request.tool:
            # The parent's, so that it goes away when the job is killed.
            import tempfile

            scratch = tempfile.mkdtemp(prefix="lh-opt-tool-")

        def run(progress: Progress, tracer: Tracer | None = None) -> tuple[Mapping[str, Data], list[str]]:
            return Job(request, plans, payload, dependencies, progress, tracer, scratch, handover).run()

        starts_programs = bool(scratch) or CPP in request.kinds
        prepares = payload is not None and not (python or request.tool)
        try:
            contents, inputs = supervise(
                run,
                request.timeout,
                printer,
                prepare=(lambda: preload(request, schedules=schedules)) if prepares else None,
                runs_python=python,
                starts_programs=starts_programs,
            )
        except LighthouseError as error:
            # Ordinary errors need no second look: they know their place.
            if not (request.save_reproducer or isinstance(error, (errors.CrashError, errors.UnplacedError))):
                raise
            from lighthouse_build import reproducer

            raise reproducer.explain(error, request, payload, run) from None
        finally:
            if scratch:
                import shutil

                shutil.rmtree(scratch, ignore_errors=True)
        if (request.depfile or part) and dependencies.sees("driver"):
            inputs = sorted({*inputs, *_own_inputs(request)})
        data = handover.taken(contents)
        record = (lambda: part.new_record(data, inputs, edge.began)) if part else None
        _commit(request, edge, data, inputs, handover.name, record)


def _lower_batch(request: Request, argv: Sequence[str], printer: errors.Printer) -> int:
    """Lower what must be of the payloads of a batch; the first status of one that failed, else 0."""
    from lighthouse_build import batch
    from lighthouse_build.resolution.plan import runs_python

    parts = batch.read(request)
    steps = _plan_stages(parts[0].request)  # of all
    if runs_python(steps):
        _fix_hash_seed(argv)  # of all, before anything is locked
    payloads = [path for part in parts for path in part.request.inputs]
    outputs = [path for part in parts for path in _paths(part.request)]
    with _edge(request, (request.batch, *payloads, *_resolved(parts[0].request)), outputs=outputs) as edge:
        todo = [part.within(edge) for part in parts if not part.is_done()]
        if todo:
            edge.announce()
        failed = next(filter(None, _lower_parts(request, argv, printer, todo, steps)), 0)
        if failed:
            edge.fail()
            return failed
        inputs = {os.path.abspath(request.batch), *(path for part in parts for path in part.inputs())}
        if _commit(request, edge, _joined(request, parts), sorted(inputs)):
            for part in parts:
                part.renew_record()
    return ExitCode.SUCCESS


def _lower_parts(
    request: Request,
    argv: Sequence[str],
    printer: errors.Printer,
    parts: Sequence[Part],
    steps: Sequence[PlannedStep],
) -> list[int]:
    """Lower these parts of a batch by stages that come to `steps`; the status of each."""

    def lower(part: Part) -> int:
        return _status(lambda: _placed(part.request, lambda: _lower(part.request, argv, printer, part)), printer)

    if len(parts) < 2:
        return [lower(part) for part in parts]
    from lighthouse_build import address_layout, workers
    from lighthouse_build.resolution.plan import applies_schedules, runs_python

    # The process of a job that runs the user's Python keeps track of what that imports, and is to start without.
    if not runs_python(steps):
        from lighthouse_build.job import preload, preload_generator

        schedules = applies_schedules(steps)
        address_layout.reserve()
        preload(parts[0].request, schedules=schedules)
        preload_generator(parts[0].request)
    slots = request.driver_identity and f"{os.path.splitext(request.driver_identity)[0]}.slots"
    statuses = workers.run(lambda number: lower(parts[number]), len(parts), slots, request.jobs)
    for part, status in zip(parts, statuses):
        if status < 0:
            how = f"lh-opt was ended by signal {-status} while it lowered '{part.request.inputs[0]}'"
            error = errors.CrashError(how + ("; was there too little memory?" if status == -9 else ""))
            if part.request.declared_by:
                from lighthouse_build import declaration

                declaration.place(error, part.request.declared_by)
            _told(error, printer)
    return [status if status >= 0 else ExitCode.CRASH for status in statuses]


def _joined(request: Request, parts: Sequence[Part]) -> dict[str, bytes]:
    """What a batch writes of all its payloads' interfaces."""
    from lighthouse_build.resolution.plan import read_text

    if not request.emissions:
        return {}
    (emission,) = request.emissions
    paths = [e.path for part in parts for e in part.request.emissions if e.kind == "interface"]
    texts = {path: read_text(path) for path in paths}
    if emission.kind == "interface":
        from lighthouse_build.emission.interface import join

        return {emission.path: join(texts.values()).encode()}
    return {emission.path: _merged(replace(request, inputs=tuple(paths)), texts).encode()}


def _resolved(request: Request) -> list[str]:
    """The files of the resolved stages of a request."""
    from lighthouse_build.language.spec import Resolved

    specs = [_parse_stage(text)[0] for text in request.stages]
    return [spec.path for spec in specs if isinstance(spec, Resolved)]


def _fix_hash_seed(argv: Sequence[str]) -> None:
    """Start over with a fixed hash seed if user code will run: the order of a set must not change what it generates."""
    if os.environ.get("PYTHONHASHSEED") == "0" and not sys.flags.ignore_environment:
        return
    # Isolated, as a build runs it, this process has not heeded the user's PYTHONPATH, and the next shall not.
    kept = () if sys.flags.ignore_environment else ("PYTHONPATH",)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON") or k in kept}
    environment["PYTHONHASHSEED"] = "0"
    entry = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    os.execve(sys.executable, [sys.executable, "-s", entry, *argv], environment)


def _read_payload(text: str, planner: Planner) -> Payload:
    """The payload that `text` names: `-`, a file, or a generator. The contents of a file are left to MLIR."""
    from lighthouse_build.language.spec import DEFAULT_PAYLOAD_GENERATOR, Generator, file_head, parse_spec
    from lighthouse_build.payload import Payload

    if text == "-":
        return Payload(_STDIN, None, limits.read_standard_input())
    head = file_head(text)
    if head and head.kind == "py":
        location = _on_command_line(text, 0)
        spec = parse_spec(text, lambda offset: _on_command_line(text, offset), DEFAULT_PAYLOAD_GENERATOR)
        if not isinstance(spec, Generator) or spec.sequence or spec.params:
            raise InputError("a payload generator is file.py[function]{options}", location)
        (step,) = planner.plan(spec, ".", location)
        return Payload(text, step.path, generator=(spec, location))
    try:
        kind = limits.kind_of(text)
        if kind:
            hint = "" if kind == "a directory" else "; write '-' for standard input"
            raise InputError(f"cannot read payload '{text}': it is {kind}, not a file{hint}")
        with open(text, "rb"):
            pass
    except OSError as error:
        raise InputError(f"cannot read payload '{text}': {error.strerror}") from None
    planner.dependencies.add(text, "payload")
    return Payload(text, text)
