"""From bytes that anyone may have written to plain data, each value with its place.

YAML is friendly to read and treacherous to load: `yes` becomes a boolean, `0x1f` an integer, 0.1 a float, a
repeated key silently wins, and nine lines of anchors fill the memory. Here only its plain part is spoken:
mappings, lists and scalars. Numbers stay exact, anything that is not a decimal number, `true`, `false` or
null stays text, and the rest is refused.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

import yaml

from keeper.policies.problems import PolicyError, Problem

MAX_BYTES = 32 * 1024
MAX_DEPTH = 6
NUMBER = re.compile(r"[+-]?\d[\d_]{0,30}(\.\d{1,30})?")

Path = tuple[str | int, ...]
Place = tuple[int, int]
Scalar = str | int | Decimal | bool | None
Data = Mapping[str, "Data"] | list["Data"] | Scalar


class _Mark(Protocol):
    """What the marks of PyYAML and of libyaml share."""

    @property
    def line(self) -> int: ...

    @property
    def column(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data, with the place (line, column; from 1) of each key and each value by its path."""

    file: str
    data: Mapping[str, Data]
    keys: Mapping[Path, Place]
    values: Mapping[Path, Place]

    def problem(self, path: Path, message: str, *, at_key: bool = False) -> Problem:
        """A problem at a path; at the nearest parent that has a place when the path itself is absent."""
        places = self.keys if at_key else self.values
        for end in range(len(path), -1, -1):
            place = places.get(path[:end])
            if place is not None:
                return Problem(self.file, *place, message)
        return Problem(self.file, 0, 0, message)


def read_document(file: str, raw: bytes) -> Document:
    """Parse one file. Raises PolicyError."""
    text = _text(file, raw)
    try:
        _refuse_treachery(file, text)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise PolicyError([_syntax(file, error)]) from None
    except yaml.YAMLError as error:
        raise PolicyError([Problem(file, 0, 0, f"not YAML: {str(error).splitlines()[0]}")]) from None
    if not isinstance(root, yaml.MappingNode):
        place = _place(root.start_mark) if root is not None else (0, 0)
        found = (
            "nothing"
            if root is None
            else "a list"
            if isinstance(root, yaml.SequenceNode)
            else "a single value"
        )
        raise PolicyError(
            [Problem(file, *place, f"a policy is a mapping of keys to values, but this is {found}")]
        )
    builder = _Builder(file)
    data = builder.mapping(root, ())
    if builder.problems:
        raise PolicyError(builder.problems)
    return Document(file, data, builder.keys, builder.values)


def _text(file: str, raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise PolicyError(
            [
                Problem(
                    file, 0, 0, f"larger than {MAX_BYTES} bytes: a policy is a page, is this the right file?"
                )
            ]
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PolicyError([Problem(file, 0, 0, f"not text: byte {error.start} is not UTF-8")]) from None
    if "\0" in text:
        raise PolicyError([Problem(file, 0, 0, "not text: it holds zero bytes")])
    if not text.strip():
        raise PolicyError(
            [Problem(file, 0, 0, "empty: a policy needs at least `name` and `vault`, see `keeper schema`")]
        )
    return text


def _refuse_treachery(file: str, text: str) -> None:
    """Walk the flat events before any tree is built, so that neither depth nor repetition can cost memory."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        documents += isinstance(event, yaml.DocumentStartEvent)
        treachery = _treachery(event, depth, documents)
        if treachery:
            raise PolicyError([Problem(file, *_place(event.start_mark), treachery)])


def _treachery(event: yaml.Event, depth: int, documents: int) -> str:
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        return "anchors and aliases (`&`, `*`) are not used in policies"
    if getattr(event, "tag", None) is not None:
        return "tags (`!…`) are not used in policies"
    if depth > MAX_DEPTH:
        return f"nested deeper than {MAX_DEPTH} levels"
    return "a second document (`---`): write one policy in each file" if documents > 1 else ""


def _syntax(file: str, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    context = f" ({error.context})" if error.context else ""
    return Problem(file, *_place(mark), f"not YAML: {error.problem}{context}")


def _place(mark: _Mark | None) -> Place:
    return (mark.line + 1, mark.column + 1) if mark is not None else (0, 0)


@dataclass(slots=True)
class _Builder:
    file: str
    keys: dict[Path, Place] = field(default_factory=dict)
    values: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Data]:
        self.values[path] = _place(node.start_mark)
        data: dict[str, Data] = {}
        for key, place, child in self._entries(node):
            here = (*path, key)
            if key in data:
                first = self.keys[here][0]
                self.problems.append(
                    Problem(self.file, *place, f"`{key}` is written twice; first in line {first}")
                )
                continue
            self.keys[here] = place
            data[key] = self._value(child, here)
        return data

    def _entries(self, node: yaml.MappingNode) -> Iterator[tuple[str, Place, yaml.Node]]:
        for key, child in node.value:
            place = _place(key.start_mark)
            if isinstance(key, yaml.ScalarNode):
                yield str(key.value), place, child
            else:
                self.problems.append(Problem(self.file, *place, "a key must be a single word"))

    def _value(self, node: yaml.Node, path: Path) -> Data:
        if isinstance(node, yaml.MappingNode):
            return self.mapping(node, path)
        self.values[path] = _place(node.start_mark)
        if isinstance(node, yaml.SequenceNode):
            return [self._value(child, (*path, index)) for index, child in enumerate(node.value)]
        return _scalar(str(node.value), plain=not node.style) if isinstance(node, yaml.ScalarNode) else None


def _scalar(text: str, *, plain: bool) -> Scalar:
    if not plain:
        return text
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "false"}:
        return text == "true"
    if NUMBER.fullmatch(text):
        number = Decimal(text.replace("_", ""))
        return number if "." in text else int(number)
    return text
