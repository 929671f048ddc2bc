import pytest

from uptime_tui.handshakes import tcp
from uptime_tui.model.outcome import Outcome
from uptime_tui.model.steps import Ask


def test_concludes_at_once():
    with pytest.raises(StopIteration) as end:
        tcp.handshake(Ask("a.test", 9000, "tcp")).send(None)
    assert end.value.value == Outcome(None, "port 9000 accepts connections")
