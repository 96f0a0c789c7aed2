# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Context managers of our own behave as those of `contextlib` do."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from lighthouse_build import scopes


def plain(log: list[str]) -> Iterator[int]:
    log.append("in")
    try:
        yield 7
    finally:
        log.append("out")


def swallows(log: list[str]) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        log.append(type(error).__name__)


def converts(log: list[str]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise KeyError("other") from error


def raises_again(log: list[str]) -> Iterator[None]:
    try:
        yield
    except ValueError:
        raise


def yields_twice(log: list[str]) -> Iterator[None]:
    yield
    yield


def yields_after_an_error(log: list[str]) -> Iterator[None]:
    try:
        yield
    except ValueError:
        yield


GENERATORS = [plain, swallows, converts, raises_again, yields_twice, yields_after_an_error]


def outcome(make: Any, generator: Callable[..., Any], error: BaseException | None) -> tuple[object, ...]:
    """What happens when `error` is raised in a context: what was logged, what is raised, in which functions."""
    log: list[str] = []

    def body() -> None:
        if error is not None:
            raise error

    try:
        with make(generator)(log) as value:
            log.append(str(value))
            body()
        return (log,)
    except BaseException as raised:
        frames = [frame.name for frame in traceback.extract_tb(raised.__traceback__)]
        return (log, type(raised), raised is error, type(raised.__cause__), "body" in frames, frames[-1])


@pytest.mark.parametrize("error", [None, ValueError("x"), StopIteration(3), KeyboardInterrupt(), GeneratorExit()])
@pytest.mark.parametrize("generator", GENERATORS)
def test_as_contextlib(generator: Callable[..., Any], error: BaseException | None) -> None:
    found = outcome(scopes.contextmanager, generator, error)
    if error is not None:
        error.__traceback__ = error.__context__ = error.__cause__ = None
    assert found == outcome(contextlib.contextmanager, generator, error)


def test_documented_as_its_function() -> None:
    def documented() -> Iterator[None]:
        """What it does."""
        yield

    assert scopes.contextmanager(documented).__doc__ == "What it does."
