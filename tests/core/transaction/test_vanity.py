"""An address that was searched for is known by its ends, and chance makes almost none like it."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from keeper.core.transaction.vanity import LONGEST_RUN, Ordinary, Searched, judge_address
from keeper.core.units import Address

DIGITS = "0123456789abcdef"
LENGTH = 40
digit = st.sampled_from(DIGITS)
spelling = st.lists(st.sampled_from([str.upper, str.lower]), min_size=LENGTH, max_size=LENGTH)
turn = st.sampled_from([str, lambda digits: digits[::-1]])
Way = Callable[[str], str]


@st.composite
def with_run(draw: st.DrawFn, shortest: int, longest: int) -> tuple[str, str, int]:
    """Digits that begin with exactly so many equal ones; which, and how many."""
    run, equal = draw(st.integers(shortest, longest)), draw(digit)
    other = draw(digit.filter(lambda each: each != equal))
    # The far end is nobody's run: it alternates.
    rest = (other + equal) * LENGTH
    return equal * run + rest[: LENGTH - run], equal, run


def spelt(ways: list[Way], digits: str) -> Address:
    """As a checksum might spell it."""
    return Address("0x" + "".join(way(each) for way, each in zip(ways, digits, strict=True)))


@given(with_run(7, LENGTH - 2), spelling, turn)
def test_seven_equal_digits_at_either_end_are_found(
    made: tuple[str, str, int], ways: list[Way], turned: Way
) -> None:
    digits, equal, run = made
    assert judge_address(spelt(ways, turned(digits))) == Searched(equal, run)


@given(with_run(1, 6), spelling, turn)
def test_six_may_be_chance(made: tuple[str, str, int], ways: list[Way], turned: Way) -> None:
    digits, _, _ = made
    assert judge_address(spelt(ways, turned(digits))) == Ordinary()


@given(digit, st.integers(1, LENGTH - 8))
def test_a_run_in_the_middle_is_nothing(equal: str, at: int) -> None:
    other = "1" if equal == "0" else "0"
    digits = other * min(at, 1) + _mixed(at - 1) + equal * 7 + _mixed(LENGTH - 8 - at) + other
    assert len(digits) == LENGTH
    assert judge_address(Address("0x" + digits)) == Ordinary()


def _mixed(length: int) -> str:
    return ("2345" * LENGTH)[:length]


@given(digit)
def test_an_address_of_one_digit_alone_is_found_too(equal: str) -> None:
    assert judge_address(Address("0x" + equal * LENGTH)) == Searched(equal, LENGTH)


def test_chance_makes_one_such_address_among_more_than_eight_million() -> None:
    # Of the digits at one end all but the first must be the first; either end will do.
    assert 2 / 16**LONGEST_RUN < 1 / 8_000_000
