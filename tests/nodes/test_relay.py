"""The private relay mines while it is asked to, and sometimes later."""

import pytest

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.ports import UnreachableError
from tests.nodes.build import signed
from tests.nodes.chain import ACCOUNT, ScriptedChain
from tests.nodes.node import nodes_of
from tests.nodes.relay import SEND_PRIVATE, PrivateRelay

TX = signed()
RAW = "0x" + TX.raw.hex()


async def test_what_it_is_given_is_in_no_pool_and_is_mined() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    relay = PrivateRelay(chain)
    assert await relay.call("eth_sendRawTransaction", [RAW]) == TX.tx_hash
    assert await node.call("eth_getTransactionByHash", [TX.tx_hash]) is None
    assert await node.call("eth_getTransactionCount", [ACCOUNT, "pending"]) == "0x0"
    chain.mine()
    assert [each.tx.tx_hash for _, each in chain.mined()] == [TX.tx_hash]
    assert chain.heard[0][0] == "relay"


@pytest.mark.parametrize("late", [False, True])
async def test_after_its_last_block_it_stops_unless_it_is_late(*, late: bool) -> None:
    chain = ScriptedChain()
    relay = PrivateRelay(chain, includes=False, late=late)
    await relay.call(SEND_PRIVATE, [{"tx": RAW, "maxBlockNumber": "0x2"}])
    chain.mine_many(2)
    relay.includes = True
    chain.mine()
    assert len(chain.mined()) == int(late)


async def test_asking_again_extends_the_promise() -> None:
    chain = ScriptedChain()
    relay = PrivateRelay(chain, includes=False, lasts_blocks=1)
    await relay.call("eth_sendRawTransaction", [RAW])
    chain.mine_many(2)
    await relay.call("eth_sendRawTransaction", [RAW])
    relay.includes = True
    chain.mine()
    assert len(chain.mined()) == 1


async def test_it_sees_a_block_before_a_node_that_lags() -> None:
    chain = ScriptedChain()
    (node,) = nodes_of(chain, "geth")
    node.lag = 1
    relay = PrivateRelay(chain)
    await relay.call("eth_sendRawTransaction", [RAW])
    chain.mine()
    assert await node.call("eth_getTransactionCount", [ACCOUNT, "latest"]) == "0x0"
    with pytest.raises(RpcRefusedError, match="nonce too low"):
        await relay.call("eth_sendRawTransaction", [RAW])


async def test_it_answers_nothing_else_and_may_be_down() -> None:
    relay = PrivateRelay(ScriptedChain())
    with pytest.raises(RpcRefusedError):
        await relay.call("eth_blockNumber", [])
    relay.down = True
    with pytest.raises(UnreachableError):
        await relay.call("eth_sendRawTransaction", [RAW])
