"""Whatever the rest of the program believes: a configured rebalance is signed, or nothing to oneself."""

from dataclasses import replace

import pytest
from eth_account import Account as Key

from keeper.adapters.signing.gate import Ceiling, Gate, GatedSigner, Passed, Stopped, judge
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.core.transaction.unsigned import Unsigned
from keeper.core.units import GWEI, Address
from keeper.ports import SignerError

KEY = KeystoreSigner(Key.from_key("0x" + "11" * 32))
VAULT = Address("0x00000000000000000000000000000000000000A1")
OTHER = Address("0x00000000000000000000000000000000000000B2")
SELECTOR = bytes.fromhex("01020304")
GATE = Gate(31337, KEY.address, SELECTOR, {VAULT: Ceiling(100 * GWEI, 500_000)})
REBALANCE = Unsigned(31337, 5, VAULT, SELECTOR + bytes(160), 0, 500_000, 100 * GWEI, GWEI)
NO_OP = replace(REBALANCE, to=KEY.address, data=b"", gas_limit=21_000)


@pytest.mark.parametrize("unsigned", [REBALANCE, NO_OP])
def test_a_rebalance_and_a_no_op_at_their_ceilings_pass(unsigned: Unsigned) -> None:
    assert judge(GATE, unsigned) == Passed()


@pytest.mark.parametrize(
    ("unsigned", "why"),
    [
        (replace(REBALANCE, chain_id=1), "it is for chain 1"),
        (replace(REBALANCE, value_wei=1), "sends 1 wei away"),
        (replace(REBALANCE, to=OTHER), "no vault that a policy lets be traded"),
        (
            replace(REBALANCE, data=bytes.fromhex("a9059cbb") + bytes(64)),
            "calls 0xa9059cbb, and only a rebalance may be called",
        ),
        (replace(REBALANCE, data=b""), "only a rebalance may be called"),
        (replace(REBALANCE, max_fee_wei=100 * GWEI + 1), "and 100000000000 is the ceiling"),
        (replace(REBALANCE, gas_limit=500_001), "and 500000 is the ceiling"),
        (replace(REBALANCE, tip_wei=101 * GWEI), "its tip is above its fee"),
        (replace(NO_OP, data=b"\x01"), "a no-op has none"),
        (replace(NO_OP, gas_limit=21_001), "and 21000 is the ceiling"),
        (replace(NO_OP, max_fee_wei=101 * GWEI), "is the ceiling"),
        (replace(NO_OP, value_wei=1), "sends 1 wei away"),
    ],
)
async def test_anything_else_is_stopped_with_its_reason(unsigned: Unsigned, why: str) -> None:
    verdict = judge(GATE, unsigned)
    assert isinstance(verdict, Stopped)
    assert why in verdict.why
    with pytest.raises(SignerError, match="the gate refuses to sign"):
        await GatedSigner(KEY, lambda: GATE).sign(unsigned)


def test_a_no_op_may_outbid_what_an_earlier_policy_allowed_and_a_rebalance_may_not() -> None:
    stricter = replace(GATE, promised_fee_wei=200 * GWEI)
    assert judge(stricter, replace(NO_OP, max_fee_wei=200 * GWEI)) == Passed()
    assert isinstance(judge(stricter, replace(NO_OP, max_fee_wei=200 * GWEI + 1)), Stopped)
    assert isinstance(judge(stricter, replace(REBALANCE, max_fee_wei=200 * GWEI)), Stopped)


def test_a_gate_without_vaults_lets_nothing_through() -> None:
    closed = replace(GATE, vaults={})
    assert isinstance(judge(closed, REBALANCE), Stopped)
    assert isinstance(judge(closed, NO_OP), Stopped)


async def test_what_passes_is_signed_by_the_key_behind_the_gate() -> None:
    gated = GatedSigner(KEY, lambda: GATE)
    assert gated.address == KEY.address
    assert await gated.sign(REBALANCE) == await KEY.sign(REBALANCE)


async def test_a_gate_that_was_tightened_holds_for_the_next_signature() -> None:
    gates = [GATE, replace(GATE, vaults={VAULT: Ceiling(99 * GWEI, 500_000)})]
    gated = GatedSigner(KEY, lambda: gates.pop(0))
    await gated.sign(REBALANCE)
    with pytest.raises(SignerError, match="99000000000 is the ceiling"):
        await gated.sign(REBALANCE)
