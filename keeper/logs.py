"""One pipeline for every log line, ours and the libraries', that no secret gets through.

Keys leak into logs by three doors: a library that logs a URL, an exception whose text quotes one, and a
traceback that prints local variables. So all records (structlog's and the standard library's) pass the same
processors; values under telling names are masked, URLs lose everything but scheme and host, texts registered
as secrets are masked wherever they stand, and tracebacks carry no locals. Lines go to standard output only.
"""

import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Literal, TextIO

import orjson
import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

MASK = "***"
SECRET_KEYS = re.compile(
    r"(password|passphrase|secret|token|private|mnemonic|seed|api_?key|authorization|raw_transaction)(?!_file)",
    re.IGNORECASE,
)
URL = re.compile(r"\b([a-z][a-z0-9+.-]*)://([^\s'\"<>\\]+)", re.IGNORECASE)
SHORTEST_SECRET = 4
MAX_DEPTH = 8
CHATTY = ("aiohttp", "aiomqtt", "aiosqlite", "asyncio", "httpcore", "httpx", "sqlalchemy", "web3")

Format = Literal["auto", "json", "console"]


class Redaction:
    """A processor that masks secrets in a whole event: by key, by the shape of a URL, by registered text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self.register(*secrets)

    def register(self, *secrets: str) -> None:
        """Mask these texts from now on; longest first, so that a part does not shield the whole."""
        known = {*self._secrets, *(secret for secret in secrets if len(secret) >= SHORTEST_SECRET)}
        self._secrets = tuple(sorted(known, key=len, reverse=True))

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        """Mask an event, as the pipeline calls it."""
        return {key: self._pair(key, value, 0) for key, value in event.items()}

    def text(self, text: str) -> str:
        """A text without what must not be shown."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return URL.sub(_host_only, text)

    def _pair(self, key: object, value: object, depth: int) -> object:
        if isinstance(key, str) and SECRET_KEYS.search(key) and isinstance(value, str | bytes):
            return MASK
        return self._value(value, depth + 1)

    def _value(self, value: object, depth: int) -> object:
        if isinstance(value, str):
            return self.text(value)
        if value is None or isinstance(value, bool | int | float):
            return value
        if depth < MAX_DEPTH and isinstance(value, Mapping):
            return {self.text(str(key)): self._pair(key, each, depth) for key, each in value.items()}
        if (
            depth < MAX_DEPTH
            and isinstance(value, Sequence | set | frozenset)
            and not isinstance(value, bytes)
        ):
            return [self._value(each, depth + 1) for each in value]
        return self.text(str(value))


def _host_only(found: re.Match[str]) -> str:
    scheme, rest = found[1], found[2]
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].rsplit("@", 1)[-1]
    return f"{scheme}://{host}"


class _Lines(logging.StreamHandler[TextIO]):
    """Writes lines, and goes on without them when nobody takes them: a vault is hedged unheard, too.

    Python's own answer would print a traceback for each line, with the event as it was before its redaction.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._told = False

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 as logging calls it
        """Say once, and without the record, that the log is lost."""
        if not self._told:
            self._told = True
            kind = type(sys.exception()).__name__
            with suppress(OSError, ValueError):
                sys.stderr.write(f"keeper: the log cannot be written ({kind}); the keeper goes on without\n")


def configure(style: Format, level: str, redaction: Redaction, stream: TextIO | None = None) -> None:
    """Send every record through one pipeline to `stream` (standard output when absent)."""
    out = stream if stream is not None else sys.stdout
    pretty = style == "console" or (style == "auto" and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        cache_logger_on_first_use=False,
    )
    handler = _Lines(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(redaction, out, pretty=pretty),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
    logging.captureWarnings(capture=True)


def _rendering(redaction: Redaction, out: TextIO, *, pretty: bool) -> list[Processor]:
    """Exceptions become plain data or text first, so that the redaction sees them too."""
    if pretty:
        exceptions = structlog.processors.ExceptionRenderer()
        return [exceptions, redaction, structlog.dev.ConsoleRenderer(colors=out.isatty())]
    exceptions = structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
    return [exceptions, redaction, structlog.processors.JSONRenderer(serializer=_dumps)]


def _dumps(event: EventDict, **_: object) -> str:
    return orjson.dumps(event, default=str, option=orjson.OPT_NON_STR_KEYS).decode()
