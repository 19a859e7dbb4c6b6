"""Health is progress: live beats, ready decides."""

from dataclasses import dataclass

from keeper.health import BEAT_WITHIN_S, Health


@dataclass
class Clock:
    now: float = 100.0

    def __call__(self) -> float:
        return self.now


def made() -> tuple[Health, Clock]:
    clock = Clock()
    health = Health(60.0, clock)
    health.serves("a", "0xA")
    health.serves("b", "0xB")
    return health, clock


def test_a_beating_loop_is_live_and_a_stalled_one_is_not() -> None:
    health, clock = made()
    clock.now += BEAT_WITHIN_S
    assert health.live().ok
    clock.now += 1
    assert health.live().why == ("the event loop has stood still for 16 s",)
    health.beat()
    assert health.live().ok


def test_nothing_loaded_is_not_ready() -> None:
    assert Health(60.0, Clock()).ready().why == ("no policy is loaded",)


def test_ready_needs_every_vault_decided_a_short_while_ago() -> None:
    health, clock = made()
    health.decided("a", {})
    assert health.ready().why == ("b: not decided yet",)
    health.decided("b", {})
    assert health.ready().ok
    clock.now += 30
    health.decided("b", {})
    clock.now += 31
    assert health.ready().why == ("a: last decided 61 s ago",)


def test_a_node_that_is_down_is_not_ready_but_live() -> None:
    health, clock = made()
    for name in ("a", "b"):
        health.decided(name, {})
    clock.now += 1000
    health.beat()
    assert health.live().ok
    assert not health.ready().ok


def test_a_quarantined_vault_is_never_ready() -> None:
    health, _ = made()
    for name in ("a", "b"):
        health.decided(name, {})
    health.quarantined("a")
    assert health.ready().why[0].startswith("a: quarantined")


def test_a_stopping_keeper_is_not_ready() -> None:
    health, _ = made()
    for name in ("a", "b"):
        health.decided(name, {})
    health.stopping()
    assert health.ready().why == ("the keeper is stopping",)


def test_the_status_tells_facts_and_vaults() -> None:
    health, clock = made()
    health.facts(chain_id=1)
    health.decided("a", {"reason": "inside-band"})
    health.cycled(7)
    clock.now += 2
    status = health.status()
    assert status["chain_id"] == 1
    assert status["head"] == 7
    assert status["uptime_s"] == 2
    assert health.vaults()["a"] == {
        "address": "0xA", "decided_s_ago": 2, "quarantined": False, "reason": "inside-band"
    }  # fmt: skip
    assert health.vaults()["b"]["decided_s_ago"] is None


def test_a_vault_that_joins_must_make_progress_too() -> None:
    health, _ = made()
    for name in ("a", "b"):
        health.decided(name, {})
    health.serves("c", "0xC")
    assert health.ready().why == ("c: not decided yet",)


def test_what_is_not_served_is_ignored() -> None:
    health, _ = made()
    health.decided("stranger", {})
    health.quarantined("stranger")
    assert set(health.vaults()) == {"a", "b"}


def test_books_are_shown_as_they_are_told() -> None:
    health, _ = made()
    assert health.status()["books"] == []
    health.netted(({"vaults": 2},))
    assert health.status()["books"] == [{"vaults": 2}]
