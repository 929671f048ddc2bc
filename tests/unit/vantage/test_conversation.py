"""What a handshake is told."""

import inspect
from importlib import import_module

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.vantage import conversation


@pytest.mark.parametrize("name", sorted({service.handshake for service in load_catalogue().services.values()}))
def test_a_handshake_that_uses_noise_is_told_some(name):
    module = import_module(f"uptime_tui.handshakes.{name}")
    assert conversation._speech(name).needs_noise == ("ask.noise" in inspect.getsource(module))
