"""What models say, as numbers that can be drawn and one line when what they can say has changed."""

import math
from collections.abc import Callable, Sequence

import structlog

from keeper.core.forecast import Forecast, Outlook, Silent, Turbulence
from keeper.core.units import Address
from keeper.observe.metrics import Metrics


class ForecastsTold:
    """Hears each new outlook. `name_of` is what a vault is called."""

    def __init__(self, metrics: Metrics, name_of: Callable[[Address], str]) -> None:
        self._m, self._name_of = metrics, name_of
        self._log = structlog.get_logger("keeper")
        self._silent: dict[Address, tuple[Silent, ...]] = {}

    def foretold(self, vault: Address, outlook: Outlook) -> None:
        """What is known after another bar; a model that is silent exports no number, as 0 would be one."""
        name, turbulence = self._name_of(vault), outlook.turbulence
        wild = turbulence.probability if isinstance(turbulence, Turbulence) else math.nan
        self._m.turbulence.labels(name).set(wild)
        said: dict[str, object] = {}
        for each in outlook.forecasts:
            said[each.model] = each.volatility if isinstance(each, Forecast) else each.why.value
            volatility = each.volatility if isinstance(each, Forecast) else math.nan
            self._m.forecast.labels(name, each.model).set(volatility)
        silent = tuple(each for each in (*outlook.forecasts, turbulence) if isinstance(each, Silent))
        tell = self._log.debug if self._silent.get(vault) == silent else self._log.info
        self._silent[vault] = silent
        tell("forecast", vault=name, bars=outlook.bars, until=outlook.until, turbulence=wild, **said)

    def failed(self, vaults: Sequence[Address], error: Exception) -> None:
        """Models raised: that is a defect, and what they said before stands."""
        self._log.error(
            "forecast failed",
            vaults=[self._name_of(vault) for vault in vaults],
            addresses=list(vaults),
            error=str(error),
            exc_info=error,
        )
