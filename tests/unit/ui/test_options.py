"""Lines to choose from before they are laid out, as on a screen too small for one."""

import pytest
from textual.widgets import OptionList

from uptime_tui.ui.widgets.lines import Options


def test_a_page_of_lines_that_do_not_fit_is_no_bug():
    with pytest.raises(KeyError):
        turn(OptionList("a", "b"))
    assert turn(Options("a", "b")) == 0


def turn(options):
    options.highlighted = 0
    options.action_page_down()
    options.action_page_up()
    return options.highlighted
