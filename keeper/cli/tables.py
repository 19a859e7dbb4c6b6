"""What people see: tables, one fact a row, the measured beside its limit."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from keeper.adapters.ethereum.preflight import Finding
from keeper.app.cycle import Looked
from keeper.cli.advised import advised
from keeper.cli.books import drawn
from keeper.cli.conclusions import action_of, conclusion
from keeper.cli.foreseen import foreseen
from keeper.cli.risks import risks
from keeper.cli.tiers import tier
from keeper.core.decision import Decision
from keeper.core.exposure import Exposure
from keeper.core.market import Reading
from keeper.core.policy import NO_BOOK, Policy
from keeper.core.risk import book_exposures
from keeper.core.units import WAD, Address
from keeper.ports import Accepted

GOOD, SOON, BAD, DIM = "green", "yellow", "red", "dim"


def findings(found: Iterable[Finding]) -> RenderableType:
    """What `check` found, faults with advice."""
    table = Table("", "what", box=None, pad_edge=False)
    table.add_column("found", overflow="fold")
    table.add_column("to do", overflow="fold")
    for finding in found:
        table.add_row(_mark(finding), finding.name, Text(finding.detail), Text(finding.advice))
    return table


def _mark(finding: Finding) -> Text:
    if not finding.ok:
        return Text("FAULT", style=BAD)
    return Text("soon", style=SOON) if finding.advice else Text("ok", style=GOOD)


def decided(looked: Looked) -> RenderableType:
    """One line for each vault: what was decided, why, and what became of it."""
    table = Table(
        "vault", "decision", "reason", "delta usd", "limit usd", "outcome",
        title=f"block {looked.head.number}", title_justify="left", box=None, pad_edge=False,
    )  # fmt: skip
    for decision in looked.decisions:
        policy = looked.policies[decision.vault]
        table.add_row(
            policy.name,
            action_of(decision),
            decision.reason.value,
            _usd(decision.exposure.gap_usd) if _measured(decision) else "unknown",
            f"{policy.limits.delta_usd_wad / WAD:,.0f}",
            _answer(looked, decision.vault),
        )
    return Group(table, *_books(looked))


def _books(looked: Looked) -> Iterator[RenderableType]:
    """The books that the vaults looked at are in."""
    members = [
        (policy.book, each)
        for each in looked.situations
        if (policy := looked.policies.get(each.vault.address)) is not None and policy.book != NO_BOOK
    ]
    yield from drawn([asdict(each) for each in book_exposures(members)])


def explanation(looked: Looked) -> RenderableType:
    """Everything about one vault."""
    decision, situation = looked.decisions[0], looked.situations[0]
    policy = looked.policies[decision.vault]
    return Group(
        Text(f"{policy.name}  {decision.vault}", style="bold"),
        Text(f"block {looked.head.number}, {looked.head.hash}", style=DIM),
        Text(f"mode {policy.mode.value}, policy {policy.sha256[:12]}", style=DIM),
        *_in_book(policy),
        "",
        *_measures(looked, decision, policy),
        conclusion(decision, _answer(looked, situation.vault.address)),
        *advised(decision.advice),
        *_in_flight(looked, situation.vault.address),
    )


def _in_book(policy: Policy) -> Iterator[RenderableType]:
    if policy.book != NO_BOOK:
        name = f"{policy.book.name}, {policy.book.underlying}"
        yield Text(f"in book {name}: `keeper status` and `keeper once` show it netted", style=DIM)


def _in_flight(looked: Looked, vault: Address) -> Iterator[RenderableType]:
    if vault in looked.in_flight:
        yield Text("a transaction of this vault is in flight: see `keeper tx list`", style=DIM)


def _measured(decision: Decision) -> bool:
    return decision.exposure.spot > 0


def _usd(amount: float) -> str:
    return f"{round(amount):,}"  # a float would be "-0" where there is next to nothing


def _measures(looked: Looked, decision: Decision, policy: Policy) -> Iterator[RenderableType]:
    if not looked.situations[0].vault.readable:
        yield from (Text("the vault cannot be read: nothing is known of it", style=BAD), "")
        return
    yield from (_feeds(looked, policy), "")
    if _measured(decision):
        yield from (_limits(decision.exposure, policy), "")
        yield from risks(policy, looked.situations[0])
        yield from (_band(decision), tier(looked), "")
        yield from foreseen(policy, looked.situations[0])
    else:
        yield from (Text("without a price nothing is measured", style=BAD), "")
    yield from (_legs(looked), "")


def _feeds(looked: Looked, policy: Policy) -> Table:
    vault = looked.situations[0].vault
    table = Table("feed", "answer", "age", "allowed", box=None, pad_edge=False)
    for name, reading, allowed in (
        ("price", vault.price, policy.oracle.price.max_age_s),
        ("volatility", vault.volatility, policy.oracle.volatility.max_age_s),
        ("native price", looked.snapshot.native_price, None),
    ):
        table.add_row(name, *_reading(reading, looked.head.timestamp, allowed))
    for reference in looked.snapshot.references:
        age_s = looked.head.timestamp - reference.observed_at
        allowed_s = f"{policy.oracle.reference_max_age_s} s"
        table.add_row(reference.source, f"{reference.price_wad / WAD:,.4f}", f"{age_s} s", allowed_s)
    return table


def _reading(reading: Reading, now: int, allowed_s: int | None) -> tuple[str, str, str]:
    allowed = "" if allowed_s is None else f"{allowed_s} s"
    if not reading.updated_at:
        return "none", "never", allowed
    return f"{reading.answer_wad / WAD:,.4f}", f"{now - reading.updated_at} s", allowed


def _limits(exposure: Exposure, policy: Policy) -> Table:
    table = Table("sensitivity", "measured", "limit", "used", box=None, pad_edge=False)
    limits = policy.limits
    for name, measured, limit_wad in (
        ("delta (usd from target)", exposure.gap_usd, limits.delta_usd_wad),
        ("gamma (usd per 1 %)", exposure.gamma_usd, limits.gamma_usd_wad),
        ("vega (usd per point)", exposure.vega_usd, limits.vega_usd_wad),
        ("theta (usd per day)", exposure.theta_usd, limits.theta_usd_wad),
    ):
        used = abs(measured) * WAD / limit_wad
        style = BAD if used > 1 else ""
        table.add_row(name, _usd(measured), f"±{limit_wad / WAD:,.0f}", Text(f"{used:.0%}", style=style))
    ratio = exposure.collateral_ratio
    shown = f"{ratio:.2f}" if math.isfinite(ratio) else "no short legs"
    table.add_row("collateral ratio", shown, f"≥ {limits.collateral_ratio_wad / WAD:.2f}", "")
    table.add_row("net asset value (usd)", f"{exposure.nav_usd:,.0f}", "", "")
    return table


def _band(decision: Decision) -> Table:
    band, exposure = decision.band, decision.exposure
    table = Table("in base", "amount", box=None, pad_edge=False)
    table.add_row("inventory", f"{exposure.inventory:,.4f}")
    table.add_row("book delta", f"{exposure.book_delta:,.4f}")
    table.add_row("target delta", f"{exposure.target_delta:,.4f}")
    if band.sell_above > band.buy_below:
        table.add_row("buy below", f"{band.buy_below:,.4f}  (up to {band.buy_to:,.4f})")
        table.add_row("sell above", f"{band.sell_above:,.4f}  (down to {band.sell_to:,.4f})")
    return table


def _legs(looked: Looked) -> Table:
    table = Table("leg", "strike", "size", "days left", box=None, pad_edge=False)
    for leg in looked.snapshot.legs_of(0):
        days = max(leg.expiry - looked.head.timestamp, 0) / 86_400
        kind = "call" if leg.is_call else "put"
        table.add_row(kind, f"{leg.strike_wad / WAD:,.2f}", f"{leg.size_wad / WAD:,.4f}", f"{days:.2f}")
    return table


def _answer(looked: Looked, vault: Address) -> str:
    answer = looked.answers.get(vault)
    if answer is None:
        return ""
    return "accepted" if isinstance(answer, Accepted) else f"{answer.reason.value}: {answer.detail}"
