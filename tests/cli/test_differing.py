"""A difference is told by the fields that differ, and no others."""

from keeper.cli.differing import differing


def test_only_the_fields_that_differ_are_told() -> None:
    recorded = '{"vault": "a", "band": {"buy_below": 1.5, "sell_above": 2}, "breaches": []}'
    derived = '{"vault": "a", "band": {"buy_below": 1.25, "sell_above": 2}, "breaches": [{"reason": "x"}]}'
    assert differing(recorded, derived) == (
        "band.buy_below: recorded 1.5, derived 1.25",
        "breaches: recorded [], derived [{'reason': 'x'}]",
    )


def test_a_field_of_one_side_only_is_told() -> None:
    assert differing('{"action": {"trade": 1}}', '{"action": {"reason": "cooldown"}}') == (
        "action.trade: recorded 1, derived nothing",
        "action.reason: recorded nothing, derived cooldown",
    )


def test_a_decision_that_did_not_come_out_is_told() -> None:
    assert differing('{"vault": "a"}', "") == ("recorded a decision, derived nothing",)
