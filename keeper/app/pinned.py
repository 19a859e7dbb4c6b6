"""Which vaults stand as their address books say, looked at whenever something may have changed.

A look is about forty questions to the node, so it is not had at every head. It is had at the start, when a
policy changes, when the vault's sequence moves (each hedge and each change of rules or roles moves it), when
the price feed begins a new phase (Chainlink's proxy does when its aggregator is exchanged), and once an hour
of the chain's time for what changes without a sign. Until a look has found all well, nothing is sent for the
vault: what could not be read counts as wrong.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from keeper.adapters.ethereum.client import Client
from keeper.adapters.ethereum.deployed import standing
from keeper.books import BookError, read_books
from keeper.core.deployment import Deployment, Mismatch, looser, mismatches
from keeper.core.head import Head
from keeper.core.policy import Policy
from keeper.core.position import VaultState
from keeper.core.snapshot import Snapshot
from keeper.core.units import Address
from keeper.ports import UnreachableError
from keeper.settings import Settings, SettingsError

LOOK_EVERY_S = 3600
PHASE_SHIFT = 64
"""A proxy's round is its phase, then 64 bits of the aggregator's round."""

NO_BOOK = Mismatch(
    "address book", "none of this vault", "one", "add its file to KEEPER_ADDRESS_BOOK, or remove its policy"
)

_Moment = tuple[str, int, int, int]
Tell = Callable[[Address, tuple[str, ...]], None]


def books_of(settings: Settings) -> Mapping[Address, Deployment]:
    """The address books that settings name. Raises SettingsError."""
    try:
        return read_books(settings.address_book)
    except BookError as error:
        raise SettingsError(f"KEEPER_ADDRESS_BOOK: {each}" for each in error.problems) from None


async def examine_deployment(
    rpc: Client, deployment: Deployment, settings: Settings, policy: Policy, head: Head
) -> tuple[Mismatch, ...]:
    """All in which book, settings, chain and policy disagree. Raises UnreachableError."""
    found = await standing(rpc, deployment, head)
    return (
        *_elsewhere(deployment, settings),
        *mismatches(deployment, found),
        *looser(policy, found.limits),
    )


def _elsewhere(deployment: Deployment, settings: Settings) -> tuple[Mismatch, ...]:
    """Where the settings point to something else than was deployed."""
    pairs = (
        ("KEEPER_CHAIN_ID", str(settings.chain_id), str(deployment.chain_id)),
        ("KEEPER_LENS", settings.lens, deployment.lens),
    )
    return tuple(
        Mismatch(name, found, expected, "correct the setting, or name the book of this chain")
        for name, found, expected in pairs
        if found.lower() != expected.lower()
    )


@dataclass(slots=True)
class PinnedVaults:
    """What was found last of each vault. Without any address book nothing is pinned and all may trade."""

    rpc: Client
    settings: Settings
    books: Mapping[Address, Deployment]
    tell: Tell
    _looked: dict[Address, _Moment] = field(default_factory=dict)
    _faults: dict[Address, tuple[str, ...]] = field(default_factory=dict)

    async def look(self, snapshot: Snapshot, policies: Mapping[Address, Policy]) -> None:
        """Look at the vaults for which something may have changed. Never raises for what is wrong."""
        if not self.books:
            return
        for vault in snapshot.vaults:
            policy = policies.get(vault.address)
            if policy is not None and self._looked.get(vault.address) != _moment(
                vault, policy, snapshot.head
            ):
                await self._look(vault, policy, snapshot.head)

    def fault(self, vault: Address) -> str:
        """Why nothing may be sent for a vault; nothing when all is well."""
        unseen = ("not looked at yet",) if self.books else ()
        return "; ".join(self._faults.get(vault, unseen))

    async def _look(self, vault: VaultState, policy: Policy, head: Head) -> None:
        try:
            faults = tuple(str(each) for each in await self._examine(policy, head))
            self._looked[vault.address] = _moment(vault, policy, head)
        except UnreachableError as error:
            faults = (f"could not be read: {error}",)
            self._looked.pop(vault.address, None)
        if faults != self._faults.get(vault.address):
            self._faults[vault.address] = faults
            self.tell(vault.address, faults)

    async def _examine(self, policy: Policy, head: Head) -> tuple[Mismatch, ...]:
        deployment = self.books.get(policy.vault)
        if deployment is None:
            return (NO_BOOK,)
        return await examine_deployment(self.rpc, deployment, self.settings, policy, head)


def _moment(vault: VaultState, policy: Policy, head: Head) -> _Moment:
    phase = vault.price.round_id >> PHASE_SHIFT
    return policy.sha256, vault.sequence, phase, head.timestamp // LOOK_EVERY_S
