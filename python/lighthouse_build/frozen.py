# Part of Lighthouse Build, under the Apache License v2.0 with LLVM Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Frozen values: what `dataclass(frozen=True)` offers, at a hundredth of its cost.

The driver is started once an edge of the build. There, importing `dataclasses` and generating code for some thirty
classes took as long as lowering a small payload. Type checkers treat both decorators alike.
"""

from __future__ import annotations

# That of `typing`, whose import is as expensive; type checkers know the name. The same is done in all modules that are
# imported before MLIR is.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    from typing_extensions import dataclass_transform

    _Class = TypeVar("_Class", bound=type)
    _Value = TypeVar("_Value")
else:

    def dataclass_transform(**_: object):
        """What type checkers see; it does nothing."""
        return lambda decorated: decorated


__all__ = ["field", "frozen", "replace"]


class _Field:
    """What a class says of a field beside its type."""

    def __init__(self, default: Any, factory: Callable[[], Any] | None = None, compare: bool = True) -> None:
        self.default = default
        self.factory = factory
        self.compare = compare


_REQUIRED = object()


def field(*, default: Any = None, factory: Callable[[], Any] | None = None, compare: bool = True) -> Any:
    """A field of a frozen class that needs more than a name and a default.

    Args:
        default: its value if none is given.
        factory: makes that value instead.
        compare: whether it counts when values are compared, and shows in `repr`.
    """
    return _Field(default, factory, compare)


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: _Class) -> _Class:
    """Make `cls` a class of values: its annotated names are fields, given by position or keyword, never changed.

    Values of one class are equal if their fields are; they can be hashed and pickled. `vars` has the fields in order.
    """
    defaults: dict[str, Any] = {}
    factories: dict[str, Callable[[], Any]] = {}
    hidden: list[str] = []  # from comparisons
    for name in cls.__annotations__:
        default = cls.__dict__.get(name, _REQUIRED)
        if isinstance(default, _Field):
            delattr(cls, name)
            if default.factory:
                factories[name] = default.factory
            if not default.compare:
                hidden.append(name)
            default = _REQUIRED if default.factory else default.default
        defaults[name] = default
    names = tuple(defaults)
    compared = tuple([name for name in names if name not in hidden]) if hidden else names
    special = [name for name in names if defaults[name] is _REQUIRED]
    # Who gives so many values by position has given all that are special.
    enough = names.index(special[-1]) + 1 if special else 0

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        values = self.__dict__
        values.update(defaults)
        values.update(zip(names, args))
        if kwargs:
            values.update(kwargs)
        for name in special if len(args) < enough else ():
            if values[name] is _REQUIRED:
                if name not in factories:
                    msg = f"{cls.__name__}() wants '{name}'"
                    raise TypeError(msg)
                values[name] = factories[name]()
        twice = kwargs and args and not kwargs.keys().isdisjoint(names[: len(args)])
        if twice or len(values) > len(names) or len(args) > len(names):
            msg = f"{cls.__name__}() takes the fields {', '.join(names)}, each once"
            raise TypeError(msg)

    def key(self: Any) -> tuple[Any, ...]:
        values = vars(self)
        return tuple([values[name] for name in compared])

    def equals(self: Any, other: Any) -> Any:
        return key(self) == key(other) if type(other) is type(self) else NotImplemented

    def refuse(self: Any, name: str, *value: Any) -> None:
        msg = f"cannot assign to '{name}': a {cls.__name__} is frozen"
        raise AttributeError(msg)

    def hashed(self: Any) -> int:
        return hash(key(self))

    def shown(self: Any) -> str:
        return f"{cls.__qualname__}({', '.join([f'{name}={vars(self)[name]!r}' for name in compared])})"

    methods = {"__init__": init, "__eq__": equals, "__hash__": hashed, "__repr__": shown}
    for method, function in {**methods, "__setattr__": refuse, "__delattr__": refuse}.items():
        setattr(cls, method, function)
    return cls


def replace(value: _Value, **changes: Any) -> _Value:
    """A value like the frozen `value`, with other fields where `changes` names them."""
    changed = object.__new__(type(value))
    fields = changed.__dict__
    fields.update(value.__dict__)
    fields.update(changes)
    if len(fields) > len(value.__dict__):
        msg = f"{type(value).__name__} has no field {', '.join(changes.keys() - vars(value).keys())}"
        raise TypeError(msg)
    return changed
