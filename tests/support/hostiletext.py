"""Text that means harm, servers on loopback that say it wherever text arrives, and what of it has come through."""

import json
import re
import socket
import ssl
import struct
import tempfile
import threading
import unicodedata
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

from support.certificates import Issued, issue, write_pem

CONTROLS = (
    "\x1b]0;owned\x07\x1b[66;77H\x1b[6;35;6;35m\x1bPowned\x1b\\\x1b_owned\x1b\\\x9b6;35m\x9d0;owned\x9c\x08\x00\x0e\x85"
)
UNSEEN = "\u202eevil\u2066\u200b\u2060\ufeff\ufe0f"
WIDE = "日本語 e" + "\u0301" * 40
MARKUP = "[/][@click=app.quit]x[/][red]"
TEXT = f"{MARKUP}{CONTROLS}{UNSEEN}{WIDE}"
BYTES = TEXT.encode() + b"\x9b6;35m\xed\xa0\x80\xff"
"""With C1 bytes, a lone surrogate and what is no UTF-8."""
MEGABYTE = BYTES * (1_048_576 // len(BYTES))

_OURS = re.compile(
    r"\x1b\[[?<>=]?[0-9;:]*\$?[A-Za-z~]"  # what a full-screen program says to its terminal
    r"|\x1b\]52;c;[A-Za-z0-9+/=]*\x07|\x1b\]22;[a-z]*\x07"  # the clipboard, the shape of the pointer
    r"|\x1b[78=>]|\x1b[()][A-Z0-9]"
)
_CUT = re.compile(
    rb"(?:[\xc2-\xf4][\x80-\xbf]{0,2}|\x1b(?:\[[0-9;:?<=>$]*|\][0-9]+;[a-z;]*[A-Za-z0-9+/=]*|[()])?)?"
    rb"\x18(?=\x1b\[\?1000l)"
)
"""Where the end of the dashboard cut its own frame short (`ui.output`): perhaps in a character or in a sequence."""
_SAID = ("owned", "66;77H", "6;35;6;35m", "6;35m")


def come_through(raw):
    """What of the hostile text acts on a terminal that is sent these bytes; empty when nothing does."""
    text = _CUT.sub(b"", bytes(raw)).decode()
    found = [said for said in _SAID if f"\x1b[{said}" in text or f"\x9b{said}" in text]
    rest = _OURS.sub("", text)
    found += sorted({repr(c) for c in rest if unicodedata.category(c) in {"Cc", "Cf", "Cs"} and c not in "\r\n"})
    return found + ([] if re.search("\u0301{4}", rest) is None else ["a stack of marks"])


# --- servers ----------------------------------------------------------------------------


def _greets(before, after=b"\r\n"):
    return lambda _: before + BYTES + after


def _mysql(said):
    body = b"\x0a" + BYTES.replace(b"\x00", b"") + b"\x00" + b"*\x00\x00\x00abcdefgh\x00\xfe\xf7-\x02\x00\xbf\x81\x15"
    body += bytes(10) + b"ijklmnopqrst\x00" + b"mysql_native_password\x00"
    if said:
        body = b"\xff\x15\x04#28000" + BYTES.replace(b"\x00", b"")
    return struct.pack("<I", len(body))[:3] + (b"\x02" if said else b"\x00") + body


def _postgresql(_):
    body = b"SFATAL\x00C57P03\x00M" + BYTES.replace(b"\x00", b"") + b"\x00\x00"
    return b"E" + struct.pack(">I", len(body) + 4) + body


def _web(status=b"200 OK", headers=b"", body=b""):
    length = b"Content-Length: %d\r\n\r\n" % len(body)
    return lambda _: b"HTTP/1.1 " + status + b"\r\n" + headers + length + body


_LINE = f"{MARKUP}{UNSEEN}{WIDE}\x9b6;35m".encode() + b"\x9b6;35m\xed\xa0\x80"
"""What may stand in a header."""
_JSON = json.dumps({"status": TEXT + "\ud800", TEXT: TEXT}).encode()

FIRST = {
    "smtp": _greets(b"220 "),
    "smtp-busy": _greets(b"421 "),
    "smtp-flood": lambda _: b"220 " + MEGABYTE,
    "ssh": _greets(b"SSH-2.0-"),
    "ssh-wrong": _greets(b""),
    "ftp": _greets(b"220 "),
    "ftp-busy": _greets(b"421 "),
    "imap": _greets(b"* OK "),
    "imap-bye": _greets(b"* BYE "),
    "pop3": _greets(b"+OK "),
    "pop3-err": _greets(b"-ERR "),
    "mysql": _mysql,
    "mysql-error": lambda _: _mysql(True),
}
"""Who speaks first: case to what is said."""
SECOND = {
    "redis": _greets(b"-ERR "),
    "redis-loading": _greets(b"-LOADING "),
    "postgresql": _postgresql,
    "mongodb": lambda _: MEGABYTE,
    "elasticsearch": _web(b"200 OK", b"Content-Type: application/json\r\n", _JSON),
    "http": _web(b"500 " + _LINE, b"Server: " + _LINE + b"\r\n", BYTES),
    "http-broken": _web(b"200 OK", b"Server: " + BYTES + b"\r\n", BYTES),
    "http-line": lambda _: BYTES + b"\r\n\r\n",
    "http-flood": lambda _: b"HTTP/1.1 200 " + MEGABYTE,
    "http-redirect": _web(b"302 Found", b"Location: http://" + _LINE + b"/\r\n"),
    "http-type": _web(b"503 Busy", b"Retry-After: " + _LINE + b"\r\nContent-Type: " + _LINE + b"\r\n", BYTES),
    "http-json": _web(b"200 OK", b"Content-Type: application/json\r\n", _JSON),
    "http-header": _web(b"200 OK", b"X-Said: " + _LINE + b"\r\n", BYTES),
    "plesk": _web(b"500 " + _LINE, b"", BYTES),
}
"""Who answers."""
SERVICES = {case: case.partition("-")[0] for case in (*FIRST, *SECOND)}
EXPECT = {
    "http-json": 'expect = { json_values = ["status == \\"ok\\""] }',
    "http-header": 'expect = { keyword = "fine", headers = ["X-Said == fine"], regex = "^fine$" }',
    "http-redirect": 'expect = { redirect = "http://fine.example/" }',
}


def _serve(listener, speaks, *, first, context=None):
    def visit(connection):
        with suppress(OSError), connection:
            connection.settimeout(20)
            with connection if context is None else context.wrap_socket(connection, server_side=True) as talk:
                if first:
                    talk.sendall(speaks(b""))
                while said := talk.recv(65536):
                    talk.sendall(speaks(said))

    def accept():
        with suppress(OSError):
            while True:
                threading.Thread(target=visit, args=listener.accept()[:1], daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()


def hostile_certificate() -> Issued:
    """In the names of subject, issuer and alternatives as much as a certificate can hold."""
    root = issue(f"CA {MARKUP}{CONTROLS[:20]}"[:60], ca=True)
    names = (f"{MARKUP}\x1b]0;owned\x07\x1b[66;77H.example".replace("[", "("), "a\x00b.example")
    return issue(f"{MARKUP}\x1b]0;owned\x07{UNSEEN}"[:60], root, names=names, from_days=-90, to_days=-3, chain=(root,))


def _names(listener):
    """Every name is an alias of one that is hostile and does not exist; TXT and MX say hostile things too."""
    label = b"\x1b]0;owned\x07\x1b[66;77H\x9b6;35m[/]\xe2\x80\xae".ljust(30, b"x")

    def answer():
        with suppress(OSError):
            while True:
                data, peer = listener.recvfrom(4096)
                with suppress(Exception):
                    question = dns.message.from_wire(data)
                    asked = question.question[0]
                    message = dns.message.make_response(question)
                    message.flags |= dns.flags.RA
                    name = dns.name.Name((label, b"example", b""))
                    if asked.name.to_text().startswith("alias") and asked.rdtype != dns.rdatatype.TXT:
                        text = name.to_text()
                        message.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "CNAME", text))
                        message.set_rcode(dns.rcode.NXDOMAIN)
                    elif asked.rdtype == dns.rdatatype.TXT:
                        text = '"v=spf1 include:{} {}"'.format(name.to_text(), r"\027]0;owned\007\155\226\128\174")
                        message.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "TXT", text))
                    elif asked.rdtype == dns.rdatatype.MX:
                        message.answer.append(dns.rrset.from_text(asked.name, 60, "IN", "MX", f"10 {name.to_text()}"))
                    elif asked.name != dns.name.root:
                        message.set_rcode(dns.rcode.NXDOMAIN)
                    listener.sendto(message.to_wire(), peer)

    threading.Thread(target=answer, daemon=True).start()


@contextmanager
def hostile_servers():
    """All of them: case to target; `dns` is the name server's address."""
    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*write_pem(hostile_certificate(), Path(folder)))
        targets = {}
        for number, case in enumerate((*FIRST, *SECOND, "https", "smtps")):
            listener = stack.enter_context(socket.create_server((f"127.9.{number + 1}.9", 0)))
            stack.callback(listener.shutdown, socket.SHUT_RDWR)
            secure = case in {"https", "smtps"}
            kind = "http" if case == "https" else "smtp" if case == "smtps" else case
            first = kind in FIRST
            _serve(listener, (FIRST if first else SECOND)[kind], first=first, context=context if secure else None)
            host, port = listener.getsockname()
            targets[case] = f"{SERVICES.get(case, case)}://{host}:{port}"
        names = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        names.bind(("127.9.99.9", 0))
        _names(names)
        targets["alias"] = "smtp://alias.example:25"
        targets["dns"] = "{}:{}".format(*names.getsockname())
        yield targets
