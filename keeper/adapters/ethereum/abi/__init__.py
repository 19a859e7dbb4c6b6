"""The contracts' errors, event and functions, as `tools/write_abi.py` found them in the compiler's output."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import orjson


@dataclass(frozen=True, slots=True)
class Signature:
    """A custom error or an event: its name and its operands' names and types, indexed ones apart."""

    name: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed_names: tuple[str, ...]
    indexed_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Errors by selector, events by name with their topic, function selectors by name."""

    errors: dict[bytes, Signature]
    events: dict[str, tuple[bytes, Signature]]
    functions: dict[str, bytes]


@cache
def table() -> Table:
    """The committed table."""
    document = orjson.loads(files(__package__).joinpath("contracts.json").read_bytes())
    events = {_bytes(topic): _signature(shown) for topic, shown in document["events"].items()}
    return Table(
        errors={_bytes(selector): _signature(shown) for selector, shown in document["errors"].items()},
        events={signature.name: (topic, signature) for topic, signature in events.items()},
        functions={name: _bytes(selector) for selector, name in document["functions"].items()},
    )


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _signature(shown: str) -> Signature:
    """Read `Name(type name,type indexed name)`; none of the types is a tuple."""
    name, _, operands = shown.removesuffix(")").partition("(")
    parts = [operand.split() for operand in operands.split(",")] if operands else []
    plain = [part for part in parts if "indexed" not in part]
    indexed = [part for part in parts if "indexed" in part]
    return Signature(
        name=name,
        names=tuple(part[-1] for part in plain),
        types=tuple(part[0] for part in plain),
        indexed_names=tuple(part[-1] for part in indexed),
        indexed_types=tuple(part[0] for part in indexed),
    )
