"""The audit of a mail domain against zones on loopback: every record that is right, missing or wrong is told so."""

import asyncio
import base64
import hashlib

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from support.dnscase import a_case
from support.nameserver import Asker
from support.zones import World, running
from uptime_tui.diagnose.case import Means
from uptime_tui.diagnose.mail import audit as mail
from uptime_tui.diagnose.mail import lookups, transport
from uptime_tui.diagnose.mail.policy import Fetched
from uptime_tui.dial.direct import Dialler
from uptime_tui.model.certificate import Certificate, Window
from uptime_tui.model.diagnosis import Diagnosis
from uptime_tui.model.failure import Failure

SOA = "@ 60 IN SOA ns.test. x.test. 1 3600 900 86400 60\n@ 60 IN NS ns.test.\n"


def key(bits):
    public = rsa.generate_private_key(65537, bits).public_key()
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def txt(text):
    return " ".join(f'"{text[i : i + 200]}"' for i in range(0, len(text), 200))


GOOD = (
    SOA + "@ 60 IN MX 10 mx1\nmx1 60 IN A 192.0.2.25\n"
    '@ 60 IN TXT "v=spf1 mx include:_spf.example.test -all"\n@ 60 IN TXT "other=1"\n_spf 60 IN TXT "v=spf1 ip4:192.0.2.0/24 ip6:2001:db8::/32 ~all"\n'
    '_dmarc 60 IN TXT "v=DMARC1; p=reject; rua=mailto:d@example.test"\n'
    '_mta-sts 60 IN TXT "v=STSv1; id=20261124"\nmta-sts 60 IN A 192.0.2.80\n'
    '_smtp._tls 60 IN TXT "v=TLSRPTv1; rua=mailto:t@example.test"\n'
    f"_25._tcp.mx1 60 IN TLSA 3 0 1 {'ab' * 32}\n"
    f"default._domainkey 60 IN TXT {txt('v=DKIM1; k=rsa; p=' + key(2048))}\n"
)
PTR = SOA + "25 60 IN PTR mx1.example.test.\n"
STS = "version: STSv1\nmode: enforce\nmx: *.example.test\nmax_age: 604800\n"


SEEN = Certificate(
    "mx1", "CA", (), 0, 0, "ab" * 32, key_id="cd" * 16, chain=(Window("CA", 0, 0, "Root", "12" * 32, "34" * 16),)
)


async def audit(
    made,
    tmp_path,
    monkeypatch,
    domain="",
    host="mx1.example.test",
    *,
    sts=STS,
    certificate=None,
    service="smtp",
    **more,
):
    async def fetched(*_, **__):
        return Fetched(sts)

    monkeypatch.setattr(transport, "fetch", fetched)
    case = a_case(host, Failure.TIMEOUT, service, **more)
    if certificate:
        object.__setattr__(case, "last_good", type("Good", (), {"certificate": certificate}))
    async with running(made, monkeypatch) as resolver:
        dialler = Dialler()
        means = Means(dialler, Asker(tmp_path, resolver).resolver, asyncio.get_running_loop().time())
        try:
            facts = [fact async for fact in mail.audit(domain, means, case)]
        finally:
            dialler.close()
    assert {fact.id for fact in facts} <= set(mail.FACTS)
    assert means.budget.spent == 0, "the audit is not paid by the diagnosis"
    return facts


def world(text=GOOD, **also):
    made = World()
    made.add(2, "example.test", text)
    made.add(2, "2.0.192.in-addr.arpa", PTR)
    for origin, body in also.items():
        made.add(2, origin.replace("_", "."), SOA + body)
    return made


def ids(facts):
    return {fact.id for fact in facts}


def text(facts, id_):
    found = [fact.text for fact in facts if fact.id == id_]
    assert found, "\n".join(f"{fact.id} {fact.text}" for fact in facts)
    return found[0]


