"""Whether a key was searched for, which its address can show.

An address with a long run of one digit looks well and costs less gas, so people let programs try keys until
one has it. Some of those programs begin with so little chance that whoever knows the address finds the key by
the same search: with Profanity it was 32 bits, and in 2022 it cost Wintermute 160 million dollars. A key that
was drawn well has no such run, or as good as never: seven equal digits at the beginning or at the end of an
address come of themselves once in 8.4 million keys. Other patterns, and bad keys without one, are not seen.
"""

from dataclasses import dataclass

from keeper.core.units import Address

LONGEST_RUN = 6
"""So many equal digits at an end may be chance."""


@dataclass(frozen=True, slots=True)
class Ordinary:
    """Nothing of the address says that its key was searched for."""


@dataclass(frozen=True, slots=True)
class Searched:
    """The address begins or ends with `run` digits that are `digit`."""

    digit: str
    run: int


def judge_address(address: Address) -> Ordinary | Searched:
    """Look at both ends of an account's address."""
    digits = address.removeprefix("0x").lower()
    run, digit = max((_run(digits), digits[0]), (_run(digits[::-1]), digits[-1]))
    return Searched(digit, run) if run > LONGEST_RUN else Ordinary()


def _run(digits: str) -> int:
    """How many digits at the beginning are equal."""
    return len(digits) - len(digits.lstrip(digits[0]))
