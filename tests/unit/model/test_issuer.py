import pytest

from uptime_tui.model.issuer import installer, is_acme, is_public


@pytest.mark.parametrize(
    ("subject", "issuer", "who"),
    [
        ("localhost", "localhost", "an installer"),
        ("localhost, SomeOrganization", "localhost, SomeOrganization", "an installer"),
        ("Plesk", "Plesk", "Plesk"),
        ("server.example.org", "server.example.org", ""),
        ("www.fortinet.com, Fortinet, Inc.", "DigiCert Global G2, DigiCert Inc", ""),
        ("FGVM, Fortinet", "fortinet-subca2001, Fortinet", "the appliance"),
    ],
)
def test_an_installer_is_known_by_its_name(subject, issuer, who):
    found = installer(subject, issuer)
    assert found.startswith(who)
    assert bool(found) is bool(who)


def test_authorities():
    assert is_acme("R11, Let's Encrypt")
    assert not is_acme("Sectigo RSA Domain Validation, Sectigo Limited")
    assert is_public("Sectigo RSA Domain Validation, Sectigo Limited")
    assert not is_public("Own CA")
