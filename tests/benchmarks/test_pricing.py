"""The pricing benchmarks say what they document, and ours keeps its digits on their grid."""

import json
from pathlib import Path

import pytest

from benchmarks import bending, greeks, surface
from benchmarks.pricers import Keeper, Mpmath, QuantLib


def test_ours_keeps_its_digits_where_a_library_loses_them() -> None:
    cases = greeks.grid((0.1, 0.9, 1.001, 10.0), (1e-6, 0.1, 2.0), (0.01, 0.7, 5.0))
    truth, batch = Mpmath().greeks(cases), greeks.book(50)
    ours, theirs = (greeks.measure(each, cases, truth, batch) for each in (Keeper(), QuantLib()))
    assert max(ours.price, ours.delta, ours.gamma, ours.vega, ours.theta) < 1e-11
    assert ours.wrong == 0
    assert ours.asked > 10
    assert theirs.price > 1e3 * ours.price


@pytest.mark.slow
def test_the_greeks_benchmark_reports_every_library(capsys: pytest.CaptureFixture[str]) -> None:
    assert greeks.main(["--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [row["name"] for row in report["rows"]][:4] == [
        "keeper",
        "vollib",
        "py_lets_be_rational",
        "QuantLib",
    ]
    ours = report["rows"][0]
    assert max(ours[name] for name in ("price", "delta", "gamma", "vega", "theta")) < 1e-11
    assert ours["wrong"] == 0


def test_without_chains_the_surface_benchmark_fits_what_is_published_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert surface.main(["--data", str(tmp_path / "nowhere")]) == 0
    assert "no option chains" in capsys.readouterr().out
    assert surface.main(["--json", "--data", str(tmp_path / "nowhere")]) == 0
    report = json.loads(capsys.readouterr().out)
    assert not report["chains"]
    butterfly, repaired = report["scores"]
    assert butterfly["kinds"] == {"repaired": 1}
    assert butterfly["least_g"] >= 0
    assert repaired["kinds"] == {"fitted": 1}
    assert repaired["rms"] < 1e-3


def test_the_bending_benchmark_follows_from_its_seed(capsys: pytest.CaptureFixture[str]) -> None:
    reports = []
    for _ in range(2):
        assert bending.main(["--json", "--trials", "3", "--seed", "4"]) == 0
        reports.append(json.loads(capsys.readouterr().out))
    assert reports[0] == reports[1]
    assert set(reports[0]["rows"]) == {
        f"{size}, {place}" for size in bending.GROUPS for place in bending.ENDS
    }
    assert bending.main(["--trials", "2"]) == 0
    assert "half spreads" in capsys.readouterr().out
