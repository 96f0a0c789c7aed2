# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line: flags to a `Request`. What a flag means is written in its help text, which the reference is made
from."""

from __future__ import annotations

import sys

from lighthouse_build import flags
from lighthouse_build.errors import UsageError, did_you_mean
from lighthouse_build.flags import Flag
from lighthouse_build.frozen import frozen

TYPE_CHECKING = False  # see frozen.py
if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["FLAGS", "KINDS", "Emission", "Request", "help_text", "parse"]

# What `--emit` writes: kind to a description for the help text.
KINDS = {
    "mlir": "the payload after all stages, as text",
    "bytecode": "the same as MLIR bytecode",
    "stage": "the stages, resolved to one file; takes no payload",
    "llvmir": "LLVM IR text",
    "bitcode": "LLVM bitcode",
    "assembly": "assembly of the target",
    "object": "an object file of the target",
    "schedule": "the schedules of the stages as one flat transform library; takes no payload",
    "cpp": "C++17 source of a payload that was lowered to EmitC, whose public functions are models",
    "interface": "a description of the C interface, or of the models, as JSON, to be merged into a header",
    "header": "a C and C++ header; of a payload, or merged from the .interface.json files given as inputs",
    "embedded-header": "a C++ header that declares resolved stages as data; takes no payload",
    "embedded-source": "the C++ source of it, which includes the header of the same --emit list",
    "tool-identity": "what tells the tool of --tool from a changed one: a digest of it and of its libraries",
    "driver-identity": "what tells this driver from a changed one: digests of its sources, the interpreter and the "
    "packages that it uses",
}
CODE = frozenset({"llvmir", "bitcode", "assembly", "object"})
# What takes no payload; each group is written by itself.
_WITHOUT_PAYLOAD = (
    frozenset({"stage"}),
    frozenset({"schedule"}),
    frozenset({"embedded-header", "embedded-source"}),
    frozenset({"tool-identity"}),
    frozenset({"driver-identity"}),
)
CPP = "cpp"
STDOUT = "-"

USAGE = "lh-opt [options] [payload] [--stage=SPEC ...]"
DESCRIPTION = """\
Apply stages to an MLIR payload and write what becomes of it.

A stage is a pass or pass pipeline, a transform schedule (file.mlir[sequence]), a generator of one
(file.py[function]{option=value}), a pipeline (file.yaml{variable=value}) or a resolved stage (file.stage.mlir).
"""
EPILOG = """\
exit status: 0 success; 1 a stage or the code generator refused the payload; 2 usage; 3 a wrong or missing
input; 4 MLIR or LLVM died or ran out of time; 70 a bug of lh-opt; 130 interrupted

examples:
  lh-opt payload.mlir --stage=canonicalize --stage='tile.py{sizes=[8,32]}'
  lh-opt payload.mlir --stage=lower-to-llvm.yaml --emit=object=k.o --emit=header=k.h --cpu=x86-64-v3
  lh-opt --stage=tile.py --emit=stage -o tile.stage.mlir
