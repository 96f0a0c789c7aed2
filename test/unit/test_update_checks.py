# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""CHECK lines written by update-checks: what they say, where they go, and that a second run changes nothing."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest
from lighthouse_build.errors import InputError, LoweringError, UsageError
from lighthouse_build.testing import update_checks
from lighthouse_build.testing.update_checks import Run, blocks_of, check_lines, parse_runs

OUTPUT = """\
#map = affine_map<(d0) -> (d0)>
module {
  func.func @f(%arg0: memref<4xf32>, %arg1: index) -> index {
    %c0 = arith.constant 0 : index
    %cst = arith.constant dense<[[1, 2]]> : tensor<1x2xi32>
    %0:2 = "a.b"(%arg1) {text = "%c0 {{x}}"} : (index) -> (index, index)
    scf.for %arg2 = %c0 to %arg1 step %0#1 {
      %1 = memref.load %arg0[%arg2] : memref<4xf32>
    }
    scf.for %arg2 = %c0 to %arg1 step %0#1 {
      %1 = affine.apply #map(%arg2)
    }
    return %c0 : index
  }
  func.func private @g()
}
"""

FULL = """\
CHECK: #[[$MAP:[A-Za-z_0-9$]+]] = affine_map<(d0) -> (d0)>
CHECK-LABEL:   func.func @f(
CHECK-SAME:    %[[ARG0:.*]]: memref<4xf32>, %[[ARG1:.*]]: index) -> index {
CHECK-NEXT:      %[[VAL0:.*]] = arith.constant 0 : index
CHECK-NEXT:      %[[VAL1:.*]] = arith.constant dense<{{\\[\\[}}1, 2]]> : tensor<1x2xi32>
CHECK-NEXT:      %[[VAL2:.*]]:2 = "a.b"(%[[ARG1]]) {text = "%c0 {{[{][{]}}x}}"} : (index) -> (index, index)
CHECK-NEXT:      scf.for %[[VAL3:.*]] = %[[VAL0]] to %[[ARG1]] step %[[VAL2]]#1 {
CHECK-NEXT:        %[[VAL4:.*]] = memref.load %[[ARG0]][%[[VAL3]]] : memref<4xf32>
CHECK-NEXT:      }
CHECK-NEXT:      scf.for %[[VAL5:.*]] = %[[VAL0]] to %[[ARG1]] step %[[VAL2]]#1 {
CHECK-NEXT:        %[[VAL6:.*]] = affine.apply #[[$MAP]](%[[VAL5]])
CHECK-NEXT:      }
CHECK-NEXT:      return %[[VAL0]] : index
CHECK-NEXT:    }
CHECK-LABEL:   func.func private @g()
"""


def test_values_and_aliases_become_variables() -> None:
    lines = [line for block in check_lines(blocks_of(OUTPUT), "CHECK") for line in block]
    assert "\n".join(lines) + "\n" == FULL


def test_filtered_lines_define_what_they_use() -> None:
    lines = check_lines(blocks_of(OUTPUT), "A", "scf.for|load")
    assert lines[1] == [
        "A-LABEL:   func.func @f(",
        "A:           scf.for %[[VAL0:.*]] = %[[VAL1:.*]] to %[[VAL2:.*]] step %[[VAL3:.*]]#1 {",
        "A:             %[[VAL4:.*]] = memref.load %[[VAL5:.*]][%[[VAL0]]] : memref<4xf32>",
        "A:           scf.for %[[VAL6:.*]] = %[[VAL1]] to %[[VAL2]] step %[[VAL3]]#1 {",
    ]


def test_regions_that_use_a_name_again_get_another_variable() -> None:
    text = (
        "func.func @f() {\n"
        "  %0 = scf.for %i = %a to %b step %c iter_args(%x = %i, %y = %b) -> (f32, f32) {\n"
        "  ^bb0(%in: f32, %i: f32):\n"
        "  }\n"
        "}\n"
    )
    (block,) = check_lines(blocks_of(text), "C")
    # %i after iter_args is a use, that in the block another value.
    assert "iter_args(%[[VAL5:.*]] = %[[VAL1]], %[[VAL6:.*]] = %[[VAL3]])" in block[1]
    assert "^bb0(%[[VAL7:.*]]: f32, %[[VAL8:.*]]: f32):" in block[2]


