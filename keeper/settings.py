"""Where the keeper runs: node, chain, files, ports. One frozen value, made once and passed down.

A setting that is misspelt must not be a setting that is absent, so every variable that begins with `KEEPER_`
and is not known is refused with the nearest name. Whatever may hold a secret (a node's URL holds an API key
more often than not) can also be given as a file by the same name and `_FILE`, and never shows itself.
"""

import difflib
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import parse_qsl, urlsplit

from dotenv import dotenv_values
from eth_utils.address import is_checksum_formatted_address, is_hex_address, to_checksum_address
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from keeper.core.transaction.budget import Budget, Ceiling
from keeper.core.units import Address

PREFIX = "KEEPER_"
FILE_SUFFIX = "_FILE"
SECRET_URLS = ("rpc_url", "ws_url", "relay_url", "reference_url")
MAX_SECRET_BYTES = 16_384
SHORTEST_KEY = 8
"""Shorter parts of a path are words, such as `v3`, not keys."""


class SettingsError(Exception):
    """The settings cannot be used. `problems` holds one sentence for each variable that is wrong."""

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class Url:
    """A URL that shows its scheme and host only: keys hide in user-info, paths and queries.

    Equality and hash are by the whole text; `reveal` is the one way to it.
    """

    __slots__ = ("_text", "host", "scheme")

    def __init__(self, text: str) -> None:
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError:
            raise ValueError("is not a URL") from None
        if not parts.scheme or not parts.hostname:
            raise ValueError("is not a URL with a scheme and a host")
        self._text = parts.geturl()
        self.scheme = parts.scheme
        name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        self.host = name if port is None else f"{name}:{port}"

    def reveal(self) -> str:
        """The whole URL, secrets included: for the client that connects, and for the log's redaction."""
        return self._text

    def secrets(self) -> tuple[str, ...]:
        """The texts in it that must not be shown, whole and in parts; none for a bare scheme and host."""
        parts = urlsplit(self._text)
        user = (parts.password or "", parts.username or "")
        path = [part for part in parts.path.split("/") if len(part) >= SHORTEST_KEY]
        query = [value for _, value in parse_qsl(parts.query)]
        hidden = [text for text in (*user, *path, *query) if text]
        return (self._text, *hidden) if hidden or parts.query else ()

    def __str__(self) -> str:
        return f"{self.scheme}://{self.host}"

    def __repr__(self) -> str:
        return f"Url('{self}')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Url) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def _url(*schemes: str) -> BeforeValidator:
    def parse(value: object) -> Url:
        url = value if isinstance(value, Url) else Url(str(value))
        if url.scheme not in schemes:
            raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return url

    return BeforeValidator(parse)


def _address(value: object) -> Address:
    text = str(value)
    if not is_hex_address(text) or not text.startswith("0x"):
        raise ValueError(f"`{text[:60]}` is not an address: 0x and 40 hexadecimal digits")
    checked = to_checksum_address(text.lower())
    if is_checksum_formatted_address(text) and text != checked:
        raise ValueError(f"`{text}` has a wrong checksum; expected {checked}")
    return Address(checked)


def _names(value: object) -> object:
    if isinstance(value, str):
        return frozenset(name.strip() for name in value.split(",") if name.strip())
    return value


def _urls(value: object) -> tuple[object, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split()) or ("",)
    return tuple(value) if isinstance(value, Iterable) else (value,)


def _independent(urls: tuple[Url, ...]) -> tuple[Url, ...]:
    hosts = [url.host for url in urls]
    twice = sorted({host for host in hosts if hosts.count(host) > 1})
    if twice:
        raise ValueError(f"names {twice[0]} twice, and one node that agrees with itself proves nothing")
    return urls


NodeUrl = Annotated[Url, _url("http", "https")]
NodeUrls = Annotated[tuple[NodeUrl, ...], NoDecode, BeforeValidator(_urls), AfterValidator(_independent)]
SubscriptionUrl = Annotated[Url, _url("ws", "wss")]
ReferenceUrl = Annotated[Url, _url("http", "https", "mqtt", "mqtts")]


def _spend(value: object) -> Ceiling:
    return value if isinstance(value, Ceiling) else Ceiling.read(str(value))


def _paths(value: object) -> object:
    if isinstance(value, str):
        return tuple(Path(part.strip()) for part in value.split(",") if part.strip())
    return value


BookPaths = Annotated[tuple[Path, ...], NoDecode, BeforeValidator(_paths)]
Spend = Annotated[Ceiling, NoDecode, BeforeValidator(_spend)]
ContractAddress = Annotated[Address, BeforeValidator(_address)]


