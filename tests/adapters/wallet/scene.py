"""One wallet, its ledger and its node, with restarts."""

from collections.abc import Mapping, Sequence

from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.core.head import Head
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import Rules
from keeper.core.transaction.wish import Wanted, Wish
from keeper.core.units import WAD, Address
from keeper.ports import Accepted
from tests.adapters.wallet import fakes
from tests.core.transaction.build import plan

RULES = Rules(confirmations=2, bump_after_blocks=2, max_in_flight=64)
FAR = 10**9
NATIVE_USD = 3_000 * WAD
PLAN = plan(deadline=FAR)


class Scene:
    """Drives the wallet as the loop does: heads in, verdicts settled at once."""

    def __init__(self, node: fakes.FakeNode | None = None) -> None:
        self.node = node or fakes.FakeNode()
        self.signer = fakes.FakeSigner()
        self.ledger = fakes.MemoryLedger()
        self.outcomes: list[Outcome] = []
        self.wallet: LiveWallet

    async def start(self) -> "Scene":
        """Start the process, or start it again: only the ledger and the node remember."""
        parts = Parts(self.node, self.signer, self.ledger, fakes.FakeContract())
        self.wallet = await open_wallet(parts, fakes.CHAIN_ID, RULES)
        return self

    async def offer(self, offered: Plan = PLAN) -> Accepted | Refused:
        head = self.node.head()
        if self.wallet.account.view is None or self.wallet.account.view.hash != head.hash:
            await self.arrive(head)
        return await self.wallet.offer(offered, head, NATIVE_USD)

    async def arrive(self, head: Head) -> Sequence[Outcome]:
        settled = await self.wallet.advance(head)
        outcomes = [outcome for each in settled for outcome in each.outcomes]
        for each in settled:
            self.ledger.settle(each)
        self.outcomes.extend(outcomes)
        return outcomes

    async def advance(
        self, head: Head | None = None, wishes: Mapping[Address, Wish] | None = None
    ) -> Sequence[Outcome]:
        """One cycle of the loop, in which everything is still wanted unless the test wishes otherwise."""
        head = head or self.node.head()
        outcomes = await self.arrive(head)
        everything = {vault: Wanted() for vault in self.wallet.in_flight(head)}
        await self.wallet.review(head, everything if wishes is None else wishes, NATIVE_USD)
        return outcomes

    async def blocks(self, count: int, *, empty: bool = False) -> None:
        for _ in range(count):
            await self.advance(self.node.mine(empty=empty))

    @property
    def nonces(self) -> list[int]:
        """Nonces in flight."""
        return [slot.nonce for slot in self.wallet.account.slots]

    @property
    def heard(self) -> list[str]:
        """Hashes in the order in which the node heard them."""
        return [tx.tx_hash for tx in self.node.heard]


async def scene(client: str = "geth") -> Scene:
    return await Scene(fakes.FakeNode(client=client)).start()