async def test_a_domain_where_all_is_right(tmp_path, monkeypatch):
    made = world()
    made.authentic = True
    facts = await audit(made, tmp_path, monkeypatch, certificate=SEEN)
    assert [fact for fact in facts if fact.ok is False] == []
    assert {"mx", "mx_addresses", "ptr", "spf", "spf_lookups", "spf_all", "dmarc", "dmarc_reports", "dkim"} <= ids(
        facts
    )
    assert {"mta_sts", "tls_rpt", "dane"} <= ids(facts)
    assert "takes 2 of the 10 lookups" in text(facts, "spf_lookups")
    assert "selector default (a guess): RSA key of 2048 bits" in text(facts, "dkim")
    assert not ids(facts) & {"dnsbl_clean", "dnsbl_listed"}, "nobody has turned a block list on"


async def test_a_domain_without_anything(tmp_path, monkeypatch):
    facts = await audit(world(SOA), tmp_path, monkeypatch, domain="example.test")
    assert {"mx_missing", "spf_missing", "dmarc_missing", "dkim_none", "mta_sts_missing", "tls_rpt_missing"} <= ids(
        facts
    )


async def test_the_domain_is_found_above_the_host(tmp_path, monkeypatch):
    facts = await audit(world(), tmp_path, monkeypatch)
    assert "mail for example.test goes to 10 mx1.example.test" in text(facts, "mx")
    facts = await audit(world(SOA), tmp_path, monkeypatch)
    assert ids(facts) == {"mail_no_domain"}


async def test_the_domain_of_a_host_that_is_called_otherwise(tmp_path, monkeypatch):
    made = world(SOA, shop_test="@ 60 IN MX 10 mx1.example.test.\nmx1 60 IN A 192.0.2.25\n")
    for host in ("mx1.example.test", "192.0.2.25"):
        facts = await audit(made, tmp_path, monkeypatch, domain="shop.test", host=host)
        assert "mail for shop.test goes to 10 mx1.example.test" in text(facts, "mx")
    made = world(shop_test="@ 60 IN MX 10 mx1.example.test.\n")
    facts = await audit(made, tmp_path, monkeypatch, domain="shop.test", host="192.0.2.25")
    assert "mx_not_this" not in ids(facts)


async def test_mx_records_that_are_wrong(tmp_path, monkeypatch):
    wrong = (
        SOA
        + "@ 60 IN MX 5 alias\nalias 60 IN CNAME real\nreal 60 IN A 192.0.2.9\n@ 60 IN MX 7 gone\n@ 60 IN MX 9 192.0.2.4.\n"
    )
    facts = await audit(world(wrong), tmp_path, monkeypatch, domain="example.test")
    assert "alias of real.example.test" in text(facts, "mx_alias")
    assert "gone.example.test has no address" in text(facts, "mx_no_address")
    assert "192.0.2.4 is an address" in text(facts, "mx_literal")
    assert "192.0.2.9 has no name" in text(facts, "ptr_missing")
    assert "mx1.example.test itself is no MX" in text(facts, "mx_not_this")
    both = await audit(world(SOA + "@ 60 IN MX 0 .\n@ 60 IN MX 5 mx1\n"), tmp_path, monkeypatch, domain="example.test")
    assert "must stand alone" in text(both, "mx_null_among")
    null = await audit(world(SOA + "@ 60 IN MX 0 .\n"), tmp_path, monkeypatch, domain="example.test")
    assert "takes no mail" in text(null, "mx_null")


async def test_a_name_that_does_not_lead_back(tmp_path, monkeypatch):
    facts = await audit(
        world(GOOD.replace("mx1 60 IN A 192.0.2.25", "mx1 60 IN A 192.0.2.25\nmx2 60 IN A 192.0.2.26")),
        tmp_path,
        monkeypatch,
    )
    assert "ptr" in ids(facts)
    twice = world(GOOD + "@ 60 IN MX 20 mx2\nmx2 60 IN A 192.0.2.25\n")
    assert [each.id for each in await audit(twice, tmp_path, monkeypatch)].count("ptr") == 1
    made = world(GOOD.replace("192.0.2.25", "192.0.2.26"))
    made.add(2, "2.0.192.in-addr.arpa", SOA + "26 60 IN PTR www.example.test.\n")
    assert "does not lead back" in text(await audit(made, tmp_path, monkeypatch), "ptr_mismatch")


