"""Any file of blocks: an edit touches its block only, means what was asked, and undo brings every byte back."""

import tempfile
import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from uptime_tui.config.edit import MonitorsFile
from uptime_tui.model.errors import UserError
from uptime_tui.tomlfile.locate import scan

WORDS = st.text(st.sampled_from("ab #=[]{}'\"\\\n.,é€\U0001f600"), max_size=12)
BLANK = st.sampled_from(["", " ", "  ", "\t"])
NOISE = st.lists(st.sampled_from(["", "  ", "# comment", '# [[monitor]] "', "\t# ''' \"\"\""]), max_size=3)


@st.composite
def strings(draw):
    text = draw(WORDS)
    style = draw(st.sampled_from(["basic", "literal", "long", "longliteral"]))
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    if style == "literal" and "'" not in text and "\n" not in text:
        return f"'{text}'"
    if style == "long":
        return f'"""\n{escaped}"""'
    if style == "longliteral" and "'" not in text:
        return f"'''{text}'''"
    return '"' + escaped.replace("\n", "\\n") + '"'


@st.composite
def pairs(draw, key, value):
    indent, before, after = draw(BLANK), draw(BLANK), draw(BLANK)
    comment = draw(st.sampled_from(["", " # x", '# "', " # [[monitor]]"]))
    written = f'"{key}"' if draw(st.booleans()) else key
    return [f"{indent}{written}{before}={after}{value}{comment}", *draw(NOISE)]


@st.composite
def blocks(draw, index):
    lines = [
        *draw(NOISE),
        draw(st.sampled_from(["[[monitor]]", "  [[ monitor ]] # [x]", '[["monitor"]]'])),
        *draw(NOISE),
    ]
    fields = [("name", f'"m{index}"'), ("target", f'"ssh://m{index}.example.net"')]
    if draw(st.booleans()):
        fields.append(("purpose", draw(strings())))
    if draw(st.booleans()):
        tags = ",\n ".join(draw(st.lists(strings(), max_size=3)))
        fields.append(("tags", f"[ # [\n{tags}\n]"))
    if draw(st.booleans()):
        fields.append(("paused", "true"))
    expect = draw(st.sampled_from(["", "inline", "table", "dotted"]))
    if expect == "inline":
        fields.append(("expect", f"{{ keyword = {draw(strings().filter(lambda s: chr(10) not in s))}, json = true }}"))
    for key, value in draw(st.permutations(fields)):
        lines += draw(pairs(key, value))
    if expect == "dotted":
        lines += ["expect.json = true", " expect . keyword = 'x'"]
    if expect == "table":
        lines += ["[monitor.expect]", *draw(pairs("keyword", draw(strings()))), *draw(pairs("json", "true"))]
    return "\n".join(lines) + "\n"


@st.composite
def files(draw):
    count = draw(st.integers(1, 4))
    text = "".join(draw(blocks(i)) for i in range(count)) + "\n".join(draw(NOISE))
    return count, text.replace("\n", draw(st.sampled_from(["\n", "\r\n"])))


CHANGES = st.dictionaries(
    st.sampled_from(
        ["purpose", "paused", "tags", "interval", "expect.json", "expect.keyword", "expect.slow", "expect"]
    ),
    st.none(),
    min_size=1,
    max_size=3,
)
VALUES = {
    "purpose": WORDS,
    "paused": st.booleans(),
    "tags": st.lists(WORDS, max_size=2),
    "interval": st.sampled_from(["60s", 90]),
    "expect.json": st.booleans(),
    "expect.keyword": WORDS,
    "expect.slow": st.just("1s"),
}


@st.composite
def changes(draw):
    keys = draw(CHANGES)
    return {k: draw(st.none() | VALUES[k]) if k in VALUES else None for k in sorted(keys)}


def expected(table, wanted):
    result = {k: dict(v) if isinstance(v, dict) else v for k, v in table.items()}
    for key, value in wanted.items():
        head, _, tail = key.partition(".")
        place = result.setdefault(head, {}) if tail else result
        if value is None:
            place.pop(tail or head, None)
        else:
            place[tail or head] = value
    return {k: v for k, v in result.items() if v != {}}


@settings(max_examples=120)
@given(files(), st.data())
def test_an_edit_touches_its_block_only(file, data):
    count, text = file
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "monitors.toml"
        path.write_bytes(text.encode())
        monitors = MonitorsFile(path, Path(folder) / "undo")
        index = data.draw(st.integers(0, count - 1))
        wanted = data.draw(changes())
        block = scan(text).blocks[index]
        before = tomllib.loads(text)["monitor"]
        monitors.edit(f"m{index}", wanted)
        now = path.read_bytes().decode()
        assert now.startswith(text[: block.start])
        assert now.endswith(text[block.end :])
        after = tomllib.loads(now)["monitor"]
        assert {k: v for k, v in after[index].items() if v != {}} == expected(before[index], wanted)
        assert after[:index] + after[index + 1 :] == before[:index] + before[index + 1 :]


@settings(max_examples=75)
@given(files(), st.data())
def test_undo_brings_every_byte_back(file, data):
    count, text = file
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "monitors.toml"
        path.write_bytes(text.encode())
        monitors = MonitorsFile(path, Path(folder) / "undo")
        texts = [text]
        for i in range(data.draw(st.integers(1, 5))):
            name = f"m{data.draw(st.integers(0, count - 1))}"
            act = data.draw(st.sampled_from(["edit", "delete", "add", "rename"]))
            try:
                if act == "edit":
                    monitors.edit(name, data.draw(changes()))
                elif act == "delete":
                    monitors.delete([name])
                elif act == "rename":
                    monitors.edit(name, {"name": f"r{i}"})
                else:
                    monitors.add([{"name": f"n{i}", "target": "ssh://n.example.net", "expect": {"json": True}}])
            except UserError as error:
                assert "no monitor is called" in error.what  # noqa: PT017 - one that an earlier step deleted
            now = path.read_bytes().decode()
            tomllib.loads(now)
            if now != texts[-1]:
                texts.append(now)
        for earlier in reversed(texts[:-1]):
            monitors.undo()
            assert path.read_bytes().decode() == earlier
        for later in texts[1:]:
            monitors.redo()
            assert path.read_bytes().decode() == later


@settings(max_examples=120)
@given(files())
def test_the_scanner_loses_nothing(file):
    count, text = file
    layout = scan(text)
    assert "".join(text[s.start : s.end] for s in layout.statements) == text
    assert len(layout.blocks) == count
    assert layout.is_regular
    for index, block in enumerate(layout.blocks):
        alone = tomllib.loads(text[block.start : block.end])
        assert alone["monitor"][0] == tomllib.loads(text)["monitor"][index]
