"""Fewer than k are no answer, whoever they are and whenever they speak."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.quorum import Heard, Panel, Patience, Silence, Vote, agreed, dispute, first_agreed, largest

WORDS = st.sampled_from(["a", "b", "c", None])


def heard_of(words: Sequence[str | None]) -> list[Heard[str]]:
    return [
        Silence(f"n{i}", f"n{i}: no answer") if word is None else Vote(f"n{i}", word, word)
        for i, word in enumerate(words)
    ]


@given(st.lists(WORDS, max_size=7), st.integers(1, 7))
def test_an_answer_is_one_that_so_many_gave(words: list[str | None], needed: int) -> None:
    camp = agreed(heard_of(words), needed)
    assert len(camp) in {0, needed}
    assert len({vote.key for vote in camp}) <= 1
    spoken = [word for word in words if word is not None]
    assert bool(camp) == any(spoken.count(word) >= needed for word in spoken)
    assert largest(heard_of(words)) == max((spoken.count(word) for word in spoken), default=0)


@given(st.lists(WORDS, min_size=1, max_size=7).flatmap(lambda w: st.tuples(st.just(w), st.permutations(w))))
def test_with_a_majority_it_makes_no_difference_who_answers_first(
    orders: tuple[list[str | None], list[str | None]],
) -> None:
    needed = len(orders[0]) // 2 + 1
    first, second = ({vote.key for vote in agreed(heard_of(words), needed)} for words in orders)
    assert first == second


@given(st.lists(WORDS, min_size=1, max_size=7), st.integers(1, 7))
def test_a_round_ends_as_soon_as_it_is_settled_and_never_before(words: list[str | None], needed: int) -> None:
    enough = first_agreed(needed, len(words))
    for count in range(1, len(words) + 1):
        so_far = heard_of(words[:count])
        could = largest(so_far) + len(words) - count >= needed
        settled = bool(agreed(so_far, needed)) or not could
        assert (enough(so_far) is Patience.ENOUGH) == settled
        if settled:
            return


def test_a_dispute_names_who_said_what() -> None:
    heard: list[Heard[str]] = [Vote("a", "0x1", "1"), Vote("b", "0x2", "2"), Silence("c", "c: HTTP 502")]
    assert dispute(heard, 2) == "no answer that 2 agree on: a said 0x1; b said 0x2; c: HTTP 502"


async def wait_for_ever(seconds: float) -> None:
    del seconds
    await asyncio.Event().wait()


async def at_once(seconds: float) -> None:
    del seconds


async def vote(name: str, after: asyncio.Event | None = None) -> Heard[str]:
    if after is not None:
        await after.wait()
    return Vote(name, "same", name)


async def test_who_is_not_needed_is_not_waited_for_but_heard_later() -> None:
    release, later = asyncio.Event(), asyncio.Queue[Heard[str]]()
    panel = Panel(wait_for_ever)
    heard = await panel.hear([vote("slow", release), vote("quick")], first_agreed(1, 2), later.put_nowait)
    assert [each.endpoint for each in heard] == ["quick"]
    release.set()
    assert (await later.get()).endpoint == "slow"
    await panel.close()


async def test_a_better_answer_is_waited_for_a_moment_only() -> None:
    panel = Panel(at_once)
    heard = await panel.hear(
        [vote("quick"), vote("slow", asyncio.Event())],
        lambda so_far: Patience.NOT_LONG if so_far else Patience.WAIT,
    )
    assert [each.endpoint for each in heard] == ["quick"]
    await panel.close()


async def test_all_that_is_asked_is_heard_where_there_is_no_reason_to_stop() -> None:
    panel = Panel(wait_for_ever)
    heard = await panel.hear([vote("a"), vote("b"), vote("c")], lambda _: Patience.WAIT)
    assert [each.endpoint for each in heard] == ["a", "b", "c"]


async def test_a_fault_of_ours_is_not_a_silent_node() -> None:
    async def broken() -> Heard[str]:
        raise RuntimeError("a fault of ours")

    with pytest.raises(RuntimeError):
        await Panel(wait_for_ever).hear([broken()], first_agreed(1, 1))
