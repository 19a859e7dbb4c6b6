"""Core values as JSON text and back.

Pydantic reads the dataclasses' own annotations, so a field added to the core is stored without a word here.
Its order of fields is the order of the class: the same value always gives the same text, and its hash names
it. Bytes are hex; infinities are words, because JSON has none; integers have any size.
"""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

from keeper.core.decision import Decision
from keeper.core.forecast import Outlook
from keeper.core.head import Head
from keeper.core.hedging import Origin
from keeper.core.market import Reference
from keeper.core.memory import Memory
from keeper.core.outcome import Outcome
from keeper.core.plan import Plan
from keeper.core.policy import Policy
from keeper.core.transaction.fees import Fees
from keeper.core.transaction.slot import Terms
from keeper.core.units import Address
from keeper.ports import JournalError

T = TypeVar("T")

CONFIG = ConfigDict(ser_json_inf_nan="strings", ser_json_bytes="hex", val_json_bytes="hex", extra="forbid")


class Codec(Generic[T]):
    """One type's text form.

    The adapter is of an optional type because pydantic takes its configuration for a union, not for a bare
    dataclass; None itself is never stored.
    """

    def __init__(self, adapter: TypeAdapter[T | None]) -> None:
        self._adapter = adapter

    def dump(self, value: T) -> str:
        """The text."""
        return self._adapter.dump_json(value).decode()

    def load(self, body: str | bytes) -> T:
        """The value. Raises JournalError for a text of another shape, as another release may have written."""
        try:
            value = self._adapter.validate_json(body)
        except ValidationError as error:
            raise JournalError(f"a row of the journal cannot be read by this release: {error}") from error
        if value is None:
            raise JournalError("a row of the journal is empty")
        return value


HEAD: Codec[Head] = Codec(TypeAdapter(Head | None, config=CONFIG))
PLAN: Codec[Plan] = Codec(TypeAdapter(Plan | None, config=CONFIG))
MEMORY: Codec[Memory] = Codec(TypeAdapter(Memory | None, config=CONFIG))
DECISION: Codec[Decision] = Codec(TypeAdapter(Decision | None, config=CONFIG))
FEES: Codec[Fees] = Codec(TypeAdapter(Fees | None, config=CONFIG))
TERMS: Codec[Terms] = Codec(TypeAdapter(Terms | None, config=CONFIG))
ORIGIN: Codec[Origin] = Codec(TypeAdapter(Origin | None, config=CONFIG))
OUTCOME: Codec[Outcome] = Codec(TypeAdapter(Outcome | None, config=CONFIG))
REFERENCES: Codec[tuple[Reference, ...]] = Codec(TypeAdapter(tuple[Reference, ...] | None, config=CONFIG))
VAULTS: Codec[tuple[Address, ...]] = Codec(TypeAdapter(tuple[Address, ...] | None, config=CONFIG))
POLICIES: Codec[Mapping[Address, Policy]] = Codec(TypeAdapter(Mapping[Address, Policy] | None, config=CONFIG))
OUTLOOKS: Codec[Mapping[Address, Outlook]] = Codec(
    TypeAdapter(Mapping[Address, Outlook] | None, config=CONFIG)
)
MEMORIES: Codec[Mapping[Address, Memory]] = Codec(TypeAdapter(Mapping[Address, Memory] | None, config=CONFIG))


def by_vault(mapping: Mapping[Address, T]) -> dict[Address, T]:
    """The mapping in the order of its keys, so that equal mappings have equal texts."""
    return dict(sorted(mapping.items()))


def digest(body: str) -> str:
    """The name of a text."""
    return hashlib.sha256(body.encode()).hexdigest()


def pack(body: bytes) -> bytes:
    """Compressed for the disk. The fastest level: most of a lens answer is zeros, and a head waits for it."""
    return zlib.compress(body, level=1)


def unpack(body: bytes) -> bytes:
    """The bytes that were packed. Raises JournalError when they are not whole."""
    try:
        return zlib.decompress(body)
    except zlib.error as error:
        raise JournalError(f"a row of the journal is damaged: {error}") from error
