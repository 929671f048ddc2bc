"""The user's runbooks stand above the built-in knowledge, and a broken one takes nothing away."""

import pytest

from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure

OWN = """
title = "Refused at our place"

[[cause]]
id = "nothing_listening"
text = "The nightly restart hangs."
check = ["Ask the colleague on duty."]

[[service.smtp.cause]]
id = "our_gateway"
text = "The gateway is being patched."
check = ["The maintenance calendar."]
"""


def test_own_entry_is_merged(tmp_path):
    (tmp_path / "refused.toml").write_text(OWN)
    entry = load_knowledge(tmp_path).entry(Failure.REFUSED)
    assert entry.title == "Refused at our place"
    assert "alive" in entry.meaning
    assert [c.id for c in entry.cause].count("nothing_listening") == 1
    assert entry.cause[0].text == "The nightly restart hangs."
    assert entry.service["smtp"].cause[0].id == "our_gateway"
    assert "postfix_master" in {c.id for c in entry.service["smtp"].cause}


@pytest.mark.parametrize("text", ["title = ", "nonsense = 1", "[[cause]]\nid = 3", "\xff"])
def test_a_broken_file_is_named_once_and_the_built_in_entry_serves(tmp_path, text):
    (tmp_path / "refused.toml").write_bytes(text.encode("latin-1"))
    knowledge = load_knowledge(tmp_path)
    with pytest.raises(UserError, match=r"runbooks/refused\.toml"):
        knowledge.entry(Failure.REFUSED)
    assert knowledge.entry(Failure.REFUSED).cause