"""


@frozen
class Emission:
    """One `--emit`: what, and to which file (`-` is standard output)."""

    kind: str
    path: str


@frozen
class Request:
    """A command line, checked.

    `action` is `run`, `help`, `version`, `print-target`, `asks-for-target`, `needs-python`, `print-tool-command`,
    `describe`, `list-stages` or `list-passes`; `described` is a spec.
    """

    action: str = "run"
    inputs: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    emissions: tuple[Emission, ...] = ()
    include: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    prefix_map: tuple[tuple[str, str], ...] = ()
    triple: str | None = None
    cpu: str | None = None
    features: tuple[str, ...] = ()
    optimize: int = 2
    symbol_prefix: str = ""
    namespace: str = ""
    class_name: str = "{}"
    mlir_translate: str = ""
    mlir_translate_identity: str = ""
    allow_undefined: tuple[str, ...] = ()
    stamp: str | None = None
    depfile: str | None = None
    depfile_prefixes: tuple[tuple[str, str], ...] = ()
    depfile_omit_named: bool = False
    write_if_changed: bool = False
    listings: tuple[str, ...] = ()
    timeout: float | None = None
    print_before: tuple[str, ...] = ()
    print_after: tuple[str, ...] = ()
    print_after_all: bool = False
    debug_info: bool = False
    generic: bool = False
    local_scope: bool = False
    timing: bool = False
    split_input_file: bool = False
    verify_diagnostics: bool = False
    verify_each: bool = True
    allow_unregistered: bool = False
    mlir_package: str = ""
    mlir_python_path: tuple[str, ...] = ()
    project_root: str = ""
    declared_by: str = ""
    described: str = ""
    no_target: bool = False
    untested: str = ""
    json_diagnostics: bool = False
    save_reproducer: bool = False
    crash_diagnostics: bool = True
    crash_diagnostics_dir: str = ""
    batch: str = ""
    jobs: int = 0
    tool: str = ""
    tool_identity: str = ""
    driver_identity: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(e.kind for e in self.emissions)


# The last of several counts, unless the help says that a flag may be repeated.
FLAGS = (
    Flag("stages", ("--stage", "--pass-pipeline"), "apply this stage; may be repeated", "SPEC"),
    Flag("stages", ("-I",), "look for stage files here too", "DIR"),
    Flag("stages", ("--python-path",), "let generators import modules from here", "DIR"),
    Flag(
        "stages",
        ("--project-root",),
        "what resolved stages name the files of Python steps relative to; default: the working directory",
        "DIR",
    ),
    Flag(
        "stages",
        ("--declared-by",),
        "the call in a build description that stands behind this command line, for the places in errors",
        "FILE:CALL",
    ),
    Flag("stages", ("--environment",), "set a variable for generators; they see no other ones", "NAME=VALUE"),
    Flag(
        "stages",
        ("--needs-python",),
        "print the steps of the stages that run Python when they are applied, and why; runs nothing",
    ),
    Flag("output", ("-o",), "output file; standard output by default", "FILE"),
    Flag(
        "output",
        ("--emit",),
        "what to write, to the file of -o or to one of its own; may be repeated. "
        + "; ".join([f"{kind}: {what}" for kind, what in KINDS.items()])
        + ". Default: mlir",
        "KIND[=FILE]",
    ),
    Flag("output", ("--symbol-prefix",), "put before the name of every exported function", "PREFIX"),
    Flag("output", ("--namespace",), "C++ namespace of the header's functions, or models", "NAME"),
    Flag(
        "output",
        ("--class-name",),
        "C++ class of a model in the header; {} stands for the model's name in CamelCase, which is the default",
        "NAME",
    ),
    Flag(
        "output",
        ("--mlir-translate",),
        "what writes C++: a tool with --mlir-to-cpp; default: mlir-translate, or its newest version, on PATH",
        "FILE",
    ),
    Flag(
        "output",
        ("--mlir-translate-identity",),
        "what --emit=tool-identity wrote of it: the dependency in place of the tool and its libraries",
        "FILE",
    ),
    Flag(
        "output",
        ("--allow-undefined",),
        "symbols that the object may leave undefined because another library has them",
        "GLOB",
    ),
    Flag(
        "output",
        ("--prefix-map",),
        "in locations, write NEW for the directory OLD; may be repeated, the last that fits counts; in messages, NEW "
        "is OLD again",
        "OLD=NEW",
    ),
    Flag("output", ("--write-if-changed",), "build edge: leave outputs that are the same untouched"),
    Flag(
        "output",
        ("--batch",),
        "build edge: lower the payloads that FILE lists, but for those that have been lowered and whose inputs have "
        "not changed since; with --emit=header or --emit=interface, write one of all (docs/dependencies.md)",
        "FILE",
    ),
    Flag(
        "output",
        ("-j", "--jobs"),
        "with --batch, lower as many payloads at once at most; default: one, and more while processors are free",
        "N",
    ),
    Flag("output", ("--stamp",), "build edge: write only what changed, then this file", "FILE"),
    Flag("output", ("--depfile",), "write the inputs to this file, in the syntax of Make", "FILE"),
    Flag(
        "output",
        ("--driver-identity",),
        "what --emit=driver-identity wrote: the dependency in place of the driver's files and the bindings",
        "FILE",
    ),
    Flag(
        "output",
        ("--depfile-prefix",),
        "in the depfile, write NEW for the directory OLD of what is in it; may be repeated, the first that fits counts",
        "OLD=NEW",
    ),
    Flag(
        "output",
        ("--depfile-omit-named",),
        "in the depfile, leave out files that the command itself names: payload, resolved stages, identities",
    ),
    Flag(
        "output",
        ("--listing",),
        "in the depfile, write FILE for the directory that its first line names, where something was only looked for: "
        "the other lines list the stage files and modules in it; may be repeated",
        "FILE",
    ),
    Flag("code generation", ("--target-triple",), "default: this machine's", "TRIPLE"),
    Flag("code generation", ("--cpu",), "default: the baseline of the triple; native: this machine's", "CPU"),
    Flag("code generation", ("--features",), "CPU features, as in +avx2,-fma", "LIST"),
    Flag(
        "code generation", ("-O",), "optimization level, -O0 to -O3; default: 2", "LEVEL", choices=("0", "1", "2", "3")
    ),
    Flag("code generation", ("--print-target",), "print triple, CPU and features that would be used"),
    Flag(
        "code generation",
        ("--asks-for-target",),
        "print yes if a generator among the stages takes the target, else no; runs nothing",
    ),
    Flag("code generation", ("--no-target",), "refuse generators that take the target"),
    Flag(
        "the project's own tool",
        ("--tool",),
        "apply stages with this program, which takes the options of mlir-opt; with --emit=stage, a stage for it, which "
        "it checks",
        "PROGRAM",
    ),
    Flag(
        "the project's own tool",
        ("--tool-identity",),
        "what --emit=tool-identity wrote of the tool: the dependency in place of the tool and its libraries",
        "FILE",
    ),
    Flag(
        "the project's own tool",
        ("--print-tool-command",),
        "print the command that applies a resolved stage with --tool, by default mlir-opt",
    ),
    Flag("looking inside", ("--print-ir-before",), "print the payload before a step", "STEP"),
    Flag("looking inside", ("--print-ir-after",), "print the payload after a step", "STEP"),
    Flag("looking inside", ("--print-ir-after-all",), "print the payload after every step"),
    Flag("looking inside", ("--mlir-print-debuginfo",), "print locations with the payload"),
    Flag("looking inside", ("--mlir-print-op-generic",), "print the payload in MLIR's generic form"),
    Flag("looking inside", ("--mlir-print-local-scope",), "print the payload without aliases"),
    Flag("looking inside", ("--timing",), "print where the time went"),
    Flag("looking inside", ("--timeout",), "stop a job that takes longer", "SECONDS"),
    Flag("looking inside", ("--describe",), "say what a stage is and what it accepts", "SPEC"),
    Flag("looking inside", ("--list-stages",), "list the stage files of -I and the shipped ones"),
    Flag(
        "looking inside",
        ("--untested",),
        "with --list-stages: list instead the declared stages of a build that no test applies, from its "
        "lighthouse-stages/stages.json",
        "FILE",
    ),
    Flag("looking inside", ("--list-passes",), "list the passes of the bindings"),
    Flag(
        "when something goes wrong",
        ("--diagnostics-format",),
        "clang: file:line:column: severity: message, with source line and caret; json: one object a line, for machines "
        "(docs/diagnostics.md). Default: clang",
        "FORMAT",
        choices=("clang", "json"),
    ),
    Flag(
        "when something goes wrong",
        ("--crash-diagnostics-dir",),
        "where to leave a reproducer when MLIR or LLVM dies or runs out of time; default: beside the output, or the "
        "working directory",
        "DIR",
    ),
    Flag("when something goes wrong", ("--no-crash-diagnostics",), "leave no reproducer"),
    Flag("when something goes wrong", ("--save-reproducer",), "leave a reproducer of any failure of a stage"),
    Flag(
        "testing, as with other tools of MLIR",
        ("--split-input-file",),
        "take the parts between lines '// -----' one by one",
    ),
    Flag(
        "testing, as with other tools of MLIR",
        ("--verify-diagnostics",),
        "compare diagnostics with the expected-* comments of the payload",
    ),
    Flag(
        "testing, as with other tools of MLIR",
        ("--verify-each",),
        "verify the payload after every pass of a pipeline; after every step it always is. Default: true",
        "BOOL",
        default="true",
        choices=("0", "1", "false", "true"),
    ),
    Flag(
        "testing, as with other tools of MLIR",
        ("--allow-unregistered-dialect",),
        "accept operations of unknown dialects",
    ),
    Flag("general", ("-h", "--help"), "print this text"),
    Flag("general", ("--mlir-package",), "the Python package of the MLIR bindings; LH_MLIR_PACKAGE too", "NAME"),
    Flag(
        "general",
        ("--mlir-python-path",),
        "look for the bindings in this directory, before what is installed; may be repeated",
        "DIR",
    ),
    Flag("general", ("--version",), "print the versions of lh-opt, the bindings, LLVM and --tool"),
)
# What is no flag, and its help.
ARGUMENTS = (("payload", "an .mlir or .mlirbc file, or - for standard input"),)


def help_text() -> str:
    """The text of `--help`."""
    return flags.help_text(FLAGS, USAGE, DESCRIPTION, EPILOG, ARGUMENTS)


def _is_text(argument: str) -> bool:
    try:
        argument.encode()
    except UnicodeEncodeError:  # bytes that Python could not decode
        return False
    return True


def parse(argv: Sequence[str]) -> Request:
    """Read the command line. Raises UsageError."""
    for argument in argv:
        if not _is_text(argument):
            raise UsageError(f"the argument '{argument}' is not UTF-8, which the names of files must be here")
    values = flags.read(FLAGS, argv, "lh-opt")
    package = values.last("--mlir-package") or ""
    if values.given("-h") or values.given("--version"):
        action = "help" if values.given("-h") else "version"
        return Request(
            action=action,
            mlir_package=package,
            mlir_python_path=values.all("--mlir-python-path"),
            tool=values.last("--tool") or "",
        )
    request = Request(
        action=_action(values),
        inputs=tuple(values.arguments),
        stages=values.all("--stage"),
        emissions=_emissions(values.all("--emit") or _default_kinds(values), values.last("-o") or STDOUT),
        include=values.all("-I"),
        python_path=values.all("--python-path"),
        environment=tuple(map(_variable, values.all("--environment"))),
        prefix_map=_prefixes(values, "--prefix-map"),
        triple=values.last("--target-triple"),
        cpu=values.last("--cpu"),
        features=tuple(f for f in (values.last("--features") or "").split(",") if f),
        optimize=int(values.last("-O") or 2),
        symbol_prefix=values.last("--symbol-prefix") or "",
        namespace=values.last("--namespace") or "",
        class_name=values.last("--class-name") or "{}",
        mlir_translate=values.last("--mlir-translate") or "",
        mlir_translate_identity=values.last("--mlir-translate-identity") or "",
        allow_undefined=values.all("--allow-undefined"),
        stamp=values.last("--stamp"),
        depfile=values.last("--depfile"),
        depfile_prefixes=_prefixes(values, "--depfile-prefix"),
        listings=values.all("--listing"),
        timeout=_seconds(values.last("--timeout")),
        print_before=values.all("--print-ir-before"),
        print_after=values.all("--print-ir-after"),
        print_after_all=values.given("--print-ir-after-all"),
        debug_info=values.given("--mlir-print-debuginfo"),
        generic=values.given("--mlir-print-op-generic"),
        local_scope=values.given("--mlir-print-local-scope"),
        timing=values.given("--timing"),
        split_input_file=values.given("--split-input-file"),
        verify_diagnostics=values.given("--verify-diagnostics"),
        verify_each=values.last("--verify-each") in (None, "1", "true"),
        allow_unregistered=values.given("--allow-unregistered-dialect"),
        mlir_package=package,
        mlir_python_path=values.all("--mlir-python-path"),
        project_root=values.last("--project-root") or "",
        declared_by=values.last("--declared-by") or "",
        described=values.last("--describe") or "",
        no_target=values.given("--no-target"),
        untested=values.last("--untested") or "",
        json_diagnostics=values.last("--diagnostics-format") == "json",
        save_reproducer=values.given("--save-reproducer"),
        crash_diagnostics=not values.given("--no-crash-diagnostics"),
        crash_diagnostics_dir=values.last("--crash-diagnostics-dir") or "",
        tool=values.last("--tool") or "",
        tool_identity=values.last("--tool-identity") or "",
        driver_identity=values.last("--driver-identity") or "",
        depfile_omit_named=values.given("--depfile-omit-named"),
        write_if_changed=values.given("--write-if-changed"),
        batch=values.last("--batch") or "",
        jobs=_count(values.last("-j")),
    )
    if request.action == "run":
        _check(request)
    return request


def _action(values: flags.Values) -> str:
    lookups = (
        "--print-target",
        "--asks-for-target",
        "--needs-python",
        "--print-tool-command",
        "--list-stages",
        "--list-passes",
        "--describe",
    )
    wanted = [name for name in lookups if values.given(name)]
    if values.given("--untested") and "--list-stages" not in wanted:
        raise UsageError("--untested goes with --list-stages")
    if len(wanted) > 1:
        raise UsageError(f"{wanted[0]} and {wanted[1]} exclude each other")
    return wanted[0].removeprefix("--") if wanted else "run"


def _default_kinds(values: flags.Values) -> tuple[str, ...]:
    """What is written if nothing is asked for; of a batch, each payload says it for itself."""
    return () if values.given("--batch") else ("mlir",)


def _count(text: str | None) -> int:
    """The value of `--jobs`; 0 if it is not given."""
    if text is None:
        return 0
    if not text.isdecimal() or not int(text):
        raise UsageError(f"--jobs wants a whole number greater than 0, not '{text}'")
    return int(text)


def _seconds(text: str | None) -> float | None:
    """The value of `--timeout`."""
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not seconds > 0:
        raise UsageError(f"--timeout wants a number of seconds greater than 0, not '{text}'")
    return seconds


def _emissions(texts: Sequence[str], output: str) -> tuple[Emission, ...]:
    emissions = []
    for text in texts:
        kind, equals, path = text.partition("=")
        if kind not in KINDS:
            hint = did_you_mean(kind, list(KINDS)) or f"; expected one of {', '.join(KINDS)}"
            raise UsageError(f"cannot emit '{kind}'{hint}")
        if equals and not path:
            raise UsageError(f"'--emit={text}' names no file")
        emissions.append(Emission(kind, path or output))
    if output != STDOUT and not any(e.path == output for e in emissions):
        raise UsageError(f"'-o {output}' is never written; every --emit has a file of its own")
    paths = [e.path for e in emissions]
    for path in paths:
        if paths.count(path) > 1:
            where = "standard output" if path == STDOUT else f"'{path}'"
            raise UsageError(f"several outputs would be written to {where}; write --emit=KIND=FILE")
    return tuple(emissions)


def _variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise UsageError(f"'--environment={text}' wants NAME=VALUE")
    return name, value


def _prefixes(values: flags.Values, flag: str) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in values.all(flag):
        old, equals, new = text.rpartition("=")  # a directory of the build machine is the likelier to have one
        if not old or not equals:
            raise UsageError(f"'{flag}={text}' wants OLD=NEW")
        pairs.append((old, new))
    return tuple(pairs)


def _check_without_payload(request: Request, group: frozenset[str]) -> None:
    """Refuse what does not go with the outputs of `group`."""
    kind = next(e.kind for e in request.emissions if e.kind in group)
    if request.inputs:
        raise UsageError(f"--emit={kind} takes no payload, but there is '{request.inputs[0]}'")
    if not request.kinds <= group or (len(group) == 1 and len(request.emissions) > 1):
        raise UsageError(f"--emit={kind} excludes other outputs")
    if kind == "tool-identity":
        if request.stages or not request.tool:
            raise UsageError("--emit=tool-identity wants --tool and takes no --stage")
        return
    if kind == "driver-identity":
        if request.stages or request.driver_identity:
            raise UsageError("--emit=driver-identity takes neither --stage nor --driver-identity")
        return
    if not request.stages:
        raise UsageError(f"--emit={kind} wants at least one --stage")
    if "embedded-source" in request.kinds and "embedded-header" not in request.kinds:
        raise UsageError("--emit=embedded-source wants --emit=embedded-header=FILE too, which it includes")


def _check(request: Request) -> None:
    """Refuse what contradicts itself."""
    if request.batch:
        _check_batch(request)
        return
    if request.jobs:
        raise UsageError("--jobs goes with --batch")
    merging = any(path.endswith(".interface.json") for path in request.inputs)
    if merging:
        if request.kinds != {"header"}:
            raise UsageError("interface files can only be merged into a header, with --emit=header")
        if not all(path.endswith(".interface.json") for path in request.inputs):
            raise UsageError("interface files and payloads cannot be mixed")
        if request.stages:
            raise UsageError("interface files take no stages")
        return
    for group in _WITHOUT_PAYLOAD:
        if request.kinds & group:
            _check_without_payload(request, group)
            return
    if CPP in request.kinds:
        _check_cpp(request)
    if not request.inputs:
        if sys.stdin is not None and not sys.stdin.isatty() and not request.stages:
            raise UsageError("there is nothing to do; name a payload (- for standard input)")
        raise UsageError("there is no payload; name a file, or - for standard input")
    if (request.split_input_file or request.verify_diagnostics) and request.tool:
        raise UsageError("--split-input-file and --verify-diagnostics do not go with --tool; run the tool itself")
    if (request.split_input_file or request.verify_diagnostics) and request.kinds != {"mlir"}:
        raise UsageError("--split-input-file and --verify-diagnostics are for --emit=mlir alone")
    if len(request.inputs) > 1:
        raise UsageError(f"one payload at a time, but there are {', '.join(request.inputs)}")
    binary = any(e.kind in ("object", "bitcode", "bytecode") and e.path == STDOUT for e in request.emissions)
    if binary and sys.stdout.isatty():
        raise UsageError("a binary file will not be printed to the terminal; use -o")


def _check_batch(request: Request) -> None:
    if request.inputs or request.stages:
        what = request.inputs[0] if request.inputs else f"--stage={request.stages[0]}"
        raise UsageError(f"--batch takes payloads and stages from its file, but there is '{what}'")
    wrong = sorted(request.kinds - {"header", "interface"})
    if wrong:
        raise UsageError(f"--emit={wrong[0]} is of a payload; with --batch its file says what each becomes")
    if len(request.emissions) > 1 or any(e.path == STDOUT for e in request.emissions):
        raise UsageError("--batch wants one --emit=header=FILE or --emit=interface=FILE at most")
    if not request.depfile:
        raise UsageError("--batch wants a --depfile")


def _check_cpp(request: Request) -> None:
    other = sorted(request.kinds & CODE)
    if other:
        raise UsageError(
            f"--emit=cpp and --emit={other[0]} exclude each other: stages end in EmitC or the LLVM dialect"
        )
    if request.symbol_prefix or request.allow_undefined:
        raise UsageError("--symbol-prefix and --allow-undefined are for objects; C++ has --namespace")
    if not request.namespace:
        raise UsageError("--emit=cpp wants a --namespace for its models")
    from lighthouse_build.emission.names import namespace_parts

    namespace_parts(request.namespace)
