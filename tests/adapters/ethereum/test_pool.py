"""Several nodes are believed when k of them agree, and hurt nobody when they do not."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.busy import BusyError
from keeper.adapters.ethereum.guard import Guard
from keeper.adapters.ethereum.pool import Pool
from keeper.adapters.ethereum.rpc import RpcRefusedError
from keeper.adapters.ethereum.standing import Condition
from keeper.core.head import Head
from keeper.core.plan import Plan
from keeper.core.units import Address, BlockHash
from keeper.ports import Simulated, UnansweredError, UnreachableError, WouldRevert
from tests.adapters.ethereum.crowd import (
    CHAIN,
    Answer,
    Clock,
    Scripted,
    Told,
    block,
    chain,
    down,
    hanging,
    pool_of,
    saying,
)
from tests.core.transaction.build import PLAN

NOTHING = RpcRefusedError(-32000, "header not found")


async def read(pool: Pool) -> object:
    return await pool.call("eth_call", [{}, {"blockHash": "0x1"}])


async def tip(pool: Pool) -> object:
    return await pool.call("eth_getBlockByNumber", ["latest", False])


# --- reads ---


async def test_what_most_nodes_say_is_the_answer() -> None:
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x2")), Scripted("c", saying("0x1")))
    assert await read(pool) == "0x1"


async def test_fewer_than_k_means_hold_and_the_error_names_who_said_what() -> None:
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x2")), Scripted("c", down))
    with pytest.raises(
        UnreachableError, match=r'2 of a, b, c: eth_call: no answer that 2 agree on: a said .*"0x1"'
    ) as e:
        await read(pool)
    assert 'b said b\'"0x2"' in str(e.value)
    assert "no answer to eth_chainId" in str(e.value)


async def test_a_node_that_hangs_holds_up_nobody() -> None:
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", hanging), Scripted("c", saying("0x1")))
    assert await read(pool) == "0x1"
    await pool.close()


async def test_the_same_answer_may_be_spelt_in_different_ways() -> None:
    one, two = {"a": "0xAB", "b": 1}, {"b": 1, "a": "0xab"}
    assert await read(pool_of(Scripted("a", saying(one)), Scripted("b", saying(two)))) in (one, two)


async def test_headers_agree_although_each_client_adds_its_own_fields() -> None:
    geth, besu = block(5) | {"size": "0x1"}, block(5) | {"totalDifficulty": "0x0"}
    pool = pool_of(Scripted("a", saying(geth)), Scripted("b", saying(besu)))
    assert await pool.call("eth_getBlockByHash", ["0x5", False]) in (geth, besu)
    lied = geth | {"timestamp": "0x1"}
    with pytest.raises(UnreachableError):
        await pool_of(Scripted("a", saying(geth)), Scripted("b", saying(lied))).call(
            "eth_getBlockByHash", ["0x5"]
        )


REVERTS = (
    RpcRefusedError(3, "execution reverted", "0xdeadbeef"),
    RpcRefusedError(-32000, "Execution reverted", "0xDEADBEEF"),
    RpcRefusedError(-32015, "VM execution error.", "Reverted 0xdeadbeef"),
)


async def test_a_refusal_needs_as_many_equal_ones_whatever_their_words() -> None:
    with pytest.raises(RpcRefusedError):
        await read(pool_of(*(Scripted(f"n{i}", saying(error)) for i, error in enumerate(REVERTS)), agree=3))
    other = RpcRefusedError(3, "execution reverted", "0xcafe")
    with pytest.raises(UnreachableError):
        await read(pool_of(Scripted("a", saying(REVERTS[0])), Scripted("b", saying(other))))
    with pytest.raises(UnreachableError):
        await read(pool_of(Scripted("a", saying(REVERTS[0])), Scripted("b", saying("0x1"))))


HEAD = Head(CHAIN, 5, BlockHash("0x5"), BlockHash("0x4"), 1005, 7)
KEEPER = Address("0x00000000000000000000000000000000000aCc07")
WOULD = "0x" + f"{7:064x}{9:064x}"


async def simulated(*answers: object) -> Simulated | WouldRevert:
    pool = pool_of(*(Scripted(f"n{i}", saying(answer)) for i, answer in enumerate(answers)))
    plan: Plan = PLAN
    return await Guard(pool, KEEPER).simulate(plan, HEAD)


async def test_72_one_stale_nodes_revert_is_not_final() -> None:
    stale = RpcRefusedError(3, "execution reverted", "0xcafe")
    assert await simulated(stale, WOULD, WOULD) == Simulated(7, 9)
    with pytest.raises(UnreachableError):
        await simulated(stale, WOULD)
    assert isinstance(await simulated(stale, stale, WOULD), WouldRevert)


async def test_72_a_node_that_lacks_the_block_has_not_said_that_the_plan_reverts() -> None:
    with pytest.raises(UnansweredError, match="header not found"):
        await simulated(NOTHING, NOTHING, WOULD)


async def test_a_block_that_one_node_has_not_heard_of_yet_is_asked_for_again() -> None:
    tries = iter([NOTHING, NOTHING, "0x1"])
    late = Scripted("late", lambda method, _: None if method == "eth_chainId" else next(tries))
    clock = Clock()
    began = clock.now_s
    assert await read(pool_of(Scripted("a", saying("0x1")), late, clock=clock)) == "0x1"
    assert clock.now_s - began == pytest.approx(0.15)


async def test_a_block_that_a_node_never_hears_of_is_waited_for_a_second_at_most() -> None:
    clock = Clock()
    began = clock.now_s
    late = Scripted("b", saying(None))
    pool = pool_of(Scripted("a", saying(block(5))), late, clock=clock)
    with pytest.raises(UnreachableError, match="b said knows no such block"):
        await pool.call("eth_getBlockByHash", ["0x5", False])
    assert clock.now_s - began <= 1.0
    assert late.counted("eth_getBlockByHash") > 2


async def test_a_node_that_lags_contradicts_nobody() -> None:
    told, clock = Told(), Clock()
    late = Scripted("c", saying(NOTHING))
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x1")), late, told=told, clock=clock)
    assert await read(pool) == "0x1"
    for _ in range(8):
        await clock.sleep(0.5)
    assert told.disputes == []


SAID = st.sampled_from(["0xaa", "0xbb", "0xcc", "refused", "down", "hangs"])


def as_answer(word: str) -> Answer:
    special: dict[str, Answer] = {
        "refused": saying(RpcRefusedError(3, "execution reverted")),
        "down": down,
        "hangs": hanging,
    }
    return special.get(word, saying(word))


async def outcome(words: Sequence[str], turns: Sequence[int], agree: int) -> str:
    pool = pool_of(
        *(Scripted(f"n{i}", as_answer(w), t) for i, (w, t) in enumerate(zip(words, turns, strict=True))),
        agree=agree,
    )
    try:
        async with asyncio.timeout(5):
            return str(await read(pool))
    except RpcRefusedError:
        return "refused"
    except UnreachableError:
        return "held"
    except TimeoutError:
        return "held"
    finally:
        await pool.close()


def crowds(words: st.SearchStrategy[str]) -> st.SearchStrategy[list[tuple[str, int]]]:
    return st.lists(st.tuples(words, st.integers(0, 5)), min_size=1, max_size=5)


NO_HANG = st.sampled_from(["0xaa", "0xbb", "0xcc", "refused", "down"])


@given(crowds(NO_HANG), st.data())
def test_no_answer_is_ever_returned_that_fewer_than_k_gave(
    nodes: list[tuple[str, int]], data: st.DataObject
) -> None:
    agree = data.draw(st.integers(1, len(nodes)))
    words, turns = [word for word, _ in nodes], [turn for _, turn in nodes]
    said = asyncio.run(outcome(words, turns, agree))
    if said != "held":
        assert words.count(said) >= agree
    else:
        assert max(words.count(word) for word in {*words, "0xaa"} - {"down"}) < agree or len(nodes) == 1


@given(st.integers(1, 5), st.data())
def test_whatever_the_rest_says_and_whenever_k_that_agree_are_heard(count: int, data: st.DataObject) -> None:
    agree = count // 2 + 1
    rest = data.draw(st.lists(SAID, min_size=count - agree, max_size=count - agree))
    words = data.draw(st.permutations(["0xaa"] * agree + rest))
    turns = data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    assert asyncio.run(outcome(words, turns, agree)) == "0xaa"


# --- one node ---


async def test_a_lone_node_is_asked_once_for_each_question() -> None:
    node = Scripted("a", chain(7))
    pool = pool_of(node)
    await pool.call("eth_chainId", [])
    assert await tip(pool) == block(7)
    await pool.call("eth_call", [])
    assert node.asked == ["eth_chainId", "eth_getBlockByNumber", "eth_call"]


async def test_a_lone_node_that_failed_is_asked_at_the_pace_of_those_who_ask() -> None:
    node = Scripted("a", down)
    pool = pool_of(node)
    for _ in range(3):
        with pytest.raises(UnreachableError):
            await read(pool)
    assert len(node.asked) == 3


async def test_67_a_lone_node_that_asks_for_a_pause_gets_it() -> None:
    clock = Clock()
    node = Scripted("a", saying(BusyError("a: is rate limiting us", 5.0)))
    pool = pool_of(node, clock=clock)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            await read(pool)
    assert node.counted("eth_call") == 1
    clock.now_s += 5
    node.answer = saying("0x1")
    assert await read(pool) == "0x1"


async def test_a_pool_that_can_never_agree_is_not_made() -> None:
    with pytest.raises(ValueError, match="3 of 2 nodes cannot agree"):
        pool_of(Scripted("a", down), Scripted("b", down), agree=3)


# --- standing ---


async def test_67_a_rate_limit_pauses_that_provider_only_and_for_as_long_as_it_asks() -> None:
    clock, told = Clock(), Told()
    a, b = Scripted("a", saying("0x1")), Scripted("b", saying("0x1"))
    limited = Scripted("c", saying(BusyError("c: is rate limiting us (HTTP 429)", 30.0)))
    pool = pool_of(a, b, limited, clock=clock, told=told)
    for _ in range(4):
        assert await read(pool) == "0x1"
        await clock.sleep(5)
    assert (a.counted("eth_call"), b.counted("eth_call"), limited.counted("eth_call")) == (4, 4, 1)
    limited.answer = saying("0x1")
    clock.now_s += 30
    await read(pool)
    await clock.sleep(0)
    assert told.conditions[3:] == [("c", Condition.BACKING_OFF), ("c", Condition.HEALTHY)]


async def test_failures_in_a_row_double_the_pause() -> None:
    clock = Clock()
    broken = Scripted("c", lambda method, _: None if method == "eth_chainId" else BusyError("c: HTTP 502"))
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x1")), broken, clock=clock)
    asked_at: list[float] = []
    for _ in range(30):
        before = broken.counted("eth_call")
        await read(pool)
        await clock.sleep(0)
        if broken.counted("eth_call") > before:
            asked_at.append(clock.now_s - 100)
        clock.now_s += 0.5
    assert asked_at == [0, 1, 3, 7]


async def test_too_few_that_can_be_asked_is_said_without_asking_them() -> None:
    clock = Clock()
    good = Scripted("a", saying("0x1"))
    pool = pool_of(good, Scripted("b", saying(BusyError("b: HTTP 429", 9.0))), clock=clock)
    with pytest.raises(UnreachableError):
        await read(pool)
    asked = len(good.asked)
    with pytest.raises(
        UnreachableError, match=r"2 of a, b: too few can be asked: b is left alone for 9\.0 s"
    ):
        await read(pool)
    assert len(good.asked) == asked


async def test_66_a_provider_that_lags_is_not_read_but_still_sent_to() -> None:
    told = Told()
    a, b, late = Scripted("a", chain(100)), Scripted("b", chain(100)), Scripted("c", chain(96))
    pool = pool_of(a, b, late, told=told)
    assert await tip(pool) == block(100)
    await Clock().sleep(0)
    assert [member.host for member in pool.readers()] == ["a", "b"]
    assert [member.host for member in pool.senders()] == ["a", "b", "c"]
    await read(pool)
    assert late.counted("eth_call") == 0
    late.answer = chain(98)
    await tip(pool)
    await Clock().sleep(0)
    assert [member.host for member in pool.readers()] == ["a", "b", "c"]
    assert told.conditions[3:] == [("c", Condition.LAGGING), ("c", Condition.HEALTHY)]


async def test_a_node_of_another_chain_is_neither_read_nor_sent_to_until_it_serves_ours() -> None:
    clock, told = Clock(), Told()
    wrong = Scripted("c", saying("0x1"))
    wrong.chain = 1
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x1")), wrong, clock=clock, told=told)
    await read(pool)
    await clock.sleep(0)
    assert [member.host for member in pool.senders()] == ["a", "b"]
    with pytest.raises(UnreachableError, match="serves another chain"):
        await pool.members[2].call("eth_sendRawTransaction", ["0x"])
    assert set(wrong.asked) == {"eth_chainId"}
    wrong.chain = CHAIN
    clock.now_s += 10
    await read(pool)
    await clock.sleep(0)
    assert [member.host for member in pool.senders()] == ["a", "b", "c"]
    assert told.conditions[3:] == [("c", Condition.WRONG_CHAIN), ("c", Condition.HEALTHY)]


async def test_a_node_that_was_away_says_its_chain_again_before_it_is_believed() -> None:
    clock = Clock()
    node = Scripted("c", saying("0x1"))
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x1")), node, clock=clock)
    await read(pool)
    await clock.sleep(0)
    node.answer = down
    await read(pool)
    await clock.sleep(9)
    node.answer, node.chain, node.asked = saying("0x2"), 1, []
    await read(pool)
    await clock.sleep(0)
    assert node.asked == ["eth_chainId"]


async def test_most_nodes_on_another_chain_are_told_as_that_chain() -> None:
    nodes = [Scripted(name, saying("0x1")) for name in "abc"]
    for node in nodes[:2]:
        node.chain = 1
    assert await pool_of(*nodes).call("eth_chainId", []) == "0x1"


async def test_who_contradicts_the_others_is_counted_each_time_and_told_once() -> None:
    told = Told()
    liar = Scripted("c", saying("0x2"))
    pool = pool_of(Scripted("a", saying("0x1")), Scripted("b", saying("0x1")), liar, told=told)
    for answer in ("0x2", "0x2", "0x1", "0x2"):
        liar.answer = saying(answer)
        await read(pool)
        await Clock().sleep(0)
    assert told.disputes == [("c", "eth_call", False), ("c", "eth_call", True), ("c", "eth_call", False)]


# --- the tip ---


async def test_the_tip_is_the_newest_block_that_k_nodes_have() -> None:
    assert await tip(
        pool_of(Scripted("a", chain(7)), Scripted("b", chain(6)), Scripted("c", chain(5)))
    ) == block(6)
    assert await tip(
        pool_of(Scripted("a", chain(7)), Scripted("b", chain(7)), Scripted("c", chain(5)))
    ) == block(7)
    assert await tip(pool_of(Scripted("a", chain(7)), Scripted("b", chain(5)), agree=1)) == block(7)
    three = Scripted("a", chain(7)), Scripted("b", chain(6)), Scripted("c", chain(5))
    assert await tip(pool_of(*three, agree=3)) == block(5)


async def test_a_node_ahead_counts_for_the_block_below_that_it_has_too() -> None:
    ahead = Scripted("a", chain(10**9)), Scripted("b", chain(7)), Scripted("c", chain(6))
    assert await tip(pool_of(*ahead)) == block(7)


@pytest.mark.parametrize(
    "liar",
    [
        chain(10**9, fork=1),
        chain(1),
        chain(7, fork=1),
        chain(6, fork=1),
        hanging,
        down,
        saying({"number": "0x"}),
    ],
)
async def test_one_liar_ahead_behind_or_on_a_fork_neither_stalls_nor_steers(liar: Answer) -> None:
    told = Told()
    pool = pool_of(Scripted("a", liar), Scripted("b", chain(7)), Scripted("c", chain(6)), told=told)
    assert await tip(pool) == block(6)
    assert {host for host, _, _ in told.disputes} <= {"a"}
    await pool.close()


async def test_a_newer_block_is_worth_a_moment_where_less_than_half_must_agree() -> None:
    nodes = Scripted("a", chain(5)), Scripted("b", chain(7), turns=5)
    assert await tip(pool_of(*nodes, agree=1)) == block(7)


async def test_a_block_of_a_fork_at_the_height_of_the_tip_contradicts_it() -> None:
    told = Told()
    nodes = Scripted("a", chain(7, fork=1)), Scripted("b", chain(7)), Scripted("c", chain(7))
    assert await tip(pool_of(*nodes, told=told)) == block(7)
    assert told.disputes == [("a", "eth_getBlockByNumber", False)]


async def test_two_nodes_on_two_forks_are_no_tip() -> None:
    with pytest.raises(UnreachableError, match="the newest block: no answer that 2 agree on: a said 7 0x"):
        await tip(pool_of(Scripted("a", chain(7)), Scripted("b", chain(7, fork=1))))


LIES = st.sampled_from(["ahead", "behind", "fork", "hangs", "down", "nonsense"])


def lying(word: str) -> Answer:
    lies: dict[str, Answer] = {
        "ahead": chain(1000, fork=1),
        "behind": chain(1),
        "fork": chain(103, fork=2),
        "hangs": hanging,
        "down": down,
        "nonsense": saying([]),
    }
    return lies[word]


@given(st.integers(1, 5), st.data())
def test_the_tip_is_a_block_of_the_honest_and_as_new_as_k_of_them_have(
    count: int, data: st.DataObject
) -> None:
    agree = count // 2 + 1
    heights = data.draw(st.lists(st.integers(100, 105), min_size=agree, max_size=agree))
    lies = data.draw(st.lists(LIES, min_size=count - agree, max_size=count - agree))
    turns = data.draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    order = data.draw(st.permutations([*map(chain, heights), *map(lying, lies)]))

    async def run() -> object:
        pool = pool_of(*(Scripted(f"n{i}", o, t) for i, (o, t) in enumerate(zip(order, turns, strict=True))))
        try:
            return await tip(pool)
        finally:
            await pool.close()

    found = asyncio.run(run())
    numbers = [number for number in range(min(heights), max(heights) + 1) if found == block(number)]
    assert numbers
