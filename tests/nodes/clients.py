"""What one client's pool does differently from another's, and in which words it says so.

A personality holds rules only; the words and codes are those on file (tests/fixtures/refusals). What an
operator sets, such as the floor of the fee, belongs to the node (`Limits`). The versions are in each client's
spelling, and stand for the sources that its words were read in.
"""

from dataclasses import dataclass

from tests.nodes import rules
from tests.nodes.refusals import Refusal, by_situation

UNBOUNDED = 2**62


@dataclass(frozen=True, slots=True)
class Limits:
    """What the operator of a node may set."""

    fee_cap_wei: int = UNBOUNDED
    """The most that one transaction may cost (geth's `--rpc.txfeecap`)."""
    min_tip_wei: int = 0
    account_slots: int = UNBOUNDED
    """How many transactions of one account the pool holds."""


@dataclass(frozen=True, slots=True)
class Client:
    """A personality. `name` is also that of its file of refusals."""

    name: str
    version: str
    replaces: rules.Rule
    max_gap: int = UNBOUNDED
    """How many nonces may be missing before the one that is offered."""
    needs_base_fee: bool = False
    """Refuses a cap below the base fee, where others let it wait."""
    sums_costs: bool = False
    """Holds the cost of all that waits against the balance, not of each alone."""
    shows_pool: bool = False
    """Has `txpool_contentFrom`."""
    sequences: bool = False
    """Has no pool: what it took is as good as mined, and its nonce is used."""

    def says(self, situation: str) -> bool:
        """Whether it has words for a situation. Where none are on file it does not refuse."""
        return situation in by_situation(self.name)

    def refusal(self, situation: str) -> Refusal:
        """Its words. Raises KeyError where none are on file."""
        return by_situation(self.name)[situation]


CLIENTS = {
    client.name: client
    for client in (
        Client("geth", "Geth/v1.17.6-unstable", rules.geth, sums_costs=True, shows_pool=True),
        Client("reth", "reth/v2.5.1", rules.reth, shows_pool=True),
        Client("besu", "besu/v26.3.0", rules.besu, max_gap=200, needs_base_fee=True),
        Client("erigon", "erigon/3.0.0", rules.erigon),
        Client("nethermind-old", "Nethermind/v1.25.4", rules.nethermind, max_gap=0, sums_costs=True),
        Client("nethermind", "Nethermind/v1.37.0", rules.nethermind, max_gap=0, sums_costs=True),
        Client("anvil", "anvil/v1.7.1", rules.anvil, needs_base_fee=True),
        Client("arbitrum", "nitro/v3.6.0", rules.never, max_gap=0, needs_base_fee=True, sequences=True),
    )
}
