"""One wallet, its ledger and its node, with restarts."""

from collections.abc import Sequence

from keeper.adapters.wallet.wallet import LiveWallet, Parts, open_wallet
from keeper.core.head import Head
from keeper.core.outcome import Outcome, Refused
from keeper.core.plan import Plan
from keeper.core.transaction.account import Rules
from keeper.ports import Accepted
from tests.adapters.wallet import fakes
from tests.core.transaction.build import plan

RULES = Rules(confirmations=2, bump_after_blocks=2, max_in_flight=64)
FAR = 10**9
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
        return await self.wallet.offer(offered, self.node.head())

    async def advance(self, head: Head | None = None) -> Sequence[Outcome]:
        outcomes = await self.wallet.advance(head or self.node.head())
        for outcome in outcomes:
            self.ledger.settle(outcome)
        self.outcomes.extend(outcomes)
        return outcomes

    async def blocks(self, count: int, *, empty: bool = False) -> None:
        for _ in range(count):
            await self.advance(self.node.mine(empty=empty))

    @property
    def nonces(self) -> list[int]:
        """Nonces in flight."""
        return [intent.nonce for intent in self.wallet.account.intents]

    @property
    def heard(self) -> list[str]:
        """Hashes in the order in which the node heard them."""
        return [tx.tx_hash for tx in self.node.heard]


async def scene(client: str = "geth") -> Scene:
    return await Scene(fakes.FakeNode(client=client)).start()
