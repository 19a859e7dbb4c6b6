"""A policy file is read exactly, or refused with everything that is wrong, each at its place."""

import contextlib
import json
import re
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keeper.core.forecast import Name
from keeper.core.policy import NO_BOOK, ORACLE_ALONE, Book, ForecastRules, Mode, Policy
from keeper.core.triggers import NO_EMERGENCY, NO_TRIGGERS, Emergency, Slicing, Triggers
from keeper.core.units import GWEI, WAD
from keeper.policies import PolicyError, parse_policy, read_policy, schema
from keeper.policies.quantities import bps, gwei, percent, seconds, usd
from keeper.policies.source import MAX_BYTES

CONFIG = Path(__file__).parents[2] / "config"
EXAMPLES = sorted((CONFIG / "policies").glob("*.yaml"))
GOOD = (CONFIG / "policies" / "strangle.yaml").read_text()


def edited(pattern: str, replacement: str) -> str:
    text, count = re.subn(pattern, replacement, GOOD, count=1, flags=re.MULTILINE)
    assert count == 1, pattern
    return text


def parsed(text: str | bytes) -> Policy:
    return parse_policy("p.yaml", text.encode() if isinstance(text, str) else text)


def refusals(text: str | bytes) -> list[str]:
    with pytest.raises(PolicyError) as caught:
        parsed(text)
    return [str(problem) for problem in caught.value.problems]


def line_of(text: str, start: str) -> int:
    return next(n for n, line in enumerate(text.splitlines(), 1) if line.strip().startswith(start))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_every_shipped_example_loads_and_points_its_editor_at_the_schema(path: Path) -> None:
    assert read_policy(path).name == path.stem
    assert path.read_text().startswith("# yaml-language-server: $schema=../policy.schema.json\n")


def test_the_four_examples_are_shipped() -> None:
    assert {path.stem for path in EXAMPLES} == {"strangle", "strangle-desk", "covered-call", "iron-condor"}


def test_the_committed_schema_is_the_one_the_program_prints() -> None:
    assert (CONFIG / "policy.schema.json").read_text() == schema(), (
        "run: keeper schema > config/policy.schema.json"
    )


