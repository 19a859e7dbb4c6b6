"""The part of a policy file that lists what the desk can trade, for advice and never for a trade of ours.

Whether an option has expired and a quote is still good is a matter of the head's time, so it is not asked
here: a file that was right yesterday must not keep a restarted keeper from hedging (see `core.advice`).
"""

from collections.abc import Iterator, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator

from keeper.core.hedging.combination import MOST_INSTRUMENTS
from keeper.core.listing import NO_TERMS, OPTIONS, Kind, Listing, Prices, Room, Terms
from keeper.core.units import WAD
from keeper.policies.part import Part, refuse
from keeper.policies.quantities import Amount, Instant, Percent, PolicyName, Tenor, Usd

Contradiction = tuple[str, str]


class InstrumentPart(Part):
    """Something that the desk can trade beside the vault's own venue."""

    name: PolicyName = Field(description="What the advice calls it; once in a policy.")
    venue: PolicyName = Field(description="Where it is traded.")
    kind: Literal["call", "put", "linear-perp", "inverse-perp", "spot"] = Field(
        description="`spot` is the base itself, which the keeper hedges with by its own rule."
    )
    strike_usd: Usd | None = Field(default=None, description="Of an option, or else `moneyness`.")
    moneyness: Percent | None = Field(
        default=None, description="Strike over spot, for an option that is quoted on request."
    )
    expiry: Instant | None = Field(default=None, description="Of an option, or else `tenor`.")
    tenor: Tenor | None = Field(default=None, description="Time to expiry of an option quoted on request.")
    bid_usd: Usd | None = Field(default=None, description="What is paid for a unit, until `quoted_until`.")
    ask_usd: Usd | None = Field(default=None, description="What a unit costs, until `quoted_until`.")
    quoted_until: Instant | None = Field(default=None, description="After it the quote counts for nothing.")
    half_spread: Percent | None = Field(
        default=None, description="Instead of a quote: half of the spread as a share of the price."
    )
    fee: Percent | None = Field(default=None, description="A share of the worth of the base it is of.")
    ticket_usd: Usd | None = Field(default=None, description="What each trade costs, whatever its size.")
    max_buy: Amount | None = Field(default=None, description="In base; of an inverse perp in dollars.")
    max_sell: Amount | None = Field(default=None, description="In base; of an inverse perp in dollars.")
    lot: Amount = Field(description="Sizes are multiples of it.")

    @model_validator(mode="after")
    def _agree(self) -> Self:
        refuse([*self._terms(), *self._quote(), *self._room()])
        return self

    def _terms(self) -> Iterator[Contradiction]:
        stated = {
            "strike_usd": self.strike_usd,
            "moneyness": self.moneyness,
            "expiry": self.expiry,
            "tenor": self.tenor,
        }
        if Kind(self.kind) not in OPTIONS:
            for key, value in stated.items():
                if value is not None:
                    yield key, f"a {self.kind} has none: only a call or a put does"
            return
        for one, other in (("strike_usd", "moneyness"), ("expiry", "tenor")):
            if stated[one] is None and stated[other] is None:
                yield one, f"missing: an option needs `{one}` or `{other}`"
            if stated[one] is not None and stated[other] is not None:
                yield one, f"stands beside `{other}`, which says it otherwise: keep one of them"

    def _quote(self) -> Iterator[Contradiction]:
        quote = {"bid_usd": self.bid_usd, "ask_usd": self.ask_usd, "quoted_until": self.quoted_until}
        if self.half_spread is not None:
            beside = [key for key, value in quote.items() if value is not None]
            if beside:
                yield "half_spread", f"stands beside `{beside[0]}`, which says it otherwise: keep one of them"
            if self.half_spread >= WAD:
                yield "half_spread", "not below 100%: nobody would be paid for selling"
            return
        missing = [key for key, value in quote.items() if value is None]
        if missing:
            yield missing[0], "missing: state `bid_usd`, `ask_usd` and `quoted_until`, or `half_spread`"
            return
        yield from self._quoted(self.bid_usd or 0, self.ask_usd or 0, self.quoted_until or 0)

    def _quoted(self, bid: int, ask: int, until: int) -> Iterator[Contradiction]:
        if bid >= ask:
            yield "bid_usd", "not below `ask_usd`: a crossed quote is no quote"
        if self.expiry is not None and until > self.expiry:
            yield "quoted_until", "after `expiry`: no quote outlives its option"
        for key, value in (("moneyness", self.moneyness), ("tenor", self.tenor)):
            if value is not None:
                yield key, "another option at each look has no `bid_usd` that lasts: state `half_spread`"

    def _room(self) -> Iterator[Contradiction]:
        most = max(self.max_buy or 0, self.max_sell or 0)
        if not most:
            yield "max_buy", "missing: without `max_buy` or `max_sell` nothing could ever be traded"
        elif self.lot > most:
            yield "lot", "larger than `max_buy` and `max_sell`: not one could be traded"
        if (self.fee or 0) >= WAD:
            yield "fee", "not below 100%: the fee would be more than the base it is of"

    def to_core(self) -> Listing:
        """The same as the core's value."""
        kind = Kind(self.kind)
        return Listing(
            name=self.name,
            venue=self.venue,
            kind=kind,
            room=Room(self.max_buy or 0, self.max_sell or 0, self.lot),
            prices=Prices(
                self.bid_usd or 0,
                self.ask_usd or 0,
                self.quoted_until or 0,
                self.half_spread or 0,
                self.fee or 0,
                self.ticket_usd or 0,
            ),
            terms=Terms(self.strike_usd or 0, self.moneyness or 0, self.expiry or 0, self.tenor or 0)
            if kind in OPTIONS
            else NO_TERMS,
        )


def contradictions(listed: Sequence[InstrumentPart]) -> Iterator[Contradiction]:
    """What listings say against one another."""
    if not listed:
        yield "instruments", "nothing is listed: leave out `instruments`"
    if len(listed) > MOST_INSTRUMENTS:
        yield "instruments", f"{len(listed)} are listed: at most {MOST_INSTRUMENTS}"
    names = [each.name for each in listed]
    for place, each in enumerate(listed):
        if each.name in names[:place]:
            yield "instruments", f"`{each.name}` is the name of two"
    if sum(Kind(each.kind) is Kind.SPOT for each in listed) > 1:
        yield "instruments", "`spot` is listed twice: the vault has one venue for its base"
