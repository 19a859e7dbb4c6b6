"""Quantities as people write them, read exactly.

A limit that passes through a float is a different limit: 0.1 + 0.2 usd is not 0.3 usd. And a number without a
unit is two limits: is `0.5` slippage a half or half a percent? So decimal text becomes an integer of the
chain's unit without rounding, fractions carry `%` or `bps`, durations carry `s`, `m`, `h` or `d` (bare
numbers are seconds), and money stands in keys that end in `_usd` or `_gwei`.
"""

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated

from eth_utils.address import is_address, is_checksum_formatted_address, to_checksum_address
from pydantic import BeforeValidator, WithJsonSchema

from keeper.core.units import BPS, GWEI, WAD, Address
from keeper.policies.problems import shown

USD_MAX = 10**15
GWEI_MAX = 10**7
HOUR = 3_600
DAY = 86_400
MAX_DURATION = 30 * DAY
MAX_TENOR = 730 * DAY
AMOUNT_MAX = 10**12
FIRST_YEAR, LAST_YEAR = 2020, 2099
MAX_GAS = 30_000_000
MIN_GAS = 21_000
NAME_PATTERN = r"[a-z0-9][a-z0-9-]{0,62}"

_NUMBER = r"[0-9][0-9_]{0,30}(\.[0-9]{1,30})?"
_INSTANT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?Z"
_DURATION = re.compile(r"(?:(\d{1,4})d)?(?:(\d{1,6})h)?(?:(\d{1,8})m)?(?:(\d{1,10})s)?")
_FRACTION = re.compile(rf"({_NUMBER})\s*(%|bps)")


def usd(value: object) -> int:
    """An amount above zero, in WAD of a dollar."""
    return _positive(
        _scaled(_number(value, "an amount in dollars, such as 25000 or 0.50"), WAD, "dollars"), USD_MAX * WAD
    )


def gwei(value: object) -> int:
    """A fee per unit of gas, zero or more, in wei."""
    wei = _scaled(_number(value, "a fee in gwei, such as 80 or 1.5"), GWEI, "gwei")
    if not 0 <= wei <= GWEI_MAX * GWEI:
        raise ValueError(f"{shown(value)} is not between 0 and {GWEI_MAX} gwei")
    return wei


def seconds(value: object) -> int:
    """A duration of at least one second, in seconds."""
    total = _seconds(value)
    if not 1 <= total <= MAX_DURATION:
        raise ValueError(f"{shown(value)} is not between 1s and {MAX_DURATION // DAY}d")
    return total


def tenor(value: object) -> int:
    """A time to expiry of at least an hour, in seconds."""
    total = _seconds(value)
    if not HOUR <= total <= MAX_TENOR:
        raise ValueError(f"{shown(value)} is not between 1h and {MAX_TENOR // DAY}d")
    return total


def instant(value: object) -> int:
    """A moment in UTC, in Unix seconds."""
    wrong = f"{shown(value)} is not a moment in UTC: write for example `2027-03-26T08:00Z`"
    if not isinstance(value, str) or not re.fullmatch(_INSTANT, value):
        raise ValueError(wrong)
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError(wrong) from None
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise ValueError(f"{shown(value)} is not between {FIRST_YEAR} and {LAST_YEAR}")
    return int(moment.astimezone(UTC).timestamp())


def amount(value: object) -> int:
    """A quantity above zero, in WAD."""
    expected = "a quantity, such as 25 or 0.01"
    return _positive(_scaled(_number(value, expected), WAD, "parts"), AMOUNT_MAX * WAD)


def percent(value: object) -> int:
    """A fraction above zero written with its unit, in WAD: `120%` is 1.2e18."""
    return _positive(_scaled(_fraction(value), WAD, "parts"), 100 * WAD)


def distance(value: object) -> int:
    """A fraction above zero and below one written with its unit, in WAD: a spot can fall by no more."""
    wad = percent(value)
    if wad >= WAD:
        raise ValueError(f"{shown(value)} is not below 100%: no spot falls by more")
    return wad


def bps(value: object) -> int:
    """A fraction from 1 to 10,000 basis points, written with its unit, in whole basis points."""
    points = _scaled(_fraction(value), BPS, "basis points")
    if not 1 <= points <= BPS:
        raise ValueError(f"{shown(value)} is not between 1 bps and 100%")
    return points


def gas(value: object) -> int:
    """Units of gas for one transaction."""
    units = _scaled(_number(value, "a whole number of gas units, such as 420000"), 1, "units of gas")
    if not MIN_GAS <= units <= MAX_GAS:
        raise ValueError(f"{shown(value)} is not between {MIN_GAS} and {MAX_GAS} units of gas")
    return units


