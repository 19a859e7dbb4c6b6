"""When each client lets one transaction take another's place, restated from their sources.

`base` is the base fee of the pending block. Three families: both caps by a tenth (geth, reth, erigon, which
round differently and disagree on "more"), the price really paid by a tenth (Besu, Nethermind), and anvil,
which wants only a higher cap. Arbitrum's sequencer has no pool in which anything could be replaced.
"""

from collections.abc import Callable

from keeper.core.transaction.unsigned import Unsigned

BUMP = 110

Rule = Callable[[int, Unsigned, Unsigned], bool]


def geth(_base: int, old: Unsigned, new: Unsigned) -> bool:
    """Both caps more, and by a tenth, rounded down."""
    both_more = new.max_fee_wei > old.max_fee_wei and new.tip_wei > old.tip_wei
    return both_more and erigon(_base, old, new)


def erigon(_base: int, old: Unsigned, new: Unsigned) -> bool:
    """Both caps by a tenth, rounded down: of 9 wei a tenth is nothing."""
    return new.max_fee_wei >= old.max_fee_wei * BUMP // 100 and new.tip_wei >= old.tip_wei * BUMP // 100


def reth(_base: int, old: Unsigned, new: Unsigned) -> bool:
    """Both caps by a tenth, rounded up; the tip only where both have one."""
    if new.max_fee_wei < -(-old.max_fee_wei * BUMP // 100):
        return False
    return not (old.tip_wei and new.tip_wei and new.tip_wei < -(-old.tip_wei * BUMP // 100))


def besu(base: int, old: Unsigned, new: Unsigned) -> bool:
    """The price paid now by a tenth and no lower tip; or the same price and the tip by a tenth."""

    def tip(fields: Unsigned) -> int:
        return min(fields.tip_wei, fields.max_fee_wei - base)

    if _paid(base, old) * BUMP <= _paid(base, new) * 100:
        return tip(new) >= tip(old)
    return _paid(base, old) == _paid(base, new) and tip(old) * BUMP <= tip(new) * 100


def nethermind(base: int, old: Unsigned, new: Unsigned) -> bool:
    """The price paid now by a tenth of it, rounded down, but by something."""
    if old.max_fee_wei == 0:
        return True
    more = _paid(base, old) // 10
    wanted = _paid(base, old) + more
    return _paid(base, new) > wanted or (_paid(base, new) == wanted and more > 0)


def anvil(_base: int, old: Unsigned, new: Unsigned) -> bool:
    """A higher cap, by whatever; the tip does not matter (executed, 1.7.1)."""
    return new.max_fee_wei > old.max_fee_wei


def never(_base: int, _old: Unsigned, _new: Unsigned) -> bool:
    """The first one stays."""
    return False


def _paid(base: int, fields: Unsigned) -> int:
    return min(fields.max_fee_wei, base + fields.tip_wei)
