"""What was deployed, held against what stands on the chain and against what the policy believes.

A keeper that trades for a vault rests on much that it never looks at again: the code of the vault and of its
feeds, what answers behind a feed's proxy, who governs, and the rules that the contract enforces. Whoever
changes one of these, or sends the keeper to another contract, is to meet a keeper that holds. So the address
book, written at deployment, pins them; and a policy that asks for more than the contract allows is a
misunderstanding that is better told at the start than by reverts.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from keeper.core.governance import Governance, Seat, Unpinned
from keeper.core.policy import Policy
from keeper.core.units import WAD, Address


@dataclass(frozen=True, slots=True)
class Pin:
    """A contract as it was deployed. `code_hash` is the Keccak hash of its code, in hexadecimal digits."""

    name: str
    address: Address
    code_hash: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """One vault's address book.

    `accounts` are what the vault answers to the functions of these names: its owner, and its underwriter or
    the Safe that it is a module of. `contracts` are pinned by their role in it. `aggregators` stand behind
    the feeds of the same names. `decimals` are of the contracts of the same names. `rules_id` is the hash of
    the contract's rules.
    """

    chain_id: int
    vault: Address
    lens: Address
    accounts: Mapping[str, Address]
    guardians: tuple[Address, ...]
    governance: Governance | Unpinned
    rules_id: str
    contracts: tuple[Pin, ...]
    aggregators: tuple[Pin, ...]
    decimals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class ContractLimits:
    """The rules in the contract that a policy has an opinion on. Sizes in base; prices and sizes in WAD."""

    cooldown_s: int
    max_deadline_s: int
    max_price_age_s: int
    max_volatility_age_s: int
    max_slippage_bps: int
    band_wad: int
    max_trade_wad: int
    min_price_wad: int
    max_price_wad: int
    min_volatility_wad: int
    max_volatility_wad: int


@dataclass(frozen=True, slots=True)
class Standing:
    """What the chain says at one block. `code_hashes` are by address, the rest by name as in the book.

    `seats` are those of the book's, taken or vacant there, that are taken.
    """

    code_hashes: Mapping[Address, str]
    aggregators: Mapping[str, str]
    decimals: Mapping[str, int]
    accounts: Mapping[str, str]
    guardians: frozenset[Address]
    delay_s: int
    seats: frozenset[Seat]
    rules_id: str
    limits: ContractLimits


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Two that should be the same are not, or a policy asks for more than the contract allows."""

    what: str
    found: str
    expected: str
    advice: str

    def __str__(self) -> str:
        return f"{self.what}: found {self.found}, expected {self.expected}"


HOLD = "trust nothing until you know who changed it; if it was meant, write a new address book"
VACATE = "have the role renounced or revoked, and trust nothing until it is: who has it governs alone"
TIGHTEN = "correct the policy: the contract refuses what lies beyond its own rule"


def mismatches(deployment: Deployment, standing: Standing) -> tuple[Mismatch, ...]:
    """All in which the chain differs from the book."""
    return tuple(_differences(deployment, standing))


def _differences(deployment: Deployment, standing: Standing) -> Iterator[Mismatch]:
    for pin in deployment.contracts:
        yield from _same(f"code of {pin.name}", standing.code_hashes[pin.address], pin.code_hash)
    for pin in deployment.aggregators:
        yield from _same(f"aggregator of {pin.name}", standing.aggregators[pin.name], pin.address)
        yield from _same(
            f"code of the aggregator of {pin.name}", standing.code_hashes[pin.address], pin.code_hash
        )
    for name, decimals in deployment.decimals.items():
        yield from _same(f"decimals of {name}", str(standing.decimals[name]), str(decimals))
    for name, account in deployment.accounts.items():
        yield from _same(name, standing.accounts[name], account)
    for guardian in deployment.guardians:
        yield from _same("guardian", str(guardian in standing.guardians), str(True), f" {guardian}")
    if isinstance(deployment.governance, Governance):
        yield from _misgoverned(deployment.governance, standing)
    yield from _same("rules", standing.rules_id, deployment.rules_id)


def _misgoverned(planned: Governance, standing: Standing) -> Iterator[Mismatch]:
    yield from _same("timelock delay (s)", str(standing.delay_s), str(planned.delay_s))
    for seat in planned.taken:
        yield from _same(str(seat), str(seat in standing.seats), str(True))
    for seat in planned.vacant:
        if seat in standing.seats:
            yield Mismatch(str(seat), str(True), str(False), VACATE)


def _same(what: str, found: str, expected: str, whose: str = "") -> Iterator[Mismatch]:
    if found.lower() != expected.lower():
        yield Mismatch(what + whose, found, expected, HOLD)


def looser(policy: Policy, limits: ContractLimits) -> tuple[Mismatch, ...]:
    """All in which a policy allows what the contract would refuse.

    Sizes in usd are held against sizes in base at the price within the contract's bounds at which the policy
    is most modest, so that the answer does not change with the market.
    """
    return tuple(
        Mismatch(f"policy {key}", f"{found}", f"{relation} {bound}", TIGHTEN)
        for key, found, relation, bound, agreed in _comparisons(policy, limits)
        if not agreed
    )


def _comparisons(policy: Policy, limits: ContractLimits) -> Iterator[tuple[str, int, str, int, bool]]:
    price, volatility, usd = policy.oracle.price, policy.oracle.volatility, policy.hedging.max_trade_usd_wad
    at_most = (
        ("costs.max_slippage (bps)", policy.costs.max_slippage_bps, limits.max_slippage_bps),
        ("deadline (s)", policy.deadline_s, limits.max_deadline_s),
        ("oracle.price.max_age (s)", price.max_age_s, limits.max_price_age_s),
        ("oracle.volatility.max_age (s)", volatility.max_age_s, limits.max_volatility_age_s),
        ("oracle.price.max_usd (wad)", price.max_wad, limits.max_price_wad),
        ("oracle.volatility.max (wad)", volatility.max_wad, limits.max_volatility_wad),
        ("hedging.max_trade_usd (wad)", usd, limits.max_trade_wad * limits.max_price_wad // WAD),
    )
    at_least = (
        ("cooldown (s)", policy.cooldown_s, limits.cooldown_s),
        ("oracle.price.min_usd (wad)", price.min_wad, limits.min_price_wad),
        ("oracle.volatility.min (wad)", volatility.min_wad, limits.min_volatility_wad),
        (
            "limits.delta_usd (wad)",
            policy.limits.delta_usd_wad,
            -(-limits.band_wad * limits.min_price_wad // WAD),
        ),
    )
    for key, found, bound in at_most:
        yield key, found, "at most", bound, found <= bound
    for key, found, bound in at_least:
        yield key, found, "at least", bound, found >= bound
