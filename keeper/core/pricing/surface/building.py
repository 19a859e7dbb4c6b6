"""A surface from a chain of quotes: slices one after the other, or SSVI where that cannot be.

Each expiry is fitted above the one before it. If one of them has no slice without arbitrage, or if what lies
between two of them has arbitrage, all expiries are fitted together by SSVI instead, which is worse on the
quotes and sound by construction. What SSVI cannot do is refused.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from keeper.core.pricing.surface.arbitrage import least_density_between
from keeper.core.pricing.surface.fitting import failures, fit_slice
from keeper.core.pricing.surface.flaws import Flaw, Unfit
from keeper.core.pricing.surface.quotes import Quotes, Smile, screen
from keeper.core.pricing.surface.ssvi import fit_ssvi
from keeper.core.pricing.surface.svi import Slice


class Kind(StrEnum):
    """How a slice came about."""

    FITTED = "fitted"
    REPAIRED = "repaired"
    SSVI = "ssvi"


@dataclass(frozen=True, slots=True)
class Refused:
    """An expiry of the chain that is not in the surface."""

    expiry: int
    flaw: Flaw


@dataclass(frozen=True, slots=True)
class Surface:
    """Slices in order of time, as many smiles that they were fitted to, and how each came about."""

    slices: tuple[Slice, ...]
    smiles: tuple[Smile, ...]
    kinds: tuple[Kind, ...]
    refused: tuple[Refused, ...]


def fit_surface(chain: Sequence[Quotes]) -> Surface | Unfit:
    """The surface of some expiries, in any order; or why there is none."""
    smiles: list[Smile] = []
    refused: list[Refused] = []
    for position in sorted(range(len(chain)), key=lambda i: chain[i].years):
        found = screen(chain[position])
        if isinstance(found, Unfit):
            refused.append(Refused(position, found.flaw))
        elif smiles and found.years == smiles[-1].years:
            refused.append(Refused(position, Flaw.REPEATED))
        else:
            smiles.append(found)
    if not smiles:
        return Unfit(refused[0].flaw if refused else Flaw.TOO_FEW_QUOTES)
    fitted = _one_by_one(smiles) or _together(smiles)
    if not fitted:
        return Unfit(Flaw.NO_FIT)
    slices, kinds = zip(*fitted, strict=True)
    return Surface(slices, tuple(smiles), kinds, tuple(refused))


def _one_by_one(smiles: Sequence[Smile]) -> list[tuple[Slice, Kind]]:
    """Every expiry above the one before; nothing if one of them cannot be."""
    found: list[tuple[Slice, Kind]] = []
    for smile in smiles:
        fitted = fit_slice(smile, found[-1][0] if found else None)
        if isinstance(fitted, Unfit):
            return []
        found.append((fitted.smile, Kind.REPAIRED if fitted.repaired else Kind.FITTED))
    return found if _between_is_free([each for each, _ in found]) else []


def _together(smiles: Sequence[Smile]) -> list[tuple[Slice, Kind]]:
    """All expiries by SSVI; nothing if rounding or the time between them undoes what it promises."""
    slices = fit_ssvi(smiles)
    free = not any(failures(late, early) for early, late in zip((None, *slices), slices, strict=False))
    return [(each, Kind.SSVI) for each in slices] if free and _between_is_free(slices) else []


def _between_is_free(slices: Sequence[Slice]) -> bool:
    return all(least_density_between(early, late).value >= 0.0 for early, late in pairwise(slices))
