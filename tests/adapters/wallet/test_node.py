"""A nonce, a receipt or the lack of one is what k nodes say that have the block; sending is everybody's."""

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.wallet.needs import Absent, Block, Node, Receipt, Reply, Standing
from keeper.adapters.wallet.node import AgreedNode
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.words import Answer
from keeper.core.units import Address, BlockHash, TxHash
from keeper.ports import UnreachableError

ACCOUNT = Address("0x00000000000000000000000000000000000000Aa")
TX = TxHash("0x" + "ab" * 32)
RAW = b"\x02\xff"
LOG = {"address": ACCOUNT, "topics": ["0x01"], "data": "0x07"}
RECEIPT = {
    "transactionHash": TX,
    "blockNumber": "0x10",
    "blockHash": "0x" + "cd" * 32,
    "status": "0x1",
    "gasUsed": "0x5208",
    "effectiveGasPrice": "0x3b9aca00",
    "logs": [LOG],
}
HEADER = {"hash": "0x" + "CD" * 32, "timestamp": "0x64", "number": "0x40"}
HEIGHT = 100


class RefusedError(Exception):
    """The client's own error for a refusal."""


class Endpoint:
    """One node. What it says of each method may be a value, an error, or something to wait for."""

    def __init__(self, host: str, height: int = HEIGHT, **said: object) -> None:
        self.host = host
        self.said = {
            "eth_blockNumber": hex(height),
            "eth_getTransactionCount": "0x7",
            "eth_getBalance": "0xff",
            "eth_getCode": "0x",
            "eth_getTransactionReceipt": None,
            "eth_getBlockByNumber": HEADER,
            "eth_sendRawTransaction": TX,
        } | said
        self.height = height
        self.asked: list[tuple[str, list[object]]] = []

    async def call(self, method: str, params: Sequence[object]) -> object:
        self.asked.append((method, list(params)))
        if method in {"eth_getTransactionCount", "eth_getBalance", "eth_getCode"} and params[1] != "pending":
            assert isinstance(params[1], str)
            if int(params[1], 16) > self.height:
                raise RefusedError("header not found (-32000)")
        answer = self.said[method]
        if callable(answer):
            answer = answer(params)
        if isinstance(answer, Awaitable):
            answer = await answer
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sends(self) -> int:
        return sum(method == "eth_sendRawTransaction" for method, _ in self.asked)


class Crowd:
    def __init__(self, readers: Sequence[Endpoint], senders: Sequence[Endpoint] | None = None) -> None:
        self._readers, self._senders = readers, readers if senders is None else senders

    def readers(self) -> Sequence[Endpoint]:
        return self._readers

    def senders(self) -> Sequence[Endpoint]:
        return self._senders


async def soon(seconds: float) -> None:
    del seconds
    for _ in range(20):
        await asyncio.sleep(0)


def node(*endpoints: Endpoint, needed: int | None = None, **more: Any) -> AgreedNode:  # noqa: ANN401 as it takes
    k = len(endpoints) // 2 + 1 if needed is None else needed
    return AgreedNode(Crowd(endpoints), k, RefusedError, sleep=soon, **more)


def never(_: object) -> object:
    return asyncio.Event().wait()


async def test_it_is_what_the_wallet_needs() -> None:
    made: Node = node(Endpoint("a"))
    assert await made.standing(ACCOUNT, HEIGHT) == Standing(7, 7, 255, delegated=False, final_number=None)


# --- the account ---


async def test_the_account_is_read_at_the_height_and_not_at_whatever_a_node_calls_latest() -> None:
    one = Endpoint("a", height=HEIGHT + 5)
    await node(one).standing(ACCOUNT, HEIGHT)
    assert ("eth_getTransactionCount", [ACCOUNT, hex(HEIGHT)]) in one.asked
    assert ("eth_getTransactionCount", [ACCOUNT, "pending"]) in one.asked
    assert ("eth_getBalance", [ACCOUNT, hex(HEIGHT)]) in one.asked


