"""What vaults may lose, by pricing every leg anew where it hurts."""

from keeper.core.risk.measuring import Risk, measure_risks
from keeper.core.risk.stress import Shock

__all__ = ["Risk", "Shock", "measure_risks"]
