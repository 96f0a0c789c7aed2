# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Projects of many payloads: with the CMake functions, and with plain custom commands that call the native tools."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import payloads

GENERATOR = '''"""A schedule that marks matrix products."""

from mlir import ir


def create_schedule(mark="seen"):
    return ir.Module.parse(f"""
      module attributes {{transform.with_named_sequence}} {{
        transform.named_sequence @__transform_main(%root: !transform.any_op {{transform.readonly}}) {{
          %found = transform.structured.match ops{{["linalg.matmul"]}} in %root
            : (!transform.any_op) -> !transform.any_op
          transform.annotate %found "{mark}" : !transform.any_op
          transform.yield
        }}
      }}""")
'''
SCHEDULE = """module attributes {transform.with_named_sequence} {
  transform.named_sequence @__transform_main(%root: !transform.any_op {transform.readonly}) {
    %found = transform.structured.match ops{["linalg.matmul"]} in %root : (!transform.any_op) -> !transform.any_op
    transform.annotate %found "seen" : !transform.any_op
    transform.yield
  }
}
"""
_PER_LIBRARY = 10  # payloads


def write_payloads(root: Path, count: int) -> None:
    """`count` small payloads, all different."""
    for number in range(count):
        (root / f"p{number}.mlir").write_text(payloads.small(f"layer{number}", 32 + number % 64))


def lighthouse(root: Path, count: int, source: Path, *, per_library: int = _PER_LIBRARY, emit: str = "object") -> None:
    """A project that lowers `count` payloads by four stages; `source` is the source tree of the package."""
    root.mkdir(parents=True)
    write_payloads(root, count)
    (root / "mark.py").write_text(GENERATOR)
    stages = [
        "lh_add_stage(mark SCHEDULE mark.py OPTIONS mark=seen)",
        f'lh_add_stage(memory PASSES "{payloads.BUFFERIZE},{payloads.LOOPS}")',
        f'lh_add_stage(control PASSES "{payloads.CONTROL_FLOW}")',
        f'lh_add_stage(llvm PASSES "{payloads.LLVM}")',
    ]
    libraries = [
        f"lh_lower(k{first} SOURCES {_files(first, count, per_library)} STAGES mark memory control llvm EMIT {emit})"
        for first in range(0, count, per_library)
    ]
    _write(root, [f'add_subdirectory("{source.as_posix()}" lighthouse)', *stages, *libraries])


def plain(
    root: Path, count: int, tools: Mapping[str, str], *, per_library: int = _PER_LIBRARY, emit: str = "object"
) -> None:
    """The same graph of custom commands that call `mlir-opt`, `mlir-translate` and `clang` of `tools`.

    With `emit` "mlir", `mlir-opt` alone is called, and the libraries are custom targets.
    """
    root.mkdir(parents=True)
    write_payloads(root, count)
    (root / "mark.mlir").write_text(SCHEDULE)
    schedule = (root / "mark.mlir").as_posix()
    passes = (
        f"transform-preload-library{{transform-library-paths={schedule}}},transform-interpreter,{payloads.PIPELINE}"
    )
    opt = f"'{tools['mlir-opt']}' \"$1\" '--pass-pipeline=builtin.module({passes})'"
    chain = [
        opt,
        f"  '{tools['mlir-translate']}' --mlir-to-llvmir",
        f"  '{tools['clang']}' -O3 -fPIC -Wno-override-module -c -x ir - -o \"$2\"",
    ]
    (root / "lower.sh").write_text((" |\n".join(chain) if emit == "object" else f'exec {opt} -o "$2"') + "\n")
    lines = [
        "function(lower name)",
        "  set(objects)",
        "  foreach(source IN LISTS ARGN)",
        '    set(object "${CMAKE_CURRENT_BINARY_DIR}/${source}.o")',
        "    add_custom_command(",
        '      OUTPUT "${object}"',
        '      COMMAND sh "${CMAKE_CURRENT_SOURCE_DIR}/lower.sh" "${CMAKE_CURRENT_SOURCE_DIR}/${source}" "${object}"',
        '      DEPENDS "${source}" mark.mlir',
        '      COMMENT "Lowering ${source}"',
        "      VERBATIM",
        "    )",
        '    list(APPEND objects "${object}")',
        "  endforeach()",
    ]
    if emit == "object":
        lines.append("  add_library(${name} STATIC ${objects})")
        lines.append("  set_target_properties(${name} PROPERTIES LINKER_LANGUAGE C)")
    else:
        lines.append("  add_custom_target(${name} ALL DEPENDS ${objects})")
    lines.append("endfunction()")
    lines += [f"lower(k{first} {_files(first, count, per_library)})" for first in range(0, count, per_library)]
    _write(root, lines)


def _files(first: int, count: int, per_library: int) -> str:
    return " ".join(f"p{number}.mlir" for number in range(first, min(first + per_library, count)))


def _write(root: Path, lines: list[str]) -> None:
    head = ["cmake_minimum_required(VERSION 3.23)", "project(many LANGUAGES C CXX)"]
    (root / "CMakeLists.txt").write_text("\n".join([*head, *lines]) + "\n")
