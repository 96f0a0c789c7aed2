# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The project's own opt tool in place of the bindings: `--tool`.

A compiler's `foo-opt` knows dialects, passes and transform operations that the bindings do not. It takes the options of
`mlir-opt`, reads text and writes text; text is also what crosses between its version of MLIR and that of the bindings.

* `program.py`: running it, its version.
* `identity.py`: what tells it from a changed one.
* `check.py`: stages for a tool, checked by it.
* `command.py`: resolved stages as its arguments, without MLIR.
* `messages.py`: what it prints, as diagnostics; what is wrong, in words.
* `session.py`: a payload through it, and what went wrong where.
"""
