"""The personality of anvil judges as anvil does."""

import random

from eth_account import Account

from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.signing.keystore import KeystoreSigner
from keeper.core.units import GWEI, Address
from keeper.demo.anvil import CHAIN_ID, Anvil
from keeper.demo.rpc import RpcError, as_object
from tests.nodes import rules
from tests.nodes.build import unsigned
from tests.nodes.chain import ScriptedChain
from tests.nodes.clients import CLIENTS
from tests.nodes.node import ScriptedNode
from tests.nodes.tx import decoded

KEY = "0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80"
PAIRS = 60
STEPS = (-2, -1, 0, 1, 2, 9 * GWEI, 10 * GWEI, 11 * GWEI)


async def test_it_replaces_whenever_anvil_replaces(anvil: Anvil) -> None:
    signer = KeystoreSigner(Account.from_key(KEY))
    anvil.rpc.call("evm_setAutomine", False)  # noqa: FBT003 JSON-RPC has no keywords
    chance = random.Random(1)  # noqa: S311 no secret
    seen = set()
    for nonce in range(PAIRS):
        old = unsigned(nonce, 100 * GWEI, 50 * GWEI, chain_id=CHAIN_ID, to=signer.address, data=b"")
        fee, tip = 100 * GWEI + chance.choice(STEPS), 50 * GWEI + chance.choice(STEPS)
        new = unsigned(nonce, fee, tip, chain_id=CHAIN_ID, to=signer.address, data=b"", value_wei=1)
        anvil.rpc.call("eth_sendRawTransaction", "0x" + (await signer.sign(old)).raw.hex())
        expected = rules.anvil(0, old, new)
        assert taken(anvil, (await signer.sign(new)).raw) is expected, (fee, tip)
        seen.add(expected)
    assert seen == {True, False}


def taken(anvil: Anvil, raw: bytes) -> bool:
    try:
        anvil.rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    except RpcError:
        return False
    return True


async def test_one_script_ends_alike_on_both(anvil: Anvil) -> None:
    """The same bytes to both, and the same words and numbers back."""
    signer = KeystoreSigner(Account.from_key(KEY))
    anvil.rpc.call("evm_setAutomine", False)  # noqa: FBT003 JSON-RPC has no keywords
    chain = ScriptedChain(account=Address(signer.address), chain_id=CHAIN_ID, funds_wei=10_000 * 10**18)
    node = ScriptedNode(chain, client=CLIENTS["anvil"])
    script = [
        unsigned(nonce, fee, GWEI, chain_id=CHAIN_ID, to=signer.address, data=b"", gas_limit=gas)
        for nonce, fee, gas in (
            (0, 50 * GWEI, 30_000),
            (0, 50 * GWEI, 30_000),
            (0, 49 * GWEI, 30_000),
            (0, 51 * GWEI, 30_000),
            (3, 50 * GWEI, 30_000),
            (1, 50 * GWEI, 20_000),
            (1, 50 * GWEI, 2**40),
            (1, 50 * GWEI, 30_000),
        )
    ]
    for fields in script:
        raw = "0x" + (await signer.sign(fields)).raw.hex()
        assert words(anvil, raw) == await scripted_words(node, raw)
    anvil.rpc.call("evm_mine")
    chain.mine()
    for tag in ("latest", "pending"):
        asked = [signer.address, tag]
        assert anvil.rpc.call("eth_getTransactionCount", *asked) == await node.call(
            "eth_getTransactionCount", asked
        )
    again = "0x" + (await signer.sign(script[0])).raw.hex()
    assert words(anvil, again) == await scripted_words(node, again) == "nonce too low"
    mined = decoded((await signer.sign(script[3])).raw).tx_hash
    receipt = as_object(anvil.rpc.call("eth_getTransactionReceipt", mined))
    scripted = await node.call("eth_getTransactionReceipt", [mined])
    assert isinstance(scripted, dict)
    for name in ("status", "gasUsed", "to", "from", "type", "transactionIndex"):
        assert scripted[name] == receipt[name]


def words(anvil: Anvil, raw: str) -> str:
    try:
        return str(anvil.rpc.call("eth_sendRawTransaction", raw))
    except RpcError as error:
        return error.message


async def scripted_words(node: ScriptedNode, raw: str) -> str:
    try:
        return str(await node.call("eth_sendRawTransaction", [raw]))
    except RpcRefusedError as error:
        return error.message
