"""Every word of the guard's is a reason that people can look up."""

import re
from pathlib import Path

import pytest
from eth_abi.abi import encode

from keeper.adapters.ethereum.abi import table
from keeper.adapters.ethereum.refusals import OUT_OF_GAS, REASONS, reason_of
from keeper.adapters.ethereum.reverts import explain
from keeper.core.reason import Reason

ROOT = Path(__file__).resolve().parents[3]
SOURCES = ROOT / "contracts" / "src"
OF_OTHERS = {"ReentrancyGuardReentrantCall", OUT_OF_GAS}
"""Not of our ErrorsLib: OpenZeppelin's, and the node's word for having none left."""

NEVER_IN_REBALANCE = {
    "NotGuardian", "NotUnderwriter", "NotCounterparty", "NoEmergency", "EmptyLeg", "ExpiryOutOfRange",
    "TooManyLegs", "NotAgreed", "NoSuchLeg", "NotExpired", "NotFirstRound", "InsufficientQuote",
    "NothingOwed", "CollateralTooLow", "TooManyDecimals", "WrongPair", "LimitOutOfRange", "NotTighter",
    "ExitTooSmall", "NotTripped", "LegUnsettled", "WindowTooShort", "LiquidityTooThin", "ConfidenceTooWide",
    "ExponentOutOfRange", "NoPastRounds",
}  # fmt: skip
"""Of the other roles' calls, the options, deployment; and of feeds, which the vault takes for a bad price."""

ON_THE_WAY = (
    "vault/Guard.sol", "vault/Oracles.sol", "vault/OneOperation.sol", "libraries/OracleGate.sol",
    "libraries/HedgeLib.sol", "libraries/BucketLib.sol", "libraries/BookLib.sol", "venues/UniswapV3Venue.sol",
)  # fmt: skip
"""Where a rebalance passes; what is raised there and listed above is raised by another function."""


def raised_in(path: str) -> set[str]:
    return set(re.findall(r"ErrorsLib\.([A-Z]\w+)", (SOURCES / path).read_text()))


def all_errors() -> set[str]:
    return set(
        re.findall(r"^    error (\w+)\(", (SOURCES / "libraries/ErrorsLib.sol").read_text(), re.MULTILINE)
    )


def test_every_error_has_a_reason_or_cannot_be_raised_by_a_rebalance() -> None:
    named = set(REASONS) - OF_OTHERS
    assert named == all_errors() - NEVER_IN_REBALANCE
    assert all_errors() >= NEVER_IN_REBALANCE


def test_what_is_raised_on_the_way_of_a_rebalance_has_a_reason() -> None:
    met = set().union(*map(raised_in, ON_THE_WAY))
    assert met - set(REASONS) == {"NoEmergency", "NotFirstRound", "WrongPair"}


def test_each_name_is_one_that_the_contracts_know() -> None:
    assert set(REASONS) - {OUT_OF_GAS} <= {signature.name for signature in table().errors.values()}


@pytest.mark.parametrize("name", sorted(set(REASONS) - {OUT_OF_GAS}))
def test_the_bytes_of_an_error_become_its_reason(name: str) -> None:
    selector, signature = next(row for row in table().errors.items() if row[1].name == name)
    values = [bytes(32) if kind == "bytes32" else "0x" + "11" * 20 if kind == "address" else 5
              for kind in signature.types]  # fmt: skip
    assert reason_of(explain(selector + encode(signature.types, values))) is REASONS[name]


@pytest.mark.parametrize(
    "error", ['"TF" (a token transfer failed)', "unknown error 0xf1f8f1f8", "", '"IsPaused()"']
)
def test_what_is_not_the_guards_is_told_as_it_is(error: str) -> None:
    assert reason_of(error) is Reason.SIMULATION_REVERTED
