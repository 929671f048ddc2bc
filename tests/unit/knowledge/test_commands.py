"""The commands of the knowledge base: a shell takes each, each only reads, none shows a secret."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from support.hints import every
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.failure import Failure

READERS = frozenset(
    {
        "cat", "delv", "df", "dig", "dmesg", "docker", "doveconf", "dpkg", "free", "getent", "grep", "head", "ls", "mtr",
        "nc", "nstat", "pgrep", "ping", "podman", "pg_isready", "pg_lsclusters", "postconf", "ps", "ss", "ssh-keyscan", "tail",
        "timedatectl", "tracepath", "traceroute", "uptime", "vmstat", "wc", "whois",
    }
)  # fmt: skip
"""These change nothing unless an option of `CHANGES` asks for it."""
CHANGES = {
    "dmesg": r"-[cCDE]\b|--clear|--console", "docker": r"^docker (?!ps )", "podman": r"^podman (?!ps )",
    "dpkg": r"^dpkg (?!-l )", "postconf": r"-[eX#]\b", "ss": r"-K\b|--kill", "nstat": r"^nstat (?!-az )",
}  # fmt: skip
ONLY = {
    "apachectl": "configtest",
    "apt-cache": "policy ",
    "certbot": "certificates",
    "curl": r"(?!.*(^|\s)(-X|-d|--data|-T|-F|-o (?!/dev/null))).*",
    "fail2ban-client": "(banned|status)",
    "find": r"(?!.*-(delete|exec|ok|fprint)).*",
    "hostname": "-f",
    "ip": r"(-6 |-brief |-s )*(link|address|neigh|route|rule)( show type \w+| show \S+| get \S+)?\s*$",
    "journalctl": r"(?!.*--(vacuum|rotate|flush)).*",
    "mariadb": "(-h|-P|-e|[^-]).*-e (select|show) |-e (select|show) ",
    "mariadb-admin": r"(--\S+ )*ping",
    "mongosh": r".*--eval (rs\.status|db\.hello|db\.serverStatus)\(\)",
    "nft": "list ",
    "nginx": "-[tT]",
    "openssl": "(s_client|x509) ",
    "plesk": "repair web -n",
    "postfix": "check",
    "postqueue": "-p",
    "prlimit": "-n -p _",
    "psql": ".*-c (select|show) ",
    "redis-cli": r"(--tls )?-h \S+ -p \S+ (--tls )?(ping|info|slowlog get)",
    "resolvectl": "(status|query) ",
    "sqlcmd": ".*-Q select 1",
    "ssh": r"-p \d+ \S+ true",
    "ssh-keygen": "-l[fF] ",
    "sshd": "-[tT]",
    "sysctl": r"[\w.]+\s*$",
    "systemctl": r"(--user )?(status|show|is-enabled|is-system-running|list-\S+|--failed)",
    "uptime-tui": "(list|doctor|status|check) ?",
}
_SUBSTITUTION = re.compile(r"\$\(([^()]*)\)")
KEYWORDS = {"do", "then", "while", "if"}
SECRET = re.compile(
    r"\bps (aux|-ef|.*\b(args|cmd|command)\b)|requirepass \S|config get (requirepass|\*)|doveconf .*-P|password|\bshadow\b"
    r"|pgpass|my\.cnf|privkey|\.pem\b|\b(printenv|env)\b|nginx -T$|processlist'$|ssl_key\b"
)


CATALOGUE = load_catalogue()
ALL = sorted(
    {
        command
        for failure in Failure
        for found in every(failure)
        for cause in found.causes
        for command in cause.every_command
    }
)
"""Each as it is shown, of every failure of every service."""


def programs(command):
    """Each program that a line starts, with its arguments; those inside `$(…)` too."""
    for inner in _SUBSTITUTION.findall(command):
        yield from programs(inner)
    lexer = shlex.shlex(_SUBSTITUTION.sub("_", command), posix=True, punctuation_chars=";|&()<>")
    lexer.whitespace_split = True
    words = []
    for token in [*lexer, ";"]:
        if (token in KEYWORDS and not words) or set(token) <= set(";|&()"):
            if words and words[0] not in ("[", "for", "done") and "=" not in words[0]:
                yield words
            words = []
        else:
            words.append(token)


def only_reads(words):
    program, arguments = words[0], " ".join(words[1:])
    if program == "sudo":
        return only_reads(words[3:])
    if ">" in words:
        return False
    if program in READERS:
        return program not in CHANGES or not re.search(CHANGES[program], f"{program} {arguments}")
    return program in ONLY and re.match(ONLY[program], f"{arguments} " if arguments else "") is not None


UNITS = Path("/usr/lib/systemd/system")
UNWRITTEN = frozenset({"inet_interfaces", "tls-port", "implicit_ssl"})
"""Keys that stand in no file before somebody writes them."""


def test_a_unit_that_only_stands_for_its_instances_is_shown_with_them():
    """`systemctl status postfix` says active on Debian 12 while Postfix is dead: the work is done by postfix@-."""
    for service in map(CATALOGUE.get, CATALOGUE.schemes):
        unit = UNITS / f"{service.unit.removesuffix('*')}.service"
        if not unit.is_file():
            continue
        is_shell = "ExecStart=/bin/true" in unit.read_text()
        assert is_shell == service.unit.endswith("*"), service.name
        if is_shell:
            assert f"systemctl status '{service.unit}' --no-pager" in ALL
            assert f"systemctl is-enabled {unit.stem}" in ALL


def test_the_listen_key_is_found_in_the_configuration_of_the_package():
    for service in map(CATALOGUE.get, CATALOGUE.schemes):
        places = [str(place) for place in Path("/").glob(service.config[1:])] if service.config else []
        if places and service.config_key not in UNWRITTEN:
            command = ["grep", "-RnE", service.config_key, *places]
            assert subprocess.run(command, capture_output=True, check=False).stdout, command


def test_a_shell_takes_each():
    """One run for all: `sh -n` parses and runs nothing."""
    told = subprocess.run(["sh", "-n"], input="\n".join(ALL), capture_output=True, text=True, timeout=30, check=False)
    assert told.stderr == ""
    assert told.returncode == 0


def test_each_only_reads():
    started = {command: list(programs(command)) for command in ALL}
    assert [
        command for command, each in started.items() if not each or not all(only_reads(words) for words in each)
    ] == []


def test_none_shows_a_secret():
    assert [command for command in ALL if SECRET.search(command)] == []


@pytest.mark.parametrize(
    "command",
    [
        "systemctl restart nginx", "postfix reload", "ip route del default", "nft flush ruleset", "rm -rf /tmp/x", "sysctl -w a=1",
        "certbot renew --dry-run", "fail2ban-client unban --all", "dmesg -C", "ss -K dst 192.0.2.7", "redis-cli -h a -p 1 flushall",
        "mariadb-admin flush-hosts", "curl -X DELETE http://a/", "df -h; reboot", "cat /etc/motd > /etc/passwd", "docker rm -f x",
        "psql -c 'drop table a'", "find / -delete", "z=$(reboot)", 'while [ -z "$(reboot)" ]; do dig .; done', "ls | xargs rm",
    ],
)  # fmt: skip
def test_what_changes_something_would_be_noticed(command):
    assert not all(only_reads(words) for words in programs(command))