def test_run_lines() -> None:
    runs, others = parse_runs(
        "// RUN: lh-opt %s \\\n"
        "// RUN:   --stage=cse | FileCheck %s --check-prefixes=A,B\n"
        "// RUN: lh-opt %s -o %t\n"
        "// RUN: not lh-opt %s 2>&1 | FileCheck %s\n"
        "// RUN: FileCheck %s < %t\n"
        "// RUN: lh-opt - < %s | FileCheck %s\n"
    )
    assert runs == [
        Run("lh-opt %s --stage=cse", ("A", "B"), 1),
        Run("lh-opt - < %s", ("CHECK",), 6),
    ]
    assert others == [3, 4, 5]


# --- Files ---

TEST = """\
// By hand.
// RUN: lh-opt %s | FileCheck %s

// Does something.
func.func @f() {
  return
}

func.func @g() {
  return
}
"""


@pytest.fixture
def tool(tmp_path: Path) -> list[str]:
    """Arguments for an `lh-opt` that prints a file beside the test; `--other` another one."""
    script = "import sys; print(open('%s' % ('b' if '--other' in sys.argv else 'a')).read())"
    (tmp_path / "a").write_text("module {\n  func.func @f() {\n    return\n  }\n  func.func @g() {\n    a.a\n  }\n}\n")
    (tmp_path / "b").write_text("module {\n  func.func @f() {\n    return\n  }\n  func.func @g() {\n    b.b\n  }\n}\n")
    return ["--lh-opt", f"cd {shlex.quote(str(tmp_path))} && {shlex.join([sys.executable, '-c', script])}"]


def write(tmp_path: Path, text: str, name: str = "t.mlir") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def test_directives_go_above_their_functions_and_a_second_run_changes_nothing(tmp_path: Path, tool: list[str]) -> None:
    path = write(tmp_path, TEST)
    assert update_checks.main([*tool, str(path)]) == 0
    text = path.read_text()
    assert "// RUN: lh-opt %s | FileCheck %s\n// NOTE: CHECK lines are written by update-checks\n" in text
    assert "// Does something.\n// CHECK-LABEL:   func.func @f() {\n// CHECK-NEXT:      return\n" in text
    assert "// CHECK-NEXT:      a.a\n// CHECK-NEXT:    }\nfunc.func @g() {\n" in text
    kept = [line for line in text.splitlines(keepends=True) if "CHECK-" not in line and "NOTE" not in line]
    assert "".join(kept) == TEST
    assert update_checks.main([*tool, "--check", str(path)]) == 0
    assert update_checks.main([*tool, str(path)]) == 0
    assert path.read_text() == text

    # And a third, after the output has changed, replaces what was written.
    (tmp_path / "a").write_text("func.func @f() {\n  b.b\n}\n")
    assert update_checks.main([*tool, "--check", str(path)]) == 1
    assert path.read_text() == text
    assert update_checks.main([*tool, str(path)]) == 0
    assert "a.a" not in path.read_text()
    assert "// CHECK-NEXT:    b.b\n" in path.read_text()


@pytest.mark.parametrize("written", ["%s --stage='%s[a]'", '"%s" --stage="%s[a]"', "'%s' --stage=%s[a]"])
def test_paths_with_spaces_are_quoted_once(tmp_path: Path, written: str) -> None:
    directory = tmp_path / "a tree"
    directory.mkdir()
    path = write(directory, f'// RUN: lh-opt {written} | FileCheck "%s"\nfunc.func @f() {{\n  return\n}}\n')
    log = tmp_path / "log"
    script = f"import sys; open({str(log)!r}, 'w').write(repr(sys.argv[1:])); print('func.func @f() {{\\n}}')"
    assert update_checks.main(["--lh-opt", shlex.join([sys.executable, "-c", script]), str(path)]) == 0
    assert log.read_text() == repr([str(path), f"--stage={path}[a]"])


