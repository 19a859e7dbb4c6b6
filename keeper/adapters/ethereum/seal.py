"""Whether a vault's words belong together: its state hash, computed again from what was read.

A proposal carries the hash of the state that it was made for, and the contract refuses it in any other. If
the keeper only passed on the hash that the node told it, a node could lie about the rules or the legs, tell
the true hash, and have a hedge of a book that is not there carried out. So the hash is made again here, of
chain, vault, sequence, rules and legs as they were told: either they are the chain's, or the vault is not
traded, or the hash is a lie too, and then the contract refuses the proposal.

The layout of the rules is that of `Limits` in contracts/src/interfaces/IGuarded.sol.
"""

from functools import lru_cache

from eth_utils.crypto import keccak

WORD = 32
REMEMBERED = 1 << 13

_TOLD = ((0, 1), (4, 7), (9, 12), (23, 24), (27, 32))
"""The words of a vault that its hash is made of, besides its legs."""

_ADDRESS, _TARGET, _BAND, _SEQUENCE, _COOLDOWN, _SLIPPAGE, _MARGIN = range(7)
_AGES, _TRADES, _DAYS, _PRICES, _VOLATILITIES, _EMERGENCY_TRADE = range(7, 13)

_RULES = (
    (_COOLDOWN, 0, 32), (_AGES, 64, 32), (_AGES, 0, 32), (_AGES, 32, 32), (_DAYS, 0, 32),
    (_SLIPPAGE, 0, 16), (_MARGIN, 0, 16), (_TRADES, 0, 16), (_TRADES, 96, 16), (_DAYS, 32, 16),
    (_TRADES, 16, 16), (_DAYS, 48, 16), (_BAND, 0, 128), (_TARGET, 0, 256), (_AGES, 96, 128),
    (_EMERGENCY_TRADE, 0, 128), (_DAYS, 128, 128), (_TRADES, 32, 32), (_DAYS, 64, 32),
    (_TRADES, 64, 32), (_DAYS, 96, 32), (_PRICES, 0, 128), (_PRICES, 128, 128), (_VOLATILITIES, 0, 64),
    (_VOLATILITIES, 64, 64), (_VOLATILITIES, 128, 128),
)  # fmt: skip
"""Word, lowest bit and width of each rule, in the order of the contract's struct."""


def state_hash(chain_id: int, vault_words: bytes, leg_words: bytes) -> bytes:
    """The state hash of the vault that these words describe."""
    told = b"".join(vault_words[start * WORD : end * WORD] for start, end in _TOLD)
    return _hash(chain_id, told, leg_words)


@lru_cache(maxsize=REMEMBERED)
def _hash(chain_id: int, told: bytes, leg_words: bytes) -> bytes:
    """Made once for the same words: between two hedges of a vault none of them changes."""
    rules = b"".join(_field(told, *where).to_bytes(WORD) for where in _RULES)
    seal = keccak(keccak(rules) + keccak(leg_words))
    return keccak(chain_id.to_bytes(WORD) + _word(told, _ADDRESS) + _word(told, _SEQUENCE) + seal)


def _field(words: bytes, index: int, lowest: int, width: int) -> int:
    return int.from_bytes(_word(words, index)) >> lowest & (1 << width) - 1


def _word(words: bytes, index: int) -> bytes:
    return words[index * WORD : (index + 1) * WORD]
