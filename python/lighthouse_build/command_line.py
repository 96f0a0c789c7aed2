# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The command line: flags to a `Request`. What a flag means is written in its help text, which the reference is made
from."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from lighthouse_build.errors import UsageError, did_you_mean

__all__ = ["KINDS", "Emission", "Request", "parse", "parser"]

# What `--emit` writes: kind to a description for the help text.
KINDS = {
    "mlir": "the payload after all stages, as text",
    "bytecode": "the same as MLIR bytecode",
    "stage": "the stages, resolved to one file; takes no payload",
    "llvmir": "LLVM IR text",
    "bitcode": "LLVM bitcode",
    "assembly": "assembly of the target",
    "object": "an object file of the target",
    "interface": "a description of the C interface as JSON, to be merged into a header",
    "header": "a C and C++ header; of a payload, or merged from the .interface.json files given as inputs",
}
CODE = frozenset({"llvmir", "bitcode", "assembly", "object"})
STDOUT = "-"

_DESCRIPTION = """\
Apply stages to an MLIR payload and write what becomes of it.

A stage is a pass or pass pipeline, a transform schedule (file.mlir[sequence]), a generator of one
(file.py[function]{option=value}), a pipeline (file.yaml{variable=value}) or a resolved stage (file.stage.mlir).
"""
_EPILOG = """\
exit status: 0 success; 1 a stage or the code generator refused the payload; 2 usage; 3 a wrong or missing
input; 4 MLIR or LLVM died or ran out of time; 70 a bug of lh-opt

examples:
  lh-opt payload.mlir --stage=canonicalize --stage='tile.py{sizes=[8,32]}'
  lh-opt payload.mlir --stage=lower-to-llvm.yaml --emit=object=k.o --emit=header=k.h --cpu=x86-64-v3
  lh-opt --stage=tile.py --emit=stage -o tile.stage.mlir
"""


@dataclass(frozen=True)
class Emission:
    """One `--emit`: what, and to which file (`-` is standard output)."""

    kind: str
    path: str


@dataclass(frozen=True)
class Request:
    """A command line, checked.

    `action` is `run`, `version`, `print-target`, `asks-for-target`, `describe`, `list-stages` or `list-passes`;
    `described` is a spec.
    """

    action: str = "run"
    inputs: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    emissions: tuple[Emission, ...] = ()
    include: tuple[str, ...] = ()
    python_path: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    triple: str | None = None
    cpu: str | None = None
    features: tuple[str, ...] = ()
    optimize: int = 2
    symbol_prefix: str = ""
    namespace: str = ""
    allow_undefined: tuple[str, ...] = ()
    stamp: str | None = None
    depfile: str | None = None
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
    project_root: str = ""
    declared_by: str = ""
    described: str = ""
    no_target: bool = False
    untested: str = ""

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(e.kind for e in self.emissions)


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message + "; see lh-opt --help")


