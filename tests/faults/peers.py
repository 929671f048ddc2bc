"""The same faults shown to other tools: how many causes does the output of each tell apart?

Outputs count as the same when nothing but numbers, addresses, times and the name of the service differs between them.
The measure favours us in that the causes are those of our own knowledge base, and that the others make one probe and no
search; it favours them in that any two words that differ count as told apart, whether they say why or not.
"""

import http.client
import queue
import re
import shutil
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from faults.fault import Fault
from faults.run import Told, made
from faults.site import Site, site
from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.model.target import Target, parse_target

PLUGINS = Path("/usr/lib/nagios/plugins")
EXPORTER = shutil.which("prometheus-blackbox-exporter")
TIMEOUT_S = 5
_EXPORTER_PORT = 9115
_MODULES = """
modules:
  web: {prober: http, timeout: 4s, http: {tls_config: {ca_file: "CA"}, follow_redirects: true}}
  port: {prober: tcp, timeout: 4s}
  tls: {prober: tcp, timeout: 4s, tcp: {tls: true, tls_config: {ca_file: "CA"}}}
  ssh: {prober: tcp, timeout: 4s, tcp: {query_response: [{expect: "^SSH-2.0-"}]}}
  banner: {prober: tcp, timeout: 4s, tcp: {query_response: [{expect: "^(220|[*] OK|[+]OK)"}]}}
  starttls:
    prober: tcp
    timeout: 4s
    tcp:
      tls_config: {ca_file: "CA"}
      query_response:
        - {expect: "^220 ", send: "EHLO prober\\r"}
        - {expect: "^250-STARTTLS", send: "STARTTLS\\r"}
        - {expect: "^220", starttls: true}
"""
_EXPORTER_MODULE = {
    "http": "web", "https": "web", "ssh": "ssh", "sftp": "ssh", "smtp": "starttls", "submission": "starttls",
    "imap": "banner", "pop3": "banner", "ftp": "banner", "imaps": "tls", "pop3s": "tls", "smtps": "tls",
}  # fmt: skip
_NOISE = (
    (re.compile(r"\b[0-9a-f]*:[0-9a-f:]*:[0-9a-f]+\b|\b\d+\.\d+\.\d+\.\d+\b"), "ADDR"),
    (re.compile(r"\b[a-z0-9-]+(\.[a-z0-9-]+)*\.test\b"), "NAME"),
    (re.compile(r"\b(smtp|imap|pop3?|ssh|ftp|tcp|http|https|simap|ssmtp)\b", re.IGNORECASE), "SERVICE"),
    (re.compile(r"[-+]?\d+(\.\d+)?(e-?\d+)?(ns|µs|ms|s)?"), "N"),
)


def compare(told: Sequence[Told], sites: int) -> Iterator[str]:
    """Lines of text: for us and each tool, the causes that its words tell apart."""
    faults = [each.fault for each in told]
    causes = {(each.failure, each.cause) for each in faults}
    yield f"{len(causes)} causes in {len(faults)} faults; told apart, that is with words that no other cause has:"
    ours = {each.fault.id: f"{each.seen[1]} {each.causes[0] if each.causes else ''}" for each in told}
    yield _count("uptime-tui (first cause)", faults, ours)
    tools: dict[str, Callable[[Site, Fault], str]] = {}
    if EXPORTER:
        tools["blackbox_exporter (debug log)"] = _exporter
    if PLUGINS.is_dir():
        tools["monitoring-plugins"] = _plugin
    for name, ask in tools.items():
        yield _count(name, faults, _ask_all(faults, sites, ask))


def _count(name: str, faults: Sequence[Fault], words: Mapping[str, str]) -> str:
    meant = defaultdict(set)
    said = defaultdict(set)
    for fault in faults:
        cause = (fault.failure, fault.cause)
        meant[words[fault.id]].add(cause)
        said[cause].add(words[fault.id])
    alone = [cause for cause, texts in said.items() if all(meant[text] == {cause} for text in texts)]
    return f"  {name:<32} {len(alone):>3} of {len(said)} causes, {len(meant)} different outputs"


