"""A past for a vault of the world."""

import gzip
import math
from pathlib import Path

import numpy as np

from tests.fixtures.world import World

HOUR_S = 3_600


def tape(world: World, path: Path, days: int = 40, last: float = 3_000.0) -> str:
    """Hourly prices up to now, twice as wild as the oracle says, that end at the oracle's price."""
    rng = np.random.default_rng(7)
    moves = 1.4 / math.sqrt(365 * 24) * rng.standard_normal(days * 24)
    price = last * np.exp(np.concatenate([np.cumsum(moves[::-1])[::-1], [0.0]]))
    now = world.timestamp() - 600
    rows = [f"{now - (len(price) - 1 - hour) * HOUR_S},{each}" for hour, each in enumerate(price.tolist())]
    text = "\n".join(["ts,close", *rows]).encode()
    path.write_bytes(gzip.compress(text) if path.suffix == ".gz" else text)
    return str(path)