def test_an_editor_with_the_schema_accepts_the_examples_and_refuses_a_misspelt_key(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(edited(r"^  delta_usd:", "  dleta_usd:"))
    command = [sys.executable, "-m", "check_jsonschema", "--schemafile", str(CONFIG / "policy.schema.json")]
    assert subprocess.run([*command, *map(str, EXAMPLES)], check=False).returncode == 0
    refused = subprocess.run([*command, str(bad)], check=False, capture_output=True, text=True)
    assert refused.returncode == 1
    assert "dleta_usd" in refused.stdout


def test_the_schema_refuses_unknown_keys_everywhere() -> None:
    body = json.loads(schema())
    parts = [body, *body["$defs"].values()]
    assert all(part["additionalProperties"] is False for part in parts if part["type"] == "object")


def test_human_units_become_exact_integers() -> None:
    policy = parsed(
        edited(r"delta_usd: \S+", "delta_usd: 0.1").replace("min_trade_usd: 250", "min_trade_usd: 0.05")
    )
    assert policy.limits.delta_usd_wad == WAD // 10
    assert policy.hedging.min_trade_usd_wad == 5 * WAD // 100
    assert policy.limits.collateral_ratio_wad == 11 * WAD // 10
    assert policy.costs.priority_fee_wei == 3 * GWEI // 2
    assert policy.costs.max_slippage_bps == 80
    assert policy.oracle.price.max_age_s == 65 * 60
    assert policy.cooldown_s == 300
    assert policy.mode is Mode.ARMED


def test_a_policy_that_says_nothing_of_it_restores_a_breach_to_four_fifths_of_the_limit() -> None:
    assert parsed(GOOD).limits.restore_wad == 8 * WAD // 10
    assert parsed(
        edited(r"collateral_ratio: \S+", "restore: 65%\n  collateral_ratio: 110%")
    ).limits.restore_wad == (65 * WAD // 100)


def test_an_emergency_is_a_layer_of_its_own_only_where_a_policy_asks_for_it() -> None:
    assert parsed(GOOD).emergency == NO_EMERGENCY
    asked = edited(r"^cooldown: 5m", "emergency: {max_fee_gwei: 900, collateral_ratio: 104%}\ncooldown: 5m")
    assert parsed(asked).emergency == Emergency(900 * GWEI, 104 * WAD // 100)


def test_what_a_vault_may_lose_is_limited_only_where_a_policy_asks_for_it() -> None:
    assert not parsed(GOOD).limits.need_repricing
    asked = (
        "collateral_ratio: 110%\n  stress_loss_usd: 250_000\n  expected_shortfall_usd: 90000.5\n"
        "  leverage: 300%\n  liquidation_distance: 25%"
    )
    limits = parsed(edited(r"collateral_ratio: \S+", asked)).limits
    assert limits.stress_loss_usd_wad == 250_000 * WAD
    assert limits.expected_shortfall_usd_wad == 90_000 * WAD + WAD // 2
    assert (limits.leverage_wad, limits.liquidation_distance_wad) == (3 * WAD, WAD // 4)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("stress_loss_usd: 0", "must be above zero"),
        ("expected_shortfall_usd: -1", "must be above zero"),
        ("leverage: 3", "needs its unit"),
        ("leverage: .nan", "needs its unit"),
        ("liquidation_distance: 100%", "not below 100%"),
    ],
)
def test_a_limit_on_what_may_be_lost_that_can_mean_nothing_is_refused(text: str, why: str) -> None:
    found = refusals(edited(r"collateral_ratio: \S+", f"collateral_ratio: 110%\n  {text}"))
    assert any(why in problem for problem in found), found


def test_a_vault_is_in_a_book_only_where_its_policy_says_so() -> None:
    assert parsed(GOOD).book == NO_BOOK
    asked = edited(r"^cooldown: 5m", "book: {name: desk, underlying: eth}\ncooldown: 5m")
    assert parsed(asked).book == Book("desk", "eth")
    assert refusals(edited(r"^cooldown: 5m", "book: {name: desk}\ncooldown: 5m"))


def test_triggers_are_neutral_unless_a_policy_asks_for_them() -> None:
    assert parsed(GOOD).triggers == NO_TRIGGERS
    asked = (
        "triggers: {slices: {above_usd: 300_000, count: 3, every: 10m}, quiet_before_expiry: 20m, "
        "own_impact: 30m}\ncooldown: 5m"
    )
    assert parsed(edited(r"^cooldown: 5m", asked)).triggers == Triggers(
        Slicing(300_000 * WAD, 3, 600), quiet_s=1_200, own_impact_s=1_800
    )


def test_the_policy_is_named_by_the_hash_of_its_text() -> None:
    assert parsed(GOOD).sha256 != parsed(GOOD + "\n").sha256
    assert parsed(GOOD).sha256 == parsed(GOOD).sha256


def test_an_unknown_key_is_refused_with_its_place_the_nearest_name_and_all_names() -> None:
    text = edited(r"^  delta_usd:", "  dleta_usd:")
    found = refusals(text)
    unknown = next(problem for problem in found if "unknown" in problem)
    assert unknown.startswith(f"p.yaml:{line_of(text, 'dleta_usd')}:3: unknown key `limits.dleta_usd`")
    assert "did you mean `delta_usd`?" in unknown
    assert "delta_usd, gamma_usd, vega_usd, theta_usd, collateral_ratio" in unknown
    assert any(
        f"p.yaml:{line_of(text, 'limits')}" in problem or "missing key `limits.delta_usd`" in problem
        for problem in found
    )


def test_a_misspelt_mode_names_the_modes_and_the_nearest() -> None:
    (found,) = refusals(edited(r"^mode: armed", "mode: armd"))
    assert "`armd` is none of armed, reduce-only, paused; did you mean `armed`?" in found


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    text = edited(r"^mode: armed", "mode: on").replace("cooldown: 5m", "cooldown: 5 min")
    text = text.replace("max_slippage: 80 bps", "max_slippage: 80").replace("min: 5%", "min: 500%")
    found = refusals(text)
    assert len(found) == 4
    assert [int(problem.split(":")[1]) for problem in found] == sorted(int(p.split(":")[1]) for p in found)


@pytest.mark.parametrize(
    ("pattern", "replacement", "words"),
    [
        (r"delta_usd: \S+", "delta_usd: 0", "must be above zero"),
        (r"delta_usd: \S+", "delta_usd: -5", "must be above zero"),
        (r"delta_usd: \S+", "delta_usd: 1e9", "is not an amount in dollars"),
        (r"delta_usd: \S+", "delta_usd: .inf", "is not an amount in dollars"),
        (r"delta_usd: \S+", "delta_usd: true", "`true` is not an amount in dollars"),
        (r"delta_usd: \S+", "delta_usd:", "`null` is not an amount in dollars"),
        (r"delta_usd: \S+", "delta_usd: [1, 2]", "is not an amount in dollars"),
        (r"delta_usd: \S+", "delta_usd: 99999999999999999", "is beyond belief"),
        (r"delta_usd: \S+", "delta_usd: 1.0000000000000000001", "more digits than the chain has"),
        (r"delta_usd: \S+", "delta_usd: 100", "the hard limit is below `hedging.min_trade_usd`"),
        (r"collateral_ratio: \S+", "collateral_ratio: 110%\n  restore: 100%", "not below the limit itself"),
        (r"min_trade_usd: \S+", "min_trade_usd: 2_000_000", "larger than `max_trade_usd`"),
        (r"^cooldown: 5m", "emergency: {max_fee_gwei: 499}\ncooldown: 5m", "below `costs.max_fee_gwei`"),
        (
            r"^cooldown: 5m",
            "emergency: {max_fee_gwei: 900, collateral_ratio: 110%}\ncooldown: 5m",
            "emergency.collateral_ratio: not below `limits.collateral_ratio`",
        ),
        (
            r"^cooldown: 5m",
            "triggers: {slices: {above_usd: 1_000, count: 5, every: 5m}}\ncooldown: 5m",
            "triggers.slices.count: a piece would be below `hedging.min_trade_usd`",
        ),
        (
            r"^cooldown: 5m",
            "triggers: {slices: {above_usd: 300_000, count: 2, every: 4m59s}}\ncooldown: 5m",
            "triggers.slices.every: shorter than `cooldown`",
        ),
        (
            r"^cooldown: 5m",
            "triggers: {slices: {above_usd: 400_000, count: 2, every: 5m}}\ncooldown: 5m",
            "triggers.slices.above_usd: not below `limits.delta_usd`",
        ),
        (
            r"max_trade_usd: \S+",
            "max_trade_usd: 90_000\ntriggers: {slices: {above_usd: 300_000, count: 3, every: 5m}}",
            "triggers.slices.count: a piece would be above `hedging.max_trade_usd`",
        ),
        (
            r"^cooldown: 5m",
            "triggers: {slices: {above_usd: 300_000, count: 1, every: 5m}}\ncooldown: 5m",
            "greater than or equal to 2",
        ),
        (
            r"^cooldown: 5m",
            "triggers: {quiet_before_expiry: 1d1s}\ncooldown: 5m",
            "triggers.quiet_before_expiry: longer than 1d",
        ),
        (r"^cooldown: 5m", "triggers: {slice: {}}\ncooldown: 5m", "did you mean `slices`?"),
        (r"^cooldown: 5m", "emergency: {}\ncooldown: 5m", "missing key `emergency.max_fee_gwei`"),
        (r"priority_fee_gwei: \S+", "priority_fee_gwei: 501", "the tip alone is above `max_fee_gwei`"),
        (r"max_slippage: 80 bps", "max_slippage: 0.5", "needs its unit"),
        (r"max_slippage: 80 bps", "max_slippage: 0.001%", "more digits than the chain has basis points"),
        (r"max_slippage: 80 bps", "max_slippage: 101%", "is not between 1 bps and 100%"),
        (r"min_usd: 50", "min_usd: 100_000", "no price lies between"),
        (r"^deadline: 3m", "deadline: 0", "is not between 1s"),
        (r"^deadline: 3m", "deadline: 2d", "longer than 1d"),
        (r"^cooldown: 5m", "cooldown: -1", "is not between 1s"),
        (r"^cooldown: 5m", "cooldown: soon", "is not a duration"),
        (r"gas_units: \S+", "gas_units: 100", "is not between 21000"),
        (r"^name: strangle", "name: Strangle!", "is not a name"),
        (r'^vault: "\S+"', "vault: 0x123", "is not an address"),
        (r'^vault: "\S+"', 'vault: "0x52908400098527886E0F7030069857D2E4169Ee7"', "wrong checksum"),
        (r'^vault: "\S+"', 'vault: "0x0000000000000000000000000000000000000000"', "the zero address"),
        (r"^limits:$", "limits: none\nlimitz:", "`none` is not a mapping"),
    ],
)
def test_the_impossible_is_refused_in_words(pattern: str, replacement: str, words: str) -> None:
    found = refusals(edited(pattern, replacement))
    assert any(words in problem for problem in found), found
    assert all(re.match(r"p\.yaml:\d+:\d+: ", problem) for problem in found)


FORECAST = """forecast:
  models: [ewma, har, garch]
  implied_weight: 40%
  turbulence: 125%
  min: 60%
  max: 150%
"""


def test_a_policy_without_forecasts_leaves_the_oracle_alone_and_one_with_them_says_how() -> None:
    assert parsed(GOOD).forecast is ORACLE_ALONE
    asked = parsed(GOOD + FORECAST).forecast
    assert asked == ForecastRules((Name.EWMA, Name.HAR, Name.GARCH), 0.4, 1.25, 0.6, 1.5)
    assert parsed(GOOD + "forecast:\n  models: [har]\n").forecast == ForecastRules(
        (Name.HAR,), 0.5, 1.0, 0.5, 2.0
    )
    assert parsed(GOOD + "forecast:\n  turbulence: 150%\n").forecast.models == ()


@pytest.mark.parametrize(
    ("line", "changed", "words"),
    [
        ("models: [ewma, har, garch]", "models: [har, har]", "named twice"),
        ("models: [ewma, har, garch]", "models: [arma]", "`arma` is none of ewma, har, garch"),
        ("implied_weight: 40%", "implied_weight: 100%", "leaves the models no say"),
        ("implied_weight: 40%", "implied_weight: 101%", "at most 100%"),
        ("implied_weight: 40%", "implied_weight: 0%", "must be above zero"),
        ("turbulence: 125%", "turbulence: 99%", "would widen the band when the market is wild"),
        ("turbulence: 125%", "turbulence: 151%", "below `turbulence`"),
        ("min: 60%", "min: 101%", "the oracle's own volatility stands"),
        ("max: 150%", "max: 99%", "below 100%"),
        ("max: 150%", "max: 1.5", "needs its unit"),
        ("min: 60%", "least: 60%", "unknown key `forecast.least`"),
    ],
)
def test_contradictory_forecasts_are_refused_in_words(line: str, changed: str, words: str) -> None:
    found = refusals(GOOD + FORECAST.replace(line, changed))
    assert any(words in problem for problem in found), found
    assert all(re.match(r"p\.yaml:\d+:\d+: ", problem) for problem in found)


def test_a_block_that_asks_for_nothing_is_refused() -> None:
    (found,) = refusals(GOOD + "forecast:\n  implied_weight: 50%\n")
    assert "no model is named, and no `turbulence`: leave out `forecast`" in found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("# only a comment\n", "nothing"),
        ("- a\n- b\n", "this is a list"),
        ("just words\n", "a single value"),
        (b"\xff\xfe\x00binary", "not text"),
        (b"name: a\0b", "zero bytes"),
        ("x: " + "y" * MAX_BYTES, "larger than"),
        ("name: a\nname: b\n", "`name` is written twice; first in line 1"),
        ("name: [a\n", "not YAML"),
        ("name: a\n\tmode: b\n", "not YAML"),
        ("a: &x [1]\nb: *x\n", "anchors and aliases"),
        ("a: !!python/object/apply:os.system ['true']\n", "tags"),
        ("name: a\n---\nname: b\n", "a second document"),
        ("a: " + "[" * 5000, "nested deeper"),
        ("? [a, b]\n: 1\n", "a key must be a single word"),
    ],
)
def test_files_of_the_wrong_kind_are_refused_in_words(text: str | bytes, words: str) -> None:
    found = refusals(text)
    assert any(words in problem for problem in found), found


