"""Whatever a lens says of a vault, a decision comes out: the same when replayed, and one that can be sent."""

import math
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from keeper.adapters.ethereum.guard import calldata
from keeper.adapters.ethereum.seal import state_hash
from keeper.adapters.ethereum.words import VAULT_WORDS, WORD, decode
from keeper.adapters.journal.codec import DECISION
from keeper.core.decision import Decision, decide_all
from keeper.core.market import FeedRules, Reading
from keeper.core.plan import Plan
from keeper.core.policy import OracleRules, Policy
from keeper.core.position import Leg, VaultState
from keeper.core.quote import Side
from keeper.core.units import WAD, Address
from tests.adapters.ethereum.packing import HEAD, LEGS, VAULT, header_words, leg_word, vault_words
from tests.core.build import POLICY, pool

NATIVE = Reading(3000 * WAD, HEAD.timestamp, 0)
SANE = replace(
    VAULT,
    pool=replace(pool(), liquidity=10**19),
    price=Reading(3000 * WAD, HEAD.timestamp - 60, 1),
    volatility=Reading(7 * 10**17, HEAD.timestamp - 60, 1),
)
# A pool's fee is fixed and below one when it is made; a vault with another is put into quarantine.
WIDTHS = {2: 256, 3: 256, 4: 255, 5: 128, 8: 63, 9: 32, 10: 13, 11: 16, 12: 255, 13: 63, 15: 255, 16: 63,
          17: 160, 18: 128, 20: 16, 21: 256, 23: 224}  # fmt: skip
GULLIBLE = OracleRules(FeedRules(2**32, 1, 10**15 * WAD), FeedRules(2**32, 1, 100 * WAD), 10_000, 0, 0)


def number(bits: int) -> st.SearchStrategy[int]:
    sizes = st.integers(1, bits).flatmap(lambda size: st.integers(0, 2**size - 1))
    return st.sampled_from([0, 1, 2**bits - 1]) | sizes


spoiled = st.dictionaries(st.sampled_from(sorted(WIDTHS)), st.none(), max_size=3).flatmap(
    lambda fields: st.fixed_dictionaries({field: number(WIDTHS[field]) for field in fields})
)
legs = st.builds(
    Leg,
    is_call=st.booleans(),
    strike_wad=st.sampled_from([3000, 3001, 3700, 700_000_000]).map(lambda usd: usd * WAD),
    expiry=st.sampled_from([0, -1, 1, 3_600, 86_400 * 14]).map(lambda later: HEAD.timestamp + later),
    size_wad=st.sampled_from([-(2**87), -(10**21), -1, 0, 1, 10**21, 2**87 - 1]),
)
vaults = st.tuples(spoiled, st.lists(legs, max_size=3) | st.just(list(LEGS)))


def words_of(book: list[tuple[dict[int, int], list[Leg]]]) -> bytes:
    bodies = []
    for index, (fields, held) in enumerate(book):
        words = bytearray(vault_words(replace(SANE, address=Address(f"0x{index:040x}")), len(held)))
        for field, value in fields.items():
            words[field * WORD : (field + 1) * WORD] = value.to_bytes(WORD)
        own = b"".join(map(leg_word, held))
        words[7 * WORD : 8 * WORD] = state_hash(HEAD.chain_id, bytes(words), own)
        bodies.append(bytes(words))
        assert len(words) == VAULT_WORDS * WORD
    tail = b"".join(leg_word(leg) for _, held in book for leg in held)
    return header_words(HEAD, 10**18, NATIVE, len(book)) + b"".join(bodies) + tail


@settings(max_examples=150)
@given(st.lists(vaults, min_size=1, max_size=3), st.sampled_from([POLICY.oracle, GULLIBLE]))
def test_every_vault_is_decided_and_every_plan_can_be_sent(
    book: list[tuple[dict[int, int], list[Leg]]], oracle: OracleRules
) -> None:
    snapshot = decode(HEAD, words_of(book))
    policies: dict[Address, Policy] = {
        vault.address: replace(POLICY, vault=vault.address, oracle=oracle) for vault in snapshot.vaults
    }
    decided = decide_all(snapshot, policies, {})
    assert decided.failures == ()
    again = decide_all(decode(HEAD, words_of(book)), policies, {})
    for vault, decision, twin in zip(snapshot.vaults, decided.decisions, again.decisions, strict=True):
        text = DECISION.dump(decision)
        assert text == DECISION.dump(twin) == DECISION.dump(DECISION.load(text))
        if isinstance(decision.action, Plan):
            can_be_sent(vault, decision, decision.action)


def can_be_sent(vault: VaultState, decision: Decision, plan: Plan) -> None:
    assert calldata(plan)
    has = vault.base_wei if plan.side is Side.SELL_BASE else vault.quote_units
    assert 0 < plan.amount_in <= has
    assert plan.min_out <= plan.expected_out
    assert abs(plan.gap_after) <= abs(decision.exposure.gap)
    assert math.copysign(1.0, plan.trade) == -math.copysign(1.0, decision.exposure.gap)
    measured = (plan.trade, plan.benefit_usd, plan.expected_cost_usd, plan.worst_cost_usd)
    assert all(map(math.isfinite, measured))
