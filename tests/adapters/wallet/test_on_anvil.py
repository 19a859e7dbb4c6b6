"""The real path: a key, a journal on disk and a node, through the situations that anvil can make."""

from keeper.core.outcome import Mined
from keeper.ports import Accepted
from tests.adapters.wallet.chain import Chain
from tests.core.transaction.build import plan

FAR = 2**40


async def test_a_plan_is_sent_mined_and_reported_at_depth(chain: Chain) -> None:
    wallet = await chain.wallet()
    offered = plan(deadline=FAR)
    assert await wallet.offer(offered, chain.head()) == Accepted(offered.intent)
    assert wallet.pending() == {offered.vault}
    assert await wallet.advance(chain.mine()) == ()
    (outcome,) = await wallet.advance(chain.mine())
    assert isinstance(outcome, Mined)
    assert (outcome.spent, outcome.got) == (offered.amount_in, offered.min_out)
    assert wallet.pending() == frozenset()
