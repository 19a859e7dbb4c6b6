"""The lens' packed words, made into core values.

The lens answers in 32-byte words so that nothing has to be parsed: a thousand vaults with eight legs each are
one array of 32,000 words. What decides about money stays an exact integer; what only enters a model, the
legs, becomes columns of floats. The same function serves the live keeper and the replay of a journal, so it
depends on its arguments only.

Two kinds of nonsense are kept apart. If the words as a whole do not add up, nothing in them can be trusted
and `MalformedWordsError` is raised. If one vault's words hold impossible values, that vault alone is
unreadable: nobody may blind the keeper to all vaults by deploying a strange one.

Layout: contracts/src/interfaces/ILens.sol.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from eth_utils.address import to_checksum_address
from numpy.typing import NDArray

from keeper.adapters.ethereum.seal import state_hash
from keeper.core.head import Head
from keeper.core.market import Reading, Reference
from keeper.core.position import PoolState, VaultRules, VaultState
from keeper.core.snapshot import Legs, Snapshot
from keeper.core.units import Address

WORD = 32
VERSION = 4
HEADER_WORDS = 8
VAULT_WORDS = 32

_RULES = ((4, 6), (9, 12), (23, 24), (27, 29), (31, 32))

READABLE, PAUSED, AUTHORISED, BASE_IS_TOKEN0 = 1, 2, 4, 8
MAX_DECIMALS = 18
REMEMBERED = 1 << 13

_WIDTHS = (
    160,
    4,
    256,
    256,
    256,
    128,
    64,
    256,
    63,
    32,
    16,
    16,
    256,
    63,
    80,
    256,
    63,
    160,
    128,
    24,
    16,
    256,
    8,
    224,
    96,
    96,
    64,
    112,
    256,
    256,
    256,
    128,
)
"""Of the words of a vault, in bits: what is beyond must be zero. Signed words fill theirs."""

_SPARE = np.packbits(np.arange(WORD * 8) < WORD * 8 - np.array(_WIDTHS)[:, None], axis=1)

STRIKE_UNIT = 1e8
SIZE_UNIT = 1e18

_Bytes = NDArray[np.uint8]


class MalformedWordsError(ValueError):
    """Bytes that are not a lens' answer for this head."""


def decode(head: Head, words: bytes, references: Sequence[Reference] = ()) -> Snapshot:
    """The snapshot that a lens' words describe. Raises MalformedWordsError."""
    table = np.frombuffer(words, dtype=np.uint8).reshape(-1, WORD) if len(words) % WORD == 0 else None
    if table is None or len(table) < HEADER_WORDS:
        raise MalformedWordsError(f"{len(words)} bytes are no header and whole words")
    count = _check_header(head, words)
    first_leg = HEADER_WORDS + count * VAULT_WORDS
    if len(table) < first_leg:
        raise MalformedWordsError(f"{len(table)} words are too few for {count} vaults")
    vaults = table[HEADER_WORDS:first_leg].reshape(count, VAULT_WORDS, WORD)
    legs_each = _leg_counts(vaults)
    if len(table) - first_leg != sum(legs_each):
        raise MalformedWordsError(
            f"{len(table) - first_leg} leg words, where the vaults announce {sum(legs_each)}"
        )
    legs, sound_legs = _legs(table[first_leg:], np.repeat(np.arange(count), legs_each), count)
    sound = _in_range(vaults) & sound_legs
    return Snapshot(
        head=head,
        vaults=tuple(
            _vault(own, own_legs, head.chain_id, is_sound)
            for own, own_legs, is_sound in zip(
                _parts(words, HEADER_WORDS, [VAULT_WORDS] * count),
                _parts(words, first_leg, legs_each),
                sound.tolist(),
                strict=True,
            )
        ),
        legs=legs,
        native_price=Reading(_unsigned(words, 5), _unsigned(words, 6), 0),
        keeper_balance_wei=_unsigned(words, 4),
        references=tuple(references),
    )


