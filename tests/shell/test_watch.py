"""Hedges that are in no journal are told at the head that shows them."""

from keeper.core.memory import Memory
from keeper.core.position import VaultState
from keeper.core.snapshot import Snapshot
from keeper.core.transaction.whose import Whose
from keeper.watch import Watch
from tests.core.build import NOW, VAULT, snapshot, vault
from tests.shell.fakes import FakeObserver, FakeWallet

FOREIGN = [(VAULT, NOW)]


class Tower:
    """A watch with what it is told, one head after the other."""

    def __init__(self, memory: Memory | None = None) -> None:
        self.watch, self.wallet, self.observer = Watch(), FakeWallet(), FakeObserver()
        self.memories = {} if memory is None else {VAULT: memory}

    def look(self, state: VaultState) -> list[object]:
        seen: Snapshot = snapshot(state)
        self.watch.look(seen, self.memories, self.wallet, self.observer)
        return self.observer.of("foreign_hedge")


def hedged(at: int) -> VaultState:
    return vault(last_rebalance_at=at)


def test_a_hedge_of_nobody_here_is_told_once() -> None:
    tower = Tower()
    assert tower.look(hedged(0)) == []
    assert tower.look(hedged(NOW)) == FOREIGN
    assert tower.look(hedged(NOW)) == FOREIGN
    assert tower.look(hedged(NOW + 12)) == [*FOREIGN, (VAULT, NOW + 12)]


def test_a_hedge_of_ours_is_not_told() -> None:
    tower = Tower()
    tower.look(hedged(0))
    tower.wallet.senders[VAULT, NOW] = Whose.OURS
    assert tower.look(hedged(NOW)) == []


def test_what_is_in_doubt_is_told_when_it_is_known() -> None:
    tower = Tower()
    tower.look(hedged(0))
    tower.wallet.senders[VAULT, NOW] = Whose.UNKNOWN
    assert tower.look(hedged(NOW)) == []
    tower.wallet.senders[VAULT, NOW] = Whose.THEIRS
    assert tower.look(hedged(NOW)) == FOREIGN


def test_a_new_keeper_does_not_suspect_what_was_before_it() -> None:
    assert Tower().look(hedged(NOW)) == []


def test_after_a_restart_what_was_ours_is_remembered_and_the_rest_told() -> None:
    assert Tower(Memory(VAULT, rebalances=3, rebalanced_at=NOW)).look(hedged(NOW)) == []
    assert Tower(Memory(VAULT, rebalances=3, rebalanced_at=NOW - 60)).look(hedged(NOW)) == FOREIGN


def test_a_hedge_that_a_reorganisation_took_back_is_not_told() -> None:
    tower = Tower(Memory(VAULT, rebalances=1, rebalanced_at=NOW - 60))
    tower.look(hedged(NOW - 60))
    tower.wallet.senders[VAULT, NOW] = Whose.OURS
    tower.look(hedged(NOW))
    assert tower.look(hedged(NOW - 60)) == []
    assert Tower(Memory(VAULT, rebalances=1, rebalanced_at=NOW)).look(hedged(0)) == []


def test_a_vault_that_cannot_be_read_says_nothing() -> None:
    tower = Tower()
    tower.look(hedged(NOW))
    assert tower.look(vault(readable=False, last_rebalance_at=0)) == []
    assert tower.look(hedged(NOW)) == []
