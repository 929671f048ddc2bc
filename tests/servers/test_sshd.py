"""Probes against the distribution's own OpenSSH: a bare connect so far, and the wrong service for others."""

import pytest

from support.servers import UP, seen
from uptime_tui.model.failure import Failure, Phase, Status

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


@pytest.mark.parametrize("scheme", ["ssh", "sftp", "tcp"])
async def test_it_accepts(sshd, probe, scheme):
    assert seen(await probe(sshd.target(scheme, "ssh"))) == UP


@pytest.mark.parametrize("scheme", ["smtp", "submission", "redis", "http"])
async def test_another_service_is_expected(sshd, probe, scheme):
    result = await probe(sshd.target(scheme, "ssh"))
    assert seen(result) == (Status.DOWN, Failure.WRONG_SERVICE, Phase.PROTOCOL)
    assert "SSH" in result.detail


async def test_tls_is_expected(sshd, probe):
    result = await probe(sshd.target("https", "ssh"))
    assert seen(result) == (Status.DOWN, Failure.TLS_NOT_TLS, Phase.TLS)
