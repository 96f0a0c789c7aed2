# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Bad input: one positioned error, a non-zero exit, nothing written, nothing lost, no traceback of the driver."""

from __future__ import annotations

import re
import resource
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

DRIVER = Path(__file__).parents[2] / "python" / "lighthouse_build" / "__main__.py"

USAGE, INPUT, LOWERING, CRASH = 2, 3, 1, 4

FILES: dict[str, str | bytes] = {
    "mm.mlir": """\
func.func @mm(%a: tensor<8x8xf32>, %b: tensor<8x8xf32>, %c: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %0 = linalg.matmul ins(%a, %b : tensor<8x8xf32>, tensor<8x8xf32>) outs(%c : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0 : tensor<8x8xf32>
}
""",
    "tuple.mlir": "func.func @f(%t: tuple<i32>) {\n  return\n}\n",
    "scalar.mlir": "func.func @one() -> i32 {\n  %c = arith.constant 1 : i32\n  return %c : i32\n}\n",
    "syntax.mlir": "module {\n  func.func @f( {\n}\n",
    "invalid.mlir": "func.func @f() -> f32 {\n  return\n}\n",
    "binary.mlir": b"module { \xff\xfe }\n",
    "empty.py": "",
    "gen.py": """\
import sys
from mlir import ir
def raises(): raise ValueError("tile must be even")
def nothing(): return None
def number(): return 3
def leaves(): sys.exit(0)
def interrupted(): raise KeyboardInterrupt
def needs(tile): return None
def takes(tile=4): return None
def foreign():
    with ir.Context(), ir.Location.unknown():
        return ir.Module.create()
def no_sequences(): return ir.Module.create()
def prints_then_raises():
    print("module {}")
    raise RuntimeError("late")
class NotAFunction: pass
constant = 3
""",
    "syntax.py": "def create_schedule(:\n    pass\n",
    "imports.py": "import no_such_module_anywhere\ndef create_schedule(): pass\n",
    "two.mlir": """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @first(%r: !transform.any_op {transform.readonly}) {
    transform.yield
  }
  transform.named_sequence @second(%r: !transform.any_op {transform.readonly}) {
    transform.yield
  }
}
""",
    "fails.mlir": """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%r: !transform.any_op {transform.readonly}) {
    %0 = transform.structured.match ops{["linalg.matmul"]} in %r : (!transform.any_op) -> !transform.any_op
    %1:2 = transform.split_handle %0 : (!transform.any_op) -> (!transform.any_op, !transform.any_op)
    transform.yield
  }
}
""",
    "params.mlir": """\
module attributes {transform.with_named_sequence} {
  transform.named_sequence @s(%r: !transform.any_op {transform.readonly},
      %p: !transform.param<i64> {lh.name = "tile", transform.readonly}) {
    %k = transform.tune.knob<"unroll"> options = [1, 2] -> !transform.param<i64>
    transform.tune.alternatives<"order"> { transform.yield }, { transform.yield }
    transform.yield
  }
  transform.named_sequence @unnamed(%r: !transform.any_op {transform.readonly},
      %p: !transform.param<i64> {transform.readonly}) {
    transform.yield
  }
}
""",
    "no_key.yaml": "Stages:\n  - pass: cse\n",
    "bad_key.yaml": "Pipeline:\n  - pas: cse\n",
    "bad_pass.yaml": "Pipeline:\n  - pass: cse\n  - pass: canonicalise\n",
    "undefined.yaml": "Pipeline:\n  - pass: canonicalize{max-iterations=$count}\n",
    "unused.yaml": "Variables: {count: 3}\nPipeline:\n  - pass: cse\n",
    "missing_include.yaml": "Pipeline:\n  - include: nowhere.yaml\n",
    "cycle.yaml": "Pipeline:\n  - include: cycle2.yaml\n",
    "cycle2.yaml": "Pipeline:\n  - include: cycle.yaml\n",
    "broken.yaml": "Pipeline: [\n",
    "damaged.stage.mlir": "module {}\n",
    "old.stage.mlir": '// lighthouse-stage: {"format": 999, "requires": [], "steps": []}\nmodule {}\n',
}


@dataclass(frozen=True)
class Case:
    """Arguments of lh-opt, the expected exit status, and a pattern of the error line."""

    arguments: str
    status: int
    error: str

    def __str__(self) -> str:
        return self.arguments or "(nothing)"


