"""Ctrl-C as a flag, however often it is pressed."""

import os
import signal

from host_tools.stopping import stopping


def test_many_signals_at_once_end_in_one_flag() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping() as stopped:
        assert not stopped()
        for _ in range(2000):  # one within the handling of another was a deadlock once
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
        assert stopped()
    assert signal.getsignal(signal.SIGTERM) == before
