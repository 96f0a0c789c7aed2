# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frozen values behave as frozen dataclasses do."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from lighthouse_build.frozen import field, frozen, replace


@frozen
class Point:
    x: int
    y: int = 2
    tags: dict[str, int] = field(factory=dict)
    note: str = field(default="", compare=False)

    @property
    def total(self) -> int:
        return self.x + self.y


@frozen
class Other:
    x: int
    y: int = 2


def test_fields_are_given_by_position_or_keyword_or_default() -> None:
    assert vars(Point(1)) == {"x": 1, "y": 2, "tags": {}, "note": ""}
    assert list(vars(Point(y=3, x=1))) == ["x", "y", "tags", "note"]
    assert Point(1, 4).total == 5
    assert Point(1).tags is not Point(1).tags


@pytest.mark.parametrize("arguments", [((), {}), ((1, 2, {}, "", 5), {}), ((1,), {"x": 1}), ((1,), {"z": 1})])
def test_wrong_fields_are_refused(arguments: tuple[Any, Any]) -> None:
    with pytest.raises(TypeError, match="Point"):
        Point(*arguments[0], **arguments[1])


def test_values_are_compared_by_class_and_field() -> None:
    assert Point(1) == Point(1, note="n") != Point(1, 3)
    other: object = Other(1, 2)
    assert other != Point(1, 2)
    assert len({Other(1), Other(1), Other(2)}) == 2
    assert repr(Point(1, note="n")) == "Point(x=1, y=2, tags={})"


def test_values_do_not_change() -> None:
    point: Any = Point(1)
    with pytest.raises(AttributeError, match="cannot assign to 'x': a Point is frozen"):
        point.x = 3
    with pytest.raises(AttributeError):
        del point.x
    assert replace(point, y=7) == Point(1, 7)
    assert point == Point(1)


def test_values_can_be_pickled() -> None:
    assert vars(pickle.loads(pickle.dumps(Point(1, note="n")))) == vars(Point(1, note="n"))
