"""A stranger's JSON, made into an exact price or refused.

Prices are read as decimals, never as floats: what is compared with a limit must be the number that was
written. Everything that a broken, replaced or malicious service can send has to end as a `DroppedError`, not
as an exception of a parser.
"""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import NoReturn

from keeper.adapters.feeds.board import Dropped, DroppedError
from keeper.core.units import WAD

MAX_BODY_BYTES = 64 * 1024
MAX_DIGITS = 60
MIN_PRICE = Decimal("1e-12")
MAX_PRICE = Decimal("1e15")
MAX_TIME_S = 1 << 40
MILLISECONDS = 1000
LAST_IN_SECONDS = 100_000_000_000
"""A larger time counts milliseconds: in seconds it would be in the year 5138."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A JSON pointer (RFC 6901): `/data/0/price`. The empty pointer is the whole document."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> "Pointer":
        """Read a pointer. Raises ValueError."""
        if text and not text.startswith("/"):
            raise ValueError("a JSON pointer is empty or starts with '/'")
        return cls(tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]))

    def find(self, document: object) -> object:
        """What it points at. Raises LookupError."""
        for part in self.parts:
            if isinstance(document, dict):
                document = document[part]
            elif isinstance(document, list) and part.isascii() and part.isdigit() and len(part) < MAX_DIGITS:
                document = document[int(part)]
            else:
                raise LookupError(part)
        return document


def read_document(body: bytes) -> object:
    """JSON with exact numbers. Raises DroppedError."""
    if len(body) > MAX_BODY_BYTES:
        raise DroppedError(Dropped.TOO_LARGE)
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, InvalidOperation):
        raise DroppedError(Dropped.NOT_JSON) from None


def read_price(document: object, pointer: Pointer) -> int:
    """The price at a pointer, a number or the text of one, in WAD rounded down. Raises DroppedError."""
    price = _decimal(_at(document, pointer, Dropped.NO_PRICE), Dropped.BAD_PRICE)
    if not MIN_PRICE <= price <= MAX_PRICE:
        raise DroppedError(Dropped.BAD_PRICE)
    numerator, denominator = price.as_integer_ratio()
    return numerator * WAD // denominator


def read_time(document: object, pointer: Pointer) -> int:
    """The time at a pointer in Unix seconds; milliseconds are recognised. Raises DroppedError."""
    time = _decimal(_at(document, pointer, Dropped.BAD_TIME), Dropped.BAD_TIME)
    if not 0 < time < MAX_TIME_S * MILLISECONDS:
        raise DroppedError(Dropped.BAD_TIME)
    return int(time) // MILLISECONDS if time > LAST_IN_SECONDS else int(time)


def _at(document: object, pointer: Pointer, why: Dropped) -> object:
    try:
        return pointer.find(document)
    except LookupError:
        raise DroppedError(why) from None


def _decimal(value: object, why: Dropped) -> Decimal:
    if isinstance(value, str) and len(value) <= MAX_DIGITS and "_" not in value:
        try:
            value = Decimal(value)
        except InvalidOperation:
            raise DroppedError(why) from None
    if not isinstance(value, Decimal) or not value.is_finite():
        raise DroppedError(why)
    return value


def _no_number(_: str) -> NoReturn:
    raise ValueError("JSON knows no NaN and no infinity")