def spf(record, *more):
    return SOA + "".join(f"{name} 60 IN TXT {txt(value)}\n" for name, value in (("@", record), *more))


async def spf_facts(tmp_path, monkeypatch, *records):
    return await audit(world(spf(*records)), tmp_path, monkeypatch, domain="example.test")


async def test_spf_lookups_are_counted_through_includes_and_redirects(tmp_path, monkeypatch):
    facts = await spf_facts(
        tmp_path, monkeypatch, "v=spf1 include:a.example.test redirect=b.example.test",
        ("a", "v=spf1 a mx exists:x.example.test -all"), ("b", "v=spf1 ip4:192.0.2.1 ~all"),
    )  # fmt: skip
    assert "takes 5 of the 10 lookups" in text(facts, "spf_lookups")
    assert "~all" in text(facts, "spf_all")
    assert "3 of them find nothing" in text(facts, "spf_void")


async def test_spf_with_too_many_lookups(tmp_path, monkeypatch):
    more = [(f"s{i}", "v=spf1 ip4:192.0.2.1 -all") for i in range(12)]
    record = "v=spf1 " + " ".join(f"include:s{i}.example.test" for i in range(12)) + " -all"
    assert "takes 12 lookups" in text(await spf_facts(tmp_path, monkeypatch, record, *more), "spf_too_many")


async def test_spf_behind_all_is_not_looked_at(tmp_path, monkeypatch):
    facts = await spf_facts(tmp_path, monkeypatch, "v=spf1 -all a mx exp=why.example.test")
    assert "a, mx stands behind all" in text(facts, "spf_ignored")
    assert "takes 0 of" in text(facts, "spf_lookups")


async def test_spf_that_leads_nowhere_is_broken_and_not_open(tmp_path, monkeypatch):
    facts = await spf_facts(tmp_path, monkeypatch, "v=spf1 redirect=gone.example.test")
    assert "no SPF record: receivers give up" in text(facts, "spf_broken")
    assert "spf_open" not in ids(facts)


async def test_spf_that_includes_itself_ends(tmp_path, monkeypatch):
    facts = await spf_facts(
        tmp_path, monkeypatch, "v=spf1 include:a.example.test ?all", ("a", "v=spf1 include:example.test -all")
    )
    assert "leads back to itself" in text(facts, "spf_broken")
    assert "?all" in text(facts, "spf_open")


async def test_spf_that_explodes_is_bounded(tmp_path, monkeypatch):
    wide = " ".join(f"include:e{i}.example.test" for i in range(9))
    made = world(spf(f"v=spf1 {wide} -all", *[(f"e{i}", f"v=spf1 {wide} -all") for i in range(9)]))
    facts = await audit(made, tmp_path, monkeypatch, domain="example.test")
    assert "or more lookups" in text(facts, "spf_too_many")
    assert len(made.asked) <= lookups.MAX_QUERIES


async def test_spf_records_that_are_wrong(tmp_path, monkeypatch):
    two = await spf_facts(tmp_path, monkeypatch, "v=spf1 -all", ("@", "v=spf1 ~all"))
    assert "2 SPF records" in text(two, "spf_several")
    strange = await spf_facts(tmp_path, monkeypatch, "v=spf1 ipv4:192.0.2.1 include:none.example.test +all")
    assert "ipv4:192.0.2.1 is no SPF" in text(strange, "spf_broken")
    assert "+all allows everybody" in text(strange, "spf_open")


async def test_dmarc_of_the_domain_above_and_foreign_reports(tmp_path, monkeypatch):
    body = GOOD.replace("rua=mailto:d@example.test", "sp=none; rua=mailto:a@reports.other,mailto:b@quiet.other")
    made = world(body, reports_other='example.test._report._dmarc 60 IN TXT "v=DMARC1"\n', quiet_other="")
    facts = await audit(made, tmp_path, monkeypatch, domain="sub.example.test")
    assert "_dmarc.example.test counts for sub.example.test" in text(facts, "dmarc_inherited")
    assert "dmarc_none" in ids(facts)
    assert "reports.other, which agrees" in text(facts, "dmarc_reports")
    assert "quiet.other, which does not agree" in text(facts, "dmarc_report_refused")


