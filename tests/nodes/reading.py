"""The JSON-RPC methods that only read, as functions of a node's view of the chain.

A number is answered as nodes write it: hexadecimal, without leading zeros. What a node does not have is null,
not an error; a state that it does not have and a method that its client lacks are refused.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from keeper.adapters.ethereum.rpc import RpcRefusedError
from tests.nodes.chain import Block, Mined, ScriptedChain
from tests.nodes.clients import Client
from tests.nodes.pool import Pool
from tests.nodes.tx import Tx
from tests.nodes.vault import Reverts

DELEGATION = "0xef0100" + "de" * 20
NO_METHOD = -32601
REVERTED = 3
Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class View:
    """The chain as a node knows it."""

    chain: ScriptedChain
    blocks: Sequence[Block]
    pool: Pool
    client: Client
    chain_id: int

    @property
    def tip(self) -> Block:
        """Its newest block."""
        return self.blocks[-1]

    def at(self, tag: object) -> Block | None:
        """The block of a number, tag or hash; None where the node has none."""
        if isinstance(tag, Mapping):
            tag = tag.get("blockHash", tag.get("blockNumber"))
        safe, final = self.chain.safe_depth, self.chain.final_depth
        depths = {"latest": 0, "pending": 0, "safe": safe, "finalized": final}
        if tag in depths:
            return self.blocks[max(0, len(self.blocks) - 1 - depths[str(tag)])]
        if tag == "earliest":
            return self.blocks[0]
        text = str(tag)
        if len(text) == len(self.tip.hash):
            return next((block for block in self.blocks if block.hash == text), None)
        number = int(text, 16)
        return self.blocks[number] if number < len(self.blocks) else None

    def known(self, tag: object) -> Block:
        """As `at`, for questions about a state. Raises RpcRefusedError where there is none."""
        block = self.at(tag)
        if block is None:
            raise RpcRefusedError(-32000, "header not found")
        return block

    def mined(self, tx_hash: object) -> tuple[Block, Mined] | None:
        """Where a transaction is, if it is in a block."""
        found = (
            (block, each)
            for block in reversed(self.blocks)
            for each in block.mined
            if each.tx.tx_hash == tx_hash
        )
        return next(found, None)


Method = Callable[[View, Sequence[object]], object]


def method_named(name: str) -> Method:
    """The method. One that does not exist answers so."""
    return METHODS.get(name, _unknown(name))


def _unknown(name: str) -> Method:
    def refuse(_view: View, _params: Sequence[object]) -> object:
        raise RpcRefusedError(NO_METHOD, f"the method {name} does not exist/is not available")

    return refuse


def _count(view: View, params: Sequence[object]) -> object:
    nonce = view.known(params[1]).nonce
    mine = str(params[0]).lower() == view.chain.account.lower()
    if not mine:
        return hex(0)
    return hex(view.pool.next_nonce(nonce) if params[1] == "pending" else nonce)


def _balance(view: View, params: Sequence[object]) -> object:
    mine = str(params[0]).lower() == view.chain.account.lower()
    return hex(view.chain.funds_wei - view.known(params[1]).spent_wei) if mine else hex(0)


def _code(view: View, params: Sequence[object]) -> object:
    mine = str(params[0]).lower() == view.chain.account.lower()
    return (DELEGATION if view.chain.delegated else "0x") if mine else "0x60"


def _block(view: View, params: Sequence[object]) -> object:
    block = view.at(params[0])
    if block is None:
        return None
    full = len(params) > 1 and bool(params[1])
    return {
        "number": hex(block.number),
        "hash": block.hash,
        "parentHash": block.parent_hash,
        "timestamp": hex(block.timestamp),
        "baseFeePerGas": hex(block.base_fee_wei),
        "gasLimit": hex(view.chain.block_gas),
        "gasUsed": hex(sum(each.gas_used for each in block.mined)),
        "transactions": [
            _transaction(view, each.tx, block) if full else each.tx.tx_hash for each in block.mined
        ],
    }


def _receipt(view: View, params: Sequence[object]) -> object:
    found = view.mined(params[0])
    if found is None:
        return None
    block, mined = found
    return {
        "transactionHash": mined.tx.tx_hash,
        "transactionIndex": hex(block.mined.index(mined)),
        "blockNumber": hex(block.number),
        "blockHash": block.hash,
        "from": view.chain.account.lower(),
        "to": mined.tx.fields.to,
        "status": hex(int(mined.succeeded)),
        "gasUsed": hex(mined.gas_used),
        "effectiveGasPrice": hex(mined.price_wei),
        "type": "0x2",
        "logs": [dict(log) for log in mined.logs],
    }


def _by_hash(view: View, params: Sequence[object]) -> object:
    found = view.mined(params[0])
    if found is not None:
        return _transaction(view, found[1].tx, found[0])
    waiting = (tx for tx in view.pool.waiting.values() if tx.tx_hash == params[0])
    return next((_transaction(view, tx, None) for tx in waiting), None)


def _transaction(view: View, tx: Tx, block: Block | None) -> Json:
    fields = tx.fields
    price = fields.max_fee_wei if block is None else block.base_fee_wei + tx.tip_at(block.base_fee_wei)
    return {
        "hash": tx.tx_hash,
        "type": "0x2",
        "chainId": hex(fields.chain_id),
        "from": view.chain.account.lower(),
        "to": fields.to,
        "nonce": hex(fields.nonce),
        "value": hex(fields.value_wei),
        "input": "0x" + fields.data.hex(),
        "gas": hex(fields.gas_limit),
        "maxFeePerGas": hex(fields.max_fee_wei),
        "maxPriorityFeePerGas": hex(fields.tip_wei),
        "gasPrice": hex(price),
        "blockNumber": None if block is None else hex(block.number),
        "blockHash": None if block is None else block.hash,
    }


def _call(view: View, params: Sequence[object]) -> object:
    asked = params[0]
    block = view.known(params[1] if len(params) > 1 else "latest")
    data = str(asked.get("data", asked.get("input", "0x"))) if isinstance(asked, Mapping) else "0x"
    verdict = view.chain.judge(bytes.fromhex(data.removeprefix("0x")), block.timestamp)
    if isinstance(verdict, Reverts):
        words = view.client.refusal("revert").message if view.client.says("revert") else "execution reverted"
        raise RpcRefusedError(REVERTED, words.split(":")[0], "0x" + verdict.error.hex())
    return "0x"


def _content(view: View, params: Sequence[object]) -> object:
    if not view.client.shows_pool:
        return _unknown("txpool_contentFrom")(view, params)
    executable = view.pool.next_nonce(view.tip.nonce)
    listed = {nonce: _transaction(view, tx, None) for nonce, tx in sorted(view.pool.waiting.items())}
    return {
        "pending": {str(nonce): tx for nonce, tx in listed.items() if nonce < executable},
        "queued": {str(nonce): tx for nonce, tx in listed.items() if nonce >= executable},
    }


METHODS: Mapping[str, Method] = {
    "eth_chainId": lambda view, _: hex(view.chain_id),
    "eth_blockNumber": lambda view, _: hex(view.tip.number),
    "eth_syncing": lambda _view, _: False,
    "eth_getBlockByNumber": _block,
    "eth_getBlockByHash": _block,
    "eth_getTransactionCount": _count,
    "eth_getBalance": _balance,
    "eth_getCode": _code,
    "eth_getTransactionReceipt": _receipt,
    "eth_getTransactionByHash": _by_hash,
    "eth_call": _call,
    "txpool_contentFrom": _content,
    "web3_clientVersion": lambda view, _: view.client.version,
}
