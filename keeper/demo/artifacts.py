"""Compiled contracts, in the three layouts that publishers use.

Hardhat writes bytecode and link references beside each other, Foundry nests them, and the old Chainlink
packages keep the compiler's own output. All become one `Artifact`; bytecode is linked by offsets, never by
searching for names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson

from keeper.demo.binaries import ROOT
from keeper.demo.rpc import Json, as_object

PROTOCOLS = ROOT / ".cache" / "protocols"
CONTRACTS = ROOT / "contracts" / "out"

_ADDRESS_DIGITS = 40


class MissingArtifactError(Exception):
    """A compiled contract that is not there, or is damaged. The text says how to make it."""


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract.

    Code without 0x; `links` maps a library's name to the byte offsets of its address.
    """

    name: str
    abi: list[Json]
    bytecode: str
    runtime: str
    links: Mapping[str, tuple[int, ...]]

    def linked(self, libraries: Mapping[str, str]) -> str:
        """Creation bytecode, 0x-prefixed, with the libraries' addresses in place. Raises KeyError."""
        code = self.bytecode
        for library, offsets in self.links.items():
            address = libraries[library].removeprefix("0x").lower()
            for offset in offsets:
                start = 2 * offset
                code = code[:start] + address + code[start + _ADDRESS_DIGITS :]
        return "0x" + code


@cache
def protocol(relative: str) -> Artifact:
    """An artifact of a fetched protocol, by its path. Raises MissingArtifactError."""
    return load(PROTOCOLS / relative, "make setup")


@cache
def contract(name: str) -> Artifact:
    """One of this project's own contracts, compiled. Raises MissingArtifactError."""
    return load(CONTRACTS / f"{name}.sol" / f"{name}.json", "make setup")


def load(path: Path, maker: str) -> Artifact:
    """Read an artifact file that the command `maker` makes. Raises MissingArtifactError."""
    try:
        whole = as_object(orjson.loads(path.read_bytes()))
        return _parse(path.stem, whole)
    except FileNotFoundError as error:
        raise MissingArtifactError(f"{path.name} is missing: run `{maker}`") from error
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise MissingArtifactError(f"{path} is not a compiled contract: run `{maker}` again") from error


def _parse(name: str, whole: dict[str, Json]) -> Artifact:
    if "compilerOutput" in whole:
        output = as_object(whole["compilerOutput"])
        whole = {"abi": output["abi"], **as_object(output["evm"])}
    abi = whole["abi"]
    if not isinstance(abi, list):
        raise TypeError("an ABI is a list")
    code, references = _code(whole["bytecode"], whole.get("linkReferences"))
    runtime, _ = _code(whole["deployedBytecode"], None)
    return Artifact(name, abi, code, runtime, _links(as_object(references or {})))


def _code(value: Json, references: Json) -> tuple[str, Json]:
    if isinstance(value, dict):
        return _code(value["object"], value.get("linkReferences"))
    if not isinstance(value, str):
        raise TypeError("bytecode is text")
    return value.removeprefix("0x"), references


def _links(references: dict[str, Json]) -> dict[str, tuple[int, ...]]:
    links: dict[str, tuple[int, ...]] = {}
    for libraries in references.values():
        for library, places in as_object(libraries).items():
            if not isinstance(places, list):
                raise TypeError("link references are lists")
            links[library] = tuple(_start(place) for place in places)
    return links


def _start(place: Json) -> int:
    start = as_object(place)["start"]
    if not isinstance(start, int):
        raise TypeError("an offset is a number")
    return start
