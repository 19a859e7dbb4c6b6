"""The volatility of every strike and expiry, from quotes, without arbitrage."""

from keeper.core.pricing.surface.building import Kind, Refused, Surface, fit_surface
from keeper.core.pricing.surface.flaws import Flaw, Unfit
from keeper.core.pricing.surface.interpolation import forward_at, volatility_at
from keeper.core.pricing.surface.quotes import Quotes, Smile, screen
from keeper.core.pricing.surface.svi import Slice, total_variance

__all__ = [
    "Flaw",
    "Kind",
    "Quotes",
    "Refused",
    "Slice",
    "Smile",
    "Surface",
    "Unfit",
    "fit_surface",
    "forward_at",
    "screen",
    "total_variance",
    "volatility_at",
]