def test_the_filter_and_the_command_are_noted(tmp_path: Path, tool: list[str]) -> None:
    path = write(tmp_path, TEST.replace("// RUN: lh-opt %s | FileCheck %s\n\n", ""))
    command = ["--command", "lh-opt %s --stage='a b'", "--filter", "a.a", "--prefix", "MINE"]
    assert update_checks.main([*tool, *command, str(path)]) == 0
    text = path.read_text()
    assert text.startswith("// NOTE: CHECK lines are written by update-checks; its arguments: --command ")
    assert [line for line in text.splitlines() if "MINE" in line and "NOTE" not in line] == [
        "// MINE-LABEL:   func.func @f() {",
        "// MINE-LABEL:   func.func @g() {",
        "// MINE:           a.a",
    ]
    assert update_checks.main([*tool, "--check", str(path)]) == 0


def test_prefixes_are_shared_where_run_lines_agree(tmp_path: Path, tool: list[str]) -> None:
    runs = (
        "// RUN: lh-opt %s | FileCheck %s --check-prefixes=CHECK,A\n"
        "// RUN: lh-opt %s --other | FileCheck %s --check-prefixes=CHECK,B\n"
    )
    path = write(tmp_path, TEST.replace("// RUN: lh-opt %s | FileCheck %s\n", runs))
    assert update_checks.main([*tool, str(path)]) == 0
    lines = [line for line in path.read_text().splitlines() if "-LABEL" in line]
    assert [line.split("-LABEL")[0] for line in lines] == ["// CHECK", "// A", "// B"]
    path = write(tmp_path, TEST.replace("FileCheck %s\n", "FileCheck %s\n// RUN: lh-opt %s --other | FileCheck %s\n"))
    with pytest.raises(InputError, match="other RUN lines with the prefix CHECK print something else"):
        update_checks.main([*tool, str(path)])


def test_hand_written_directives_are_not_replaced_unasked(tmp_path: Path, tool: list[str]) -> None:
    path = write(tmp_path, TEST + "// CHECK: by hand\n// CHECKED: not a directive\n")
    with pytest.raises(InputError, match="this directive is written by hand; --force replaces all") as error:
        update_checks.main([*tool, str(path)])
    assert str(error.value.location) == f"{path}:12:1"
    assert update_checks.main([*tool, "--force", str(path)]) == 0
    assert "CHECK: by hand" not in path.read_text()
    assert "// CHECKED: not a directive" in path.read_text()


def test_what_the_file_does_not_order_stands_at_its_end(tmp_path: Path, tool: list[str]) -> None:
    (tmp_path / "a").write_text("func.func @g() {\n}\nfunc.func @f() {\n}\n")
    path = write(tmp_path, TEST)
    assert update_checks.main([*tool, str(path)]) == 0
    assert path.read_text().startswith(TEST.splitlines()[0])
    tail = path.read_text().split("func.func @g() {\n  return\n}\n")[1]
    assert [line for line in tail.splitlines() if "LABEL" in line] == [
        "// CHECK-LABEL: func.func @g() {",
        "// CHECK-LABEL: func.func @f() {",
    ]


def test_python_files_have_their_own_comments(tmp_path: Path, tool: list[str]) -> None:
    path = write(tmp_path, "# RUN: lh-opt --stage=%s --emit=stage | FileCheck %s\nx = 1\n", "gen.py")
    assert update_checks.main([*tool, str(path)]) == 0
    assert "\nx = 1\n\n# CHECK-LABEL:   func.func @f() {\n" in path.read_text()


def test_mistakes(tmp_path: Path, tool: list[str]) -> None:
    with pytest.raises(InputError, match="no RUN line of the form 'lh-opt"):
        update_checks.main([*tool, str(write(tmp_path, "func.func @f()\n"))])
    with pytest.raises(InputError, match="cannot read the test"):
        update_checks.main([*tool, str(tmp_path / "missing.mlir")])
    with pytest.raises(UsageError, match="is no regular expression"):
        update_checks.main([*tool, "--filter", "(", str(write(tmp_path, TEST))])
    with pytest.raises(LoweringError, match="the command failed: lh-opt %s"):
        update_checks.main(["--lh-opt", "false", str(write(tmp_path, TEST))])
    assert (tmp_path / "t.mlir").read_text() == TEST
