"""How one field of a message is read at the door: each type here carries the check of its values.

In: values as JSON has them; out: the same proven, errors and signatures as our own types; or ValueError that
says what was expected. The checks are those of the schemas in src/wire/messages.ts.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..errors import MdmError, error_from_document
from .signature import Signature, TensorSpec
from .timings import STAGES

T = TypeVar("T")
Reader = Callable[[object], Any]

#: Beyond it a double, and so JavaScript, does not tell whole numbers apart.
_MAX_WHOLE = 2**53 - 1
_MAX_IDENTIFIER = 128

_INTEGERS = {f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)}
DTYPES = frozenset({"float16", "float32", "float64", *_INTEGERS, "bool", "string"})


class _Missing:
    """Stands for a field that is not there; no reader takes it."""


_MISSING = _Missing()
_KNOWN: dict[type, dict[str, Reader]] = {}


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_WHOLE:
        raise ValueError("expected a whole number")
    return value


def _count(value: object) -> int:
    if _whole(value) < 0:
        raise ValueError("expected a whole number of 0 or more")
    return _whole(value)


def _ms(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("expected a number")
    if value < 0:
        raise ValueError("expected a number of 0 or more")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError("expected text")
    return value


def _identifier(value: object) -> str:
    if not 1 <= len(_text(value)) <= _MAX_IDENTIFIER:
        raise ValueError(f"expected 1 to {_MAX_IDENTIFIER} characters")
    return _text(value)


def _document(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("expected an object")
    return value


def _stage_times(value: object) -> dict[str, float]:
    document = _document(value)
    return {stage: _ms(document[stage]) for stage in STAGES if stage in document}


def _error(value: object) -> MdmError:
    document = _document(value)
    for name in ("code", "message", "remedy"):
        _text(document.get(name))
    _document(document.get("details"))
    return error_from_document(document)


def _axis(value: object) -> int | str | None:
    return value if value is None or isinstance(value, str) else _count(value)


def _list(value: object, read: Callable[[object], T]) -> tuple[T, ...]:
    if not isinstance(value, list):
        raise ValueError("expected a list")
    return tuple(read(item) for item in value)


def _names(value: object) -> tuple[str, ...]:
    return _list(value, _text)


def _tensor_spec(value: object) -> TensorSpec:
    document = _document(value)
    dtype = _text(document.get("dtype"))
    if dtype not in DTYPES:
        raise ValueError(f'"{dtype}" is not a type of a tensor')
    return TensorSpec(
        _text(document.get("name")),
        dtype,
        _list(document.get("shape"), _axis),
        _nullable(_names)(document.get("columns", _MISSING)),
    )


def _signature(value: object) -> Signature:
    document = _document(value)
    return Signature(
        _list(document.get("inputs"), _tensor_spec),
        _list(document.get("outputs"), _tensor_spec),
        _nullable(_count)(document.get("batch", _MISSING)),
    )


Whole = Annotated[int, _whole]
Count = Annotated[int, _count]
Ms = Annotated[float, _ms]
Text = Annotated[str, _text]
Identifier = Annotated[str, _identifier]
#: JSON that passes through untouched: keys inside are the user's.
Document = Annotated[dict[str, Any], _document]
StageTimes = Annotated[dict[str, float], _stage_times]
ErrorField = Annotated[MdmError, _error]
SignatureField = Annotated[Signature, _signature]


def read_fields(cls: type[T], document: Mapping[str, object]) -> T:
    """A dataclass whose fields are of the types above, from JSON; fields that it does not know are left out.

    Raises ValueError naming the field.
    """
    values: dict[str, object] = {}
    for name, read in _readers(cls).items():
        try:
            values[name] = read(document.get(name, _MISSING))
        except ValueError as cause:
            raise ValueError(f"{name}: {cause}") from cause
    return cls(**values)


def plain(value: object) -> object:
    """What `read_fields` made, as JSON has it."""
    if isinstance(value, MdmError):
        return value.to_document()
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if is_dataclass(value):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def _readers(cls: type) -> dict[str, Reader]:
    known = _KNOWN.get(cls)
    if known is None:
        hints = get_type_hints(cls, include_extras=True)
        known = _KNOWN[cls] = {name: _reader(hint) for name, hint in hints.items() if name != "op"}
    return known


def _reader(hint: object) -> Reader:
    origin = get_origin(hint)
    if origin is Annotated:
        read: Reader = get_args(hint)[1]
        return read
    if origin is Literal:
        return _one_of(get_args(hint))
    if origin in (Union, UnionType):
        return _nullable(_reader(next(arg for arg in get_args(hint) if arg is not NoneType)))
    if isinstance(hint, type) and is_dataclass(hint):
        return _nested(hint)
    raise TypeError(f"no reader for {hint}")


def _one_of(allowed: tuple[object, ...]) -> Reader:
    def read(value: object) -> object:
        if value not in allowed:
            raise ValueError(f"expected one of {', '.join(map(str, allowed))}")
        return value

    return read


def _nullable(inner: Reader) -> Reader:
    return lambda value: None if value is None else inner(value)


def _nested(cls: type[T]) -> Callable[[object], T]:
    return lambda value: read_fields(cls, _document(value))
