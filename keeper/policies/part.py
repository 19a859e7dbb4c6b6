"""What the parts of a policy file have in common."""

from collections.abc import Iterable

from pydantic import BaseModel, ConfigDict
from pydantic_core import PydanticCustomError

CONTRADICTION = "contradiction"


class Part(BaseModel):
    """A mapping in a policy file: of known keys only."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def refuse(contradictions: Iterable[tuple[str, str]]) -> None:
    """Report every (dotted key, sentence) pair at once, under one error that knows the keys."""
    found = list(contradictions)
    if found:
        raise PydanticCustomError(CONTRADICTION, "contradiction", {"found": found})
