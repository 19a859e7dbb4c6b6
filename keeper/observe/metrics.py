"""The metric families, in one registry that is passed on and never global.

Each greek is a metric of its own in usd: families that mix units make sums without a meaning. Only ratios to
a limit carry a greek as a label.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from keeper.core.advice import Unadvised
from keeper.core.hedging import Tier
from keeper.core.policy import Mode
from keeper.core.transaction.commands import Alert

STAGES: Final = ("read", "decide", "record", "simulate", "offer", "review")
OUTCOMES: Final = (
    "mined", "reverted", "expired", "unwanted", "ordered", "superseded", "nonce-taken", "refused",
)  # fmt: skip
GREEKS: Final = ("delta", "gamma", "vega", "theta", "collateral")
SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
ANSWERS: Final = ("ok", "refused", "unreachable")
STATES: Final = ("healthy", "backing-off", "lagging", "wrong-chain")
MODES: Final = tuple(Mode)
TIERS: Final = tuple(Tier)
ADVISED: Final = "advised"
ADVISING: Final = (ADVISED, *(why.value for why in Unadvised if why is not Unadvised.NOT_LISTED))
SOLVED: Final = ("solved", "died", "no-legs", "nothing-to-weigh", "too-large")


class Metrics:
    """All families. One instance for each process; a test makes its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self._risk()
        self._books()
        self._loop()
        self._data()
        self._transactions()
        self._tables()

    def _gauge(self, name: str, words: str, *labels: str) -> Gauge:
        return Gauge(f"keeper_{name}", words, labels, registry=self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(f"keeper_{name}", words, labels, registry=self.registry)

    def _histogram(self, name: str, words: str, *labels: str) -> Histogram:
        return Histogram(f"keeper_{name}", words, labels, registry=self.registry, buckets=SECONDS)

    def _risk(self) -> None:
        vault = ("vault",)
        self.delta = self._gauge(
            "vault_delta_usd", "Net delta minus the vault's target, in usd at spot.", *vault
        )
        self.gamma = self._gauge("vault_gamma_usd", "Change of delta for a move of 1 %, in usd.", *vault)
        self.vega = self._gauge("vault_vega_usd", "Change of value for one volatility point, in usd.", *vault)
        self.theta = self._gauge("vault_theta_usd", "Change of value in a day, in usd.", *vault)
        self.equity = self._gauge(
            "vault_equity_usd", "Net asset value by the oracle's price, in usd.", *vault
        )
        self.margin = self._gauge("vault_margin_ratio", "Value over margin requirement.", *vault)
        self.risks = {
            "stress": self._gauge(
                "vault_stress_loss_usd", "Loss in the worst scenario of the stress grid, in usd.", *vault
            ),
            "shortfall": self._gauge(
                "vault_expected_shortfall_usd", "Mean loss of the worst 2.5 % of days, in usd.", *vault
            ),
            "leverage": self._gauge("vault_leverage_ratio", "Gross delta over net value.", *vault),
            "liquidation": self._gauge(
                "vault_liquidation_distance_ratio", "Move of the spot that leads to a margin call.", *vault
            ),
        }
        self.inventory = self._gauge("vault_inventory_base", "Base tokens held.", *vault)
        self.unsettled = self._gauge(
            "vault_unsettled_legs", "Legs that have expired and wait to be settled.", *vault
        )
        self.band = self._gauge(
            "vault_band_inventory_base",
            "Edges of the no-trade band on the inventory, in base.",
            "vault",
            "edge",
        )
        self.utilization = self._gauge(
            "vault_band_utilization_ratio", "Measured over hard limit; above 1 is a breach.", "vault", "greek"
        )
        self.bound = self._gauge(
            "policy_band_bound", "Hard limit: usd, for collateral a ratio.", "vault", "greek", "bound"
        )
        self.forecast = self._gauge(
            "vault_forecast_volatility",
            "What a model expects of the next day, annualised; NaN while it is silent.",
            "vault",
            "model",
        )
        self.turbulence = self._gauge(
            "vault_turbulence", "Probability that the market is turbulent; NaN while it is not known.", *vault
        )
        self.advice = self._gauge(
            "vault_advice",
            "1 for what the desk is told: to trade (advised), or why not.",
            "vault",
            "state",
        )
        self.observed = self._counter("vault_observed_seconds_total", "Chain time under observation.", *vault)
        self.outside = self._counter(
            "vault_out_of_band_seconds_total", "Chain time beyond a hard limit.", "vault", "greek"
        )

    def _books(self) -> None:
        self.books = {
            name: self._gauge(name, words, "book", "underlying")
            for name, words in {
                "book_delta_usd": "Net delta minus targets of a book's vaults, in usd at spot.",
                "book_gamma_usd": "Change of the book's delta for a move of 1 %, in usd.",
                "book_vega_usd": "Change of the book's value for one volatility point, in usd.",
                "book_theta_usd": "Change of the book's value in a day, in usd.",
                "book_equity_usd": "Net asset value of the book, in usd.",
                "book_gross_delta_usd": "Deltas of the book without their signs, in usd.",
                "book_stress_loss_usd": "The book's loss in its worst scenario, in usd.",
                "book_expected_shortfall_usd": "The book's mean loss of the worst 2.5 % of days, in usd.",
                "book_unmeasured_vaults": "Vaults of the book that have no price or volatility.",
            }.items()
        }

    def _loop(self) -> None:
        self.decisions = self._counter("decisions_total", "Decisions by their reason.", "vault", "reason")
        self.skips = self._counter(
            "hedge_skips_total", "Plans not carried out, by reason.", "vault", "reason"
        )
        self.hedges = self._counter("hedges_total", "Ends of plans.", "vault", "outcome")
        self.reverts = self._counter(
            "hedge_reverts_total",
            "Transactions that the vault refused in a block, by reason.",
            "vault",
            "reason",
        )
        self.wasted = self._counter(
            "gas_wasted_ether_total", "Spent on reverts, in the chain's coin.", "vault"
        )
        self.gas = self._counter("gas_spent_ether_total", "Spent on gas, in the chain's coin.", "vault")
        self.stage = self._histogram("hedge_stage_duration_seconds", "Duration of a cycle's stages.", "stage")
        self.cycle = self._histogram("evaluation_duration_seconds", "From a head read to all vaults decided.")
        self.unreadable = self._counter(
            "evaluation_unreadable_total", "Heads at which nothing could be read."
        )
        self.evaluated = self._gauge(
            "evaluation_last_success_timestamp_seconds", "Host time of the last decision.", "vault"
        )
        self.quarantined = self._gauge("vault_quarantined", "1 if left alone after a fault.", "vault")
        self.as_deployed = self._gauge(
            "vault_as_deployed", "1 if as its address book says, 0 if not or not known.", "vault"
        )
        self.mode = self._gauge("vault_mode", "1 for the mode in force.", "vault", "mode")
        self.policy_info = self._gauge(
            "policy_info", "The policy in force, by its text's hash.", "vault", "sha256"
        )
        self.reload_ok = self._gauge("policy_last_reload_successful", "0 while a policy file is bad or gone.")
        self.lag = self._gauge("event_loop_lag_seconds", "How late the event loop was when it last looked.")
        self.live = self._gauge("live", "1 when armed by --live and a key, 0 in a dry run.")
        self.build = self._gauge("build_info", "Version of the program.", "version")
        for stage in STAGES:
            self.stage.labels(stage)

    def _data(self) -> None:
        self.oracle_updated = self._gauge(
            "oracle_last_update_timestamp_seconds", "When the feed last answered.", "vault", "feed"
        )
        self.oracle_heartbeat = self._gauge(
            "oracle_heartbeat_seconds", "Greatest age allowed.", "vault", "feed"
        )
        self.reference_updated = self._gauge(
            "market_data_last_update_timestamp_seconds", "When the reference last spoke.", "source"
        )
        self.reference_dropped = self._counter(
            "market_data_dropped_total", "Answers of a reference not taken.", "source", "reason"
        )
        self.rpc = self._counter("rpc_requests_total", "Questions to nodes.", "endpoint", "method", "outcome")
        self.rpc_seconds = self._histogram(
            "rpc_request_duration_seconds", "Time to an answer.", "endpoint", "method"
        )
        self.endpoint_up = self._gauge(
            "rpc_endpoint_up", "1 while the node tells heads, when asked or by push.", "endpoint", "via"
        )
        self.endpoint_state = self._gauge(
            "rpc_endpoint_state", "1 for how an endpoint stands now.", "endpoint", "state"
        )
        self.disagreements = self._counter(
            "rpc_disagreements_total", "Answers that were not those agreed on.", "endpoint", "method"
        )
        self.head_number = self._gauge("rpc_head_block_number", "Newest block.")
        self.head_time = self._gauge("rpc_head_timestamp_seconds", "Chain time of the newest block.")
        self.missed = self._counter("chain_missed_blocks_total", "Blocks that were never seen as a head.")
        self.reorgs = self._counter("chain_reorgs_total", "Heads that replaced known blocks.")
        self.reorg_depth = self._gauge("chain_reorg_depth_blocks", "Depth of the last reorganisation.")
        self.base_fee = self._gauge("base_fee_wei", "Base fee per unit of gas.")

    def _transactions(self) -> None:
        self.balance = self._gauge("wallet_balance_ether", "The keeper's coin for gas.")
        self.transactions = self._counter("transactions_total", "Steps of transactions.", "state")
        self.replacements = self._counter("transaction_replacements_total", "Bumps and no-ops signed.")
        self.reviews = self._counter(
            "transaction_reviews_total",
            "Plans in flight asked about: wanted, unwanted, instead.",
            "vault",
            "wish",
        )
        self.alarms = self._counter("transaction_alarms_total", "What a person must hear of.", "alert")
        self.gap_gas = self._counter("gap_gas_ether_total", "Spent on no-ops that fill gaps in the nonces.")
        self.pending = self._gauge("transactions_pending", "Vaults with an unfinished intent.")
        self.lease_held = self._gauge("lease_held", "1 while this process is the account's writer.")
        self.journal_ok = self._gauge("journal_up", "0 after the journal could not be written.")
        for state in ("signed", "broadcast", "taken", "not-taken"):
            self.transactions.labels(state)
        for alert in Alert:
            self.alarms.labels(alert.value)
        self.journal_ok.set(1)

    def _tables(self) -> None:
        self.band_from = self._gauge(
            "vault_band_from",
            "1 for what found the band: a table, or the closed form and why.",
            "vault",
            "tier",
        )
        self.table_stated = self._gauge(
            "vault_table_stated_timestamp_seconds",
            "Chain time for which the newest table was solved.",
            "vault",
        )
        self.solved = self._counter("tables_solved_total", "Books solved, by what was found.", "outcome")
        self.solve_seconds = self._histogram("table_solve_duration_seconds", "Time to solve a book.")
        self.tables_waiting = self._gauge("tables_waiting", "Books that wait to be solved.")
        self.worker_up = self._gauge("table_worker_up", "1 while there is a process that solves.")
        self.worker_deaths = self._counter("table_worker_deaths_total", "Times that it died.")
        for outcome in SOLVED:
            self.solved.labels(outcome)
