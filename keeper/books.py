"""Address books: what a deployment wrote down, read exactly and refused completely.

`contracts/script/Deploy.s.sol` writes one for each vault. It says nothing that the keeper could not be told
otherwise; it pins what must not change. So a policy still names its vault itself: if the address came from
the book, whoever exchanged the book would send the keeper to another contract.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from eth_utils.address import is_hex_address, to_checksum_address
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from keeper.core.deployment import Deployment, Pin
from keeper.core.governance import Governance, Role, Unpinned
from keeper.core.units import Address

MAX_BYTES = 1 << 20
NEEDED = ("vault", "timelock", "lens", "venue", "pool", "quote", "base", "price_feed", "vol_feed")


class BookError(Exception):
    """An address book cannot be used. `problems` holds one sentence for each fault."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def _address(text: str) -> Address:
    if not text.startswith("0x") or not is_hex_address(text):
        raise ValueError("is not an address")
    return Address(to_checksum_address(text))


def _complete(contracts: Mapping[str, "_Pin"]) -> Mapping[str, "_Pin"]:
    absent = [name for name in NEEDED if name not in contracts]
    if absent:
        raise ValueError(f"does not pin {', '.join(absent)}")
    return contracts


_At = Annotated[str, AfterValidator(_address)]
_Hash = Annotated[str, Field(pattern="^0x[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Pin(_Part):
    address: _At
    code_hash: _Hash


class _Governance(_Part):
    delay_s: int = Field(ge=0)
    deployer: _At
    proposers: Annotated[tuple[_At, ...], Field(min_length=1)]
    cancellers: tuple[_At, ...]
    executors: Annotated[tuple[_At, ...], Field(min_length=1)]


class _Book(_Part):
    version: Literal[1]
    profile: Literal["production", "development"]
    name: str
    chain_id: int = Field(gt=0)
    block_number: int = Field(ge=0)
    rules_id: _Hash
    underwriter: _At | None = None
    safe: _At | None = None
    guardians: tuple[_At, ...]
    governance: _Governance | None = None
    decimals: Mapping[str, int]
    libraries: Mapping[str, _Pin]
    aggregators: Mapping[str, _Pin]
    contracts: Annotated[Mapping[str, _Pin], AfterValidator(_complete)]

    @model_validator(mode="after")
    def _of_a_vault_or_of_a_module(self) -> Self:
        if (self.underwriter is None) == (self.safe is None):
            raise ValueError("names an underwriter, or the safe of a module, and not both")
        return self


def read_books(paths: Iterable[Path]) -> Mapping[Address, Deployment]:
    """The deployments by vault. Raises BookError with all that is wrong."""
    found: dict[Address, Deployment] = {}
    problems: list[str] = []
    for path in paths:
        try:
            deployment = _read(path)
        except BookError as error:
            problems += error.problems
            continue
        if deployment.vault in found:
            problems.append(f"{path}: vault {deployment.vault} has an address book already")
        found[deployment.vault] = deployment
    if problems:
        raise BookError(problems)
    return found


def _read(path: Path) -> Deployment:
    try:
        with path.open("rb") as stream:
            book = _Book.model_validate_json(stream.read(MAX_BYTES))
    except OSError as error:
        raise BookError([f"{path}: cannot be read: {error.strerror}"]) from None
    except ValidationError as error:
        raise BookError(
            f"{path}: {'.'.join(map(str, detail['loc'])) or 'the file'}: {detail['msg']}"
            for detail in error.errors(include_input=False, include_url=False)
        ) from None
    pins = book.contracts
    return Deployment(
        chain_id=book.chain_id,
        vault=Address(pins["vault"].address),
        lens=Address(pins["lens"].address),
        accounts=_accounts(book),
        guardians=tuple(Address(each) for each in book.guardians),
        governance=_governance(book),
        rules_id=book.rules_id,
        contracts=(*_pins(pins), *_pins(book.libraries)),
        aggregators=_pins(book.aggregators),
        decimals=book.decimals,
    )


def _accounts(book: _Book) -> Mapping[str, Address]:
    named = {"owner": book.contracts["timelock"].address, "underwriter": book.underwriter, "safe": book.safe}
    return {name: Address(account) for name, account in named.items() if account is not None}


def _governance(book: _Book) -> Governance | Unpinned:
    pinned = book.governance
    if pinned is None:
        return Unpinned()
    named = {
        Role.PROPOSER: pinned.proposers,
        Role.CANCELLER: pinned.cancellers,
        Role.EXECUTOR: pinned.executors,
    }
    return Governance.of(
        timelock=Address(book.contracts["timelock"].address),
        deployer=Address(pinned.deployer),
        delay_s=pinned.delay_s,
        others={role: tuple(map(Address, accounts)) for role, accounts in named.items()},
    )


def _pins(pins: Mapping[str, _Pin]) -> tuple[Pin, ...]:
    return tuple(Pin(name, Address(pin.address), pin.code_hash) for name, pin in pins.items())
