"""Chainlink feeds as on mainnet: oracles submit to a FluxAggregator, readers ask its proxy."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from web3.contract import Contract

from keeper.demo.artifacts import protocol
from keeper.demo.chain import Chain

AGGREGATOR = "chainlink-legacy/abi/v0.6/FluxAggregator.json"
PROXY = "chainlink-legacy/abi/v0.6/EACAggregatorProxy.json"
DECIMALS = 8

_UNIT: Final = 10.0**DECIMALS
_NOBODY = "0x" + "00" * 20
_GREATEST_ANSWER = 10**30


@dataclass(frozen=True, slots=True)
class Feed:
    """One feed. The proxy's round ids hold the phase in the bits above the aggregator's 64."""

    aggregator: Contract
    proxy: Contract
    oracles: tuple[str, ...]


def deploy_feed(chain: Chain, link: Contract, description: str, oracles: Sequence[str]) -> Feed:
    """A feed of 8 decimals whose round needs every oracle; they work for nothing, so no LINK is needed."""
    aggregator = chain.deploy(
        protocol(AGGREGATOR), link.address, 0, 0, _NOBODY, 1, _GREATEST_ANSWER, DECIMALS, description
    )
    count = len(oracles)
    chain.send(aggregator, "changeOracles", [], list(oracles), list(oracles), count, count, 0)
    proxy = chain.deploy(protocol(PROXY), aggregator.address, _NOBODY)
    return Feed(aggregator, proxy, tuple(oracles))


def submit_round(chain: Chain, feed: Feed, answer: float) -> int:
    """All oracles submit the same answer to the next round; returns the aggregator's round."""
    number = chain.read_int(feed.aggregator, "latestRound") + 1
    for oracle in feed.oracles:
        chain.send(feed.aggregator, "submit", number, to_answer(answer), sender=oracle)
    return number


def to_answer(value: float) -> int:
    """A price or a volatility in the feed's 8 decimals, to the nearest."""
    return round(value * _UNIT)
