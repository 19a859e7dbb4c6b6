"""The lens, written backwards: states into words, one field at a time, by nothing but the layout."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from keeper.adapters.ethereum.seal import state_hash
from keeper.adapters.ethereum.words import VAULT_WORDS, WORD
from keeper.core.head import Head
from keeper.core.market import Reading
from keeper.core.position import Leg, PoolState, VaultRules, VaultState
from keeper.core.units import WAD, Address, BlockHash
from tests.core.build import pool

STRIKE_TO_WAD = 10**10
OTHER_RULES = (
    700 << 96,
    5402 | 65_000 << 32 | 64_000 << 48 | 200_000 << 64 | 4_000 << 96,
    150 * 10**18 | 15_000 * 10**18 << 128,
    10**16 | 10**19 << 64 | 10**8 << 128,
)
"""What the contract insists on and the keeper has no use for, but to prove the rest."""

NO_PRICE = Reading(0, 0, 0)
Vault = tuple[VaultState, Sequence[Leg]]


def word(value: int) -> bytes:
    return (value % 2**256).to_bytes(32)


def leg_word(leg: Leg, log_strike: int = 7) -> bytes:
    return (
        bytes([leg.is_call])
        + (leg.strike_wad // STRIKE_TO_WAD).to_bytes(7)
        + leg.expiry.to_bytes(4)
        + log_strike.to_bytes(9, signed=True)
        + leg.size_wad.to_bytes(11, signed=True)
    )


def vault_words(vault: VaultState, legs: int) -> bytes:
    rules, pool = vault.rules, vault.pool
    flags = vault.readable | vault.paused << 1 | vault.keeper_authorised << 2 | pool.base_is_token0 << 3
    ages = rules.max_price_age_s | rules.max_volatility_age_s << 32 | rules.max_deadline_s << 64
    ages |= rules.max_trade_wad << 96
    budgets = rules.price_error_bps | rules.min_trade_bps << 16
    budgets |= rules.turnover_cap_pips << 32 | rules.loss_cap_pips << 64
    vol_error, daily, prices, volatilities = OTHER_RULES
    budgets |= vol_error
    fields = [
        int(vault.address, 16),
        flags,
        vault.quote_units,
        vault.base_wei,
        rules.target_delta_wad,
        rules.band_wad,
        vault.sequence,
        int.from_bytes(vault.state_hash),
        vault.last_rebalance_at,
        rules.cooldown_s,
        rules.max_slippage_bps,
        rules.margin_bps,
        vault.price.answer_wad,
        vault.price.updated_at,
        vault.price.round_id,
        vault.volatility.answer_wad,
        vault.volatility.updated_at,
        pool.sqrt_price_x96,
        pool.liquidity,
        pool.fee_pips,
        vault.quote_decimals | vault.base_decimals << 8,
        vault.shares,
        legs,
        ages,
        vault.turnover_used_wad,
        vault.loss_used_wad,
        vault.keeper_until,
        budgets,
        daily | rules.emergency_gap_wad << 128,
        prices,
        volatilities,
        rules.emergency_trade_wad,
    ]
    return b"".join(word(field) for field in fields)


def header_words(head: Head, balance_wei: int, native: Reading, count: int) -> bytes:
    fields = [4, head.number, head.timestamp, 0, balance_wei, native.answer_wad, native.updated_at, count]
    return b"".join(word(field) for field in fields)


def lens_words(
    head: Head, vaults: Sequence[Vault], balance_wei: int = 0, native: Reading = NO_PRICE
) -> bytes:
    return (
        header_words(head, balance_wei, native, len(vaults))
        + b"".join(vault_words(vault, len(legs)) for vault, legs in vaults)
        + b"".join(leg_word(leg) for _, legs in vaults for leg in legs)
    )


HEAD = Head(
    chain_id=31337,
    number=19,
    hash=BlockHash("0x" + "ab" * 32),
    parent_hash=BlockHash("0x" + "aa" * 32),
    timestamp=1_767_225_600,
    base_fee_wei=10**9,
)

VAULT = VaultState(
    address=Address("0x4A679253410272dd5232B3Ff7cF5dbB88f295319"),
    readable=True,
    sealed=False,
    paused=False,
    keeper_authorised=True,
    quote_units=6_170_624_520_164,
    base_wei=1_075_900_289_896_827_387_000,
    quote_decimals=6,
    base_decimals=18,
    shares=9_227_699_976_341_725_198,
    sequence=3,
    state_hash=bytes(range(32)),
    last_rebalance_at=0,
    rules=VaultRules(
        2 * 10**18,
        -(10**21),
        600,
        100,
        1500,
        5400,
        5401,
        7200,
        10**21,
        50,
        500,
        250_000,
        5_000,
        4 * 10**20,
        2 * 10**20,
    ),
    price=Reading(3000 * 10**18, 1_767_225_602, 18446744073709551618),
    volatility=Reading(7 * 10**17, 1_767_225_605, 0),
    pool=PoolState(4339505179874779662909440, 5606003840170672516, 500, base_is_token0=True),
    keeper_until=1_798_761_600,
    turnover_used_wad=10**16,
    loss_used_wad=10**13,
)

LEGS = (
    Leg(is_call=True, strike_wad=3300 * 10**18, expiry=1_769_040_000, size_wad=-(10**21)),
    Leg(is_call=False, strike_wad=2700 * 10**18, expiry=1_769_040_001, size_wad=5 * 10**17),
)

NATIVE = Reading(3000 * WAD, HEAD.timestamp, 0)
SANE = replace(
    VAULT,
    pool=replace(pool(), liquidity=10**19),
    price=Reading(3000 * WAD, HEAD.timestamp - 60, 1),
    volatility=Reading(7 * 10**17, HEAD.timestamp - 60, 1),
)


def words_of(book: Sequence[tuple[Mapping[int, int], Sequence[Leg]]], head: Head = HEAD) -> bytes:
    """Sealed vaults, each with some of its words spoiled, and with these legs."""
    bodies = []
    for index, (fields, held) in enumerate(book):
        words = bytearray(vault_words(replace(SANE, address=Address(f"0x{index:040x}")), len(held)))
        for field, value in fields.items():
            words[field * WORD : (field + 1) * WORD] = value.to_bytes(WORD)
        own = b"".join(map(leg_word, held))
        words[7 * WORD : 8 * WORD] = state_hash(head.chain_id, bytes(words), own)
        bodies.append(bytes(words))
        assert len(words) == VAULT_WORDS * WORD
    tail = b"".join(leg_word(leg) for _, held in book for leg in held)
    return header_words(head, 10**18, NATIVE, len(book)) + b"".join(bodies) + tail
