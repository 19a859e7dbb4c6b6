"""The tables, in a shape that SQLite and PostgreSQL share.

Whatever the core defines is stored as JSON of its own dataclass, beside the few columns that are searched.
What repeats from head to head (policies, memories) is stored once, under the hash of its text. Amounts that
may pass 64 bits live only inside JSON.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

SCHEMA_VERSION = 1

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite numbers rows by itself only for a column declared exactly INTEGER.
_RowId = BigInteger().with_variant(Integer, "sqlite")

identity = Table(
    "identity",
    metadata,
    Column("schema_version", Integer, primary_key=True, autoincrement=False),
    Column("chain_id", BigInteger, nullable=False),
    Column("account", String(42), nullable=False),
)
"""One row: whose journal this is."""

documents = Table(
    "documents",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("body", LargeBinary, nullable=False),
)
"""Texts by their hash, compressed: a mapping of vaults to policies, or of vaults to memories."""

cycles = Table(
    "cycles",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("block_number", BigInteger, nullable=False, index=True),
    Column("block_hash", String(66), nullable=False),
    Column("head", Text, nullable=False),
    Column("words", LargeBinary, nullable=False),
    Column("references", Text, nullable=False),
    Column("pending", Text, nullable=False),
    Column("policies", ForeignKey("documents.sha256"), nullable=False, index=True),
    Column("memories", ForeignKey("documents.sha256"), nullable=False, index=True),
)

decisions = Table(
    "decisions",
    metadata,
    Column("cycle_id", ForeignKey("cycles.id"), primary_key=True),
    Column("vault", String(42), primary_key=True),
    Column("reason", String(64), nullable=False),
    Column("body", Text, nullable=False),
)

intents = Table(
    "intents",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("key", String(120), nullable=False),
    Column("vault", String(42), nullable=False),
    Column("nonce", BigInteger, nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("plan", Text, nullable=False),
)
"""`state` is `open`, `released`, or the kind of the outcome."""

# One at a time. An intent that came to an end may be begun again: its plan expired, or a reorganisation
# deeper than the confirmations took back what was mined. The contract sees to it that none is mined twice.
Index(
    "uq_intents_key_open",
    intents.c.key,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)
Index(
    "uq_intents_nonce_open",
    intents.c.nonce,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("intent_id", ForeignKey("intents.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("tx_hash", String(66), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("max_fee_wei", BigInteger, nullable=False),
    Column("tip_wei", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
    Column("answer", String(32)),
    Column("words", Text),
)
"""A released plan that is made again at the same time has the same bytes, so a hash may stand here twice."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("vault", String(42), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("intent_id", ForeignKey("intents.id")),
    Column("body", Text, nullable=False),
)

memories = Table(
    "memories",
    metadata,
    Column("vault", String(42), primary_key=True),
    Column("body", Text, nullable=False),
)
"""The fold of a vault's outcomes so far."""