def _ask_all(faults: Sequence[Fault], sites: int, ask: Callable[[Site, Fault], str]) -> dict[str, str]:
    with ExitStack() as stack:
        free: queue.SimpleQueue[Site] = queue.SimpleQueue()
        for _ in range(sites):
            free.put(stack.enter_context(site()))

        def one(fault: Fault) -> str:
            place = free.get()
            try:
                with made(place, fault):
                    return _normal(ask(place, fault))
            except (OSError, subprocess.SubprocessError, http.client.HTTPException):
                return "the tool itself failed"
            finally:
                free.put(place)

        with ThreadPoolExecutor(sites) as pool:
            return dict(zip([fault.id for fault in faults], pool.map(one, faults), strict=True))


def _normal(text: str) -> str:
    for pattern, instead in _NOISE:
        text = pattern.sub(instead, text)
    return " ".join(text.lower().split())


def _target(fault: Fault) -> Target:
    catalogue = load_catalogue()
    return parse_target(fault.target, schemes=catalogue.schemes, ports=catalogue.ports, with_path=catalogue.with_path)


def _plugin(place: Site, fault: Fault) -> str:
    """The line of the plugin that one would take for the service."""
    target = _target(fault)
    service, host, port = target.service, target.host, str(target.port)
    common = ["-H", host, "-t", str(TIMEOUT_S)]
    own = {
        "smtp": "smtp",
        "submission": "smtp",
        "imap": "imap",
        "pop3": "pop",
        "ssh": "ssh",
        "sftp": "ssh",
        "ftp": "ftp",
    }
    if service in {"http", "https"}:
        words = ["check_http", *common, "-p", port, *(["-S", "--sni", "-C", "14"] if service == "https" else [])]
        text = "" if isinstance(fault.expect, str) else fault.expect.get("keyword")
        if text:
            words += ["-s", text]
    elif service in own:
        words = [f"check_{own[service]}", *common, "-p", port, *(["-S"] if own[service] == "smtp" else [])]
    else:
        words = ["check_tcp", *common, "-p", port, *(["-S"] if service in {"imaps", "pop3s", "smtps"} else [])]
    done = place["watcher"].run(str(PLUGINS / words[0]), *words[1:], check=False, timeout=30)
    return (done.stdout or done.stderr).partition("|")[0]


def _exporter(place: Site, fault: Fault) -> str:
    """What its debug page says of a failed probe: the messages with their errors."""
    target = _target(fault)
    config = place.home / "blackbox.yml"
    config.write_text(_MODULES.replace("CA", str(place.home / "ca.pem")))
    module = _EXPORTER_MODULE.get(target.service, "port")
    host = f"[{target.host}]" if ":" in target.host else target.host
    where = fault.target if module == "web" else f"{host}:{target.port}"
    query = urllib.parse.urlencode({"target": where, "module": module, "debug": "true"})
    process = place["watcher"].popen(
        EXPORTER, f"--config.file={config}", f"--web.listen-address=127.0.0.1:{_EXPORTER_PORT}", "--log.level=error",
    )  # fmt: skip
    try:
        return place["watcher"].call(_fetch, f"http://127.0.0.1:{_EXPORTER_PORT}/probe?{query}")
    finally:
        process.kill()
        process.wait()


def _fetch(url: str) -> str:
    deadline = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", _EXPORTER_PORT), timeout=1).close()
            break
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
    with urllib.request.urlopen(url, timeout=30) as answer:
        text = answer.read().decode("utf-8", "replace")
    logs = text.partition("Metrics that would have been returned")[0]
    parts = [re.findall(r'\b(?:msg|err)="?([^"\n]*)"?', line) for line in logs.splitlines()]
    success = re.search(r"^probe_success (\d)", text, re.MULTILINE)
    return "; ".join(
        [*(" ".join(part) for part in parts if part), f"success {'yes' if success and success[1] == '1' else 'no'}"]
    )
