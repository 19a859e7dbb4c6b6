"""What a person may choose about a demo run."""

from dataclasses import dataclass
from pathlib import Path

DEFAULT_SEED = 9
DEFAULT_BLOCKS = 360
DEFAULT_BLOCK_INTERVAL_S = 0.2
DEFAULT_STEP_S = 300


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """One run of the demo.

    `json` prints one JSON object on stdout and sends progress to stderr. `tape` replays recorded prices
    instead of the seeded path. `out` is the run's folder, a new one below the working directory if absent.
    `keep` leaves everything running after the last block until Ctrl-C. `block_interval_s` is wall time
    between blocks, `step_s` the market time that one block takes. `policies` is a folder with one example for
    each vault to use instead of the project's. `kills` is how often the daemon is killed in mid-run (SIGKILL)
    and started again, which it must survive without anyone noticing.
    """

    json: bool = False
    seed: int = DEFAULT_SEED
    blocks: int = DEFAULT_BLOCKS
    tape: Path | None = None
    out: Path | None = None
    keep: bool = False
    block_interval_s: float = DEFAULT_BLOCK_INTERVAL_S
    step_s: int = DEFAULT_STEP_S
    policies: Path | None = None
    kills: int = 0