async def test_29_a_nonce_from_a_node_that_is_behind_is_no_answer() -> None:
    behind = [Endpoint(name, height=HEIGHT - 1, eth_getTransactionCount="0x6") for name in "bc"]
    with pytest.raises(UnreachableError, match="the account at block 100"):
        await node(Endpoint("a"), *behind).standing(ACCOUNT, HEIGHT)
    seen = await node(Endpoint("a"), Endpoint("b"), behind[1]).standing(ACCOUNT, HEIGHT)
    assert seen.nonce == 7


async def test_29_a_load_balancer_that_answers_from_two_nodes_is_found_out() -> None:
    two_faced = Endpoint("a", height=HEIGHT - 1, eth_blockNumber=hex(HEIGHT))
    with pytest.raises(UnreachableError, match="header not found"):
        await node(two_faced).standing(ACCOUNT, HEIGHT)
    other_way = Endpoint("a", eth_blockNumber=hex(HEIGHT - 1))
    with pytest.raises(UnreachableError, match="is at block 99, and block 100 is asked about"):
        await node(other_way).standing(ACCOUNT, HEIGHT)


async def test_pools_and_finality_are_told_as_the_least_that_the_agreeing_have() -> None:
    def counts(pool: str) -> Any:  # noqa: ANN401 an answer
        return lambda params: pool if params[1] == "pending" else "0x7"

    a = Endpoint("a", eth_getTransactionCount=counts("0x9"))
    b = Endpoint("b", eth_getTransactionCount=counts("0x8"), eth_getBlockByNumber=HEADER | {"number": "0x3e"})
    seen = await node(a, b, finality="finalized").standing(ACCOUNT, HEIGHT)
    assert seen == Standing(7, 8, 255, delegated=False, final_number=62)
    assert ("eth_getBlockByNumber", ["finalized", False]) in a.asked
    c = Endpoint("c", eth_getTransactionCount=counts("0x1"))
    assert (await node(c).standing(ACCOUNT, HEIGHT)).pool_nonce == 7


async def test_an_account_that_runs_the_code_of_another_is_told() -> None:
    assert (await node(Endpoint("a", eth_getCode="0xEF0100" + "aa" * 20)).standing(ACCOUNT, HEIGHT)).delegated


@pytest.mark.parametrize(
    "broken", [None, 5, "", "0x", "many", {}, RefusedError("no"), UnreachableError("gone")]
)
@pytest.mark.parametrize("method", ["eth_getTransactionCount", "eth_getBalance", "eth_blockNumber"])
async def test_what_is_no_number_is_no_answer(method: str, broken: object) -> None:
    one = Endpoint("a")
    one.said[method] = broken
    with pytest.raises(UnreachableError):
        await node(one).standing(ACCOUNT, HEIGHT)


@pytest.mark.parametrize("broken", [None, 5, {}, RefusedError("no"), UnreachableError("gone")])
async def test_what_is_no_code_is_no_answer(broken: object) -> None:
    with pytest.raises(UnreachableError):
        await node(Endpoint("a", eth_getCode=broken)).standing(ACCOUNT, HEIGHT)


async def test_who_gave_no_answer_is_named_once() -> None:
    gone = Endpoint("a", eth_blockNumber=UnreachableError("a: HTTP 502"))
    with pytest.raises(UnreachableError, match=r"agree on: a: HTTP 502$"):
        await node(gone).receipt(TX, HEIGHT)


async def test_too_few_that_can_be_read_is_said_without_asking_them() -> None:
    one = Endpoint("a")
    with pytest.raises(UnreachableError, match="2 nodes must agree, and 1 can be asked now"):
        await node(one, needed=2).standing(ACCOUNT, HEIGHT)
    assert one.asked == []


# --- receipts ---


def has(host: str, **changes: object) -> Endpoint:
    return Endpoint(host, eth_getTransactionReceipt=RECEIPT | changes)


async def test_a_receipt_is_read_whole() -> None:
    assert await node(has("a")).receipt(TX, HEIGHT) == Receipt(
        tx_hash=TX,
        block_number=16,
        block_hash=BlockHash("0x" + "cd" * 32),
        succeeded=True,
        gas_used=21_000,
        price_wei=10**9,
        logs=(LOG,),
    )