class Settings(BaseSettings):
    """The whole configuration of a process, apart from the policies. See `config/keeper.example.env`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        extra="ignore",  # the unknown is refused by name in `load_settings`, where its nearest name is known
        arbitrary_types_allowed=True,
        env_ignore_empty=True,
        hide_input_in_errors=True,
    )

    rpc_url: NodeUrls
    rpc_agree: int | None = Field(default=None, ge=1)
    ws_url: SubscriptionUrl | None = None
    relay_url: NodeUrl | None = None
    chain_id: int = Field(gt=0)
    lens: ContractAddress
    native_feed: ContractAddress
    address_book: BookPaths = ()
    policies: Path = Path("config/policies")
    vaults: Annotated[frozenset[str], NoDecode, BeforeValidator(_names)] = frozenset()
    journal: Path = Path("keeper.db")
    journal_mb: int = Field(default=4096, ge=16)
    lease_seconds: int = Field(default=30, ge=1, le=600)
    account: ContractAddress | None = None
    keystore: Path | None = None
    password_file: Path | None = None
    confirmations: int = Field(default=2, ge=1, le=64)
    finality: Literal["depth", "safe", "finalized"] = "depth"
    spend_transaction: Spend = Ceiling()
    spend_hour: Spend = Ceiling()
    spend_day: Spend = Ceiling()
    spend_wasted: Spend = Ceiling()
    blocks_before_bump: int = Field(default=3, ge=1, le=100)
    metrics_host: str = "127.0.0.1"
    metrics_port: int = Field(default=9464, ge=0, le=65535)
    reference_url: ReferenceUrl | None = None
    reference_pointer: str = Field(default="", pattern=r"^(/.*)?$")
    ready_seconds: int = Field(default=90, ge=1)
    log_format: Literal["auto", "json", "console"] = "auto"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def agree(self) -> int:
        """How many nodes must say the same: a majority unless settings say otherwise."""
        return len(self.rpc_url) // 2 + 1 if self.rpc_agree is None else self.rpc_agree

    @property
    def budget(self) -> Budget:
        """What may be spent on gas."""
        return Budget(self.spend_transaction, self.spend_hour, self.spend_day, self.spend_wasted)

    def secrets(self) -> tuple[str, ...]:
        """The texts that must appear in no log, metric or status page."""
        urls = (*self.rpc_url, self.ws_url, self.relay_url, self.reference_url)
        return tuple(text for url in urls if url is not None for text in url.secrets())

    def shown(self) -> dict[str, str]:
        """Every setting as an operator may see it."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: _shown(value) for name, value in values.items() if value is not None}


def load_settings(config: Path | None = None) -> Settings:
    """Read the environment, and a file of the same variables behind it.

    Raises SettingsError with all that is wrong.
    """
    in_file = _read_config(config) if config is not None else {}
    in_environment = {name: value for name, value in os.environ.items() if name.upper().startswith(PREFIX)}
    variables = {name.upper(): value for name, value in (*in_file.items(), *in_environment.items())}
    problems = [_unknown(name) for name in variables if name not in _known()]
    from_files = _secret_files(variables, problems)
    settings = None
    try:
        settings = Settings(_env_file=config, _env_file_encoding="utf-8", **from_files)  # type: ignore[arg-type]
    except ValidationError as error:
        problems += [_problem(detail) for detail in error.errors(include_input=False)]
    if settings is not None and settings.keystore is not None and settings.password_file is None:
        problems.append("KEEPER_PASSWORD_FILE is missing: a keystore is opened by the password in that file")
    if settings is not None and settings.agree > len(settings.rpc_url):
        problems.append(
            f"KEEPER_RPC_AGREE is {settings.agree}, but KEEPER_RPC_URL names {len(settings.rpc_url)}: "
            "so many cannot agree"
        )
    if problems or settings is None:
        raise SettingsError(problems)
    return settings


def _read_config(config: Path) -> Mapping[str, str]:
    try:
        text = config.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError([f"{config}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError:
        raise SettingsError([f"{config}: not text"]) from None
    if "\0" in text:
        raise SettingsError([f"{config}: not text"])
    return {name: value or "" for name, value in dotenv_values(config, interpolate=False).items()}


def _known() -> list[str]:
    fields = [PREFIX + name.upper() for name in Settings.model_fields]
    return fields + [PREFIX + name.upper() + FILE_SUFFIX for name in SECRET_URLS]


def _unknown(name: str) -> str:
    close = difflib.get_close_matches(name, _known(), n=1, cutoff=0.5)
    return f"{name} is not a setting of the keeper" + (f"; did you mean {close[0]}?" if close else "")


def _secret_files(variables: Mapping[str, str], problems: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for field in SECRET_URLS:
        name = PREFIX + field.upper()
        place = variables.get(name + FILE_SUFFIX, "")
        if place and variables.get(name):
            problems.append(f"{name} and {name}{FILE_SUFFIX} are both set: keep one")
        elif place:
            try:
                with Path(place).open("rb") as stream:
                    found[field] = stream.read(MAX_SECRET_BYTES).decode().strip()
            except OSError as error:
                problems.append(f"{name}{FILE_SUFFIX}: {place} cannot be read: {error.strerror}")
            except UnicodeDecodeError:
                problems.append(f"{name}{FILE_SUFFIX}: {place} is not text")
    return found


def _problem(detail: ErrorDetails) -> str:
    name = PREFIX + str(detail["loc"][0]).upper()
    if detail["type"] == "missing":
        return f"{name} is missing: set it in the environment or in the file given by --config"
    return f"{name}: {detail['msg'].removeprefix('Value error, ')}"


def _shown(value: object) -> str:
    match value:
        case frozenset():
            return ",".join(sorted(map(str, value)))
        case tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)
