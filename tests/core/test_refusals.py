import socket
import time

import pytest


def test_a_core_test_that_asks_the_time_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="clock"):
        time.time()


def test_a_core_test_that_opens_a_connection_fails() -> None:
    with socket.socket() as outside, pytest.raises(pytest.fail.Exception, match="network"):
        outside.connect(("127.0.0.1", 1))
