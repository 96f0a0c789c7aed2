# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""After a failure: finds out more about it, and leaves a folder that reproduces it.

In the parent. The job runs once more in a child, which follows the failing step (`application/tracing.py`): that says
which transform operation or pass it was, and saves what entered it. The folder is then

    k.o.reproducer/payload.mlir        the payload as it entered the failing step
    k.o.reproducer/stage.stage.mlir    the resolved stage, that step alone
    k.o.reproducer/run.sh              runs it again, with nothing else

tried out before it is told of. What cannot be cut down to a step (translation, code generation) keeps the whole payload
and all stages; what dies before there is anything to save (a generator) keeps the command, run where it was given.

It can be sent to somebody else: where this driver is not, the script takes another one, and directories of this machine
that it cannot do without are variables at its top.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from lighthouse_build import supervisor
from lighthouse_build.application.tracing import PAYLOAD, STAGE, Trace, Tracer
from lighthouse_build.command_line import STDOUT, Request
from lighthouse_build.errors import CrashError, Diagnostic, LighthouseError, Printer, UnplacedError
from lighthouse_build.stage_file import PYTHON

if TYPE_CHECKING:
    from lighthouse_build.payload import Payload

__all__ = ["explain"]

_SCRIPT = "run.sh"
_HEAD = "#!/bin/sh\n# Runs a failure of lh-opt again: "
_OVERRIDES = ("LH_OPT", "LH_PROJECT_ROOT", "LH_DIRECTORY_", "LH_TOOL")  # variables of the script
_PATIENCE = 60.0  # seconds for a second run of what died
_SHORT = 5.0  # for one of what was slow or only failed

# Runs the job again with a tracer; never returns anything of use.
Rerun = Callable[[supervisor.Progress, Tracer], Any]


def explain(error: LighthouseError, request: Request, payload: Payload | None, rerun: Rerun) -> LighthouseError:
    """`error` with what a second run says about it, and with a note about the reproducer if there is to be one.

    Args:
        error: how the job of `request` failed.
        request: the command line.
        payload: of the job.
        rerun: runs the job with a tracer.
    """
    crashed = isinstance(error, CrashError)
    wanted = request.save_reproducer or (crashed and request.crash_diagnostics)
    notes: list[Diagnostic] = []
    trace = None
    directory = _work_directory(request, notes) if wanted else None
    try:
        if error.step:
            trace = _trace(error, error.step, rerun, directory, request)
        if directory:
            notes.append(_leave(error, request, payload, rerun, directory))
    finally:
        if directory:
            shutil.rmtree(directory, ignore_errors=True)
    return _told(error, request, trace, notes)


def _trace(error: LighthouseError, step: int, rerun: Rerun, directory: str | None, request: Request) -> Trace:
    """What `step` does when it runs again; saves what entered it."""
    trace = Trace()
    slow = isinstance(error, CrashError) and error.expired
    patience = _PATIENCE if isinstance(error, CrashError) and not slow else _SHORT
    limit = min(patience, request.timeout or patience)

    def follow(progress: supervisor.Progress) -> None:
        # All this was printed by the first run.
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 1)
        os.dup2(nothing, 2)
        rerun(progress, Tracer(step, trace.pipe, directory))

    with suppress(LighthouseError, supervisor.InternalError):
        supervisor.supervise(follow, limit, Printer(stream=io.StringIO()), starts_programs=bool(request.tool))
    trace.close()
    return trace


# --- The message ------------------------------------------------------------------------------------------------------


