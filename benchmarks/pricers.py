"""Libraries that price options, behind one interface: whole arrays in, whole arrays out.

What a library does not answer, or answers by an exception, is NaN. Units are ours: vega per 1.00 of
volatility, theta per year.
"""

from collections.abc import Iterator
from typing import NamedTuple, Protocol

import mpmath  # type: ignore[import-untyped]
import numpy as np
import py_lets_be_rational as rational  # type: ignore[import-untyped]
import QuantLib as ql  # type: ignore[import-untyped]  # noqa: N813 as its own manual spells it
from vollib.black_scholes import black_scholes  # type: ignore[import-untyped]
from vollib.black_scholes.greeks import analytical  # type: ignore[import-untyped]
from vollib.black_scholes.implied_volatility import implied_volatility as vollib_implied  # type: ignore[import-untyped]
from vollib.helpers.exceptions import (  # type: ignore[import-untyped]
    PriceIsAboveMaximum,
    PriceIsBelowIntrinsic,
)

from keeper.core.pricing.black_scholes import Flags, Floats, greeks
from keeper.core.pricing.implied import implied_volatility

NAMES = ("price", "delta", "gamma", "vega", "theta")
DIGITS = 60

Option = tuple[float, float, float, float, bool]


class Options(NamedTuple):
    """Columns of one length."""

    spot: Floats
    strike: Floats
    years: Floats
    volatility: Floats
    is_call: Flags

    def where(self, chosen: Flags) -> "Options":
        """Some of them."""
        return Options(
            self.spot[chosen],
            self.strike[chosen],
            self.years[chosen],
            self.volatility[chosen],
            self.is_call[chosen],
        )

    def rows(self) -> Iterator[Option]:
        """One option after the other, as plain numbers."""
        return zip(*(column.tolist() for column in self), strict=True)


class Pricer(Protocol):
    """One library."""

    @property
    def name(self) -> str:
        """With its version."""
        ...

    def greeks(self, options: Options) -> Floats:
        """A row for each option, in the order of `NAMES`."""
        ...

    def implied(self, options: Options, price: Floats) -> Floats:
        """Volatility; that of the options is not looked at."""
        ...


class Keeper:
    """Ours."""

    name = "keeper"

    def greeks(self, options: Options) -> Floats:
        """One call."""
        found = greeks(*options)
        return np.stack([getattr(found, name) for name in NAMES], axis=-1)

    def implied(self, options: Options, price: Floats) -> Floats:
        """One call."""
        return implied_volatility(price, options.spot, options.strike, options.years, options.is_call)


class Vollib:
    """A function for each Greek and option."""

    name = "vollib"

    def greeks(self, options: Options) -> Floats:
        """Five calls for each."""
        return np.array([self._one(*row) for row in options.rows()])

    def implied(self, options: Options, price: Floats) -> Floats:
        """A call for each."""
        found = []
        for paid, (spot, strike, years, _, call) in zip(price.tolist(), options.rows(), strict=True):
            try:
                found.append(vollib_implied(paid, spot, strike, years, 0.0, "c" if call else "p"))
            except (PriceIsAboveMaximum, PriceIsBelowIntrinsic):
                found.append(np.nan)
        return np.array(found)

    @staticmethod
    def _one(spot: float, strike: float, years: float, sigma: float, call: bool) -> tuple[float, ...]:  # noqa: FBT001 a row
        at = "c" if call else "p", spot, strike, years, 0.0, sigma
        return (
            black_scholes(*at),
            analytical.delta(*at),
            analytical.gamma(*at),
            analytical.vega(*at) * 100.0,
            analytical.theta(*at) * 365.0,
        )


class LetsBeRational:
    """Jaeckel's algorithm in Python: prices and volatilities only."""

    name = "py_lets_be_rational"

    def greeks(self, options: Options) -> Floats:
        """The price."""
        prices = [
            rational.black(spot, strike, sigma, years, 1 if call else -1)
            for spot, strike, years, sigma, call in options.rows()
        ]
        return np.stack([np.array(prices), *np.full((4, len(prices)), np.nan)], axis=-1)

    def implied(self, options: Options, price: Floats) -> Floats:
        """A call for each; it answers plus or minus the largest float where there is none."""
        solve = rational.implied_volatility_from_a_transformed_rational_guess
        found = np.array(
            [
                solve(paid, spot, strike, years, 1 if call else -1)
                for paid, (spot, strike, years, _, call) in zip(price.tolist(), options.rows(), strict=True)
            ]
        )
        return np.where(np.abs(found) > 1e300, np.nan, found)  # noqa: PLR2004 the largest float


class QuantLib:
    """Its calculator of Black's formula, without instruments and engines."""

    name = "QuantLib"

    def greeks(self, options: Options) -> Floats:
        """An object for each."""
        return np.array([self._one(*row) for row in options.rows()])

    def implied(self, options: Options, price: Floats) -> Floats:
        """Its bracketed solver, at an accuracy of 1e-14."""
        found = []
        for paid, (spot, strike, years, _, call) in zip(price.tolist(), options.rows(), strict=True):
            kind = ql.Option.Call if call else ql.Option.Put
            try:
                width = ql.blackFormulaImpliedStdDev(
                    kind, strike, spot, paid, 1.0, 0.0, ql.nullDouble(), 1e-14
                )
            except RuntimeError:
                width = np.nan
            found.append(width / np.sqrt(years))
        return np.array(found)

    @staticmethod
    def _one(spot: float, strike: float, years: float, sigma: float, call: bool) -> tuple[float, ...]:  # noqa: FBT001 a row
        payoff = ql.PlainVanillaPayoff(ql.Option.Call if call else ql.Option.Put, strike)
        found = ql.BlackCalculator(payoff, spot, sigma * years**0.5, 1.0)
        return (
            found.value(),
            found.delta(spot),
            found.gamma(spot),
            found.vega(years),
            found.theta(spot, years),
        )


class Mpmath:
    """The textbook formulas in sixty digits: the truth, at a price. It solves for no volatility."""

    name = f"mpmath, {DIGITS} digits"

    def greeks(self, options: Options) -> Floats:
        """Rounded to floats."""
        return np.array([[float(each) for each in exact(*row)] for row in options.rows()])

    def implied(self, options: Options, price: Floats) -> Floats:  # noqa: ARG002 it has none
        """Nothing."""
        return np.full(len(options.spot), np.nan)


def exact(spot: float, strike: float, years: float, sigma: float, call: bool) -> tuple[mpmath.mpf, ...]:  # noqa: FBT001 a row
    """Price, delta, gamma, vega, theta, none of which has lost a digit."""
    with mpmath.workdps(DIGITS):
        s, k, t, v = (mpmath.mpf(x) for x in (spot, strike, years, sigma))
        width = v * mpmath.sqrt(t)
        first = mpmath.log(s / k) / width + width / 2
        density = mpmath.exp(-(first**2) / 2) / mpmath.sqrt(2 * mpmath.pi)
        sign = 1 if call else -1
        inside, outside = (mpmath.erfc(-sign * d / mpmath.sqrt(2)) / 2 for d in (first, first - width))
        return (
            sign * (s * inside - k * outside),
            sign * inside,
            density / (s * width),
            s * density * mpmath.sqrt(t),
            -s * density * v / (2 * mpmath.sqrt(t)),
        )