def parser() -> argparse.ArgumentParser:
    """The parser; the reference of flags is generated from it."""
    p = _Parser(
        prog="lh-opt",
        usage="lh-opt [options] [payload] [--stage=SPEC ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
        add_help=False,
    )
    p.add_argument("inputs", nargs="*", metavar="payload", help="an .mlir or .mlirbc file, or - for standard input")
    g = p.add_argument_group("stages")
    g.add_argument(
        "--stage",
        "--pass-pipeline",
        dest="stage",
        action="append",
        default=[],
        metavar="SPEC",
        help="apply this stage; may be repeated",
    )
    g.add_argument(
        "-I", dest="include", action="append", default=[], metavar="DIR", help="look for stage files here too"
    )
    g.add_argument(
        "--python-path", action="append", default=[], metavar="DIR", help="let generators import modules from here"
    )
    g.add_argument(
        "--project-root",
        default="",
        metavar="DIR",
        help="what resolved stages name the files of Python steps relative to; default: the working directory",
    )
    g.add_argument(
        "--declared-by",
        default="",
        metavar="FILE:CALL",
        help="the call in a build description that stands behind this command line, for the places in errors",
    )
    g.add_argument(
        "--environment",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="set a variable for generators; they see no other ones",
    )
    g = p.add_argument_group("output")
    g.add_argument("-o", dest="output", metavar="FILE", default=STDOUT, help="output file; standard output by default")
    kinds = "; ".join(f"{kind}: {what}" for kind, what in KINDS.items())
    g.add_argument(
        "--emit",
        action="append",
        default=[],
        metavar="KIND[=FILE]",
        help=f"what to write, to the file of -o or to one of its own; may be repeated. {kinds}. Default: mlir",
    )
    g.add_argument(
        "--symbol-prefix", default="", metavar="PREFIX", help="put before the name of every exported function"
    )
    g.add_argument("--namespace", default="", metavar="NAME", help="C++ namespace of the header's functions")
    g.add_argument(
        "--allow-undefined",
        action="append",
        default=[],
        metavar="GLOB",
        help="symbols that the object may leave undefined because another library has them",
    )
    g.add_argument("--stamp", metavar="FILE", help="build edge: write only what changed, then this file")
    g.add_argument("--depfile", metavar="FILE", help="write the inputs to this file, in the syntax of Make")
    g = p.add_argument_group("code generation")
    g.add_argument("--target-triple", metavar="TRIPLE", help="default: this machine's")
    g.add_argument("--cpu", metavar="CPU", help="default: the baseline of the triple; native: this machine's")
    g.add_argument("--features", default="", metavar="LIST", help="CPU features, as in +avx2,-fma")
    g.add_argument(
        "-O", dest="optimize", choices="0123", default="2", help="optimization level, -O0 to -O3; default: 2"
    )
    g.add_argument("--print-target", action="store_true", help="print triple, CPU and features that would be used")
    g.add_argument(
        "--asks-for-target",
        action="store_true",
        help="print yes if a generator among the stages takes the target, else no; runs nothing",
    )
    g.add_argument("--no-target", action="store_true", help="refuse generators that take the target")
    g = p.add_argument_group("looking inside")
    g.add_argument(
        "--print-ir-before", action="append", default=[], metavar="STEP", help="print the payload before a step"
    )
    g.add_argument(
        "--print-ir-after", action="append", default=[], metavar="STEP", help="print the payload after a step"
    )
    g.add_argument("--print-ir-after-all", action="store_true", help="print the payload after every step")
    g.add_argument("--mlir-print-debuginfo", action="store_true", help="print locations with the payload")
    g.add_argument("--mlir-print-op-generic", action="store_true", help="print the payload in MLIR's generic form")
    g.add_argument("--mlir-print-local-scope", action="store_true", help="print the payload without aliases")
    g.add_argument("--timing", action="store_true", help="print where the time went")
    g.add_argument("--timeout", type=float, metavar="SECONDS", help="stop a job that takes longer")
    g.add_argument("--describe", metavar="SPEC", help="say what a stage is and what it accepts")
    g.add_argument("--list-stages", action="store_true", help="list the stage files of -I and the shipped ones")
    g.add_argument(
        "--untested",
        metavar="FILE",
        help="with --list-stages: list instead the declared stages of a build that no test applies, from its "
        "lighthouse-stages/stages.json",
    )
    g.add_argument("--list-passes", action="store_true", help="list the passes of the bindings")
    g = p.add_argument_group("testing, as with other tools of MLIR")
    g.add_argument("--split-input-file", action="store_true", help="take the parts between lines '// -----' one by one")
    g.add_argument(
        "--verify-diagnostics",
        action="store_true",
        help="compare diagnostics with the expected-* comments of the payload",
    )
    g.add_argument(
        "--verify-each",
        choices=("0", "1", "false", "true"),
        nargs="?",
        const="true",
        default="true",
        metavar="BOOL",
        help="verify the payload after every pass of a pipeline; after every step it always is. Default: true",
    )
    g.add_argument("--allow-unregistered-dialect", action="store_true", help="accept operations of unknown dialects")
    g = p.add_argument_group("general")
    g.add_argument("-h", "--help", action="help", help="print this text")
    g.add_argument(
        "--mlir-package",
        default="",
        metavar="NAME",
        help="the Python package of the MLIR bindings; LH_MLIR_PACKAGE too",
    )
    g.add_argument("--version", action="store_true", help="print the versions of lh-opt, the bindings and LLVM")
    return p