async def test_dmarc_says_what_it_does_to_whom(tmp_path, monkeypatch):
    for policy, said in (("reject", "refused;"), ("quarantine; pct=50", "set aside as spam, for 50 % of it;")):
        body = GOOD.replace("p=reject", f"p={policy}; sp=quarantine")
        found = text(await audit(world(body), tmp_path, monkeypatch), "dmarc")
        assert f"{said} for the domains below it sp=quarantine" in found


async def test_dkim_records_that_lead_elsewhere_or_are_several(tmp_path, monkeypatch):
    extra = "moved._domainkey 60 IN CNAME key.other.\ntwo._domainkey 60 IN TXT x\n"
    extra += f"two._domainkey 60 IN TXT {txt('p=' + key(2048))}\n"
    facts = await audit(world(GOOD + extra, other=""), tmp_path, monkeypatch, dkim_selectors=("moved", "two"))
    assert "an alias of key.other" in text(facts, "dkim_missing")
    assert "has 2 TXT records" in text(facts, "dkim_several")
    assert "RSA key of 2048 bits" in text(facts, "dkim")


async def test_dkim_selectors_that_the_user_names(tmp_path, monkeypatch):
    extra = f'old._domainkey 60 IN TXT "v=DKIM1; p="\nsmall._domainkey 60 IN TXT {txt("p=" + key(1024))}\nbad._domainkey 60 IN TXT "p=%%%"\n'
    extra += f'ed._domainkey 60 IN TXT "k=ed25519; p={base64.b64encode(bytes(32)).decode()}"\n'
    names = ("old", "small", "bad", "ed", "none")
    facts = await audit(world(GOOD + extra), tmp_path, monkeypatch, dkim_selectors=names)
    assert "was revoked" in text(facts, "dkim_revoked")
    assert "RSA key of 1024 bits is short" in text(facts, "dkim_weak")
    assert "cannot be read" in text(facts, "dkim_broken")
    assert "ed25519 key of 256 bits" in text(facts, "dkim")
    assert "no TXT at none._domainkey" in text(facts, "dkim_missing")
    assert not any("guess" in fact.text for fact in facts)


async def test_an_mx_outside_the_sts_policy(tmp_path, monkeypatch):
    facts = await audit(world(), tmp_path, monkeypatch, sts=STS.replace("*.example", "mail.example"))
    assert "but not the MX mx1.example.test" in text(facts, "mta_sts_uncovered")


async def test_dane_counts_only_when_validated(tmp_path, monkeypatch):
    assert "dane_insecure" in ids(await audit(world(), tmp_path, monkeypatch, certificate=SEEN))
    made = world()
    made.authentic = True
    unseen = "no certificate of its port 25 is known"
    assert unseen in text(await audit(made, tmp_path, monkeypatch), "dane_there")
    of_another_port = await audit(made, tmp_path, monkeypatch, certificate=SEEN, service="imaps")
    assert unseen in text(of_another_port, "dane_there")