CASES = [
    # The payload.
    Case("missing.mlir --stage=cse", INPUT, r"lh-opt: error: cannot read payload 'missing.mlir': No such file"),
    Case("syntax.mlir --stage=cse", INPUT, r"syntax.mlir:2:16: error: the payload is not valid MLIR: expected"),
    Case(
        "invalid.mlir --stage=cse", INPUT, r"invalid.mlir:2:3: error: the payload is not valid MLIR: 'func.return' op"
    ),
    Case("binary.mlir --stage=cse", INPUT, r"binary.mlir:1:\d+: error: the payload is not valid MLIR"),
    Case("mm.mlir scalar.mlir --stage=cse", USAGE, r"error: one payload at a time"),
    Case("--stage=cse", USAGE, r"error: there is no payload"),
    Case("", USAGE, r"error: there is nothing to do"),
    # Stages.
    Case("mm.mlir --stage=nowhere.py", INPUT, r"<command line>:1:1: error: stage file 'nowhere.py' not found"),
    Case("mm.mlir --stage=nofile.py", INPUT, r"error: stage file 'nofile.py' not found\n"),  # tile.py is far-fetched
    Case("mm.mlir --stage=tiles.py", INPUT, r"error: stage file 'tiles.py' not found; did you mean 'tile.py'\?"),
    Case("mm.mlir --stage=nosuchpass", INPUT, r"<command line>:1:1: error: .*'nosuchpass' does not refer to a reg"),
    Case(
        "mm.mlir --stage=canonicalize{nope=1}",
        INPUT,
        r"error: not a pass pipeline: 'canonicalize' has no option 'nope'",
    ),
    Case(
        "mm.mlir --stage=func.func(cse,canonicalize{max-iteration=1})",
        INPUT,
        r"<command line>:1:1: error: .*'canonicalize' has no option 'max-iteration'; did you mean 'max-iterations'\?",
    ),
    # What MLIR prints of a value has a place, and comes after the error.
    Case(
        "mm.mlir --stage=canonicalize{max-iterations=x}",
        INPUT,
        r"^<command line>:1:1: error: not a pass pipeline: failed to add `canonicalize` with .*\n.*\n.*\n"
        r"  <command line>:1:1: note: for the --max-iterations option: 'x' value invalid",
    ),
    Case("mm.mlir --stage=canonicalize{", INPUT, r"<command line>:1:13: error: '{' is never closed"),
    Case("mm.mlir --stage=", INPUT, r"<command line>:1:1: error: the stage is empty"),
    Case("mm.mlir --stage=gen.py[a,b,c]", INPUT, r"<command line>:1:12: error: too many names in brackets"),
    Case("mm.mlir --stage=gen.py{a=1,a=2}", INPUT, r"<command line>:1:12: error: 'a' is given twice"),
    Case(
        "mm.mlir --stage=two.mlir", INPUT, r"error: the schedule 'two.mlir' has no '@__transform_main'.*@first, @second"
    ),
    Case("mm.mlir --stage=two.mlir[frst]", INPUT, r"error: no sequence '@frst'.*did you mean 'first'"),
    Case("mm.mlir --stage=mm.mlir", INPUT, r"error: the schedule 'mm.mlir' lacks the module attribute"),
    Case("mm.mlir --stage=syntax.mlir", INPUT, r"syntax.mlir:2:16: error: the schedule is not valid MLIR"),
    Case("mm.mlir --stage=fails.mlir", LOWERING, r"fails.mlir:4:12: error: .*expected to contain 2 payloads"),
    Case("mm.mlir --stage=damaged.stage.mlir", INPUT, r"damaged.stage.mlir:1:1: error: not a resolved stage"),
    Case("mm.mlir --stage=old.stage.mlir", INPUT, r"old.stage.mlir:1:1: error: the stage has format 999"),
    Case(
        "mm.mlir --stage=params.mlir[s]", INPUT, r"error: 'params.mlir\[s\]' needs the parameter 'tile', 'unroll', 'ord"
    ),
    Case("mm.mlir --stage=params.mlir[s]{tiles=1}", INPUT, r"error: .* has no parameter 'tiles'; did you mean 'tile'"),
    Case("mm.mlir --stage=params.mlir[s]{tile=a,unroll=1,order=0}", INPUT, r"error: parameter 'tile' is an integer"),
    Case(
        "mm.mlir --stage=params.mlir[s]{tile=1,unroll=3,order=0}", INPUT, r"error: knob 'unroll' .* cannot be 3; it is"
    ),
    Case(
        "mm.mlir --stage=params.mlir[s]{tile=1,unroll=2,order=2}", INPUT, r"error: alternative 'order' .* 0 to 1, not 2"
    ),
    Case("mm.mlir --stage=params.mlir[unnamed]{p=1}", INPUT, r"error: argument 1 of '@unnamed' .* has no name"),
    Case("mm.mlir --stage=two.mlir[first]{p=1}", INPUT, r"error: .* has no parameter 'p'; it takes no parameters"),
    # Generators.
    Case("mm.mlir --stage=empty.py", INPUT, r"error: no function 'create_schedule' in .*; it has none"),
    Case("mm.mlir --stage=gen.py[raise]", INPUT, r"error: no function 'raise' in .*; did you mean 'raises'\?"),
    Case("mm.mlir --stage=gen.py[constant]", INPUT, r"error: 'constant' in .* of type 'int', not a function"),
    Case(
        "mm.mlir --stage=gen.py[raises]", INPUT, r"gen.py:3:\d+: error: 'raises' failed: ValueError: tile must be even"
    ),
    Case("mm.mlir --stage=gen.py[nothing]", INPUT, r"error: 'nothing' in .* returned None"),
    Case("mm.mlir --stage=gen.py[number]", INPUT, r"error: 'number' in .* returned an object of type 'int'"),
    Case("mm.mlir --stage=gen.py[leaves]", INPUT, r"gen.py:6:\d+: error: 'leaves' failed: it called sys.exit\(0\)"),
    Case("mm.mlir --stage=gen.py[interrupted]", INPUT, r"gen.py:7:\d+: error: .*KeyboardInterrupt"),
    Case("mm.mlir --stage=gen.py[needs]", INPUT, r"error: 'needs' needs the option 'tile'"),
    Case("mm.mlir --stage=gen.py[takes]{tiles=1}", INPUT, r"error: 'takes' has no option 'tiles'; did you mean 'tile'"),
    Case("mm.mlir --stage=gen.py[foreign]", INPUT, r"error: 'foreign' .* returned a module of another context"),
    Case("mm.mlir --stage=gen.py[no_sequences]", INPUT, r"error: the schedule .* lacks the module attribute"),
    Case("mm.mlir --stage=gen.py[prints_then_raises]", INPUT, r"gen.py:16:\d+: error: .*RuntimeError: late"),
    Case("mm.mlir --stage=syntax.py", INPUT, r"syntax.py:1:\d+: error: SyntaxError"),
    Case(
        "mm.mlir --stage=imports.py", INPUT, r"imports.py:1(:\d+)?: error: .*No module named 'no_such_module_anywhere'"
    ),
    Case("mm.mlir --stage=gen.py[stage=NotAFunction]", INPUT, r"error: the stage class 'NotAFunction' has no method"),
    # Pipelines.
    Case("mm.mlir --stage=no_key.yaml", INPUT, r"no_key.yaml:1:1: error: unknown key 'Stages'"),
    Case("mm.mlir --stage=bad_key.yaml", INPUT, r"bad_key.yaml:2:5: error: unknown key 'pas'; did you mean 'pass'\?"),
    Case("mm.mlir --stage=bad_pass.yaml", INPUT, r"bad_pass.yaml:3:11: error: .*'canonicalise' does not refer"),
    Case("mm.mlir --stage=undefined.yaml", INPUT, r"undefined.yaml:2:11: error: undefined variable 'count'"),
    Case("mm.mlir --stage=unused.yaml", INPUT, r"unused.yaml:1:13: error: variable 'count' is never used"),
    Case("mm.mlir --stage=missing_include.yaml", INPUT, r"missing_include.yaml:2:14: error: stage file 'nowhere.yaml'"),
    Case(
        "mm.mlir --stage=cycle.yaml",
        INPUT,
        r"cycle2.yaml:2:14: error: the pipeline includes itself: cycle.yaml -> cycle2",
    ),
    Case("mm.mlir --stage=broken.yaml", INPUT, r"broken.yaml:2:1: error: not YAML"),
    Case("mm.mlir --stage=unused.yaml{x=1}", INPUT, r"<command line>:1:1: error: .*unused.yaml' has no variable 'x'"),
    # Targets and outputs.
    Case("scalar.mlir --stage=convert-to-llvm --emit=object --target-triple=pdp11-dec-unix", USAGE, r"error: .*pdp11"),
    Case("scalar.mlir --stage=convert-to-llvm --emit=object --cpu=pentium99", USAGE, r"error: .*pentium99"),
    Case("scalar.mlir --stage=convert-to-llvm --emit=object --features=+nosuch", USAGE, r"error: .*nosuch"),
    Case(
        "tuple.mlir --stage=scalar-lowering.yaml --emit=object",
        LOWERING,
        r"error: .*'func.func' left over; .*; if that has run, a type in \(tuple<i32>\) -> \(\) has no equal in LLVM",
    ),
    Case("mm.mlir --stage=cse --emit=object", LOWERING, r"error: .*not lowered.*'linalg.matmul'.* left over"),
    Case("mm.mlir --emit=llvm", USAGE, r"error: cannot emit 'llvm'; did you mean 'llvmir'\?"),
    Case("mm.mlir --emit=mlir --emit=llvmir", USAGE, r"error: several outputs would be written to"),
    Case("mm.mlir --emit=stage", USAGE, r"error: --emit=stage takes no payload"),
    Case("mm.mlir --stages=cse", USAGE, r"error: unknown argument '--stages=cse'; did you mean '--stage'\?"),
    Case("mm.mlir --timeout=0", USAGE, r"error: --timeout wants"),
    Case("mm.mlir -O7", USAGE, r"error: -O takes 0, 1, 2 or 3, not '7'"),
]


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bad-input")
    for name, text in FILES.items():
        (path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def lh_opt(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(DRIVER), *arguments]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)


