"""The user's runbooks stand above the built-in knowledge, and a broken one takes nothing away."""

import pytest

from support.explained import plan
from uptime_tui.knowledge.entry import hints_for
from uptime_tui.knowledge.load import load_knowledge
from uptime_tui.model.errors import UserError
from uptime_tui.model.failure import Failure, Phase

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


def test_an_own_cause_for_a_service_that_is_like_another_keeps_the_others(tmp_path):
    (tmp_path / "busy.toml").write_text(
        '[[service.imaps.cause]]\nid = "ours"\ntext = "Our proxy is full."\ncheck = ["Look."]\n'
    )
    found = hints_for(load_knowledge(tmp_path).entry(Failure.BUSY), Failure.BUSY, "imaps", {})
    assert {"ours", "login_service_full"} <= {cause.id for cause in found.causes}


SOUND = '[[cause]]\nid = "x"\ntext = "t"\ncheck = ["c"]\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "toml:1: not valid TOML"),
        ("nonsense = 1", "toml:1: unknown key 'nonsense'"),
        (SOUND + "[[cause]]\nid = 3", "toml:5: text is missing; 2 more problems"),
        (SOUND + SOUND + "weight = 3.0", "toml:9: weight must be above 0"),
        (SOUND + "weight = nan", "toml:5: weight must be above 0"),
        (SOUND + "weight = 'much'", "toml:5: weight must be a number"),
        (
            SOUND + '[[service.smtp.cause]]\nid = "y"\ntext = "a\\u001b[2J"\ncheck = ["c"]',
            "toml:7: text: a text must be",
        ),
        (SOUND + 'commands = ["a\\nb"]', "toml:5: commands: a text must be"),
        (SOUND.replace('"c"', '{ text = "c", where = "a\\nb" }'), "toml:4: check: a text must be"),
        ("cause = 5", "toml:1: cause must be a list of tables"),
        ("title = " + "[" * 3000 + "]" * 3000, "toml:1: lists nested too deeply"),
        ("\xff", "toml:1: not UTF-8"),
    ],
)
def test_a_broken_file_is_named_once_and_the_built_in_entry_serves(tmp_path, text, said):
    (tmp_path / "refused.toml").write_bytes(text.encode("latin-1"))
    knowledge = load_knowledge(tmp_path)
    with pytest.raises(UserError, match=said) as caught:
        knowledge.entry(Failure.REFUSED)
    assert str(caught.value).startswith("runbooks/refused.toml:")
    assert knowledge.entry(Failure.REFUSED).cause


def test_all_problems_of_the_folder(tmp_path):
    assert load_knowledge(tmp_path / "none").problems() == []
    (tmp_path / "refused.toml").write_text(SOUND)
    assert load_knowledge(tmp_path).problems() == []
    (tmp_path / "timeout.toml").write_text("x = 1")
    (tmp_path / "refuzed.toml").write_text(SOUND)
    said = [str(problem) for problem in load_knowledge(tmp_path).problems()]
    assert said[0] == "runbooks/refuzed.toml: no failure code has this name (did you mean refused.toml?)"
    assert said[1].startswith("runbooks/timeout.toml:1: unknown key 'x'")


@pytest.mark.parametrize(
    ("phase", "first", "last"),
    [(Phase.CONNECT, "filtered", "hung"), (None, "filtered", "hung"), (Phase.PROTOCOL, "hung", "filtered")],
)
def test_a_timeout_after_the_connect_is_no_packet_filter(phase, first, last):
    asked = plan("ssh", "gate.example.net")
    hints = load_knowledge().hints(Failure.TIMEOUT, asked.monitor, asked.service, "192.0.2.7", pytest.fail, phase=phase)
    told = [cause.id for cause in hints.causes]
    assert told[0] == first
    assert told.index(first) < told.index("overloaded") < told.index(last)