def _told(
    error: LighthouseError, request: Request, trace: Trace | None, notes: Sequence[Diagnostic]
) -> LighthouseError:
    """`error` as the user sees it."""
    where = ""
    location = error.location
    causes = list(error.causes)
    if trace and trace.operation and isinstance(error, (CrashError, UnplacedError)):
        where = f", in '{trace.operation}'"
        location = location or trace.location
        notes = [*trace.notes, *notes]
    elif trace and trace.pass_name and isinstance(error, CrashError):
        where = f", in the pass '{trace.pass_name}'" + (f" on '{trace.pass_symbol}'" if trace.pass_symbol else "")
    message = error.message
    frames: tuple[Diagnostic, ...] = ()
    if isinstance(error, CrashError):
        payload = f" on '{request.inputs[0]}'" if request.inputs else ""
        doing = f" while running {error.doing}" if error.doing else ""
        message = f"{error.how}{doing}{payload}{where}" + ("; it was stopped" if error.expired else "")
        frames = error.frames
        if trace:
            causes += trace.diagnostics
            notes = [*(Diagnostic(words, None, "note") for words in trace.last_words), *notes]
    elif where:
        message += where
    if frames and location is None:
        location, frames = frames[0].location, frames[1:]
    return type(error)(message, location, (*error.diagnostic.notes, *frames, *notes), causes)


# --- The folder -------------------------------------------------------------------------------------------------------


def _target(request: Request) -> str:
    """Where the reproducer goes."""
    path = next((e.path for e in request.emissions if e.path != STDOUT), None)
    name = os.path.basename(path or (request.inputs[0] if request.inputs else "")).strip("-") or "lh-opt"
    # A payload's name may be a spec of the stage language.
    name = "".join(c if c.isalnum() or c in "._+-@" else "_" for c in name)[:100]
    directory = request.crash_diagnostics_dir or (os.path.dirname(path) if path else "") or os.curdir
    return os.path.normpath(os.path.join(directory, f"{name}.reproducer"))


def _work_directory(request: Request, notes: list[Diagnostic]) -> str | None:
    """A new directory beside the target; without one a note says why."""
    target = _target(request)
    try:
        os.makedirs(os.path.dirname(target) or os.curdir, exist_ok=True)
        return tempfile.mkdtemp(prefix=f".{os.path.basename(target)}.", dir=os.path.dirname(target) or os.curdir)
    except OSError:
        try:
            return tempfile.mkdtemp(prefix=f".{os.path.basename(target)}.")
        except OSError as error:
            notes.append(Diagnostic(f"no reproducer could be saved: {error.strerror}", None, "note"))
            return None


def _leave(
    error: LighthouseError, request: Request, payload: Payload | None, rerun: Rerun, directory: str
) -> Diagnostic:
    """Make `directory` a reproducer, the smallest that reproduces, and move it to its place; a note says where."""
    try:
        if not _complete(error, request, payload, rerun, directory):
            return Diagnostic("no reproducer was saved: a second run did not fail like the first", None, "note")
        place = _moved(directory, _target(request))
    except OSError as problem:
        return Diagnostic(f"no reproducer could be saved: {problem.strerror}", None, "note")
    script = shlex.quote(os.path.join(place, _SCRIPT))
    return Diagnostic(f"a reproducer is in '{place}'; run it with: sh {script}", None, "note")


