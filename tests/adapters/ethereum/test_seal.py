"""Words that do not belong together are found out, whichever of them is not the chain's."""

from dataclasses import replace
from typing import cast

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.lens import LensReader, Subject
from keeper.adapters.ethereum.rpc import Rpc
from keeper.adapters.ethereum.seal import state_hash
from keeper.adapters.ethereum.words import HEADER_WORDS, VAULT_WORDS, WORD, decode
from keeper.core.units import WAD
from tests.adapters.ethereum.conftest import tip
from tests.adapters.ethereum.packing import HEAD, LEGS, VAULT, leg_word, lens_words, vault_words
from tests.fixtures.world import World

BOOK = b"".join(map(leg_word, LEGS))
HASH = state_hash(HEAD.chain_id, vault_words(VAULT, len(LEGS)), BOOK)
SEALED = replace(VAULT, sealed=True, state_hash=HASH)
WORDS = lens_words(HEAD, [(SEALED, LEGS)])

HASHED = (0, 4, 5, 6, 7, 9, 10, 11, 23, 27, 28, 29, 30, 31)
"""Words of a vault that its state hash is of, with the hash itself."""
GREATEST_PRICE = 22
"""Its place in the contract's struct."""

FREE = (1, 2, 3, 8, 12, 13, 14, 15, 16, 17, 18, 19, 21, 24, 25, 26)
"""What moves without anybody's decision."""


def test_words_that_belong_together_are_sealed() -> None:
    assert decode(HEAD, WORDS).vaults == (SEALED,)


def test_the_hash_is_made_as_the_contract_makes_it() -> None:
    rules = (
        600, 7200, 5400, 5401, 5402, 100, 1500, 50, 700, 65_000, 500, 64_000,
        2 * 10**18, -(10**21), 10**21, 2 * 10**20, 4 * 10**20,
        250_000, 200_000, 5_000, 4_000,
        150 * 10**18, 15_000 * 10**18, 10**16, 10**19, 10**8,
    )  # fmt: skip
    types = ["uint32"] * 5 + ["uint16"] * 7 + ["uint128", "int128"] + ["uint128"] * 3 + ["uint32"] * 4
    types += ["uint128"] * 2 + ["uint64"] * 2 + ["uint128"]
    seal = keccak(encode(["bytes32", "bytes32"], [keccak(encode(types, rules)), keccak(BOOK)]))
    state = ["uint256", "address", "uint64", "bytes32"]
    assert keccak(encode(state, [HEAD.chain_id, VAULT.address, VAULT.sequence, seal])) == HASH


@given(st.sampled_from(HASHED), st.integers(0, WORD - 1), st.integers(1, 255))
def test_a_lie_about_any_rule_is_found_out(field: int, byte: int, flip: int) -> None:
    words = bytearray(WORDS)
    words[(HEADER_WORDS + field) * WORD + byte] ^= flip
    state = decode(HEAD, bytes(words)).vaults[0]
    assert not (state.sealed and state.readable)


@given(st.integers(0, len(BOOK) - 1), st.integers(1, 255))
def test_a_lie_about_any_leg_is_found_out(byte: int, flip: int) -> None:
    words = bytearray(WORDS)
    words[(HEADER_WORDS + VAULT_WORDS) * WORD + byte] ^= flip
    assert not decode(HEAD, bytes(words)).vaults[0].sealed


def test_the_vault_of_another_chain_is_not_ours() -> None:
    assert not decode(replace(HEAD, chain_id=1), WORDS).vaults[0].sealed


@given(st.sampled_from(FREE), st.integers(1, 255))
def test_what_anybody_can_move_is_not_in_it(field: int, flip: int) -> None:
    words = bytearray(WORDS)
    words[(HEADER_WORDS + field) * WORD + WORD - 1] ^= flip
    assert decode(HEAD, bytes(words)).vaults[0].sealed


@pytest.mark.world
async def test_every_rule_stands_where_the_contract_puts_it(world: World, rpc: Rpc, subject: Subject) -> None:
    vault = world.vault("strangle")
    rules = cast("tuple[int, ...]", world.chain.read(vault, "limits"))
    distinct = [value - place - 1 for place, value in enumerate(rules)]
    distinct[GREATEST_PRICE] = 14_000 * WAD
    world.chain.send(vault, "setLimits", tuple(distinct))
    states = (await LensReader(rpc, subject).read(await tip(rpc, world))).snapshot.vaults
    assert [state.sealed for state in states] == [True] * 3
