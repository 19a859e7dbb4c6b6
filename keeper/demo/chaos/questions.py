"""JSON-RPC as a proxy sees it: what was asked, and the answer as an object that can be changed."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import orjson

from keeper.demo.rpc import Json

Answer: TypeAlias = "dict[str, Json]"
Ask: TypeAlias = "Callable[[str, Sequence[Json]], Awaitable[Answer]]"
"""Asks the node behind the proxy: its answer without the envelope, `result` or `error`."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call. `number` is the caller's id."""

    number: Json
    method: str
    params: tuple[Json, ...]

    @property
    def is_broadcast(self) -> bool:
        """Whether it hands over a signed transaction."""
        return self.method == "eth_sendRawTransaction"


def read_question(body: bytes) -> Question | None:
    """The question in a request's body; None for a batch, or for what is none."""
    try:
        asked = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    match asked:
        case {"id": number, "method": str(method), **rest}:
            params = rest.get("params")
            return Question(number, method, tuple(params) if isinstance(params, list) else ())
        case _:
            return None


def enveloped(question: Question, answer: Answer) -> bytes:
    """The answer as the caller expects it."""
    return orjson.dumps({"jsonrpc": "2.0", "id": question.number, **answer})


def refusal(message: str, code: int = -32000) -> Answer:
    """A node's no."""
    return {"error": {"code": code, "message": message}}
