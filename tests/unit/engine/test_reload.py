"""The monitors file as editors, scripts and accidents treat it, under virtual time."""

import asyncio

import pytest

from uptime_tui.catalogue.load import load_catalogue
from uptime_tui.config.load import load_monitors
from uptime_tui.config.schema import Defaults
from uptime_tui.engine.reload import Reloader

pytestmark = [pytest.mark.asyncio, pytest.mark.looptime]

CATALOGUE = load_catalogue()


def block(name):
    return f'[[monitor]]\nname = "{name}"\ntarget = "tcp://192.0.2.1:25"\n'


class Watched:
    def __init__(self, folder):
        self.path = folder / "monitors.toml"
        self.path.write_text(block("a"))
        self.sets = []
        self.fail = False
        self.reloader = Reloader(self.path, CATALOGUE, Defaults(), replaced=self.replaced, noticed=lambda: None)
        self.reloader._read = self.read
        self.reloader.load_first()

    def begin(self):
        self.task = asyncio.get_running_loop().create_task(self.reloader.watch())

    async def read(self):
        """On the loop's thread: virtual time does not wait for another."""
        return load_monitors(self.path, CATALOGUE, Defaults())

    def replaced(self, loaded):
        if self.fail:
            raise ZeroDivisionError
        self.sets.append([m.name for m in loaded.monitors])

    @property
    def said(self):
        return " ".join(notice.text for notice in self.reloader.notices)

    async def until(self, condition):
        for _ in range(400):
            if condition():
                return
            await asyncio.sleep(0.1)
        raise AssertionError((self.sets, self.said))


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


async def test_a_file_that_is_written_in_place_is_read_when_it_has_settled(watched):
    watched.begin()
    for _ in range(4):
        watched.path.write_text("")
        await asyncio.sleep(0.3)
        watched.path.write_text(block("a") + block("b"))
        await asyncio.sleep(0.3)
    await watched.until(lambda: watched.sets[-1] == ["a", "b"])
    assert [] not in watched.sets


async def test_a_file_that_never_settles_is_read_all_the_same(watched):
    watched.begin()
    for n in range(30):
        watched.path.write_text(block(f"m{n}"))
        await asyncio.sleep(0.3)
    assert len(watched.sets) > 2


async def test_a_file_that_is_taken_away_leaves_the_last_good_set_and_says_so(watched):
    watched.begin()
    watched.path.unlink()
    await watched.until(lambda: "is gone" in watched.said)
    assert watched.sets == [["a"]]
    watched.path.write_text(block("b"))
    await watched.until(lambda: watched.sets[-1] == ["b"])
    assert watched.said == ""


async def test_an_empty_file_watches_nothing(watched):
    watched.begin()
    watched.path.write_text("")
    await watched.until(lambda: watched.sets[-1] == [])


async def test_permissions_that_come_back_are_noticed(watched):
    """They change the inode's time only, not the content's."""
    watched.begin()
    info = watched.path.stat()
    watched.reloader._stamp = (info.st_mtime_ns, info.st_ctime_ns - 1, info.st_size, info.st_ino)
    await watched.until(lambda: len(watched.sets) == 2)


async def test_an_editor_that_renames_its_own_file_into_place_is_followed(watched):
    watched.begin()
    for name in ("b", "c"):
        temporary = watched.path.with_name(".monitors.toml.swp")
        temporary.write_text(block(name))
        temporary.replace(watched.path)
        await watched.until(lambda name=name: watched.sets[-1] == [name])


async def test_a_bug_while_taking_over_is_said_and_later_changes_count(watched, caplog):
    watched.begin()
    watched.fail = True
    watched.path.write_text(block("b"))
    await watched.until(lambda: "could not be taken over" in watched.said)
    assert "ZeroDivisionError" in caplog.text
    watched.fail = False
    watched.path.write_text(block("c"))
    await watched.until(lambda: watched.sets[-1] == ["c"])
    assert watched.said == ""


@pytest.mark.looptime(False)
async def test_what_is_being_read_is_broken_off_at_the_end(tmp_path, monkeypatch):
    """A thread that reads on would take every second turn from the thread that writes the journal."""
    path = tmp_path / "monitors.toml"
    path.write_text(block("a"))
    sets = []
    reloader = Reloader(path, CATALOGUE, Defaults(), replaced=sets.append, noticed=lambda: None)
    path.write_text("".join(block(f"m{number}") for number in range(200)))
    naps = []

    def nap(_seconds):
        naps.append(True)
        reloader.stop()

    monkeypatch.setattr("uptime_tui.engine.reload.time.sleep", nap)
    with pytest.raises(asyncio.CancelledError):
        await reloader.reload()
    assert len(naps) == 1
    assert not sets
