"""One policy file to one core Policy, or every reason why not."""

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from keeper.core.policy import Policy
from keeper.policies.model import PolicyFile
from keeper.policies.part import CONTRADICTION
from keeper.policies.problems import PolicyError, Problem, nearest, shown
from keeper.policies.source import MAX_BYTES, Document, Path, read_document

_CHOICE = re.compile(r"'([^']*)'")


def read_policy(path: FilePath) -> Policy:
    """Read one file. Raises PolicyError with all that is wrong."""
    return parse_policy(str(path), read_bytes(path))


def read_bytes(path: FilePath) -> bytes:
    """The file's bytes, one more than allowed at most. Raises PolicyError when it cannot be read."""
    try:
        with path.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise PolicyError([Problem(str(path), 0, 0, f"cannot be read: {error.strerror}")]) from None


def parse_policy(file: str, raw: bytes) -> Policy:
    """Parse one file's bytes; `file` names it in errors. Raises PolicyError with all that is wrong."""
    document = read_document(file, raw)
    try:
        parsed = PolicyFile.model_validate(document.data)
    except ValidationError as error:
        raise PolicyError(
            problem for detail in error.errors() for problem in _problems(document, detail)
        ) from None
    return parsed.to_core(hashlib.sha256(raw).hexdigest())


def schema() -> str:
    """The JSON schema of a policy file, as text that ends in a newline."""
    body = {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyFile.model_json_schema()}
    return json.dumps(body, indent=2, ensure_ascii=False) + "\n"


def _problems(document: Document, detail: ErrorDetails) -> list[Problem]:
    path: Path = tuple(detail["loc"])
    dotted = ".".join(str(part) for part in path)
    if detail["type"] == CONTRADICTION:
        return [
            document.problem((*path, *key.split(".")), f"{'.'.join(filter(None, (dotted, key)))}: {sentence}")
            for key, sentence in detail["ctx"]["found"]
        ]
    if detail["type"] == "extra_forbidden":
        names = _names(path[:-1])
        hint = nearest(str(path[-1]), names)
        return [
            document.problem(
                path, f"unknown key {shown(dotted)}{hint} (allowed here: {', '.join(names)})", at_key=True
            )
        ]
    if detail["type"] == "missing":
        return [document.problem(path, f"missing key `{dotted}`")]
    return [document.problem(path, f"{dotted}: {_message(detail)}")]


def _message(detail: ErrorDetails) -> str:
    if detail["type"] == "literal_error":
        names = _CHOICE.findall(detail["ctx"]["expected"])
        return f"{shown(detail['input'])} is none of {', '.join(names)}{nearest(str(detail['input']), names)}"
    if detail["type"] == "model_type":
        return f"{shown(detail['input'])} is not a mapping of keys to values"
    return detail["msg"].removeprefix("Value error, ")


def _names(path: Path) -> list[str]:
    """The keys allowed in the mapping at a path; in a list's items they are the same for all."""
    model: type[BaseModel] = PolicyFile
    for part in path:
        if isinstance(part, str):
            model = next(_models(model.model_fields[part].annotation))
    return list(model.model_fields)


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    """The models in an annotation, which may be optional or a list of them."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
