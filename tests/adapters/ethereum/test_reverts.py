"""Every error the contracts can raise is told with its operands; all else is shown, never guessed."""

import subprocess
import sys
from pathlib import Path

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.abi import Signature, table
from keeper.adapters.ethereum.guard import NoSuchEventError, rebalanced
from keeper.adapters.ethereum.reverts import explain, revert_data
from keeper.core.units import Address

ROOT = Path(__file__).resolve().parents[3]
ADDRESS = "0x4A679253410272dd5232B3Ff7cF5dbB88f295319"
SAMPLES = {"address": ADDRESS, "bytes32": bytes(range(32)), "uint8": 200}
SHOWN = {"address": ADDRESS, "bytes32": "0x" + bytes(range(32)).hex(), "uint8": "200"}


@pytest.mark.world
def test_the_committed_table_is_what_the_contracts_say() -> None:
    check = [sys.executable, str(ROOT / "tools" / "write_abi.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_vaults_venues_tokens_and_libraries_errors_are_known() -> None:
    names = {signature.name for signature in table().errors.values()}
    assert names >= {
        "InsideBand",
        "StalePrice",
        "Overshoot",
        "NotPool",
        "WrongPair",
        "ERC20InsufficientBalance",
        "SafeERC20FailedOperation",
        "ReentrancyGuardReentrantCall",
        "OwnableUnauthorizedAccount",
        "FullMulDivFailed",
    }


@pytest.mark.parametrize("selector", table().errors, ids=lambda s: table().errors[s].name)
def test_each_error_is_told_with_its_operands(selector: bytes) -> None:
    signature = table().errors[selector]
    values = [SAMPLES.get(kind, -5 if kind.startswith("int") else 5) for kind in signature.types]
    shown = [SHOWN.get(kind, str(value)) for kind, value in zip(signature.types, values, strict=True)]
    operands = ", ".join(f"{name}={text}" for name, text in zip(signature.names, shown, strict=True))
    assert explain(selector + encode(signature.types, values)) == f"{signature.name}({operands})"


def of_name(name: str) -> tuple[bytes, Signature]:
    return next((s, e) for s, e in table().errors.items() if e.name == name)


def test_operands_that_are_missing_or_wrong_are_not_guessed() -> None:
    selector, _ = of_name("InsideBand")
    assert explain(selector) == f"unknown error 0x{selector.hex()}"
    selector, _ = of_name("NotKeeper")
    assert explain(selector + b"\xff" * 32) == f"unknown error 0x{selector.hex()}{'ff' * 32}"


def text_error(text: str) -> bytes:
    return bytes.fromhex("08c379a0") + encode(["string"], [text])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "reverted without a reason"),
        (text_error("LOK"), '"LOK" (the pool is locked or was never initialised)'),
        (text_error("ds-math"), '"ds-math"'),
        (text_error("a\n\x1b[31mb"), '"a  [31mb"'),
        (text_error("x" * 500), '"' + "x" * 120 + '"'),
        (bytes.fromhex("4e487b71") + (0x11).to_bytes(32), "Panic(0x11: arithmetic overflow)"),
        (bytes.fromhex("4e487b71") + (0x99).to_bytes(32), "Panic(0x99: unknown)"),
        (bytes.fromhex("08c379a0") + b"\xff" * 64, "unknown error 0x08c379a0" + "ff" * 32 + "…"),
        (b"\x01", "unknown error 0x01"),
    ],
)
def test_texts_panics_and_nonsense_are_told_safely(data: bytes, told: str) -> None:
    assert explain(data) == told


selectors = st.sampled_from([*table().errors, bytes.fromhex("08c379a0"), bytes.fromhex("4e487b71"), b""])


@given(selectors, st.binary(max_size=300))
def test_no_bytes_break_the_telling(selector: bytes, operands: bytes) -> None:
    told = explain(selector + operands)
    assert told.isprintable()
    assert len(told) < 1000


@given(
    st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.just("data"), inner))
)
def test_no_shape_of_error_data_breaks_the_reading(data: object) -> None:
    assert isinstance(revert_data(data), bytes)


VAULT = Address(ADDRESS)
TOPIC = "0x" + table().events["Rebalanced"][0].hex()
TOPICS = [TOPIC, "0x" + (7).to_bytes(32).hex(), "0x" + "00" * 12 + ADDRESS[2:].lower()]
DATA = (
    "0x"
    + encode(
        ["bool", *["uint256"] * 4, *["int256"] * 2, *["uint256"] * 3], [True, 1, 2, 3, 4, -5, -6, 7, 8, 9]
    ).hex()
)
LOG = {"address": ADDRESS.lower(), "topics": TOPICS, "data": DATA}


def test_the_event_is_found_among_others() -> None:
    transfer = {"address": ADDRESS, "topics": ["0x" + "dd" * 32], "data": "0x"}
    event = rebalanced(VAULT, [transfer, LOG])
    assert (event.vault, event.sequence, event.keeper, event.sell_base) == (VAULT, 7, VAULT, True)
    assert (event.spent, event.got, event.price_wad, event.round_id) == (1, 2, 3, 4)
    assert (event.gap_before_wad, event.gap_after_wad) == (-5, -6)
    assert (event.loss_wad, event.turnover_used_wad, event.loss_used_wad) == (7, 8, 9)


@pytest.mark.parametrize(
    "spoilt",
    [
        {"address": "0x" + "11" * 20},
        {"topics": TOPICS[:2]},
        {"topics": [*TOPICS, TOPIC]},
        {"topics": None},
        {"topics": [7]},
        {"topics": ["zz"]},
        {"data": DATA[:-64]},
        {"data": None},
        {"data": "0xzz"},
    ],
    ids=str,
)
def test_a_log_that_is_not_the_vaults_event_is_not_taken_for_it(spoilt: dict[str, object]) -> None:
    with pytest.raises(NoSuchEventError):
        rebalanced(VAULT, [{**LOG, **spoilt}])
