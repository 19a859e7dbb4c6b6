"""Whatever a vault may hold comes out of the words as it went in; whatever is no lens' answer is refused."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.words import VAULT_WORDS, MalformedWordsError, addresses, decode, join
from keeper.core.exposure import situations
from keeper.core.market import Reading, Reference
from keeper.core.position import Leg, PoolState, VaultRules, VaultState
from keeper.core.units import WAD, Address
from tests.adapters.ethereum.packing import HEAD, LEGS, STRIKE_TO_WAD, VAULT, Vault, lens_words, word

START_OF_VAULTS = 8 * 32


def unsigned(bits: int) -> st.SearchStrategy[int]:
    return st.integers(0, 2**bits - 1)


def signed(bits: int) -> st.SearchStrategy[int]:
    return st.integers(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


legs = st.builds(
    Leg,
    is_call=st.booleans(),
    strike_wad=st.integers(1, 2**56 - 1).map(lambda strike: strike * STRIKE_TO_WAD),
    expiry=unsigned(32),
    size_wad=signed(88),
)
vaults = st.builds(
    VaultState,
    address=st.binary(min_size=20, max_size=20).map(to_checksum_address).map(Address),
    readable=st.booleans(),
    sealed=st.sampled_from([False]),
    paused=st.booleans(),
    keeper_authorised=st.booleans(),
    quote_units=unsigned(256),
    base_wei=unsigned(256),
    quote_decimals=st.integers(0, 18),
    base_decimals=st.integers(0, 18),
    shares=unsigned(256),
    sequence=unsigned(64),
    state_hash=st.binary(min_size=32, max_size=32),
    last_rebalance_at=unsigned(63),
    rules=st.builds(
        VaultRules,
        band_wad=unsigned(128),
        target_delta_wad=signed(128),
        cooldown_s=unsigned(32),
        max_slippage_bps=unsigned(16),
        margin_bps=unsigned(16),
        max_price_age_s=unsigned(32),
        max_volatility_age_s=unsigned(32),
        max_deadline_s=unsigned(32),
        max_trade_wad=unsigned(128),
        price_error_bps=unsigned(16),
        min_trade_bps=unsigned(16),
        turnover_cap_pips=unsigned(32),
        loss_cap_pips=unsigned(32),
    ),
    price=st.builds(Reading, signed(256), unsigned(63), unsigned(80)),
    volatility=st.builds(Reading, signed(256), unsigned(63), st.just(0)),
    pool=st.builds(PoolState, unsigned(160), unsigned(128), unsigned(24), st.booleans()),
    keeper_until=unsigned(64),
    turnover_used_wad=unsigned(96),
    loss_used_wad=unsigned(96),
)
books = st.lists(st.tuples(vaults, st.lists(legs, max_size=5)), max_size=3)
natives = st.builds(Reading, unsigned(128), unsigned(63), st.just(0))


@given(books, unsigned(128), natives)
def test_every_state_comes_out_as_it_went_in(book: list[Vault], balance_wei: int, native: Reading) -> None:
    reference = Reference("elsewhere", 3 * WAD, 5)
    snapshot = decode(HEAD, lens_words(HEAD, book, balance_wei, native), [reference])
    assert snapshot.head is HEAD
    assert snapshot.vaults == tuple(vault for vault, _ in book)
    assert snapshot.keeper_balance_wei == balance_wei
    assert snapshot.native_price == native
    assert snapshot.references == (reference,)


@given(books)
def test_legs_become_columns_of_the_nearest_floats(book: list[Vault]) -> None:
    columns = decode(HEAD, lens_words(HEAD, book)).legs
    flat = [(index, leg) for index, (_, own) in enumerate(book) for leg in own]
    assert columns.vault.tolist() == [index for index, _ in flat]
    assert columns.is_call.tolist() == [leg.is_call for _, leg in flat]
    assert columns.expiry.tolist() == [leg.expiry for _, leg in flat]
    assert columns.strike.tolist() == [leg.strike_wad // STRIKE_TO_WAD / 1e8 for _, leg in flat]
    np.testing.assert_allclose(columns.size, [leg.size_wad / WAD for _, leg in flat], rtol=4e-16, atol=0)


@given(st.lists(books, min_size=1, max_size=3))
def test_the_joined_answers_for_parts_are_the_answer_for_all(parts: list[list[Vault]]) -> None:
    whole = [vault for part in parts for vault in part]
    joined = join([lens_words(HEAD, part, 5) for part in parts])
    assert joined == lens_words(HEAD, whole, 5)
    assert addresses(joined) == tuple(vault.address for vault, _ in whole)


@given(st.binary(max_size=40 * 32))
def test_noise_is_refused_and_nothing_worse(noise: bytes) -> None:
    with pytest.raises(MalformedWordsError):
        decode(HEAD, noise)


@given(st.integers(0, 41 * 32 - 1), st.integers(1, 255))
def test_one_wrong_byte_is_refused_or_stays_inside_its_vault(position: int, flip: int) -> None:
    words = bytearray(lens_words(HEAD, [(VAULT, LEGS), (VAULT, [])]))
    words[position] ^= flip
    try:
        snapshot = decode(HEAD, bytes(words))
    except MalformedWordsError:
        return
    situations(snapshot)
    if position >= START_OF_VAULTS:
        in_second = START_OF_VAULTS + VAULT_WORDS * 32 <= position < START_OF_VAULTS + 2 * VAULT_WORDS * 32
        assert snapshot.vaults[0 if in_second else 1] == VAULT


@pytest.mark.parametrize(
    "spoil",
    [
        lambda words: words[:0],
        lambda words: words[:-1],
        lambda words: words[:-32],
        lambda words: words + bytes(32),
        lambda words: words[: 8 * 32],
        lambda words: words[: 24 * 32],
        lambda words: word(1) + words[32:],
        lambda words: words[:64] + word(HEAD.timestamp + 1) + words[96:],
        lambda words: words[: 7 * 32] + word(2**255) + words[8 * 32 :],
        lambda words: words[: (8 + 22) * 32] + word(2**64) + words[(8 + 23) * 32 :],
    ],
)
def test_words_that_do_not_add_up_are_refused(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(MalformedWordsError):
        decode(HEAD, spoil(lens_words(HEAD, [(VAULT, LEGS)])))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (0, 2**160),
        (1, 16),
        (5, 2**128),
        (8, 2**63),
        (13, 2**255),
        (14, 2**80),
        (20, 19),
        (20, 18 << 8 | 1 << 16),
        (23, 2**224),
        (31, 2**128),
    ],
)
def test_a_vault_with_an_impossible_field_is_unreadable_and_alone(field: int, value: int) -> None:
    words = lens_words(HEAD, [(VAULT, LEGS), (VAULT, LEGS)])
    at = (8 + VAULT_WORDS + field) * 32
    snapshot = decode(HEAD, words[:at] + word(value) + words[at + 32 :])
    assert [vault.readable for vault in snapshot.vaults] == [True, False]
    assert snapshot.legs_of(0) == LEGS


@pytest.mark.parametrize("strange", [b"\x02" + bytes([1] * 31), b"\x01" + bytes(7) + bytes([1] * 24)])
def test_a_leg_without_meaning_makes_its_vault_unreadable_and_no_nan(strange: bytes) -> None:
    words = lens_words(HEAD, [(VAULT, LEGS), (VAULT, LEGS)])
    snapshot = decode(HEAD, words[:-32] + strange)
    assert [vault.readable for vault in snapshot.vaults] == [True, False]
    assert all(np.isfinite(each.exposure.gap) for each in situations(snapshot))


def test_an_unreadable_vault_is_an_address_and_zeros() -> None:
    words = lens_words(HEAD, [(replace(VAULT, readable=False), [])])
    blank = words[: 9 * 32] + bytes(31 * 32)
    vault = decode(HEAD, blank).vaults[0]
    assert (vault.address, vault.readable, vault.price.answer_wad) == (VAULT.address, False, 0)


def test_no_vaults_at_all_are_a_snapshot() -> None:
    assert decode(HEAD, lens_words(HEAD, [])).vaults == ()


def test_parts_of_two_blocks_are_not_joined() -> None:
    other = replace(HEAD, timestamp=HEAD.timestamp + 1)
    with pytest.raises(MalformedWordsError, match="one block"):
        join([lens_words(HEAD, [(VAULT, LEGS)]), lens_words(other, [(VAULT, LEGS)])])


@pytest.mark.parametrize("parts", [[], [b""], [bytes(8 * 32)], [lens_words(HEAD, [])[: 7 * 32] + word(1)]])
def test_parts_that_are_no_answers_are_not_joined(parts: list[bytes]) -> None:
    with pytest.raises(MalformedWordsError):
        join(parts)


def test_a_rollup_may_count_blocks_by_its_parent_chain() -> None:
    words = lens_words(HEAD, [(VAULT, LEGS)])
    assert decode(replace(HEAD, number=HEAD.number + 10**6), words).vaults == (VAULT,)
