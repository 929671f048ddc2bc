"""The lab's SQL Server before an independent client: what it shows us is what python-tds takes for SQL Server too."""

import asyncio

import pytds
import pytest

from support.labprobe import watched_lab
from uptime_tui.lab.fleet import Entry
from uptime_tui.model.failure import Status

LOGIN_FAILED = 18456


@pytest.mark.parametrize(
    ("state", "status", "secured"), [("up", Status.UP, True), ("no_encryption", Status.DEGRADED, False)]
)
async def test_an_independent_client_gets_as_far_as_the_login(tmp_path, state, status, secured):
    entry = Entry("one", "mssql://one.hosting.example", "mssql", 0, state)
    async with watched_lab(tmp_path, [entry]) as (lab, watch):
        result = await watch.probe("one")
        assert result.status is status, result.detail
        with pytest.raises(pytds.Error, match="Login failed") as refused:
            await asyncio.to_thread(
                pytds.connect, result.address, "master", "sa", "wrong", port=lab.ports["one"], timeout=10,
                login_timeout=10, cafile=str(tmp_path / "ca.pem") if secured else None, validate_host=False,
                enc_login_only=False,
            )  # fmt: skip
    assert refused.value.number == LOGIN_FAILED
