"""Where `list` puts what it says of mail hosts."""

from uptime_tui.cli.mail import with_mail


def test_the_sentence_follows_the_last_monitor_that_is_shown():
    sentences = {"a": "mail on a", "c": "mail on a", "d": "mail on d"}
    assert with_mail(["1", "2", "3", "4"], ["a", "b", "c", "d"], sentences) == [
        "1", "2", "3", "  mail on a", "4", "  mail on d",
    ]  # fmt: skip
    assert with_mail(["1", "2"], ["a", "b"], sentences) == ["1", "  mail on a", "2"]
    assert with_mail([], [], sentences) == []