@pytest.mark.parametrize(
    ("records", "id_", "said"),
    [
        (["3 0 1 " + "ab" * 32], "dane", "3 0 1 fits"),
        (["3 1 1 " + "cd" * 32], "dane", "3 1 1 fits"),
        (["3 1 1 " + "00" * 32, "3 1 1 " + "cd" * 32], "dane", "3 1 1 fits"),  # a rollover: the next key stands there
        (["2 0 1 " + "12" * 32], "dane", "2 0 1 fits"),
        (["2 1 1 " + "34" * 32], "dane", "2 1 1 fits"),
        (["3 1 1 " + "ce" * 32], "dane_mismatch", "do not deliver"),
        (["3 0 1 " + "cd" * 32], "dane_mismatch", "none fits"),
        (["2 1 1 " + "cd" * 32], "dane_mismatch", "none fits"),  # the leaf is no authority
        (["3 1 2 " + "cd" * 64], "dane_there", "3 1 2 cannot be compared"),
        (["1 1 1 " + "cd" * 32], "dane_unusable", "none of usage 2 or 3"),
    ],
)
async def test_dane_compares_with_what_the_server_sent(records, id_, said, tmp_path, monkeypatch):
    kept = "".join(line + "\n" for line in GOOD.splitlines() if "TLSA" not in line)
    made = world(kept + "".join(f"_25._tcp.mx1 60 IN TLSA {each}\n" for each in records))
    made.authentic = True
    assert said in text(await audit(made, tmp_path, monkeypatch, certificate=SEEN), id_)


async def test_dane_compares_whole_data_and_says_what_it_does_not_know(tmp_path, monkeypatch):
    der = b"a certificate"
    known = msgspec.structs.replace(SEEN, sha256=hashlib.sha256(der).hexdigest(), chain=(Window("CA", 0, 0),))
    for record, id_ in ((f"3 0 0 {der.hex()}", "dane"), ("2 1 1 " + "34" * 32, "dane_there")):
        made = world(GOOD.replace("3 0 1 " + "ab" * 32, record))
        made.authentic = True
        assert id_ in ids(await audit(made, tmp_path, monkeypatch, certificate=known))


async def test_block_lists_that_were_turned_on(tmp_path, monkeypatch):
    made = world(
        list_test="25.2.0.192 60 IN A 127.0.0.2\n", shy_test="25.2.0.192 60 IN A 127.255.255.254\n", clean_test=""
    )
    facts = await audit(made, tmp_path, monkeypatch, dnsbl=("list.test", "shy.test", "clean.test"))
    assert "192.0.2.25 is on list.test (127.0.0.2)" in text(facts, "dnsbl_listed")
    assert "shy.test does not answer" in text(facts, "dnsbl_refused")
    assert "is not on clean.test" in text(facts, "dnsbl_clean")


async def test_a_silent_resolver_is_no_accusation(tmp_path, monkeypatch):
    monkeypatch.setattr(mail, "PATIENCE_S", 0.05)
    made = world()
    made.behave["resolver"] = "silent"
    facts = await audit(made, tmp_path, monkeypatch, domain="example.test")
    assert [fact for fact in facts if fact.ok is False] == []
    assert "could not be looked up" in text(facts, "spf")


async def test_hostile_texts_are_harmless(tmp_path, monkeypatch):
    evil = r'"v=spf1 \027]0;owned\007 include:\226\128\174x.test -all"'
    body = (
        SOA + f"@ 60 IN TXT {evil}\n@ 60 IN MX 10 mx\\027[2J\n" + r'_dmarc 60 IN TXT "v=DMARC1; p=\027[2Jnone"' + "\n"
    )
    facts = await audit(world(body), tmp_path, monkeypatch, domain="example.test")
    assert {"spf_broken", "dmarc_broken"} <= ids(facts)
    assert all(fact.text.isprintable() and len(fact.text) < 1000 for fact in facts)


async def test_only_a_mail_server_with_a_full_name_is_audited(tmp_path, monkeypatch):
    made = world()
    async with running(made, monkeypatch) as resolver:
        dialler = Dialler()
        means = Means(dialler, Asker(tmp_path, resolver).resolver, asyncio.get_running_loop().time())
        for host, service, domain, wanted in (
            ("mx1.example.test", "imaps", "", True),
            ("mx1.example.test", "https", "example.test", False),
            ("192.0.2.25", "smtp", "", False),
            ("192.0.2.25", "smtp", "example.test", True),
        ):
            case = a_case(host, Failure.TIMEOUT, service, domain)
            found = await mail.audited(Diagnosis(case.plan.monitor.id, 0, case.result), means, case)
            assert bool(found.audit) == wanted
        dialler.close()