def join(answers: Sequence[bytes]) -> bytes:
    """One answer made of answers for parts of the vaults, as if all had been asked for together.

    Raises MalformedWordsError if the parts are not of one block.
    """
    if not answers:
        raise MalformedWordsError("no answer at all")
    counts = [_count(answer) for answer in answers]
    if len({answer[: (HEADER_WORDS - 1) * WORD] for answer in answers}) > 1:
        raise MalformedWordsError("the parts of the answer are not of one block")
    start = HEADER_WORDS * WORD
    ends = [start + count * VAULT_WORDS * WORD for count in counts]
    return b"".join(
        [
            answers[0][: start - WORD],
            sum(counts).to_bytes(WORD),
            *(answer[start:end] for answer, end in zip(answers, ends, strict=True)),
            *(answer[end:] for answer, end in zip(answers, ends, strict=True)),
        ]
    )


def addresses(words: bytes) -> tuple[Address, ...]:
    """Whose words these are, in their order."""
    starts = range(
        HEADER_WORDS * WORD, (HEADER_WORDS + _count(words) * VAULT_WORDS) * WORD, VAULT_WORDS * WORD
    )
    return tuple(_address(words[start : start + WORD]) for start in starts)


def _count(words: bytes) -> int:
    if len(words) < HEADER_WORDS * WORD or _unsigned(words, 0) != VERSION:
        raise MalformedWordsError(f"not a lens' answer of version {VERSION}")
    count = _unsigned(words, 7)
    if count > len(words) // (VAULT_WORDS * WORD):
        raise MalformedWordsError(f"{len(words)} bytes are too few for {count} vaults")
    return count


def _check_header(head: Head, words: bytes) -> int:
    count = _count(words)
    # Not the block's number, which rollups take from their parent chain, nor its base fee, which nodes show
    # as 0 in calls.
    if _unsigned(words, 2) != head.timestamp:
        raise MalformedWordsError(
            f"read at time {_unsigned(words, 2)}, asked for block {head.number} of {head.timestamp}"
        )
    return count


def _leg_counts(vaults: NDArray[np.uint8]) -> list[int]:
    counts = vaults[:, 22]
    if counts[:, : WORD - 2].any():
        raise MalformedWordsError("a vault announces more legs than fit into an answer")
    return [int(high) << 8 | int(low) for high, low in counts[:, WORD - 2 :].tolist()]


def _parts(words: bytes, start: int, sizes: Sequence[int]) -> Iterator[bytes]:
    """Consecutive parts of so many words each."""
    for size in sizes:
        yield _words(words, start, start + size)
        start += size


def _in_range(vaults: _Bytes) -> NDArray[np.bool_]:
    """Which vaults' words have nothing beyond the width of their fields."""
    beyond = np.count_nonzero(vaults & _SPARE, axis=(1, 2))
    odd_decimals = np.count_nonzero(vaults[:, 20, WORD - 2 :] > MAX_DECIMALS, axis=1)
    sound: NDArray[np.bool_] = np.equal(beyond + odd_decimals, 0)
    return sound


def _legs(words: _Bytes, vault: NDArray[np.int64], vaults: int) -> tuple[Legs, NDArray[np.bool_]]:
    """The legs as columns, and which vaults have only legs that make sense."""
    flags = words[:, 0]
    strike = _big_endian(words[:, 1:8])
    # Both halves of the 88 bits are exact as floats, so that their sum rounds once, for small negatives too.
    high, low = _big_endian(words[:, 21:26]), _big_endian(words[:, 26:32])
    high = np.where(high >= 1 << 39, high - (1 << 40), high)
    strange = (flags > 1) | (strike == 0)
    # A leg that means nothing still has a row: it must not put a NaN beside the others.
    legs = Legs(
        vault=vault,
        is_call=(flags & 1).astype(np.bool_),
        strike=np.where(strange, 1.0, strike / STRIKE_UNIT),
        expiry=_big_endian(words[:, 8:12]),
        size=np.where(strange, 0.0, (high * 2.0**48 + low) / SIZE_UNIT),
    )
    return legs, np.bincount(vault, weights=strange, minlength=vaults) == 0


