"""Strangers' JSON becomes an exact price, or a named refusal, and nothing else."""

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.feeds.board import Dropped, DroppedError
from keeper.adapters.feeds.reading import Pointer, read_document, read_price, read_time
from keeper.core.units import WAD

PRICE = Pointer.parse("/price")


def price_of(body: bytes | str, pointer: Pointer = PRICE) -> int:
    return read_price(read_document(body if isinstance(body, bytes) else body.encode()), pointer)


@pytest.mark.parametrize(
    ("written", "wad"),
    [
        ("3012.5", 30125 * WAD // 10),
        ('"3012.5"', 30125 * WAD // 10),
        ("3", 3 * WAD),
        ("3e3", 3000 * WAD),
        ('"0.000000000001"', 10**6),
        ("3012.123456789012345678", 3012123456789012345678),
        ("3012.1234567890123456789", 3012123456789012345678),
        ("0.1", WAD // 10),
        ("123456789012345.123456789012345678", 123456789012345123456789012345678),
    ],
)
def test_a_price_is_read_digit_by_digit(written: str, wad: int) -> None:
    assert price_of(f'{{"price": {written}}}') == wad


@pytest.mark.parametrize(
    "written",
    [
        "0",
        "-3000",
        '"-1"',
        "1e16",
        "1e999999999",
        '"1e-999999999"',
        "1e-13",
        '"NaN"',
        '"sNaN"',
        '"Infinity"',
        '"three"',
        '""',
        '"3_000"',
        '"' + "3" * 61 + '"',
        "true",
        "null",
        "[]",
        "{}",
        "[3000]",
    ],
)
def test_what_is_no_plausible_price_is_dropped(written: str) -> None:
    with pytest.raises(DroppedError) as caught:
        price_of(f'{{"price": {written}}}')
    assert caught.value.why is Dropped.BAD_PRICE


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>502</html>",
        b'{"price": NaN}',
        b'{"price": -Infinity}',
        b'{"price": 3000',
        b"\xff\xfe",
        b"[" * 60_000,
        b'{"price": 1e99999999999999999999}',
        b'{"a":' * 10_000,
    ],
    ids=["empty", "html", "nan", "infinity", "cut off", "not utf-8", "deep", "huge exponent", "deep objects"],
)
def test_what_is_no_json_is_dropped(body: bytes) -> None:
    with pytest.raises(DroppedError) as caught:
        price_of(body)
    assert caught.value.why in {Dropped.NOT_JSON, Dropped.BAD_PRICE}


def test_a_number_of_a_million_digits_is_too_large_and_one_of_many_is_no_price() -> None:
    with pytest.raises(DroppedError, match="too-large"):
        price_of(b'{"price": ' + b"3" * 10**6 + b"}")
    with pytest.raises(DroppedError, match="bad-price"):
        price_of(b'{"price": ' + b"3" * 50_000 + b"}")


@pytest.mark.parametrize("body", ["[]", "3000", "null", '{"other": 1}', '{"price ": 1}'])
def test_an_answer_without_the_price_is_dropped(body: str) -> None:
    with pytest.raises(DroppedError) as caught:
        price_of(body)
    assert caught.value.why is Dropped.NO_PRICE


@pytest.mark.parametrize(
    ("pointer", "found"),
    [
        ("", {"a": [10, {"b/c": 1, "m~n": 2, "": 3}]}),
        ("/a/0", 10),
        ("/a/1/b~1c", 1),
        ("/a/1/m~0n", 2),
        ("/a/1/", 3),
    ],
)
def test_pointers_follow_their_standard(pointer: str, found: object) -> None:
    document = {"a": [10, {"b/c": 1, "m~n": 2, "": 3}]}
    assert Pointer.parse(pointer).find(document) == found


@pytest.mark.parametrize("pointer", ["/b", "/a/2", "/a/-1", "/a/x", "/a/0/x", "/a/²", "/a/1/b"])
def test_a_pointer_to_nowhere_finds_nothing(pointer: str) -> None:
    with pytest.raises(LookupError):
        Pointer.parse(pointer).find({"a": [10, {"b/c": 1}]})


def test_a_pointer_starts_at_the_root() -> None:
    with pytest.raises(ValueError, match="starts with"):
        Pointer.parse("price")


@pytest.mark.parametrize(
    ("written", "seconds"), [("1767225600", 1767225600), ("1767225600123", 1767225600), ('"5.9"', 5)]
)
def test_times_are_seconds_or_milliseconds(written: str, seconds: int) -> None:
    assert read_time(read_document(written.encode()), Pointer(())) == seconds


@pytest.mark.parametrize("written", ["0", "-5", "1e30", '"now"', "null", "true"])
def test_what_is_no_time_is_dropped(written: str) -> None:
    with pytest.raises(DroppedError, match="bad-time"):
        read_time(read_document(written.encode()), Pointer(()))


@given(st.binary(max_size=500))
def test_no_bytes_break_the_reading(body: bytes) -> None:
    try:
        price_of(body)
    except DroppedError:
        return


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["price", "ts", "a"]), inner),
    max_leaves=6,
)


@given(values)
def test_no_json_breaks_the_reading(value: object) -> None:
    try:
        assert price_of(json.dumps(value)) > 0
    except DroppedError:
        return


@given(st.decimals("0.000000000001", "1e15", allow_nan=False, allow_infinity=False, places=18))
def test_every_price_in_range_is_exact(price: Decimal) -> None:
    assert price_of(f'{{"price": "{price}"}}') == Fraction(price) * WAD
