# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""User code sees the variables that are pinned, and the project's files are told about others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import lighthouse_build

ENTRY = Path(lighthouse_build.__file__).parent / "__main__.py"
GENERATOR = """
import os
from mlir import ir

def create_schedule():
    {lines}
    return ir.Module.parse('''module attributes {{transform.with_named_sequence}} {{
      transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
        transform.yield
      }}
    }}''')
"""
FIRST = 6  # the line of the generator that is filled in


def resolve(directory: Path, *lines: str, status: int = 0) -> str:
    """Resolve a generator with these lines in it, with one variable pinned and one not; standard error."""
    (directory / "gen.py").write_text(GENERATOR.format(lines="\n    ".join(lines)))
    command = [sys.executable, str(ENTRY), "--stage=gen.py", "--emit=stage", "--environment=PINNED=7"]
    variables = os.environ | {"OTHER": "1"}
    result = subprocess.run(command, cwd=directory, env=variables, capture_output=True, text=True, check=False)
    assert result.returncode == status, result.stderr
    return result.stderr


def warning(line: int, name: str) -> str:
    place = f"gen.py:{line}: warning: the environment variable '{name}' is not visible here; "
    return f"{place}pass it with 'ENVIRONMENT {name}' of lh_add_stage() (--environment={name}=<value> of lh-opt)"


def test_the_project_is_told_what_it_asks_for_in_vain(tmp_path: Path) -> None:
    questions = [
        "os.environ.get('OTHER')",
        "os.getenv('OTHER')",
        "'OTHER' in os.environ or None",
        "os.environb.get(b'OTHER')",
        "os.environ.get('PATH')",  # there for programs alone
        "[os.environ.get('OTHER') for _ in range(3)][0]",
    ]
    printed = resolve(tmp_path, *(f"print({n}, {question})" for n, question in enumerate(questions)))
    for number, question in enumerate(questions):
        name = "PATH" if "PATH" in question else "OTHER"
        assert printed.count(warning(FIRST + number, name)) == 1, printed
        assert f"{number} None\n" in printed
    assert printed.count("warning") == len(questions)


def test_a_missing_variable_is_an_error_of_the_project(tmp_path: Path) -> None:
    printed = resolve(tmp_path, "os.environ['OTHER']", status=3)
    assert warning(FIRST, "OTHER") in printed
    assert "gen.py:6:5: error: 'create_schedule' failed: KeyError: 'OTHER'" in printed


def test_nobody_is_told_of_what_is_pinned_or_asked_by_libraries(tmp_path: Path) -> None:
    answers = {
        "os.environ['PINNED']": "7",
        "'PINNED' in os.environ": "True",
        "sorted(os.environ)": "['PINNED']",
        "os.environ.copy()": "{'PINNED': '7'}",
        "os.path.expanduser('~') != ''": "True",  # the interpreter's own library asks for HOME
        "__import__('shutil').which('sh') is not None": "True",  # and for PATH
        "os.environ.update(PATH='own') or os.environ['PATH']": "own",
    }
    printed = resolve(tmp_path, *(f"print({n}, {question})" for n, question in enumerate(answers)))
    for number, answer in enumerate(answers.values()):
        assert f"{number} {answer}\n" in printed
    assert "warning" not in printed