def address(value: object) -> Address:
    """A contract's address; in mixed case its EIP-55 checksum must be right."""
    if not isinstance(value, str) or not is_address(value.lower()) or not value.startswith("0x"):
        raise ValueError(f"{shown(value)} is not an address: write 0x and 40 hexadecimal digits, in quotes")
    checked = to_checksum_address(value.lower())
    if is_checksum_formatted_address(value) and value != checked:
        raise ValueError(
            f"{shown(value)} has a wrong checksum, so a digit is wrong or the case is; expected {checked}"
        )
    if int(value, 16) == 0:
        raise ValueError("the zero address is no vault")
    return Address(checked)


def name(value: object) -> str:
    """A short name, because it becomes a label of metrics and a word on the command line."""
    if not isinstance(value, str) or not re.fullmatch(NAME_PATTERN, value):
        raise ValueError(
            f"{shown(value)} is not a name: up to 63 small letters, digits and `-`, such as `eth-strangle`"
        )
    return value


def _number(value: object, expected: str) -> Decimal:
    if isinstance(value, bool) or value is None:
        raise ValueError(f"{shown('null' if value is None else str(value).lower())} is not {expected}")
    if isinstance(value, int | Decimal):
        return Decimal(value)
    if isinstance(value, str) and re.fullmatch(_NUMBER, value):
        return Decimal(value.replace("_", ""))
    raise ValueError(f"{shown(value)} is not {expected}")


def _fraction(value: object) -> Decimal:
    found = _FRACTION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"{shown(value)} needs its unit: write for example `50 bps`, `0.5%` or `120%`")
    return Decimal(found[1].replace("_", "")) / (100 if found[3] == "%" else BPS)


def _seconds(value: object) -> int:
    expected = "a duration: write for example `90`, `90s`, `15m`, `1h30m` or `1d`"
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = _DURATION.fullmatch(value) if isinstance(value, str) and value else None
    if found is None:
        raise ValueError(f"{shown(value)} is not {expected}")
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return days * DAY + hours * 3600 + minutes * 60 + rest


def _scaled(number: Decimal, scale: int, unit: str) -> int:
    # Fractions instead of Decimal's context: a product must not be rounded to 28 digits on its way.
    numerator, denominator = number.as_integer_ratio()
    scaled, rest = divmod(numerator * scale, denominator)
    if rest:
        raise ValueError(f"`{number}` has more digits than the chain has {unit}")
    return scaled


def _positive(amount: int, maximum: int) -> int:
    if amount <= 0:
        raise ValueError("must be above zero")
    if amount > maximum:
        raise ValueError(f"is beyond belief: at most {maximum // WAD}")
    return amount


def _schema(description: str, pattern: str, *examples: str | int, number: bool = True) -> WithJsonSchema:
    text = {"type": "string", "pattern": f"^{pattern}$"}
    kinds: list[object] = [{"type": "number", "minimum": 0}, text] if number else [text]
    return WithJsonSchema({"anyOf": kinds, "description": description, "examples": list(examples)})


Usd = Annotated[int, BeforeValidator(usd), _schema("dollars, above zero", _NUMBER, 25000)]
Gwei = Annotated[int, BeforeValidator(gwei), _schema("gwei per unit of gas", _NUMBER, 80)]
Duration = Annotated[
    int,
    BeforeValidator(seconds),
    _schema("seconds, or a duration", r"(\d+d)?(\d+h)?(\d+m)?(\d+s)?", "15m", "1h30m", 90),
]
Tenor = Annotated[
    int, BeforeValidator(tenor), _schema("a duration", r"(\d+d)?(\d+h)?(\d+m)?(\d+s)?", "30d", number=False)
]
Instant = Annotated[
    int, BeforeValidator(instant), _schema("in UTC", _INSTANT, "2027-03-26T08:00Z", number=False)
]
Amount = Annotated[int, BeforeValidator(amount), _schema("a quantity, above zero", _NUMBER, 25, "0.01")]
Percent = Annotated[
    int, BeforeValidator(percent), _schema("with its unit", rf"{_NUMBER}\s*(%|bps)", "120%", number=False)
]
Distance = Annotated[
    int, BeforeValidator(distance), _schema("with its unit", rf"{_NUMBER}\s*(%|bps)", "20%", number=False)
]
BasisPoints = Annotated[
    int, BeforeValidator(bps), _schema("with its unit", rf"{_NUMBER}\s*(%|bps)", "50 bps", number=False)
]
GasUnits = Annotated[
    int, BeforeValidator(gas), WithJsonSchema({"type": "integer", "minimum": MIN_GAS, "maximum": MAX_GAS})
]
VaultAddress = Annotated[
    Address,
    BeforeValidator(address),
    _schema("of the vault's contract, in quotes", "0x[0-9a-fA-F]{40}", number=False),
]
PolicyName = Annotated[
    str, BeforeValidator(name), _schema("label of metrics and logs", NAME_PATTERN, "strangle", number=False)
]
