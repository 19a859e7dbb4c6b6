"""When each client lets one transaction replace another, restated from their sources (transactions.md §4)."""

from keeper.core.transaction.unsigned import Unsigned

BUMP = 110


def replaces(client: str, base_fee_wei: int, old: Unsigned, new: Unsigned) -> bool:
    """Whether `new` may take the place of `old` in this client's pool."""
    return RULES[client](base_fee_wei, old, new)


def _geth(_base: int, old: Unsigned, new: Unsigned) -> bool:
    both_more = new.max_fee_wei > old.max_fee_wei and new.tip_wei > old.tip_wei
    enough = new.max_fee_wei >= old.max_fee_wei * BUMP // 100 and new.tip_wei >= old.tip_wei * BUMP // 100
    return both_more and enough


def _reth(_base: int, old: Unsigned, new: Unsigned) -> bool:
    if new.max_fee_wei < -(-old.max_fee_wei * BUMP // 100):
        return False
    return not (old.tip_wei and new.tip_wei and new.tip_wei < -(-old.tip_wei * BUMP // 100))


def _besu(base: int, old: Unsigned, new: Unsigned) -> bool:
    def price(fields: Unsigned) -> int:
        return min(fields.max_fee_wei, base + fields.tip_wei)

    def tip(fields: Unsigned) -> int:
        return min(fields.tip_wei, fields.max_fee_wei - base)

    if price(old) * BUMP <= price(new) * 100:
        return tip(new) >= tip(old)
    return price(old) == price(new) and tip(old) * BUMP <= tip(new) * 100


def _nethermind(base: int, old: Unsigned, new: Unsigned) -> bool:
    def bottleneck(fields: Unsigned) -> int:
        return min(fields.max_fee_wei, base + fields.tip_wei)

    return bottleneck(new) >= bottleneck(old) + bottleneck(old) // 10


RULES = {"geth": _geth, "reth": _reth, "besu": _besu, "nethermind": _nethermind}
CLIENTS = tuple(RULES)
