"""What real servers take, and what they write down when they are asked: nginx, Postfix, Dovecot."""

import asyncio
from dataclasses import replace

import msgspec
import pytest

from support.explained import case, ids, plan
from uptime_tui.diagnose.case import Means
from uptime_tui.diagnose.evidence import tls_offer
from uptime_tui.dial.direct import Dialler
from uptime_tui.model.failure import Failure

pytestmark = [pytest.mark.server, pytest.mark.xdist_group("servers")]


async def found(service, address, port, failure=Failure.TLS_HANDSHAKE, banner=""):
    asked = case(failure, service=service, banner=banner)
    result = msgspec.structs.replace(asked.result, address=address)
    dialler = Dialler()
    means = Means(dialler, None, asyncio.get_running_loop().time() + 5)
    try:
        asked = replace(asked, plan=plan(service, port=port), result=result)
        return ids([fact async for fact in tls_offer.collect(asked, means)]), means.budget.spent
    finally:
        dialler.close()


async def test_nginx(nginx):
    facts, spent = await found("https", nginx.address, nginx.ports["good"])
    assert facts[0] == "tls_modern"
    assert spent <= tls_offer.PACKETS


async def test_nginx_without_tls_is_no_hello(nginx):
    facts, _ = await found("https", nginx.address, nginx.ports["http"])
    assert "tls_modern" not in facts


async def test_postfix_with_and_without_starttls(postfix):
    for name, fact in (("submission", "starttls_now"), ("plaintext", "starttls_still_missing")):
        port = postfix.ports[name]
        facts, spent = await found("submission", postfix.address, port, Failure.STARTTLS_MISSING, "220 x")
        assert facts == [fact]
        assert spent <= tls_offer.PACKETS
    facts, _ = await found("smtps", postfix.address, postfix.ports["smtps"])
    assert facts[0] == "tls_modern"


async def test_dovecot_in_tls_and_after_starttls(dovecot):
    assert (await found("imaps", dovecot.address, dovecot.ports["imaps-good"]))[0][0] == "tls_modern"
    facts, _ = await found("imap", dovecot.address, dovecot.ports["imap-good"])
    assert facts[:2] == ["starttls_now", "tls_modern"]