def _big_endian(columns: _Bytes) -> NDArray[np.int64]:
    """Unsigned big-endian numbers of at most seven bytes, one a row."""
    padded = np.zeros((len(columns), 8), dtype=np.uint8)
    padded[:, 8 - columns.shape[1] :] = columns
    return padded.view(">i8")[:, 0].astype(np.int64)


def _vault(words: bytes, legs: bytes, chain_id: int, is_sound: bool) -> VaultState:  # noqa: FBT001 of a column
    flags = _unsigned(words, 1)
    decimals = _unsigned(words, 20)
    return VaultState(
        address=_address(words[:WORD]),
        readable=is_sound and bool(flags & READABLE),
        sealed=_words(words, 7, 8) == state_hash(chain_id, words, legs),
        paused=bool(flags & PAUSED),
        keeper_authorised=bool(flags & AUTHORISED),
        quote_units=_unsigned(words, 2),
        base_wei=_unsigned(words, 3),
        quote_decimals=decimals & 0xFF,
        base_decimals=decimals >> 8 & 0xFF,
        shares=_unsigned(words, 21),
        sequence=_unsigned(words, 6),
        state_hash=_words(words, 7, 8),
        last_rebalance_at=_unsigned(words, 8),
        rules=_rules(b"".join(_words(words, *part) for part in _RULES)),
        price=_reading(_words(words, 12, 15)),
        volatility=_reading(_words(words, 15, 17)),
        pool=_pool(_words(words, 17, 20), bool(flags & BASE_IS_TOKEN0)),
        keeper_until=_unsigned(words, 26),
        turnover_used_wad=_unsigned(words, 24),
        loss_used_wad=_unsigned(words, 25),
    )


# Vaults share feeds and pools, and rules hardly ever change: parts are made once for the same words. They are
# frozen, so that nobody can tell.


@lru_cache(maxsize=REMEMBERED)
def _address(word: bytes) -> Address:
    return Address(to_checksum_address(word[12:]))


@lru_cache(maxsize=REMEMBERED)
def _rules(words: bytes) -> VaultRules:
    ages, budgets = _unsigned(words, 5), _unsigned(words, 6)
    return VaultRules(
        target_delta_wad=_signed(words, 0),
        band_wad=_unsigned(words, 1),
        cooldown_s=_unsigned(words, 2),
        max_slippage_bps=_unsigned(words, 3),
        margin_bps=_unsigned(words, 4),
        max_price_age_s=ages & 0xFFFFFFFF,
        max_volatility_age_s=ages >> 32 & 0xFFFFFFFF,
        max_deadline_s=ages >> 64 & 0xFFFFFFFF,
        max_trade_wad=ages >> 96,
        price_error_bps=budgets & 0xFFFF,
        min_trade_bps=budgets >> 16 & 0xFFFF,
        turnover_cap_pips=budgets >> 32 & 0xFFFFFFFF,
        loss_cap_pips=budgets >> 64 & 0xFFFFFFFF,
        emergency_gap_wad=_unsigned(words, 7) >> 128,
        emergency_trade_wad=_unsigned(words, 8),
    )


@lru_cache(maxsize=REMEMBERED)
def _reading(words: bytes) -> Reading:
    """An answer, its time, and its round if there is a third word."""
    return Reading(_signed(words, 0), _unsigned(words, 1), _unsigned(words, 2))


@lru_cache(maxsize=REMEMBERED)
def _pool(words: bytes, base_is_token0: bool) -> PoolState:  # noqa: FBT001 part of the key
    return PoolState(_unsigned(words, 0), _unsigned(words, 1), _unsigned(words, 2), base_is_token0)


def _words(words: bytes, start: int, end: int) -> bytes:
    return words[start * WORD : end * WORD]


def _unsigned(words: bytes, index: int) -> int:
    return int.from_bytes(words[index * WORD : (index + 1) * WORD])


def _signed(words: bytes, index: int) -> int:
    return int.from_bytes(words[index * WORD : (index + 1) * WORD], signed=True)
