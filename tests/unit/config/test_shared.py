"""What most monitors do not say is one object for all of them, and is not sent."""

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.load import load_monitors
from uptime_tui.model.monitor import NO_EXPECTATIONS, NO_LOGIN, PLAIN_REQUEST, Monitor
from uptime_tui.wire.framing import encode

PLAIN = '[[monitor]]\nname = "{0}"\ntarget = "tcp://{0}.example.net:7"\ninterval = "30s"\n'


def read(tmp_path, text):
    path = tmp_path / "monitors.toml"
    path.write_text(text)
    loaded = load_monitors(path, load_catalogue())
    assert not loaded.problems
    return loaded.monitors


def test_monitors_share_what_they_do_not_say(tmp_path):
    one, other = read(tmp_path, PLAIN.format("one") + PLAIN.format("other"))
    for monitor in (one, other):
        assert monitor.expect is NO_EXPECTATIONS
        assert monitor.request is PLAIN_REQUEST
        assert monitor.login is NO_LOGIN
    assert one.interval_s is other.interval_s
    assert one.target.service is other.target.service


def test_what_is_not_said_is_not_sent(tmp_path):
    (monitor,) = read(tmp_path, PLAIN.format("one"))
    assert len(encode(monitor)) < 150
    (loud,) = read(tmp_path, PLAIN.format("one").replace("tcp:", "smtp:") + "expect = { plaintext_ok = true }\n")
    assert b"plaintext_ok" in encode(loud)
    assert b"tls_warn_days" not in encode(loud)
    assert isinstance(loud, Monitor)
    assert loud.expect.plaintext_ok
