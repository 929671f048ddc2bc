"""The catalogue: complete, consistent, and above it the user's own services."""

import os

import pytest

from uptime_tui.catalogue.load import CATEGORIES, load_catalogue
from uptime_tui.model.errors import UserError

PORTS = {
    "http": 80, "https": 443, "smtp": 25, "submission": 587, "smtps": 465, "imap": 143, "imaps": 993, "pop3": 110,
    "pop3s": 995, "ssh": 22, "sftp": 22, "ftp": 21, "ftps": 990, "mysql": 3306, "postgresql": 5432, "mssql": 1433, "redis": 6379,
    "rediss": 6379, "mongodb": 27017, "mongodb-tls": 27017, "elasticsearch": 9200, "elasticsearch-tls": 9200, "cpanel": 2083, "whm": 2087, "plesk": 8443, "tcp": None,
}  # fmt: skip


def test_all_services_are_there_on_their_ports():
    assert PORTS.items() <= dict(load_catalogue().schemes).items()


def test_every_service_is_described():
    for service in load_catalogue().services.values():
        assert service.category in CATEGORIES
        assert service.meaning.endswith(".")
        assert service.test_command
        assert service.exposure == "public" or service.exposure_note or service.name == "tcp"
        assert service.interval_s >= service.min_interval_s


def test_a_well_known_port_means_one_service():
    catalogue = load_catalogue()
    assert catalogue.ports[22] == "ssh"
    assert catalogue.ports[5432] == "postgresql"
    meant = [each.port for each in catalogue.services.values() if each.port is not None and each.well_known]
    assert len(meant) == len(set(meant))


def test_databases_and_admin_ports_are_not_public():
    for name in (
        "mysql",
        "postgresql",
        "mssql",
        "redis",
        "rediss",
        "mongodb",
        "mongodb-tls",
        "elasticsearch",
        "elasticsearch-tls",
        "whm",
        "plesk",
    ):
        assert load_catalogue().get(name).exposure != "public"


def test_mysql_is_called_on_rarely_by_default():
    mysql = load_catalogue().get("mysql")
    assert mysql.interval_s >= 150, "fail2ban's mysqld-auth counts 5 refused logins in 10 minutes"
    assert mysql.per_host == 1


def test_services_of_one_daemon_share_its_limits():
    catalogue = load_catalogue()
    for lane, names in {"smtp": ("smtp", "submission", "smtps"), "ssh": ("ssh", "sftp")}.items():
        assert {(catalogue.get(name).lane, catalogue.get(name).per_host) for name in names} == {(lane, 1)}
    assert {catalogue.get(name).spacing_s for name in ("ssh", "sftp")} == {10.0}


def test_a_service_of_the_user(tmp_path):
    (tmp_path / "own.toml").write_text(
        '[sip]\ntitle = "SIP"\ncategory = "telephony"\nport = 5060\nmeaning = "Telephones register here."\n'
        '[pgbouncer]\nport = 5432\nmeaning = "Pool before the database."\n'
    )
    catalogue = load_catalogue(tmp_path)
    assert catalogue.get("sip").handshake == "tcp"
    assert catalogue.categories[-1] == "telephony"
    assert catalogue.ports[5432] == "pgbouncer"
    assert catalogue.get("postgresql").port == 5432


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[b]\nmeaning='x'\n\n[a]\nmeaning='x'\nspeed = 1", "own.toml:6: unknown key 'speed'"),
        ("[b]\nmeaning='x'\n\n[a]\nport = 1", "own.toml:4: meaning is missing"),
        ("[a]\nmeaning='x'\nhandshake = 'nope'", "own.toml:3: there is no such handshake"),
        ("[a]\nmeaning='x'\naddresses_per_probe = 0", "own.toml:3: addresses_per_probe must be 1 to 4"),
        ("[a]\nmeaning='x'\nstatus = 'ok'", "own.toml:3: status must be"),
        ('[a]\nmeaning="x\\u001b[2J"', "own.toml:2: meaning must be one line"),
        ("[a]\nmeaning='x'\nname='b'", "own.toml:3: name is the table's own"),
        ("[a]\nmeaning='x'\nport=7000\n[b]\nmeaning='x'\nport=7000", "own.toml:6: port 7000 already means a"),
        ("[a]\nmeaning=" + "[" * 3000 + "]" * 3000, "own.toml:2: lists nested too deeply"),
        ("[a]\nport=" + "9" * 5000, "own.toml:2: a number with too many digits"),
        ("[a]\nmeaning='x'\ninterval_s = inf", "own.toml:1: min_interval_s"),
        ("[a", "own.toml:1: not valid TOML"),
        ("[Big]\nmeaning='x'", "no service name"),
        ("a = 1", "not a table"),
        ("[a]\nport = 1", "meaning"),
        ("[a]\nmeaning='x'\nport = 70000", "port must be"),
        ("[a]\nmeaning='x'\nport = 'x'", "port"),
        ("[a]\nmeaning='x'\nspeed = 1", "speed"),
        ("[a]\nmeaning='x'\nhandshake = '../x'", "handshake"),
        ("[a]\nmeaning='x'\ninterval_s = 1.0", "min_interval_s"),
        ("[a]\nmeaning='x'\nexposure = 'world'", "exposure"),
        ("[a]\nmeaning='x'\ncategory = ''", "category"),
        ("[a]\nmeaning='x'\nper_host = 0", "per_host"),
        ("[a]\nmeaning='x'\nspacing_s = -1.0", "spacing_s"),
        ("[a]\nmeaning='x'\ngreeting_timeout_s = -1.0", "greeting_timeout_s"),
        ("\xff", "UTF-8"),
    ],
)
def test_a_broken_file_gives_one_clear_line(tmp_path, text, said):
    (tmp_path / "own.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(UserError, match=said) as caught:
        load_catalogue(tmp_path)
    assert str(caught.value).startswith("services.d/own.toml:")
    assert "\n" not in str(caught.value)


def test_a_service_described_twice_is_refused(tmp_path):
    for name in ("a.toml", "b.toml"):
        (tmp_path / name).write_text("[a]\nmeaning='x'\n")
    with pytest.raises(UserError, match=r"b\.toml.*twice"):
        load_catalogue(tmp_path)


def test_no_file_hangs_or_is_passed_over(tmp_path):
    os.mkfifo(tmp_path / "a.toml")
    with pytest.raises(UserError, match=r"services\.d/a\.toml: is no regular file"):
        load_catalogue(tmp_path)
    (tmp_path / "a.toml").unlink()
    (tmp_path / "a.toml").symlink_to(tmp_path / "gone")
    with pytest.raises(UserError, match=r"services\.d/a\.toml: is a link to a file that does not exist"):
        load_catalogue(tmp_path)
    (tmp_path / "a.toml").unlink()
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"services\.d: cannot be read"):
        load_catalogue(tmp_path / "file")


def test_two_of_the_users_services_may_share_a_port_when_one_steps_back(tmp_path):
    (tmp_path / "own.toml").write_text("[a]\nmeaning='x'\nport=7000\n[b]\nmeaning='x'\nport=7000\nwell_known=false\n")
    assert load_catalogue(tmp_path).ports[7000] == "a"
