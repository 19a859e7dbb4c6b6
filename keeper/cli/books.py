"""Books of vaults as people see them, drawn from the plain values that the status page gives."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

APART_TELLS = 0.05
"""From so far apart on, the prices of one underlying look like those of two."""

USD = (
    ("delta usd", "gap_usd"),
    ("gamma", "gamma_usd"),
    ("vega", "vega_usd"),
    ("theta", "theta_usd"),
    ("worth", "nav_usd"),
    ("stress loss", "stress_loss_usd"),
    ("alone", "stress_losses_usd"),
    ("shortfall", "expected_shortfall_usd"),
    ("alone", "expected_shortfalls_usd"),
)


def drawn(books: Sequence[Mapping[str, object]]) -> Iterator[RenderableType]:
    """A line for each book and underlying; nothing where there are none."""
    if not books:
        return
    table = Table("book", "vaults", *(title for title, _ in USD), box=None, pad_edge=False)
    for book in books:
        named = book["book"]
        name = f"{named['name']}, {named['underlying']}" if isinstance(named, Mapping) else ""
        table.add_row(name, str(book["vaults"]), *(_usd(book[key]) for _, key in USD))
    yield from ("", table)
    for book in books:
        yield from _warnings(book)


def _warnings(book: Mapping[str, object]) -> Iterator[RenderableType]:
    apart, unmeasured = book["apart"], book["unmeasured"]
    if unmeasured:
        yield Text(
            f"  {unmeasured} of its vaults could not be measured: they are in none of this", style="red"
        )
    if isinstance(apart, float) and apart > APART_TELLS:
        yield Text(f"  its prices are {apart:.0%} apart: is it one underlying?", style="red")


def _usd(amount: object) -> str:
    return f"{round(amount):,}" if isinstance(amount, int | float) else ""
