"""A JSON-RPC answer becomes a fact, or nothing: never half a fact."""

from collections.abc import Sequence

import pytest

from keeper.adapters.wallet.needs import Absent, Block, NotTaken, Receipt, Taken
from keeper.adapters.wallet.node import RpcNode
from keeper.core.units import Address, BlockHash, TxHash
from keeper.ports import UnreachableError

ACCOUNT = Address("0x00000000000000000000000000000000000000Aa")
TX = TxHash("0x" + "ab" * 32)
RECEIPT = {
    "transactionHash": TX.upper().replace("0X", "0x"),
    "blockNumber": "0x10",
    "blockHash": "0x" + "cd" * 32,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x3b9aca00",
    "logs": [{"address": ACCOUNT, "topics": [], "data": "0x"}],
}


class RefusedError(Exception):
    """The client's own error for a refusal."""


class Scripted:
    """Answers each question with the same thing, and remembers what was asked."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: list[tuple[str, list[object]]] = []

    async def __call__(self, method: str, params: Sequence[object]) -> object:
        self.asked.append((method, list(params)))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def node(answer: object) -> RpcNode:
    return RpcNode(Scripted(answer), RefusedError)


async def test_the_nonce_is_that_of_the_chain_and_not_of_the_pool() -> None:
    call = Scripted("0x7")
    assert await RpcNode(call, RefusedError).nonce(ACCOUNT) == 7
    assert call.asked == [("eth_getTransactionCount", [ACCOUNT, "latest"])]


async def test_a_receipt_is_read_whole() -> None:
    assert await node(RECEIPT).receipt(TX) == Receipt(
        tx_hash=TX,
        block_number=16,
        block_hash=BlockHash("0x" + "cd" * 32),
        succeeded=True,
        gas_used=21_000,
        price_wei=10**9,
        logs=({"address": ACCOUNT, "topics": [], "data": "0x"},),
    )


async def test_null_means_that_there_is_none() -> None:
    assert await node(None).receipt(TX) == Absent()
    assert await node(None).block(5) == Absent()


async def test_a_block_is_its_hash_and_its_time() -> None:
    answer = {"hash": "0x" + "CD" * 32, "timestamp": "0x64"}
    assert await node(answer).block(5) == Block(BlockHash("0x" + "cd" * 32), 100)


async def test_a_refused_send_has_the_nodes_words() -> None:
    assert await node(RefusedError("nonce too low (-32000)")).send(b"\x02") == NotTaken(
        "nonce too low (-32000)"
    )


async def test_a_send_is_handed_over_as_hex_and_its_hash_is_read_back() -> None:
    call = Scripted(TX)
    assert await RpcNode(call, RefusedError).send(b"\x02\xff") == Taken(TX)
    assert call.asked == [("eth_sendRawTransaction", ["0x02ff"])]


@pytest.mark.parametrize(
    "answer", [None, 5, "", "0x", "many", {}, RefusedError("no"), UnreachableError("gone")]
)
async def test_what_is_no_number_is_no_answer(answer: object) -> None:
    with pytest.raises(UnreachableError):
        await node(answer).balance_wei(ACCOUNT)


@pytest.mark.parametrize("answer", ["-0x1", "0x_1", "1", " 0x1", "0x" + "f" * 16, "0x" + "f" * 65])
async def test_a_nonce_that_no_chain_could_count_is_no_answer(answer: str) -> None:
    with pytest.raises(UnreachableError):
        await node(answer).nonce(ACCOUNT)


async def test_a_balance_may_be_as_large_as_a_word() -> None:
    assert await node("0x" + "f" * 64).balance_wei(ACCOUNT) == 2**256 - 1


@pytest.mark.parametrize("missing", ["transactionHash", "blockNumber", "blockHash", "status", "gasUsed"])
async def test_half_a_receipt_is_no_answer(missing: str) -> None:
    half = {key: value for key, value in RECEIPT.items() if key != missing}
    with pytest.raises(UnreachableError):
        await node(half).receipt(TX)


@pytest.mark.parametrize("answer", ["0x1", [], 7])
async def test_what_is_no_object_is_no_answer(answer: object) -> None:
    with pytest.raises(UnreachableError):
        await node(answer).receipt(TX)


async def test_an_empty_answer_to_a_send_is_no_answer() -> None:
    with pytest.raises(UnreachableError):
        await node(None).send(b"\x02")