def snapshot(directory: Path) -> dict[str, tuple[bytes, int]]:
    files = [path for path in directory.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return {str(path): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_error(case: Case, directory: Path) -> None:
    (directory / "kept.out").write_text("what was there before")
    before = snapshot(directory)
    arguments = case.arguments.split()
    if "--emit=mlir" not in arguments:
        arguments += ["-o", "kept.out"]
    run = lh_opt(directory, *arguments, "--depfile=kept.d")
    errors = [line for line in run.stderr.splitlines() if re.search(r"(^|\S): error: ", line)]
    assert re.search(case.error, run.stderr, re.MULTILINE), run.stderr
    assert run.returncode == case.status, run.stderr
    # One error; where MLIR's own diagnostic comes first, one line says which stage it was.
    assert len(errors) <= 1 + (case.status == LOWERING), run.stderr
    assert "Traceback" not in run.stderr
    assert "lighthouse_build" not in run.stderr
    assert run.stdout == ""
    assert snapshot(directory) == before


def test_unwritable_place(directory: Path) -> None:
    path = "mm.mlir/x.out"  # below a file: not even root can write there
    run = lh_opt(directory, "mm.mlir", "-o", path)
    assert run.returncode == INPUT
    assert f"error: cannot write '{path}': " in run.stderr
    assert "Traceback" not in run.stderr


def test_full_disk(directory: Path) -> None:
    """All outputs or none: the second one does not fit, so the first one does not appear."""
    (directory / "old.mlir").write_text("old")
    before = snapshot(directory)
    command = [sys.executable, "-I", str(DRIVER), "mm.mlir", "--emit=mlir=new.mlir", "--emit=bytecode=old.mlir"]
    limit = len(FILES["mm.mlir"]) + 100
    run = subprocess.run(
        command,
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )
    assert run.returncode == INPUT, run.stderr
    assert re.search(r"error: cannot write 'old.mlir': File too large", run.stderr)
    assert snapshot(directory) == before


def test_output_is_a_directory(directory: Path) -> None:
    (directory / "folder").mkdir(exist_ok=True)
    run = lh_opt(directory, "mm.mlir", "-o", "folder")
    assert run.returncode == INPUT
    assert "error: cannot write 'folder': it is a directory" in run.stderr


def test_output_in_a_missing_directory(directory: Path) -> None:
    run = lh_opt(directory, "mm.mlir", "-o", "missing/x.mlir")
    assert run.returncode == INPUT
    assert "error: cannot write 'missing/x.mlir': the directory 'missing' does not exist" in run.stderr


def test_timeout(directory: Path) -> None:
    (directory / "loops.py").write_text("def create_schedule():\n    while True: pass\n")
    run = lh_opt(directory, "mm.mlir", "--stage=loops.py", "--timeout=1", "-o", "late.mlir")
    assert run.returncode == CRASH
    assert "error: ran longer than the timeout of 1 s while running stage 'loops.py'" in run.stderr
    assert not (directory / "late.mlir").exists()


def test_death_of_mlir(directory: Path) -> None:
    (directory / "kills.py").write_text("import os\ndef create_schedule(): os.abort()\n")
    run = lh_opt(directory, "mm.mlir", "--stage=kills.py", "-o", "dead.mlir")
    assert run.returncode == CRASH
    assert "error: died by SIGABRT while running stage 'kills.py'" in run.stderr
    assert not (directory / "dead.mlir").exists()


def test_hash_seed_is_fixed(directory: Path) -> None:
    """A generator that iterates over a set makes the same schedule in every process."""
    (directory / "set.py").write_text(
        "import sys\ndef create_schedule():\n    print(list({'a', 'b', 'c', 'd', 'e'}))\n    raise ValueError('stop')\n"
    )
    runs = {lh_opt(directory, "mm.mlir", "--stage=set.py").stderr for _ in range(4)}
    assert len(runs) == 1
    assert "['" in runs.pop()


def test_environment_is_scrubbed(directory: Path) -> None:
    (directory / "env.py").write_text(
        "import os\ndef create_schedule(): raise ValueError(f\"{os.environ.get('HOME')} {os.environ.get('PINNED')}\")\n"
    )
    run = lh_opt(directory, "mm.mlir", "--stage=env.py", "--environment=PINNED=yes")
    assert "ValueError: None yes" in run.stderr
