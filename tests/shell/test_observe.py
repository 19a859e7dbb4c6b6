"""Each event is told once: a line that says why, and metrics whose labels are closed sets."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from prometheus_client import generate_latest
from structlog.testing import capture_logs
from structlog.typing import EventDict

from keeper.adapters.ethereum.standing import Condition
from keeper.app.aside import AsideError
from keeper.core.decision import Decision, decide
from keeper.core.forecast import Forecast, outlook
from keeper.core.hedging import Recipe, Solved, Table, Tier, Unsolved
from keeper.core.market import Reading, Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Cancelled, Mined, Outcome, Refused, Reverted
from keeper.core.plan import Plan
from keeper.core.policy import Book
from keeper.core.reason import Reason
from keeper.core.risk import Risk
from keeper.core.transaction.attempt import Route
from keeper.core.transaction.commands import Broadcast
from keeper.core.transaction.messages import Answered, Stopping
from keeper.core.transaction.words import Answer
from keeper.core.units import WAD, Address, TxHash
from keeper.observe import ChainTold, ForecastsTold, Metrics, TablesTold, Told
from keeper.observe.metrics import SOLVED, STATES
from keeper.ports import Accepted, UnreachableError
from tests.core.build import CALL, HEAD, NOW, OTHER, POLICY, VAULT, situation, snapshot, vault
from tests.core.forecast.test_outlook import bars_of

HASH = TxHash("0x" + "cd" * 32)
NOT_YET = Unsolved.NOT_YET
EMPTY = Recipe((), 3000.0, 0.7, 1.0, 1e-3, 1e-4, 1e-4)
NOTHING_IN_IT = Table(EMPTY.legs(), EMPTY.inputs(), np.zeros(2), np.zeros(2), np.zeros((2, 2, 4)))
HEDGE = -situation().exposure.book_delta


@dataclass
class FakeProgress:
    told: list[tuple[str, object]] = field(default_factory=list)
    shown: Mapping[str, object] = field(default_factory=dict)

    def serves(self, name: str, address: str) -> None:
        self.told.append(("serves", (name, address)))

    def decided(self, name: str, shown: Mapping[str, object]) -> None:
        self.shown = shown
        self.told.append(("decided", (name, shown["reason"])))

    def quarantined(self, name: str) -> None:
        self.told.append(("quarantined", name))

    def netted(self, books: tuple[dict[str, object], ...]) -> None:
        self.told.append(("netted", books))

    def cycled(self, block: int) -> None:
        self.told.append(("cycled", block))

    def refused(self, problems: tuple[str, ...]) -> None:
        self.told.append(("refused", problems))


class Desk:
    """A `Told` and a `ChainTold` with a clock that a test moves, and what they exported."""

    def __init__(self, logs: list[EventDict]) -> None:
        self.now = 1000.0
        self.logs = logs
        self.metrics, self.progress = Metrics(), FakeProgress()
        self.told = Told(self.metrics, self.progress, lambda: self.now, lambda: self.now + 1e9)
        self.chain = ChainTold(self.metrics)
        self.tables = TablesTold(self.metrics, self.told.name_of)
        self.told.policy_in_force(POLICY, {})
        logs.clear()

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"keeper_{name}", labels)

    def of_vault(self, name: str, **labels: str) -> float | None:
        return self.value(name, vault=POLICY.name, **labels)

    def said(self, level: str = "info") -> list[str]:
        return [str(line["event"]) for line in self.logs if line["log_level"] == level]


@pytest.fixture
def desk() -> Iterator[Desk]:
    with capture_logs() as logs:
        yield Desk(logs)


def decision(gap: float = 0.0, at: int = NOW) -> Decision:
    state = vault(base_wei=round((HEDGE + gap) * WAD))
    made = decide(POLICY, situation(state), Memory(VAULT))
    return replace(made, head=replace(made.head, timestamp=at))


def refused(reason: Reason = Reason.DRY_RUN) -> Refused:
    return Refused(VAULT, reason, "words")


def mined() -> Mined:
    return Mined(VAULT, "i", HASH, 5, NOW, 300_000, 10**16, 1, 1)


def test_a_reason_is_counted_always_and_logged_when_it_changes(desk: Desk) -> None:
    for made in (decision(), decision(), decision(gap=600), decision(gap=600), decision()):
        desk.told.decided(made)
    assert desk.of_vault("decisions_total", reason="inside-band") == 3
    assert [line["reason"] for line in desk.logs if line["log_level"] == "info"] == [
        "inside-band", decision(gap=600).reason.value, "inside-band",
    ]  # fmt: skip
    assert ("decided", (POLICY.name, "inside-band")) in desk.progress.told


def test_every_measure_is_exported_in_usd_beside_its_limit(desk: Desk) -> None:
    made = decision(gap=3)
    desk.told.decided(made)
    assert desk.of_vault("vault_delta_usd") == pytest.approx(9000)
    assert desk.of_vault("vault_gamma_usd") == made.exposure.gamma_usd
    assert desk.of_vault("vault_vega_usd") == made.exposure.vega_usd
    assert desk.of_vault("vault_theta_usd") == made.exposure.theta_usd
    assert desk.of_vault("vault_equity_usd") == made.exposure.nav_usd
    limit = desk.of_vault("policy_band_bound", greek="delta", bound="upper")
    assert limit == POLICY.limits.delta_usd_wad / WAD
    assert desk.of_vault("vault_band_utilization_ratio", greek="delta") == pytest.approx(9000 / limit)
    assert desk.of_vault("vault_band_inventory_base", edge="sell_above") == made.band.sell_above


LOSSES = {"stress_loss_usd_wad": 10**6 * WAD, "liquidation_distance_wad": WAD // 10, "leverage_wad": 3 * WAD}
NAMES = {
    "stress": "stress_loss_usd",
    "liquidation": "liquidation_distance_ratio",
    "leverage": "leverage_ratio",
}


def test_what_a_vault_may_lose_is_exported_while_its_policy_limits_it(desk: Desk) -> None:
    desk.told.decided(decision())
    assert [desk.of_vault(f"vault_{name}") for name in NAMES.values()] == [None] * 3
    policy = replace(POLICY, limits=replace(POLICY.limits, **LOSSES))
    desk.told.policy_in_force(policy, {})
    made = decide(policy, situation(), Memory(VAULT))
    assert isinstance(made.risk, Risk)
    desk.told.decided(made)
    assert desk.of_vault("vault_stress_loss_usd") == made.risk.stress_loss_usd
    assert desk.of_vault("vault_liquidation_distance_ratio") == min(made.risk.fall, made.risk.rise)
    assert desk.of_vault("policy_band_bound", greek="liquidation", bound="lower") == 0.1
    used = desk.of_vault("vault_band_utilization_ratio", greek="stress")
    assert used == pytest.approx(made.risk.stress_loss_usd / 10**6)
    assert desk.of_vault("vault_expected_shortfall_usd") is None
    desk.told.policy_in_force(POLICY, {})
    assert [desk.of_vault(f"vault_{name}") for name in NAMES.values()] == [None] * 3
    assert desk.of_vault("vault_band_utilization_ratio", greek="stress") is None
    assert desk.of_vault("policy_band_bound", greek="stress", bound="upper") is None


def test_what_could_not_be_measured_is_not_shown_as_nothing_to_lose(desk: Desk) -> None:
    policy = replace(POLICY, limits=replace(POLICY.limits, **LOSSES))
    desk.told.policy_in_force(policy, {})
    desk.told.decided(decide(policy, situation(vault(price=Reading(0, 0, 0))), Memory(VAULT)))
    for risk, name in NAMES.items():
        assert math.isnan(desk.of_vault(f"vault_{name}") or 0.0)
        assert math.isnan(desk.of_vault("vault_band_utilization_ratio", greek=risk) or 0.0)


def test_a_vault_at_its_margin_call_uses_all_of_its_limit_and_more(desk: Desk) -> None:
    policy = replace(POLICY, limits=replace(POLICY.limits, **LOSSES))
    desk.told.policy_in_force(policy, {})
    broke = situation(vault(quote_units=0, base_wei=0))
    desk.told.decided(decide(policy, broke, Memory(VAULT)))
    assert desk.of_vault("vault_liquidation_distance_ratio") == 0.0
    assert desk.of_vault("vault_band_utilization_ratio", greek="liquidation") == math.inf


def test_the_vaults_of_a_book_are_exported_netted_once_a_cycle_is_done(desk: Desk) -> None:
    book = {"book": "desk", "underlying": "eth"}
    desk.told.policy_in_force(replace(POLICY, book=Book("desk", "eth")), {})
    desk.told.read(snapshot())
    assert desk.value("book_delta_usd", **book) is None
    desk.told.cycled(HEAD)
    assert desk.value("book_delta_usd", **book) == situation().exposure.gap_usd
    assert desk.value("book_unmeasured_vaults", **book) == 0
    shown = dict(desk.progress.told)["netted"]
    assert isinstance(shown, tuple)
    assert [each["vaults"] for each in shown] == [1]
    desk.told.policy_in_force(POLICY, {})
    desk.told.read(snapshot())
    desk.told.cycled(HEAD)
    assert desk.value("book_delta_usd", **book) is None
    assert dict(desk.progress.told)["netted"] == ()


def test_times_are_exported_as_timestamps(desk: Desk) -> None:
    desk.told.decided(decision())
    desk.told.read(snapshot())
    assert desk.of_vault("evaluation_last_success_timestamp_seconds") == 1e9 + 1000
    assert desk.of_vault("oracle_last_update_timestamp_seconds", feed="price") == vault().price.updated_at
    assert desk.of_vault("oracle_heartbeat_seconds", feed="price") == POLICY.oracle.price.max_age_s


def test_legs_that_nobody_has_settled_are_counted(desk: Desk) -> None:
    over = tuple(replace(leg, expiry=NOW) for leg in CALL)
    for legs, unsettled in ((CALL, 0), (over + CALL, len(over)), ((), 0)):
        desk.told.read(snapshot(legs=legs))
        assert desk.of_vault("vault_unsettled_legs") == unsettled


def test_chain_time_beyond_a_limit_is_added_up(desk: Desk) -> None:
    beyond = decision(gap=10_000)
    assert Reason.DELTA_LIMIT in {breach.reason for breach in beyond.breaches}
    for made in (beyond, decision(gap=10_000, at=NOW + 12), decision(at=NOW + 36), decision(at=NOW + 48)):
        desk.told.decided(made)
    assert desk.of_vault("vault_out_of_band_seconds_total", greek="delta") == 36
    assert desk.of_vault("vault_observed_seconds_total") == 48


def test_what_found_a_band_is_one_of_a_closed_set(desk: Desk) -> None:
    def answers() -> list[str]:
        tiers = {tier.value: desk.of_vault("vault_band_from", tier=tier.value) for tier in Tier}
        assert {*tiers.values()} == {0.0, 1.0}
        return [name for name, value in tiers.items() if value]

    assert answers() == ["no-table"]
    for tier in (Tier.TABLE, Tier.GAS, Tier.GAS, Tier.TABLE):
        desk.told.decided(replace(decision(), tier=tier))
        assert answers() == [tier.value]
    assert desk.progress.shown["band_from"] == "table"


def test_books_that_are_solved_are_counted_by_what_was_found(desk: Desk) -> None:
    assert {desk.value("tables_solved_total", outcome=outcome) for outcome in SOLVED} == {0.0}
    found: tuple[Table | Unsolved, ...] = (NOTHING_IN_IT, *(each for each in Unsolved if each is not NOT_YET))
    for table in found:
        desk.tables.solved(VAULT, Solved.of(EMPTY, NOW, table), 2.0)
    assert {desk.value("tables_solved_total", outcome=outcome) for outcome in SOLVED} == {1.0}
    assert desk.of_vault("vault_table_stated_timestamp_seconds") == NOW
    assert desk.value("table_solve_duration_seconds_sum") == 2.0 * len(found)
    assert desk.said() == ["table solved", *["no table"] * (len(found) - 1)]


def test_the_death_of_a_worker_is_told(desk: Desk) -> None:
    desk.tables.worker_up(17)
    desk.tables.waiting(7)
    assert desk.value("table_worker_up") == 1
    desk.tables.worker_died("MemoryError (exit code 1)", 5.0)
    assert desk.value("table_worker_up") == 0
    assert desk.value("table_worker_deaths_total") == 1
    assert desk.value("tables_waiting") == 7
    assert "MemoryError" in desk.logs[-1]["detail"]


def test_closed_sets_begin_at_zero(desk: Desk) -> None:
    for reason in Reason:
        assert desk.of_vault("decisions_total", reason=reason.value) == 0
    for outcome in ("mined", "reverted", "expired", "unwanted", "superseded", "nonce-taken", "refused"):
        assert desk.of_vault("hedges_total", outcome=outcome) == 0
    assert desk.value("transactions_total", state="broadcast") == 0


@pytest.mark.parametrize(
    ("outcome", "label", "level"),
    [
        (mined(), "mined", "info"),
        (Reverted(VAULT, "i", HASH, 5, NOW, 300_000, 10**16, "InsideBand(1, 2)"), "reverted", "error"),
        (Cancelled(VAULT, "i", HASH, 5, NOW, 10**15, Reason.EXPIRED), "expired", "warning"),
        (refused(), "refused", "info"),
    ],
)
def test_each_end_of_a_plan_has_its_own_count_and_line(
    desk: Desk, outcome: Outcome, label: str, level: str
) -> None:
    desk.told.settled(outcome)
    assert desk.of_vault("hedges_total", outcome=label) == 1
    assert len(desk.said(level)) == 1


def test_gas_is_added_up_for_all_that_reached_a_block(desk: Desk) -> None:
    desk.told.settled(mined())
    desk.told.settled(Reverted(VAULT, "i", HASH, 5, NOW, 300_000, 10**16, "x"))
    desk.told.settled(Cancelled(VAULT, "i", HASH, 5, NOW, 10**15, Reason.EXPIRED))
    assert desk.of_vault("gas_spent_ether_total") == pytest.approx(0.021)


def test_a_hedge_of_somebody_else_is_an_alarm(desk: Desk) -> None:
    desk.told.foreign_hedge(VAULT, NOW)
    assert desk.value("transaction_alarms_total", alert="foreign-hedge") == 1
    assert desk.said("critical") == ["foreign-hedge"]


def test_what_a_revert_cost_was_wasted(desk: Desk) -> None:
    desk.told.settled(mined())
    desk.told.settled(Reverted(VAULT, "i", HASH, 5, NOW, 300_000, 10**16, "x"))
    assert desk.of_vault("gas_wasted_ether_total") == pytest.approx(0.01)


def test_a_revert_is_counted_by_what_the_guard_said(desk: Desk) -> None:
    desk.told.settled(Reverted(VAULT, "i", HASH, 5, NOW, 300_000, 1, "StateMoved(…)", Reason.STATE_MOVED))
    assert desk.of_vault("hedge_reverts_total", reason="state-moved") == 1
    (line,) = [line for line in desk.logs if line["log_level"] == "error"]
    assert (line["reason"], line["why"], line["error"]) == ("reverted", "state-moved", "StateMoved(…)")


def test_a_dry_run_is_no_hedge_and_says_so_once(desk: Desk) -> None:
    for _ in range(3):
        desk.told.decided(decision(gap=600))
        desk.told.settled(refused())
    assert desk.of_vault("hedges_total", outcome="mined") == 0
    assert desk.of_vault("hedge_skips_total", reason="dry-run") == 3
    assert desk.said().count("plan not carried out") == 1
    assert desk.said().count("decided") == 1


def test_an_accepted_plan_is_told_with_its_worth(desk: Desk) -> None:
    action = decision(gap=600).action
    assert isinstance(action, Plan)
    desk.told.offered(action, Accepted(action.intent))
    desk.told.offered(action, refused())
    assert desk.said() == ["plan accepted"]
    assert desk.logs[0]["benefit_usd"] == action.benefit_usd


def test_an_unreadable_node_is_told_once_until_it_is_read_again(desk: Desk) -> None:
    for _ in range(3):
        desk.told.unreadable(HEAD, UnreachableError("node.example does not answer"))
    assert desk.said("warning") == ["cycle ended early"]
    assert desk.value("evaluation_unreadable_total") == 3
    desk.told.cycled(HEAD)
    assert desk.said() == ["cycles go on"]
    assert desk.progress.told[-1] == ("cycled", HEAD.number)


def test_stages_and_cycles_are_timed(desk: Desk) -> None:
    with desk.told.stage("read"):
        desk.now += 0.02
    with pytest.raises(ValueError, match="x"), desk.told.stage("decide"):
        raise ValueError("x")
    desk.told.cycled(HEAD)
    assert desk.value("hedge_stage_duration_seconds_sum", stage="read") == pytest.approx(0.02)
    assert desk.value("hedge_stage_duration_seconds_count", stage="decide") == 1
    assert desk.value("evaluation_duration_seconds_sum") == pytest.approx(0.02)


def test_a_quarantined_vault_is_an_error_and_a_metric(desk: Desk) -> None:
    desk.told.quarantined(VAULT, ZeroDivisionError("x"))
    assert desk.of_vault("vault_quarantined") == 1
    assert desk.progress.told[-1] == ("quarantined", POLICY.name)
    assert desk.said("error") == ["vault quarantined: restart after a look"]


def test_a_changed_policy_moves_its_limits_and_its_name_in_the_metrics(desk: Desk) -> None:
    limits = replace(POLICY.limits, delta_usd_wad=7 * WAD)
    changed = replace(POLICY, sha256="ff" * 32, limits=limits)
    desk.told.policy_in_force(changed, {"limits.delta_usd_wad": ("1", "7")})
    assert desk.of_vault("policy_band_bound", greek="delta", bound="upper") == 7
    assert desk.of_vault("policy_info", sha256=POLICY.sha256) is None
    assert desk.of_vault("policy_info", sha256="ff" * 32) == 1
    assert desk.of_vault("vault_mode", mode="armed") == 1
    assert desk.of_vault("vault_mode", mode="paused") == 0
    assert desk.logs[0]["changes"] == {"limits.delta_usd_wad": "1 -> 7"}


def test_bad_policy_files_turn_a_metric_red_until_they_are_well(desk: Desk) -> None:
    desk.told.policies_refused(["a.yaml:1:1: wrong"])
    assert desk.value("policy_last_reload_successful") == 0
    assert desk.logs[0]["problems"] == ["a.yaml:1:1: wrong"]
    desk.told.policies_refused([])
    assert desk.value("policy_last_reload_successful") == 1
    assert desk.said() == ["policy files are well again"]


def test_without_a_price_no_measure_is_told_as_zero(desk: Desk) -> None:
    made = decision()
    desk.told.decided(replace(made, exposure=replace(made.exposure, spot=0.0, gap_usd=0.0)))
    exported = [desk.of_vault(f"vault_{name}") for name in ("delta_usd", "equity_usd", "margin_ratio")]
    exported.append(desk.of_vault("vault_band_utilization_ratio", greek="delta"))
    assert [value is not None and math.isnan(value) for value in exported] == [True] * 4
    assert "delta_usd" not in desk.logs[-1]


def test_a_stranger_to_the_policies_gets_no_label_of_its_own(desk: Desk) -> None:
    desk.told.settled(Refused(Address("0x" + "99" * 20), Reason.DRY_RUN, "x"))
    assert desk.value("hedges_total", vault="unknown", outcome="refused") == 1


def test_nodes_and_heads_are_counted(desk: Desk) -> None:
    desk.chain.rpc("node:8545", "eth_call", "ok", 0.004)
    desk.chain.head(HEAD, 2, 0)
    desk.chain.head(HEAD, 0, 3)
    desk.chain.heads_lost("node:8545", "poll", "no answer")
    assert desk.value("rpc_requests_total", endpoint="node:8545", method="eth_call", outcome="ok") == 1
    assert desk.value("rpc_head_block_number") == HEAD.number
    assert desk.value("rpc_head_timestamp_seconds") == HEAD.timestamp
    assert desk.value("chain_missed_blocks_total") == 2
    assert desk.value("chain_reorgs_total") == 1
    assert desk.value("chain_reorg_depth_blocks") == 3
    assert desk.value("rpc_endpoint_up", endpoint="node:8545", via="poll") == 0
    desk.chain.heads_told("node:8545", "poll", again=True)
    assert desk.value("rpc_endpoint_up", endpoint="node:8545", via="poll") == 1


def test_a_node_is_up_from_its_first_head_and_its_lost_subscription_is_told_as_no_more_than_that(
    desk: Desk,
) -> None:
    desk.chain.heads_told("node:8545", "poll", again=False)
    assert desk.value("rpc_endpoint_up", endpoint="node:8545", via="poll") == 1
    assert desk.said() == []
    desk.chain.heads_lost("node:8545", "push", "closed")
    assert desk.value("rpc_endpoint_up", endpoint="node:8545", via="poll") == 1
    assert desk.said("warning") == ["subscription lost; the node is polled until it is back"]


def test_how_a_node_stands_is_one_state_and_each_change_is_told_with_what_to_do(desk: Desk) -> None:
    def states() -> dict[str, float | None]:
        return {each: desk.value("rpc_endpoint_state", endpoint="n", state=each) for each in Condition}

    desk.chain.endpoint("n", Condition.HEALTHY, "")
    assert desk.logs == []
    assert states() == {"healthy": 1, "backing-off": 0, "lagging": 0, "wrong-chain": 0}
    for condition in (Condition.BACKING_OFF, Condition.LAGGING, Condition.WRONG_CHAIN):
        desk.chain.endpoint("n", condition, "why")
        assert states() == {each: float(each is condition) for each in Condition}
        assert desk.logs[-1]["detail"] == "why"
        assert desk.logs[-1]["advice"]
    desk.chain.endpoint("n", Condition.HEALTHY, "")
    assert desk.said() == ["node is read again"]
    assert len(desk.said("warning")) == 3


def test_the_states_in_the_metrics_are_those_of_the_nodes() -> None:
    assert set(STATES) == set(Condition)


def test_contradictions_are_counted_and_the_first_in_a_row_is_told(desk: Desk) -> None:
    for again in (False, True, True):
        desk.chain.disagreed("n", "eth_call", again=again)
    assert desk.value("rpc_disagreements_total", endpoint="n", method="eth_call") == 3
    assert desk.said("warning") == ["node contradicts the others; its answer was not used"]


def test_references_are_dated_and_their_nonsense_counted(desk: Desk) -> None:
    desk.chain.reference(Reference("prices.example", 3000 * WAD, NOW))
    desk.chain.reference_dropped("prices.example", "stale")
    assert desk.value("market_data_last_update_timestamp_seconds", source="prices.example") == NOW
    assert desk.value("market_data_dropped_total", source="prices.example", reason="stale") == 1


def test_steps_of_transactions_are_counted_and_never_labelled_by_their_hash(desk: Desk) -> None:
    desk.chain.transaction(Stopping(), (Broadcast(0, HASH, b"raw", Route.PUBLIC),))
    desk.chain.transaction(Answered(0, HASH, Answer.ACCEPTED), ())
    desk.chain.transaction(Answered(0, HASH, Answer.UNDERPRICED, "underpriced"), ())
    assert desk.value("transactions_total", state="broadcast") == 1
    assert desk.value("transactions_total", state="taken") == 1
    assert desk.value("transactions_total", state="not-taken") == 1
    assert HASH not in generate_latest(desk.metrics.registry).decode()


def test_a_failed_journal_turns_a_metric_red(desk: Desk) -> None:
    assert desk.value("journal_up") == 1
    desk.chain.journal_failed(OSError("full"))
    assert desk.value("journal_up") == 0


def test_two_registries_know_nothing_of_each_other() -> None:
    first, second = Metrics(), Metrics()
    first.lag.set(1)
    assert second.registry.get_sample_value("keeper_event_loop_lag_seconds") == 0


def test_counters_export_no_creation_times(desk: Desk) -> None:
    desk.told.decided(decision())
    assert b"_created" not in generate_latest(desk.metrics.registry)


def test_what_models_say_is_exported_and_told_when_they_begin_or_cease_to_speak(desk: Desk) -> None:
    told = ForecastsTold(desk.metrics, desk.told.name_of)
    short, ready, later = (outlook(bars_of(1, count)) for count in (20, 300, 301))
    told.foretold(VAULT, short)
    assert math.isnan(desk.of_vault("vault_forecast_volatility", model="har") or 0.0)
    assert math.isnan(desk.of_vault("vault_turbulence") or 0.0)
    assert desk.logs[-1]["har"] == "too few bars"
    told.foretold(VAULT, ready)
    har = ready.forecasts[1]
    assert isinstance(har, Forecast)
    assert desk.of_vault("vault_forecast_volatility", model="har") == har.volatility
    assert 0.0 <= (desk.of_vault("vault_turbulence") or 0.0) <= 1.0
    told.foretold(VAULT, later)
    assert [line["log_level"] for line in desk.logs if line["event"] == "forecast"] == [
        "info",
        "info",
        "debug",
    ]


def test_a_model_that_raised_is_told_with_all_whom_it_concerns_and_what_it_was(desk: Desk) -> None:
    told = ForecastsTold(desk.metrics, desk.told.name_of)
    error = AsideError("ArithmeticError: no fit")
    told.failed([VAULT, OTHER], error)
    line = desk.logs[-1]
    assert (line["log_level"], line["event"]) == ("error", "forecast failed")
    assert line["vaults"] == [desk.told.name_of(VAULT), desk.told.name_of(OTHER)]
    assert line["addresses"] == [VAULT, OTHER]
    assert (line["error"], line["exc_info"]) == ("ArithmeticError: no fit", error)