@pytest.mark.parametrize(
    "lie",
    [
        {"status": "0x0"},
        {"blockHash": "0x" + "ee" * 32},
        {"gasUsed": "0x1"},
        {"effectiveGasPrice": "0x1"},
        {"logs": []},
        {"logs": [LOG | {"data": "0x08"}]},
    ],
    ids=str,
)
async def test_a_receipt_is_believed_when_k_give_the_same_logs_included(lie: dict[str, object]) -> None:
    liar = has("liar", **lie)
    with pytest.raises(UnreachableError):
        await node(liar, has("b")).receipt(TX, HEIGHT)
    found = await node(liar, has("b"), has("c")).receipt(TX, HEIGHT)
    assert isinstance(found, Receipt)
    assert (found.gas_used, found.succeeded, found.logs) == (21_000, True, (LOG,))


async def test_a_receipt_that_clients_spell_differently_is_one_receipt() -> None:
    upper = has("b", blockHash="0x" + "CD" * 32, logs=[LOG | {"removed": False, "address": ACCOUNT.lower()}])
    assert isinstance(await node(has("a"), upper).receipt(TX, HEIGHT), Receipt)


async def test_16_no_receipt_from_a_node_that_lags_is_no_answer() -> None:
    lagging = [Endpoint(name, height=HEIGHT - 1) for name in "ab"]
    with pytest.raises(UnreachableError, match="is at block 99"):
        await node(*lagging, Endpoint("c")).receipt(TX, HEIGHT)
    assert await node(Endpoint("a"), Endpoint("b"), lagging[0]).receipt(TX, HEIGHT) == Absent()


async def test_16_the_head_is_asked_for_before_the_receipt() -> None:
    one = Endpoint("a")
    await node(one).receipt(TX, HEIGHT)
    assert [method for method, _ in one.asked] == ["eth_blockNumber", "eth_getTransactionReceipt"]


async def test_16_there_is_no_receipt_only_if_none_of_them_has_it() -> None:
    for order in ([0, 1, 2], [2, 1, 0], [1, 2, 0]):
        nodes = [Endpoint("a"), Endpoint("b"), has("c")]
        with pytest.raises(UnreachableError, match="the receipt of 0xabab"):
            await node(*(nodes[i] for i in order)).receipt(TX, HEIGHT)


async def test_16_who_is_slow_to_say_that_it_has_the_receipt_is_waited_for_a_moment() -> None:
    async def slowly() -> object:
        for _ in range(5):
            await asyncio.sleep(0)
        return RECEIPT

    slow = Endpoint("c", eth_getTransactionReceipt=lambda _: slowly())
    with pytest.raises(UnreachableError, match="the receipt of 0xabab"):
        await node(Endpoint("a"), Endpoint("b"), slow).receipt(TX, HEIGHT)


async def test_a_node_that_hangs_does_not_keep_k_others_from_saying_that_there_is_none() -> None:
    silent = Endpoint("c", eth_getTransactionReceipt=never)
    agreed = node(Endpoint("a"), Endpoint("b"), silent)
    assert await agreed.receipt(TX, HEIGHT) == Absent()
    await agreed.close()


@pytest.mark.parametrize("missing", ["transactionHash", "blockNumber", "blockHash", "status", "gasUsed"])
async def test_half_a_receipt_is_no_answer(missing: str) -> None:
    half = {key: value for key, value in RECEIPT.items() if key != missing}
    with pytest.raises(UnreachableError):
        await node(Endpoint("a", eth_getTransactionReceipt=half)).receipt(TX, HEIGHT)


@pytest.mark.parametrize("answer", ["0x1", [], 7, RECEIPT | {"transactionHash": "0x" + "99" * 32}])
async def test_what_is_no_receipt_of_ours_is_no_answer(answer: object) -> None:
    with pytest.raises(UnreachableError):
        await node(Endpoint("a", eth_getTransactionReceipt=answer)).receipt(TX, HEIGHT)


