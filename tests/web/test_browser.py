"""The page in a headless browser: a digit is drawn with the pointer and read.

It needs Chromium and its driver (``apt-get install chromium chromium-driver``).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from .driver import complaints, needs_browser
from .support import happy, serving

# Where the pen goes, in a square of 280: each digit as one or two lines.
STROKES = {
    1: [[(140, 40), (140, 240)]],
    4: [[(90, 45), (80, 150), (205, 150)], [(180, 45), (180, 245)]],
    7: [[(75, 60), (205, 60), (125, 240)]],
}


def draw(browser: Any, lines: list[list[tuple[int, int]]], kind: str) -> None:
    """Draw lines on the paper with a mouse or a finger."""
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.actions.pointer_input import PointerInput

    paper = browser.find_element("id", "paper")
    scale = paper.size["width"] / 280
    for line in lines:
        chain = ActionChains(browser, 30, [PointerInput(kind, kind)])
        pointer = chain.w3c_actions.pointer_action
        for i, (x, y) in enumerate(line):
            # Places are counted from the middle of the element.
            pointer.move_to(paper, round((x - 140) * scale), round((y - 140) * scale))
            if i == 0:
                pointer.pointer_down()
        pointer.pointer_up()
        chain.perform()


def wait_for(browser: Any, text: str, where: str) -> None:
    from selenium.webdriver.support.ui import WebDriverWait

    WebDriverWait(browser, 10, 0.02).until(
        lambda _: browser.find_element("id", where).text == text,
        f"{where}: expected {text}, got {browser.find_element('id', where).text}",
    )


def shares(browser: Any, name: str) -> dict[str, float]:
    """Read the bars: their labels and percentages."""
    rows = browser.find_elements("css selector", f"#{name}-bars li")
    texts = [row.text.split() for row in rows]
    return {words[0]: float(words[1]) for words in texts if len(words) > 1}


@needs_browser
@pytest.mark.parametrize("kind", ["mouse", "touch"])
def test_a_digit_that_is_drawn_is_read(browser: Any, kind: str) -> None:
    with serving() as url:
        browser.get(url)
        wait_for(browser, "Draw a digit", "digit-verdict")
        for digit, lines in STROKES.items():
            draw(browser, lines, kind)
            wait_for(browser, f"This is a {digit}", "digit-verdict")
            found = shares(browser, "digit")
            assert list(found) == [*"0123456789"]
            assert max(found, key=found.__getitem__) == str(digit)
            assert abs(sum(found.values()) - 100) < 0.6
            browser.find_element("id", "clear").click()
            assert browser.find_element("id", "digit-verdict").text == "Draw a digit"
            assert shares(browser, "digit") == {}
        assert complaints(browser) == []


@needs_browser
def test_the_emotion_of_a_picture_that_is_chosen(browser: Any, tmp_path: Path) -> None:
    picture = np.zeros((300, 400, 3), np.uint8)
    picture[:, 50:350] = 255  # white is what the middle square holds
    Image.fromarray(picture).save(tmp_path / "face.png")
    (tmp_path / "text.png").write_text("no picture")
    with serving(happy) as url:
        browser.get(url)
        browser.find_element("id", "emotion-tab").click()
        upload = browser.find_element("id", "file")
        upload.send_keys(str(tmp_path / "face.png"))
        wait_for(browser, "Looks happy", "emotion-verdict")
        assert shares(browser, "emotion")["happy"] == 100
        upload.send_keys(str(tmp_path / "text.png"))
        expected = "text.png: expected a picture, got something else"
        wait_for(browser, expected, "emotion-verdict")
        assert complaints(browser) == []


@needs_browser
def test_without_the_emotion_network_the_tab_says_how_to_make_it(browser: Any) -> None:
    with serving() as url:
        browser.get(url)
        browser.find_element("id", "emotion-tab").click()
        assert "make demo-emotion" in browser.find_element("id", "howto").text
        assert not browser.find_element("id", "file").is_displayed()
