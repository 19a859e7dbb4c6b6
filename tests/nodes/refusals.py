"""The refusals on file: each client's own error objects, and what each of them means."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keeper.core.transaction.words import Answer

FOLDER = Path(__file__).parents[1] / "fixtures" / "refusals"


@dataclass(frozen=True, slots=True)
class Refusal:
    """One JSON-RPC error of one client. `when` names the situation, alike for all clients."""

    client: str
    when: str
    method: str
    code: int
    message: str
    data: object
    answer: Answer
    how: str
    where: str

    def __str__(self) -> str:
        return f"{self.client}-{self.when}"


def rows() -> list[Refusal]:
    """Every refusal on file."""
    return [row for file in sorted(FOLDER.glob("*.json")) for row in _read(file)]


@functools.cache
def by_situation(client: str) -> Mapping[str, Refusal]:
    """A client's refusals by `when`."""
    return {row.when: row for row in _read(FOLDER / f"{client}.json")}


def _read(file: Path) -> list[Refusal]:
    document = json.loads(file.read_text())
    return [
        Refusal(
            client=document["client"],
            when=row["when"],
            method=row["method"],
            code=row["error"]["code"],
            message=row["error"]["message"],
            data=row["error"].get("data"),
            answer=Answer(row["answer"]),
            how=document["how"],
            where=row["where"],
        )
        for row in document["refusals"]
    ]