SAYS = st.sampled_from(["yes", "no", "lie", "behind", "down"])


def saying(host: str, word: str) -> Endpoint:
    match word:
        case "yes":
            return has(host)
        case "lie":
            return has(host, status="0x0")
        case "behind":
            return Endpoint(host, height=HEIGHT - 1)
        case "down":
            return Endpoint(host, eth_getTransactionReceipt=UnreachableError("gone"))
        case _:
            return Endpoint(host)


@given(st.lists(SAYS, min_size=1, max_size=5), st.data())
def test_no_receipt_and_no_lack_of_one_is_ever_told_that_fewer_than_k_gave(
    words: list[str], data: st.DataObject
) -> None:
    needed = data.draw(st.integers(1, len(words)))
    nodes = [saying(f"n{i}", word) for i, word in enumerate(words)]
    try:
        found = asyncio.run(node(*nodes, needed=needed).receipt(TX, HEIGHT))
    except UnreachableError:
        settled = max(words.count("yes"), words.count("lie")) >= needed
        none_has_it = words.count("no") >= needed and not {"yes", "lie"} & set(words)
        assert (settled, none_has_it) == (False, False)
        return
    if isinstance(found, Absent):
        assert words.count("no") >= needed
        assert not {"yes", "lie"} & set(words)
    else:
        assert words.count("yes" if found.succeeded else "lie") >= needed


# --- blocks ---


async def test_a_block_is_its_hash_and_its_time() -> None:
    assert await node(Endpoint("a"), Endpoint("b")).block(5) == Block(BlockHash("0x" + "cd" * 32), 100)
    fork = Endpoint("b", eth_getBlockByNumber=HEADER | {"hash": "0x" + "ee" * 32})
    with pytest.raises(UnreachableError, match="block 5"):
        await node(Endpoint("a"), fork).block(5)
    none = [Endpoint(name, eth_getBlockByNumber=None) for name in "ab"]
    assert await node(*none).block(5) == Absent()
    with pytest.raises(UnreachableError):
        await node(*none, Endpoint("c")).block(5)


# --- sending ---


async def test_66_a_provider_that_lags_is_not_read_but_still_sent_to() -> None:
    good, lagging = Endpoint("a"), Endpoint("b", height=1)
    agreed = AgreedNode(Crowd([good], [good, lagging]), 1, RefusedError, sleep=soon)
    await agreed.standing(ACCOUNT, HEIGHT)
    assert lagging.asked == []
    assert await agreed.send(RAW, TX, Route.PUBLIC) == (
        Reply("a", Answer.ACCEPTED),
        Reply("b", Answer.ACCEPTED),
    )
    assert lagging.asked == [("eth_sendRawTransaction", ["0x02ff"])]


async def test_43_what_one_node_has_known_for_hours_is_handed_to_all_others() -> None:
    stuck = Endpoint("a", eth_sendRawTransaction=RefusedError("already known (-32000)"))
    replies = await node(stuck, Endpoint("b"), Endpoint("c")).send(RAW, TX, Route.PUBLIC)
    assert {reply.endpoint: reply.answer for reply in replies} == {
        "a": Answer.ALREADY_KNOWN,
        "b": Answer.ACCEPTED,
        "c": Answer.ACCEPTED,
    }


async def test_45_a_nodes_own_fee_cap_is_not_tried_again_on_it_and_keeps_no_other_from_taking_it() -> None:
    words = "tx fee (1.20 ether) exceeds the configured cap (1.00 ether) (-32000)"
    capped, other = Endpoint("a", eth_sendRawTransaction=RefusedError(words)), Endpoint("b")
    agreed = node(capped, other)
    replies = await agreed.send(RAW, TX, Route.PUBLIC)
    assert set(replies) == {Reply("a", Answer.NODE_FEE_CAP, words), Reply("b", Answer.ACCEPTED)}
    assert await agreed.send(RAW, TX, Route.PUBLIC) == (Reply("b", Answer.ACCEPTED),)
    assert (capped.sends(), other.sends()) == (1, 2)