def _complete(error: LighthouseError, request: Request, payload: Payload | None, rerun: Rerun, directory: str) -> bool:
    """Fill `directory`; whether its script fails as `error` does."""

    def works(arguments: Sequence[str], kinds: Iterable[str], place: str | None = None) -> bool:
        script = os.path.join(directory, _SCRIPT)
        with open(script, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(_script(error, [*_common(request), *arguments], kinds, place, _variables(request)))
        os.chmod(script, 0o755)
        return _reproduces(script, error)

    saved = _saved(directory)
    if sorted(saved) == [PAYLOAD, STAGE]:
        python = [*_of_python(request), *_of_target(request)] if _runs_python(directory, [STAGE]) else []
        if works([*python, PAYLOAD, f"--stage={STAGE}"], ["mlir"]):
            return True
    _empty(directory)
    if payload is not None:
        _trace(error, 0, rerun, directory, request)
        if payload.generator is None:
            _copy(payload, os.path.join(directory, PAYLOAD))
        saved = _saved(directory)
        stages = sorted((n for n in saved if n != PAYLOAD), key=lambda n: int(n.split(".")[0]))
        python = _of_python(request) if _runs_python(directory, stages) else []
        arguments = [*python, *_of_job(request), PAYLOAD, *(f"--stage={name}" for name in stages)]
        if PAYLOAD in saved and len(stages) == len(request.stages) and works(arguments, request.kinds):
            return True
        _empty(directory)
    return works(_of_command(request), request.kinds, os.getcwd())


def _copy(payload: Payload, path: str) -> None:
    if payload.path is not None:
        shutil.copyfile(payload.path, path)
        return
    with open(path, "wb") as stream:
        stream.write(payload.text.encode() if isinstance(payload.text, str) else payload.text)


def _empty(directory: str) -> None:
    for name in os.listdir(directory):
        os.unlink(os.path.join(directory, name))


def _saved(directory: str) -> list[str]:
    """What the tracer has saved."""
    return [name for name in os.listdir(directory) if name != _SCRIPT]


def _reproduces(script: str, error: LighthouseError) -> bool:
    """Whether the script fails as `error` does. What ran out of time is not waited for again."""
    if isinstance(error, CrashError) and error.expired:
        return True
    try:
        run = subprocess.run(
            ["/bin/sh", script],
            env={name: value for name, value in os.environ.items() if not name.startswith(_OVERRIDES)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return run.returncode == int(error.exit_code)


def _script(
    error: LighthouseError,
    arguments: Sequence[str],
    kinds: Iterable[str],
    place: str | None,
    variables: Mapping[str, str],
) -> str:
    """The text of the script; it runs in its own directory, or in `place`."""
    # As this process was started; a build isolates it from the user's environment.
    isolated = sys.flags.isolated or "PYTHONPATH" not in os.environ
    entry = os.path.join(os.path.dirname(os.path.abspath(__file__)), "__main__.py")
    driver = [sys.executable, *(["-I"] if isolated else []), "-B", entry]
    outputs = [f'"--emit={kind}=$out/{kind}"' for kind in sorted(kinds)]
    said = " ".join(error.message.split())
    words = [_word(argument, variables) for argument in arguments]
    enter = _word(place, variables) if place else '"$(dirname -- "$0")"'
    used = [name for name in variables if any(f'"${name}"' in word for word in (*words, enter))]
    return "\n".join(
        [
            _HEAD + said.encode("unicode_escape").decode(),
            "# More arguments of lh-opt may follow it, as in: sh run.sh --timing",
            f"# On another machine, set {', '.join(['LH_OPT (by default lh-opt)', *used])}.",
            *(f'[ -n "${{{name}-}}" ] || {name}={shlex.quote(variables[name])}' for name in used),
            "lh_opt() {",
            '  if [ -n "${LH_OPT-}" ]; then',
            '    $LH_OPT "$@"',
            f"  elif [ -x {shlex.quote(sys.executable)} ] && [ -f {shlex.quote(entry)} ]; then",
            f'    {shlex.join(driver)} "$@"',
            "  else",
            '    lh-opt "$@"',
            "  fi",
            "}",
            f"CDPATH= cd -- {enter} || exit",
            "out=$(mktemp -d) || exit",
            "trap 'rm -rf \"$out\"' EXIT",
            " \\\n  ".join(["lh_opt", *words, *outputs, '"$@"']),
            "",
        ]
    )


def _variables(request: Request) -> dict[str, str]:
    """Directories and files of this machine that arguments may name, by the variables of the script for them."""
    root = os.path.abspath(request.project_root or os.curdir)
    others = dict.fromkeys(os.path.abspath(old) for old, _ in request.prefix_map)
    others.pop(root, None)
    # What lies in another one comes before it.
    places = sorted(
        [(root, "LH_PROJECT_ROOT"), *((path, f"LH_DIRECTORY_{n}") for n, path in enumerate(others, start=1))],
        key=lambda place: -len(place[0]),
    )
    return {
        name: path for path, name in ([(os.path.abspath(request.tool), "LH_TOOL")] if request.tool else []) + places
    }


def _word(argument: str, variables: Mapping[str, str]) -> str:
    """`argument` for the shell, with a variable in place of a path that one stands for, and of what lies in it."""
    for name, path in variables.items():
        found = re.match(rf"(-I|--[\w-]+=)?{re.escape(path)}(?=/|$)", argument)
        if found:
            head, tail = found[1] or "", argument[found.end() :]
            return f'{head}"${name}"{shlex.quote(tail) if tail else ""}'
    return shlex.quote(argument)


def _common(request: Request) -> list[str]:
    """Arguments that every reproducer needs."""
    package = request.mlir_package or os.environ.get("LH_MLIR_PACKAGE", "")
    return [
        "--no-crash-diagnostics",
        *([f"--mlir-package={package}"] if package else []),
        *(f"--mlir-python-path={os.path.abspath(directory)}" for directory in request.mlir_python_path),
        *([f"--tool={os.path.abspath(request.tool)}"] if request.tool else []),
        *([f"--timeout={request.timeout:g}"] if request.timeout else []),
        *(["--allow-unregistered-dialect"] if request.allow_unregistered else []),
        *([] if request.verify_each else ["--verify-each=0"]),
    ]


def _runs_python(directory: str, stages: Iterable[str]) -> bool:
    """Whether applying the saved `stages` does."""
    from lighthouse_build.resolution.plan import read_steps

    saved = [read_steps(os.path.join(directory, name)) for name in stages]
    return any(stage.requires or any(step.kind == PYTHON for step in stage.steps) for stage in saved)


def _of_python(request: Request) -> list[str]:
    """Arguments for what runs Python."""
    return [
        *(f"--python-path={os.path.abspath(directory)}" for directory in request.python_path),
        *(f"--environment={name}={value}" for name, value in request.environment),
        f"--project-root={os.path.abspath(request.project_root or os.curdir)}",
    ]


def _of_target(request: Request) -> list[str]:
    return [
        *([f"--target-triple={request.triple}"] if request.triple else []),
        *([f"--cpu={request.cpu}"] if request.cpu else []),
        *([f"--features={','.join(request.features)}"] if request.features else []),
        *(["--no-target"] if request.no_target else []),
    ]


def _of_job(request: Request) -> list[str]:
    """Arguments for all that follows the stages."""
    return [
        *_of_target(request),
        f"-O{request.optimize}",
        *([f"--symbol-prefix={request.symbol_prefix}"] if request.symbol_prefix else []),
        *([f"--namespace={request.namespace}"] if request.namespace else []),
        *(f"--allow-undefined={pattern}" for pattern in request.allow_undefined),
        *(["--split-input-file"] if request.split_input_file else []),
    ]


def _of_command(request: Request) -> list[str]:
    """Arguments of the command as it was given, where it was given."""
    return [
        *_of_python(request),
        *_of_job(request),
        *(f"-I{directory}" for directory in request.include),
        *request.inputs,
        *(f"--stage={stage}" for stage in request.stages),
    ]


def _moved(directory: str, target: str) -> str:
    """Move the finished reproducer to `target`, over an older one; the place where it ended."""
    beside = os.path.dirname(os.path.abspath(directory)) == os.path.dirname(os.path.abspath(target))
    base = target if beside else os.path.join(os.path.dirname(directory), os.path.basename(target))
    os.chmod(directory, 0o755)
    for number in range(100):
        place = f"{base}-{number}" if number else base
        if _is_ours(place):
            shutil.rmtree(place, ignore_errors=True)
        with suppress(OSError):
            os.rename(directory, place)
            return place
    msg = "there are a hundred"
    raise FileExistsError(17, msg)


def _is_ours(place: str) -> bool:
    try:
        with open(os.path.join(place, _SCRIPT), encoding="utf-8", errors="replace") as stream:
            return stream.read(len(_HEAD)) == _HEAD
    except OSError:
        return False
