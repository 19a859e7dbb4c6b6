"""What the keeper tells: one method for each event worth telling, a log line and its metrics together.

Code elsewhere says what happened (`observer.decided(decision)`), never a metric's name. Reasons are counted
always and logged when they change, so that a vault that holds for a day is one line and not seven thousand.
Labels are closed sets; times are exported as timestamps, because an age stops growing when a process dies;
limits stand beside what they limit, so that no alert rule holds a constant.
"""

from keeper.observe.chain import ChainTold
from keeper.observe.forecasts import ForecastsTold
from keeper.observe.metrics import Metrics
from keeper.observe.tables import TablesTold
from keeper.observe.vaults import Told

__all__ = ["ChainTold", "ForecastsTold", "Metrics", "TablesTold", "Told"]
