"""Every handshake is proven by recorded exchanges; whatever has one is also fed with any bytes (`tests/property`)."""

import ast
import inspect

import pytest

from support.bytescript import CATALOGUE, all_scripts, every_handshake

SCRIPTS = all_scripts()


def name(module):
    return module.__name__.rpartition(".")[2]


def used_by(module):
    """Every name that its file uses, and every attribute, with a dot before it."""
    nodes = list(ast.walk(ast.parse(inspect.getsource(module))))
    attributes = {f".{node.attr}" for node in nodes if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in nodes if isinstance(node, ast.Name)}


@pytest.mark.parametrize("module", every_handshake(), ids=name)
def test_recorded_exchanges(module):
    scripts = [script for script in SCRIPTS if script.module is module]
    assert scripts, "no exchange in tests/scripts"
    used = used_by(module)
    if used & {"StartTls", "begin_tls"}:
        assert any(("tls", b"") in script.dialogue for script in scripts), "none begins TLS"
        assert any(script.failure == "starttls_injection" for script in scripts), "none has plaintext before TLS"
    if ".login" in used:
        assert any(script.ask.login for script in scripts), "none logs in"
    if ".user" in used:
        assert any(script.ask.user or script.ask.login for script in scripts), "none has an account"
    if module.SERVER_SPEAKS_FIRST:
        assert any(script.failure == "wrong_service" for script in scripts), "none meets another service"


def test_every_service_has_a_recorded_exchange():
    """Beside those that are another one in TLS from the first byte, as SMTPS is SMTP."""
    wrapped = {"https", "smtps", "rediss", "mongodb-tls", "elasticsearch-tls"}
    assert {script.service for script in SCRIPTS} == set(CATALOGUE.services) - wrapped
