"""The tables, in a shape that SQLite and PostgreSQL share.

Whatever the core defines is stored as JSON of its own dataclass, beside the few columns that are searched.
What repeats from head to head (policies, memories) is stored once, under the hash of its text. Amounts that
may pass 64 bits live only inside JSON.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
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

SCHEMA_VERSION = 2

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

solutions = Table(
    "solutions",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("cycle_id", BigInteger, nullable=False, index=True),
    Column("vault", String(42), nullable=False, index=True),
    Column("body", Text, nullable=False),
)
"""What each vault's table was solved from, beginning with a cycle; an empty body where it had none any more.

Journals of older releases are without this one: nothing was solved then. A cycle that is named here may have
been pruned, as what holds from it on is still needed.
"""

outlooks = Table(
    "outlooks",
    metadata,
    Column("cycle_id", BigInteger, primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False),
)
"""What models said of all vaults, beginning with a cycle, compressed; they speak anew a few times a day.

The cycle may have been pruned, as what holds from it on is still needed. Journals of older releases have
neither this nor bars.
"""

bars = Table(
    "bars",
    metadata,
    Column("vault", String(42), primary_key=True),
    Column("ends", BigInteger, primary_key=True, autoincrement=False),
    Column("variance", Float, nullable=False),
    Column("price", Float, nullable=False),
)
"""The past of each vault's price (see `core.forecast.history`): as much as models look back."""

slots = Table(
    "slots",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("nonce", BigInteger, nullable=False, index=True),
    Column("opened", BigInteger, nullable=False),
    Column("terms", Text, nullable=False),
    Column("state", String(16), nullable=False),
)
"""`state` is `open`, `released` (nothing of it was ever taken, the nonce may be used again) or `closed`."""

# A released nonce is begun again as another slot, and never while one is open.
Index(
    "uq_slots_nonce_open",
    slots.c.nonce,
    unique=True,
    sqlite_where=text("state = 'open'"),
    postgresql_where=text("state = 'open'"),
)

intents = Table(
    "intents",
    metadata,
    Column("slot_id", ForeignKey("slots.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("key", String(120), nullable=False, index=True),
    Column("vault", String(42), nullable=False),
    Column("plan", Text, nullable=False),
)
"""Every plan that was ever signed for at a nonce, oldest first."""

attempts = Table(
    "attempts",
    metadata,
    Column("slot_id", ForeignKey("slots.id"), primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("intent", Integer),
    Column("tx_hash", String(66), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("why", String(16), nullable=False),
    Column("fees", Text, nullable=False),
    Column("gas_limit", BigInteger, nullable=False),
    Column("raw", LargeBinary, nullable=False),
)
"""`intent` is the position of its plan; a no-op has none.

A released plan that is made again at the same time has the same bytes, so a hash may stand here twice.
"""

notes = Table(
    "notes",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("nonce", BigInteger, nullable=False, index=True),
    Column("block_number", BigInteger, nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Text, nullable=False),
    Column("tx_hash", String(66), nullable=False),
    Column("endpoint", Text, nullable=False),
)
"""The life of each nonce in words. No promise rests on it."""

orders = Table(
    "orders",
    metadata,
    Column("number", _RowId, primary_key=True),
    Column("nonce", BigInteger, nullable=False),
    Column("order", String(16), nullable=False),
    Column("asked_at", BigInteger, nullable=False),
    Column("answered_at", BigInteger),
    Column("detail", Text),
)
"""What an operator asked for; times in milliseconds by the database's clock. `detail` is the answer."""

outcomes = Table(
    "outcomes",
    metadata,
    Column("id", _RowId, primary_key=True),
    Column("slot_id", ForeignKey("slots.id"), index=True),
    Column("vault", String(42), index=True),
    Column("kind", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("paid_at", BigInteger, index=True),
    Column("body", Text, nullable=False),
)
"""A refusal has no slot, and a filled gap no vault. `paid_at` is the block's time, where gas was paid."""

leases = Table(
    "leases",
    metadata,
    Column("account", String(42), primary_key=True),
    Column("holder", String(300), nullable=False),
    Column("token", BigInteger, nullable=False),
    Column("expires_at", BigInteger, nullable=False),
)
"""Who may write, until when in milliseconds by the database's clock. `token` grows with each new holder."""

memories = Table(
    "memories",
    metadata,
    Column("vault", String(42), primary_key=True),
    Column("body", Text, nullable=False),
)
"""The fold of a vault's outcomes and looks so far."""