def parse(argv: Sequence[str]) -> Request:
    """Read the command line. Raises UsageError; `--help` prints and exits."""
    p = parser()
    args, unknown = p.parse_known_intermixed_args(_with_two_dashes(p, argv))
    if unknown:
        known = [o for action in p._actions for o in action.option_strings]
        name = unknown[0].split("=", 1)[0]
        raise UsageError(f"unknown argument '{unknown[0]}'{did_you_mean(name, known) or '; see lh-opt --help'}")
    if args.version:
        return Request(action="version", mlir_package=args.mlir_package)
    request = Request(
        action=_action(args),
        inputs=tuple(args.inputs),
        stages=tuple(args.stage),
        emissions=_emissions(args.emit or ["mlir"], args.output),
        include=tuple(args.include),
        python_path=tuple(args.python_path),
        environment=tuple(_variable(e) for e in args.environment),
        triple=args.target_triple,
        cpu=args.cpu,
        features=tuple(f for f in args.features.split(",") if f),
        optimize=int(args.optimize),
        symbol_prefix=args.symbol_prefix,
        namespace=args.namespace,
        allow_undefined=tuple(args.allow_undefined),
        stamp=args.stamp,
        depfile=args.depfile,
        timeout=args.timeout,
        print_before=tuple(args.print_ir_before),
        print_after=tuple(args.print_ir_after),
        print_after_all=args.print_ir_after_all,
        debug_info=args.mlir_print_debuginfo,
        generic=args.mlir_print_op_generic,
        local_scope=args.mlir_print_local_scope,
        timing=args.timing,
        split_input_file=args.split_input_file,
        verify_diagnostics=args.verify_diagnostics,
        verify_each=args.verify_each in ("1", "true"),
        allow_unregistered=args.allow_unregistered_dialect,
        mlir_package=args.mlir_package,
        project_root=args.project_root,
        declared_by=args.declared_by,
        described=args.describe or "",
        no_target=args.no_target,
        untested=args.untested or "",
    )
    if request.action == "run":
        _check(request)
    return request


def _with_two_dashes(p: argparse.ArgumentParser, argv: Sequence[str]) -> list[str]:
    """`argv` with LLVM's other spelling of long options, `-split-input-file`, brought to ours."""
    known = {o for action in p._actions for o in action.option_strings if o.startswith("--")}

    def spelled(argument: str) -> str:
        single = argument.startswith("-") and not argument.startswith("--")
        return f"-{argument}" if single and f"-{argument}".partition("=")[0] in known else argument

    return [spelled(argument) for argument in argv]


def _action(args: argparse.Namespace) -> str:
    wanted = [name for name in ("print_target", "asks_for_target", "list_stages", "list_passes") if getattr(args, name)]
    wanted += ["describe"] if args.describe is not None else []
    if args.untested is not None and not args.list_stages:
        raise UsageError("--untested goes with --list-stages")
    if len(wanted) > 1:
        raise UsageError(f"--{wanted[0]} and --{wanted[1]} exclude each other".replace("_", "-"))
    return wanted[0].replace("_", "-") if wanted else "run"


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


def _check(request: Request) -> None:
    """Refuse what contradicts itself."""
    if request.timeout is not None and not request.timeout > 0:
        raise UsageError("--timeout wants a number of seconds greater than 0")
    merging = any(path.endswith(".interface.json") for path in request.inputs)
    if merging:
        if request.kinds != {"header"}:
            raise UsageError("interface files can only be merged into a header, with --emit=header")
        if not all(path.endswith(".interface.json") for path in request.inputs):
            raise UsageError("interface files and payloads cannot be mixed")
        if request.stages:
            raise UsageError("interface files take no stages")
        return
    if "stage" in request.kinds:
        if request.inputs:
            raise UsageError(f"--emit=stage takes no payload, but there is '{request.inputs[0]}'")
        if len(request.emissions) > 1:
            raise UsageError("--emit=stage excludes other outputs")
        if not request.stages:
            raise UsageError("--emit=stage wants at least one --stage")
        return
    if not request.inputs:
        if sys.stdin is not None and not sys.stdin.isatty() and not request.stages:
            raise UsageError("there is nothing to do; name a payload (- for standard input)")
        raise UsageError("there is no payload; name a file, or - for standard input")
    if (request.split_input_file or request.verify_diagnostics) and request.kinds != {"mlir"}:
        raise UsageError("--split-input-file and --verify-diagnostics are for --emit=mlir alone")
    if len(request.inputs) > 1:
        raise UsageError(f"one payload at a time, but there are {', '.join(request.inputs)}")
    binary = any(e.kind in ("object", "bitcode", "bytecode") and e.path == STDOUT for e in request.emissions)
    if binary and sys.stdout.isatty():
        raise UsageError("a binary file will not be printed to the terminal; use -o")
