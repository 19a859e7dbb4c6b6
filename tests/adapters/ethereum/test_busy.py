"""A node that says "not now" is told from one that says "never"."""

import pytest

from keeper.adapters.ethereum.busy import date_s, is_rate_limit, retry_after_s

DATE = "Wed, 21 Oct 2015 07:28:00 GMT"
DATE_S = 1445412480.0


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32005, "limit exceeded"),
        (-32005, "daily request count exceeded, request rate limited"),
        (429, "Your app has exceeded its compute units per second capacity"),
        (-32007, "50/second request limit reached"),
        (-32000, "Too Many Requests"),
        (-32603, "request throttled"),
    ],
)
def test_67_rate_limits_are_known_by_code_and_by_words(code: int, words: str) -> None:
    assert is_rate_limit(code, words)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (-32005, "Transaction gas limit exceeds block gas limit"),
        (-32005, "exceeds block gas limit"),
        (3, "execution reverted: RateLimitExceeded"),
        (-32000, "execution reverted: rate limit"),
        (-32000, "nonce too low"),
        (-32000, "header not found"),
    ],
)
def test_67_besus_word_about_a_gas_limit_and_a_contracts_own_limit_are_no_rate_limit(
    code: int, words: str
) -> None:
    assert not is_rate_limit(code, words)


@pytest.mark.parametrize(
    ("header", "pause_s"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("86400", 300.0),
        (DATE, 30.0),
        ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
        ("Fri, 21 Oct 2016 07:27:00 GMT", 300.0),
        ("soon", 0.0),
        ("-3", 0.0),
        ("", 0.0),
        ("Wed, 99 Oct 2015 07:27:00 GMT", 0.0),
        ("٣", 0.0),
    ],
)
def test_67_a_pause_may_be_asked_for_in_seconds_or_by_date(header: str, pause_s: float) -> None:
    assert retry_after_s(header, DATE_S - 30) == pause_s


def test_a_date_is_read_or_replaced() -> None:
    assert date_s(DATE, 5.0) == DATE_S
    assert date_s("yesterday", 5.0) == 5.0
    assert date_s("", 5.0) == 5.0
