import pytest

from keeper.simulation.drawing import dollars


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(0.4, "$0"), (950, "$950"), (-9_900, "−$9,900"), (12_300, "$12.3k"), (-2_500_000, "−$2.5M")],
)
def test_an_amount_is_as_short_as_it_can_be_read(amount: float, shown: str) -> None:
    assert dollars(amount, 0) == shown
