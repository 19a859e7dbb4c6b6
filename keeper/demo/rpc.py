"""JSON-RPC to a local node over one kept-alive connection.

The driver moves the world in a few round trips per block and must not spend its time in a client library:
web3 takes longer to import than anvil takes to start. Batches are the point of this module; whatever can
wait for the same answer travels together.
"""

import http.client
import time
from collections.abc import Sequence
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import orjson

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Call: TypeAlias = tuple[str, Sequence[Json]]

_IDLE_S = 5.0
"""A connection idle for longer may have been closed by the node; a new one costs less than finding out."""


class NodeUnreachableError(Exception):
    """The node did not answer. Whether it has done what was asked is not known."""


class RpcError(Exception):
    """The node refused a call. `data` is the revert data, "0x" where there is none."""

    def __init__(self, method: str, message: str, data: str = "0x") -> None:
        super().__init__(f"{method}: {message}" + (f" ({data})" if data != "0x" else ""))
        self.method, self.message, self.data = method, message, data


class Rpc:
    """A client for one thread. Nothing is retried: a lost answer to `evm_mine` must not mine twice."""

    def __init__(self, url: str, timeout_s: float = 30.0) -> None:
        split = urlsplit(url)
        self.url = url
        self._connection = http.client.HTTPConnection(
            split.hostname or "localhost", split.port, timeout=timeout_s
        )
        self._path = split.path or "/"
        self._used_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; a later call opens it again."""
        self._connection.close()

    def call(self, method: str, *params: Json) -> Json:
        """The result of one call. Raises RpcError and NodeUnreachableError."""
        answer = _result(method, self._post(_request(0, method, params)))
        if isinstance(answer, RpcError):
            raise answer
        return answer

    def batch(self, calls: Sequence[Call]) -> list[Json]:
        """Results in the order of the calls. Raises the first RpcError, and NodeUnreachableError."""
        results: list[Json] = []
        for outcome in self.outcomes(calls):
            if isinstance(outcome, RpcError):
                raise outcome
            results.append(outcome)
        return results

    def outcomes(self, calls: Sequence[Call]) -> list["Json | RpcError"]:
        """As `batch`, but a refused call is an error in its own place.

        The node may run the calls in any order.
        """
        if not calls:
            return []
        answers = self._post(
            [_request(number, method, params) for number, (method, params) in enumerate(calls)]
        )
        if not isinstance(answers, list):
            raise RpcError("batch", f"not a list of answers: {answers!r:.200}")
        by_number = {answer["id"]: answer for answer in answers if isinstance(answer, dict)}
        return [_result(method, by_number.get(number)) for number, (method, _) in enumerate(calls)]

    def _post(self, body: Json) -> Json:
        if time.monotonic() - self._used_at > _IDLE_S:
            self._connection.close()
        try:
            self._connection.request(
                "POST", self._path, orjson.dumps(body), {"Content-Type": "application/json"}
            )
            text = self._connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise NodeUnreachableError(f"{self.url}: {error!r}") from error
        self._used_at = time.monotonic()
        try:
            answer: Json = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise NodeUnreachableError(f"{self.url} does not speak JSON-RPC: {text[:200]!r}") from error
        return answer


def as_int(value: Json) -> int:
    """A quantity, as nodes write them: hexadecimal text. Raises TypeError for anything else."""
    if isinstance(value, int):
        return value
    if not isinstance(value, str):
        raise TypeError(f"not a quantity: {value!r:.100}")
    return int(value, 16)


def as_bytes(value: Json) -> bytes:
    """Data, as nodes write it: 0x-prefixed hexadecimal text. Raises TypeError for anything else."""
    if not isinstance(value, str):
        raise TypeError(f"not data: {value!r:.100}")
    return bytes.fromhex(value.removeprefix("0x"))


def as_object(value: Json) -> dict[str, Json]:
    """A JSON object. Raises TypeError for anything else."""
    if not isinstance(value, dict):
        raise TypeError(f"not an object: {value!r:.100}")
    return value


def _request(number: int, method: str, params: Sequence[Json]) -> dict[str, Json]:
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}


def _result(method: str, answer: Json) -> "Json | RpcError":
    if not isinstance(answer, dict):
        return RpcError(method, f"no answer: {answer!r:.200}")
    error = answer.get("error")
    if error is None:
        return answer.get("result")
    if not isinstance(error, dict):
        return RpcError(method, str(error))
    data = error.get("data")
    return RpcError(method, str(error.get("message")), data if isinstance(data, str) else "0x")