async def test_45_what_is_too_dear_for_every_node_is_handed_to_none_again_and_still_says_why() -> None:
    words = "Transaction fee cap exceeded (-32000)"
    capped = Endpoint("a", eth_sendRawTransaction=RefusedError(words))
    agreed = node(capped)
    for _ in range(2):
        assert await agreed.send(RAW, TX, Route.PUBLIC) == (Reply("a", Answer.NODE_FEE_CAP, words),)
    assert capped.sends() == 1


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (UnreachableError("a: answered something that is not JSON"), Answer.LOST),
        (UnreachableError("a: no answer within 10 s"), Answer.LOST),
        (None, Answer.UNKNOWN),
        ("", Answer.UNKNOWN),
        ({"ok": True}, Answer.UNKNOWN),
        ("0x" + "99" * 32, Answer.UNKNOWN),
        (RefusedError("we have never met (-32000)"), Answer.UNKNOWN),
        (RefusedError("nonce too low (-32000)"), Answer.NONCE_TOO_LOW),
    ],
    ids=str,
)
async def test_22_what_does_not_give_our_hash_back_is_no_success(said: object, answer: Answer) -> None:
    (reply,) = await node(Endpoint("a", eth_sendRawTransaction=said)).send(RAW, TX, Route.PUBLIC)
    assert reply.answer is answer
    assert reply.words


async def test_a_hash_may_come_back_in_upper_case() -> None:
    (reply,) = await node(Endpoint("a", eth_sendRawTransaction="0x" + "AB" * 32)).send(RAW, TX, Route.PUBLIC)
    assert reply == Reply("a", Answer.ACCEPTED)


async def test_a_node_that_hangs_holds_up_no_send_that_another_took_and_counts_as_lost() -> None:
    agreed = node(Endpoint("a", eth_sendRawTransaction=never), Endpoint("b"))
    assert await agreed.send(RAW, TX, Route.PUBLIC) == (
        Reply("b", Answer.ACCEPTED),
        Reply("a", Answer.LOST, "no answer yet"),
    )
    await agreed.close()


async def test_a_private_transaction_is_shown_to_the_relay_and_to_nobody_else() -> None:
    public, relay = Endpoint("a"), Endpoint("relay")
    agreed = node(public, relay=relay)
    assert await agreed.send(RAW, TX, Route.PRIVATE) == (Reply("relay", Answer.ACCEPTED),)
    assert (public.sends(), relay.sends()) == (0, 1)
    await agreed.send(RAW, TX, Route.PUBLIC)
    assert (public.sends(), relay.sends()) == (1, 1)
    await agreed.standing(ACCOUNT, HEIGHT)
    assert relay.asked == [("eth_sendRawTransaction", ["0x02ff"])]


async def test_69_a_relays_nonce_too_low_says_nothing_about_our_own_nodes() -> None:
    """The relay saw the block first. Its word is told as its word; the nonce is what our nodes say."""
    relay = Endpoint("relay", eth_sendRawTransaction=RefusedError("nonce too low: next nonce 8, tx nonce 7"))
    agreed = node(Endpoint("a"), relay=relay)
    (reply,) = await agreed.send(RAW, TX, Route.PRIVATE)
    assert (reply.endpoint, reply.answer) == ("relay", Answer.NONCE_TOO_LOW)
    assert (await agreed.standing(ACCOUNT, HEIGHT)).nonce == 7
    assert await agreed.receipt(TX, HEIGHT) == Absent()


async def test_what_can_be_handed_to_nobody_is_lost_and_says_why() -> None:
    (reply,) = await node(Endpoint("a")).send(RAW, TX, Route.PRIVATE)
    assert reply == Reply("", Answer.LOST, "handed to nobody: KEEPER_RELAY_URL is not set")
    (reply,) = await AgreedNode(Crowd([]), 1, RefusedError, sleep=soon).send(RAW, TX, Route.PUBLIC)
    assert reply == Reply("", Answer.LOST, "handed to nobody: no node serves this chain")
