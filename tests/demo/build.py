"""Records of runs, made of a few numbers each."""

import math
from collections.abc import Sequence

from keeper.demo.samples import BlockSample, Fill, Record, SentSample, VaultSample

NAME = "strangle"


def vault(gap: float, value_usd: float = 0.0, band: float = 1.0, target: float = 0.0) -> VaultSample:
    return VaultSample(
        gap=gap, target=target, inventory=10.0, value_usd=value_usd, band_low=-band, band_high=band
    )


def block(number: int, spot: float, mine: VaultSample, twin: VaultSample | None = None) -> BlockSample:
    return BlockSample(
        number=number,
        timestamp=1_700_000_000 + 600 * number,
        base_fee_wei=10**9,
        spot=spot,
        native_usd=spot,
        vaults={NAME: mine},
        twins={NAME: twin or mine},
    )


def blocks(
    spots: Sequence[float],
    own: Sequence[float],
    twins: Sequence[float] | None = None,
    worth: Sequence[float] | None = None,
) -> tuple[BlockSample, ...]:
    return tuple(
        block(
            100 + i,
            spot,
            vault(own[i], worth[i] if worth else 0.0),
            vault(twins[i] if twins else own[i], worth[i] if worth else 0.0),
        )
        for i, spot in enumerate(spots)
    )


def record(
    seen: Sequence[BlockSample], sent: Sequence[SentSample] = (), limit_usd: float = 1_000.0
) -> Record:
    return Record(tuple(seen), tuple(sent), {NAME: limit_usd})


def hedge(
    at: int,
    *,
    sells_base: bool = True,
    base: float = 2.0,
    quote: float = 199.0,
    price: float = 100.0,
    gas_usd: float = 3.0,
) -> SentSample:
    return SentSample(
        block=at,
        hash="0x" + "ab" * 32,
        nonce=at,
        vault=NAME,
        succeeded=True,
        gas_used=300_000,
        gas_cost_usd=gas_usd,
        fill=Fill(sequence=at, sells_base=sells_base, base=base, quote=quote, price=price),
    )


def reverted(at: int) -> SentSample:
    return SentSample(
        at, "0x" + "cd" * 32, at, NAME, succeeded=False, gas_used=50_000, gas_cost_usd=1.0, fill=None
    )


def wavy(length: int = 240) -> Record:
    """A run of three vaults with a crash, for pictures."""
    seen, sent = [], []
    names = ("strangle", "covered-call", "iron-condor")
    for i in range(length):
        spot = 3000 * (1 + 0.02 * math.sin(i / 9)) * (0.75 if i > length * 0.6 else 1.0)
        mine = {
            name: VaultSample(
                9 * math.sin(i / (3 + j)), 0.0, 200.0, 5e6 + 1e3 * math.sin(i / 20), -12.0, 14.0
            )
            for j, name in enumerate(names)
        }
        twin = {
            name: VaultSample((3000 - spot) / (4 + j), 0.0, 200.0, 5e6 + 300 * (spot - 3000), -1.0, 1.0)
            for j, name in enumerate(names)
        }
        seen.append(BlockSample(100 + i, 1_700_000_000 + 600 * i, 10**9, spot, spot, mine, twin))
        if i % 11 == 0:
            name = names[i % 3]
            fill = Fill(i, sells_base=i % 2 == 0, base=8.0, quote=8 * spot * 0.999, price=spot)
            sent.append(SentSample(100 + i, "0x" + f"{i:064x}", i, name, True, 250_000, 4.0, fill))  # noqa: FBT003
    return Record(
        tuple(seen), tuple(sent), {"strangle": 80_000.0, "covered-call": 60_000.0, "iron-condor": 50_000.0}
    )
