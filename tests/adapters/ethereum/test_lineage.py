"""Gaps, reorganisations and old news are told apart by parent hashes, over any tree of blocks."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.adapters.ethereum.lineage import MAX_KEPT, MAX_WALK, Lineage, OldNews, Step
from keeper.core.head import Head
from keeper.core.units import BlockHash
from keeper.ports import UnreachableError


class Tree:
    """Blocks by hash; each knows its parent."""

    def __init__(self) -> None:
        self.blocks: dict[BlockHash, Head] = {}
        self.fetched = 0
        self.names = itertools.count(1)
        self.root = self.grow(None)

    def grow(self, parent: Head | None, count: int = 1) -> Head:
        for _ in range(count):
            name = BlockHash(f"0x{next(self.names):064x}")
            below = BlockHash(f"0x{0:064x}") if parent is None else parent.hash
            number = 100 if parent is None else parent.number + 1
            parent = self.blocks[name] = Head(1, number, name, below, number, 0)
        assert parent is not None
        return parent

    def ancestors(self, head: Head) -> list[BlockHash]:
        chain = [head.hash]
        while (parent := self.blocks.get(self.blocks[chain[-1]].parent_hash)) is not None:
            chain.append(parent.hash)
        return chain

    async def fetch(self, wanted: BlockHash) -> Head:
        self.fetched += 1
        if wanted not in self.blocks:
            raise UnreachableError("no such block")
        return self.blocks[wanted]


@pytest.fixture
def tree() -> Tree:
    return Tree()


async def place(lineage: Lineage, head: Head) -> tuple[int, int, bool]:
    step = await lineage.place(head)
    assert isinstance(step, Step)
    assert step.head == head
    return step.missed, step.reorg_depth, step.proven


async def test_a_child_follows_without_a_question(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    assert await place(lineage, tree.root) == (0, 0, True)
    assert await place(lineage, tree.grow(tree.root)) == (0, 0, True)
    assert tree.fetched == 0


async def test_missed_blocks_are_counted(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    assert await place(lineage, tree.grow(tree.root, 5)) == (4, 0, True)


async def test_a_sibling_of_the_tip_is_a_reorganisation_of_one(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    first = tree.grow(tree.root)
    await lineage.place(first)
    assert await place(lineage, tree.grow(tree.root)) == (0, 1, True)
    assert isinstance(await lineage.place(first), OldNews)


async def test_the_depth_counts_blocks_that_were_never_seen_too(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    fork = tree.grow(tree.root, 2)
    await lineage.place(tree.grow(fork, 4))
    assert await place(lineage, tree.grow(fork, 6)) == (1, 4, True)


async def test_a_lower_sibling_is_a_new_tip(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    await lineage.place(tree.grow(tree.root, 3))
    lower = tree.grow(tree.root)
    assert not lineage.is_higher(lower)
    assert await place(lineage, lower) == (0, 3, True)
    assert await place(lineage, tree.grow(lower)) == (0, 0, True)


async def test_a_lagging_nodes_tip_is_old_news_even_if_it_was_never_told(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    middle = tree.grow(tree.root, 2)
    await lineage.place(tree.grow(middle, 2))
    assert isinstance(await lineage.place(middle), OldNews)
    assert isinstance(await lineage.place(tree.root), OldNews)


async def test_a_long_outage_costs_a_bounded_walk_and_is_not_proven(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    far = tree.grow(tree.root, 300)
    assert await place(lineage, far) == (299, 0, False)
    assert tree.fetched == MAX_WALK
    never_seen = tree.blocks[tree.ancestors(far)[150]]
    assert isinstance(await lineage.place(never_seen), OldNews)


async def test_a_fork_below_everything_known_is_at_least_that_deep(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    low = tree.grow(tree.root, 5)
    await lineage.place(low)
    await lineage.place(tree.grow(low))
    assert await place(lineage, tree.grow(tree.root, 7)) == (0, 2, False)


async def test_a_head_whose_parents_are_gone_can_still_be_followed(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    await lineage.place(tree.root)
    far = tree.grow(tree.root, 3)
    del tree.blocks[far.parent_hash]
    with pytest.raises(UnreachableError):
        await lineage.place(far)
    assert lineage.place_unproven(far) == Step(far, 2, 0, proven=False)
    assert await place(lineage, tree.grow(far)) == (0, 0, True)


async def test_memory_is_bounded_and_what_was_forgotten_is_still_old_news(tree: Tree) -> None:
    lineage = Lineage(tree.fetch)
    tip = tree.root
    for _ in range(MAX_KEPT + 10):
        await lineage.place(tip)
        tip = tree.grow(tip)
    assert not lineage.is_old(tree.root)
    assert isinstance(await lineage.place(tree.root), OldNews)


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 4)), min_size=1, max_size=40), st.data())
async def test_over_any_tree_each_tip_is_told_once_and_depths_are_true(
    growth: list[tuple[int, int]], data: st.DataObject
) -> None:
    tree = Tree()
    for onto, count in growth:
        tree.grow(list(tree.blocks.values())[onto % len(tree.blocks)], count)
    lineage = Lineage(tree.fetch)
    tip = tree.root
    await lineage.place(tip)
    told = {tip.hash}
    for shown in data.draw(st.lists(st.sampled_from(list(tree.blocks.values())), max_size=25)):
        step = await lineage.place(shown)
        if isinstance(step, OldNews):
            assert shown.hash in told or shown.hash in tree.ancestors(tip)
            continue
        assert shown.hash not in told
        ours = tree.ancestors(tip)
        common = next(h for h in tree.ancestors(shown) if h in ours)
        assert step.reorg_depth == tip.number - tree.blocks[common].number
        assert step.missed == max(0, shown.number - tip.number - 1)
        told.add(shown.hash)
        tip = shown
