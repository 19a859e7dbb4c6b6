"""What was decided about a vault and what stands against it, in words."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from keeper.core.decision import Decision
from keeper.core.plan import Plan

BAD, DIM = "red", "dim"


def conclusion(decision: Decision, answer: str) -> RenderableType:
    """Each breach, the action with its one reason, and what it is worth."""
    return Group(*_lines(decision, answer))


def action_of(decision: Decision) -> str:
    """What is done, in a few words."""
    action = decision.action
    return f"{action.side.value} {abs(action.trade):,.4f}" if isinstance(action, Plan) else "hold"


def _lines(decision: Decision, answer: str) -> Iterator[Text]:
    for each in decision.breaches:
        yield Text(f"breach: {each.reason.value}: {each.measured:,.4f} beyond {each.limit:,.4f}", style=BAD)
    action = decision.action
    yield Text(f"{action_of(decision)}, because {decision.reason.value}", style="bold")
    if isinstance(action, Plan):
        yield Text(
            f"  worth {action.benefit_usd:,.2f} usd, expected cost {action.expected_cost_usd:,.2f} usd "
            f"({action.wasted_usd:,.2f} for attempts that may revert), worst {action.worst_cost_usd:,.2f} usd"
        )
        yield Text(f"  {answer}")
    else:
        yield Text(f"  measured {action.measured:,.4f}, limit {action.limit:,.4f}")
    slices = decision.carried.slices
    if slices.count:
        yield Text(f"  the need is traded in {slices.count} pieces, of at most {abs(slices.size):,.4f}")
    yield Text(f"  see docs/reasons.md#{decision.reason.value}", style=DIM)