def test_a_bomb_of_anchors_is_refused_before_it_grows() -> None:
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    assert "anchors" in refusals(bomb)[0]


def test_a_file_that_cannot_be_read_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match=r"none\.yaml: cannot be read: No such file"):
        read_policy(tmp_path / "none.yaml")
    with pytest.raises(PolicyError, match="cannot be read: Is a directory"):
        read_policy(tmp_path)


@given(st.decimals(min_value=Decimal("0.000000000000000001"), max_value=Decimal(10) ** 15, places=18))
def test_dollars_are_never_rounded(amount: Decimal) -> None:
    assert usd(format(amount, "f")) == Fraction(amount) * WAD


@given(st.integers(1, 10_000))
def test_basis_points_and_percent_agree(points: int) -> None:
    assert bps(f"{points} bps") == points == bps(f"{Decimal(points) / 100}%")
    assert percent(f"{points} bps") == points * WAD // 10_000


@given(st.integers(0, 5), st.integers(0, 23), st.integers(0, 59), st.integers(1, 59))
def test_durations_add_up(days: int, hours: int, minutes: int, rest: int) -> None:
    assert seconds(f"{days}d{hours}h{minutes}m{rest}s") == ((days * 24 + hours) * 60 + minutes) * 60 + rest


def test_a_tip_of_zero_is_a_fee() -> None:
    assert gwei(0) == 0
    with pytest.raises(ValueError, match="not between 0"):
        gwei(-1)


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_a_policy_error(raw: bytes) -> None:
    with pytest.raises(PolicyError):
        parsed(raw)


@given(st.text(max_size=60), st.integers(0, len(GOOD)))
def test_no_insertion_raises_anything_but_a_policy_error(words: str, at: int) -> None:
    raw = GOOD[:at].encode() + words.encode("utf-8", "surrogatepass") + GOOD[at:].encode()
    with contextlib.suppress(PolicyError):
        parsed(raw)
