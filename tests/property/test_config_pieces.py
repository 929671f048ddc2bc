"""Any file of blocks, right or wrong: read in pieces it holds the same and has the same faults as read at once."""

from unittest.mock import patch

from hypothesis import example, given, settings
from hypothesis import strategies as st

from uptime_tui.model.errors import UserError
from uptime_tui.tomlfile import source

LINES = st.sampled_from(
    [
        "[[monitor]]", "[[monitor]]", "[[monitor]] # one", "[[ monitor ]]", " [[monitor]]", "[monitor]", "[monitor.expect]",
        "[[monitor.cause]]", "[other]", "[[other]]", "monitor = []", "monitor = [{}]", "monitor.a = 1", "a = 1", "b = 2",
        'a = """', '"""', "a = '''", "'''", "a = [", "]", "a = {", "# [[monitor]]", "", '"a.b" = 3', "a.b = 4", "é = 1", "\ufeff",
    ]
)  # fmt: skip


def outcome(read, *arguments):
    try:
        return read(*arguments)
    except UserError as error:
        return str(error)


@settings(max_examples=600)
@given(st.lists(LINES, max_size=14), st.sampled_from(["\n", "\r\n"]), st.integers(1, 3))
@example(['a = """', "[[monitor]]", '"""', "[[monitor]]"], "\n", 1)
@example(["[[monitor]]", 'a = """', "[[monitor]]", '"""', "[[monitor]]"], "\n", 1)
@example(["[[monitor]]", "[other]", "[[monitor]]", "[other]"], "\n", 1)
@example(["monitor = []", "[[monitor]]"], "\n", 1)
def test_a_file_read_in_pieces_is_the_same_file(lines, end, size):
    text = end.join(lines)
    with patch.object(source, "_PIECE", size):
        in_pieces = outcome(source.parse_slowly, text, "monitors.toml", "monitor", lambda: None)
    assert in_pieces == outcome(source.parse, text, "monitors.toml")
