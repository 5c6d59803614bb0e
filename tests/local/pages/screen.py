"""A headless Chromium that keeps what it loads and logs, and pictures of every page."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from databricks.sdk import WorkspaceClient
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from local.pages.link import login_link
from scripts.browser import Browser

PICTURES = Path(__file__).resolve().parents[3] / ".local" / "report" / "screenshots"
ARGUMENTS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--hide-scrollbars")
SIZES = {"": (1280, 900), "-phone": (390, 844)}
TALLEST = 4000
WAIT_SECONDS = 20
_LACKS = Path(__file__).with_name("lacks.js").read_text()
_PALE = Path(__file__).with_name("pale.js").read_text()


@dataclass(frozen=True)
class Screen:
    """One logged-in browser window on one workspace."""

    driver: webdriver.Chrome
    host: str

    def go_home(self) -> None:
        """Open the home page by its address; every other page is reached by clicking."""
        self.size("")
        self.driver.get(f"{self.host}/")

    def click(self, *words: str) -> None:
        """Follow links by their text, one after the other, waiting for each next page."""
        for word in words:
            links = self.driver.find_elements(By.XPATH, f"//a[normalize-space()={_quoted(word)}]")
            assert links, f"{self.driver.current_url} has no link {word!r}"
            self.leave_by(links[0])

    def leave_by(self, element: WebElement) -> None:
        """Click what leads to another page and wait until that is there."""
        old = self.driver.find_element(By.TAG_NAME, "html")
        element.click()
        waiting = WebDriverWait(self.driver, WAIT_SECONDS)
        waiting.until(lambda driver: driver.find_element(By.TAG_NAME, "html") != old)
        waiting.until(lambda driver: driver.execute_script("return document.readyState") == "complete")

    @property
    def path(self) -> str:
        """The path of the page that is open."""
        return urlsplit(self.driver.current_url).path

    def text(self, query: str = "main") -> str:
        """Return what the first element of a CSS query shows."""
        return self.driver.find_element(By.CSS_SELECTOR, query).text

    def texts(self, query: str) -> list[str]:
        """Return what all elements of a CSS query say."""
        return [element.text for element in self.driver.find_elements(By.CSS_SELECTOR, query)]

    def table(self, name: str) -> list[list[str]]:
        """Return the body of the table in the region of that name."""
        script = "return [...arguments[0].querySelectorAll('tbody tr')].map(r => [...r.children].map(c => c.innerText))"
        region = self.driver.find_element(By.CSS_SELECTOR, f"[role=region][aria-label={_quoted(name)}] table")
        return list(self.driver.execute_script(script, region))

    def size(self, suffix: str) -> None:
        """Make the window a desk's or a phone's."""
        width, height = SIZES[suffix]
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": bool(suffix)}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    def lacks(self) -> list[str]:
        """Return what the page lacks for somebody who cannot see it well."""
        lacks: list[str] = self.driver.execute_script(_LACKS)
        for scheme in ("dark", "light"):
            feature = {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
            self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", feature)
            lacks += [f"contrast, {scheme}: {text}" for text in self.driver.execute_script(_PALE)]
        return lacks

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return int(self.driver.execute_script("return document.scrollingElement.scrollWidth - innerWidth"))

    def picture(self, name: str) -> None:
        """Keep a picture of the whole page."""
        script = "return [innerWidth, document.scrollingElement.scrollHeight]"
        width, height = self.driver.execute_script(script)
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST), "scale": 1}
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True, "clip": clip})
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / f"{name}.png").write_bytes(base64.b64decode(shot["data"]))

    def complaints(self) -> list[str]:
        """Return what the browser's console said since it was last asked."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def elsewhere(self) -> list[str]:
        """Return the addresses of other hosts that the browser asked since it was last asked."""
        sent = [_message(entry) for entry in self.driver.get_log("performance")]
        urls = [one["params"]["request"]["url"] for one in sent if one["method"] == "Network.requestWillBeSent"]
        return [url for url in urls if not url.startswith((self.host, "data:", "about:", "chrome:"))]


@contextmanager
def opened(browser: Browser, client: WorkspaceClient) -> Iterator[Screen]:
    """Open a window and come in by a one-time link."""
    options = webdriver.ChromeOptions()
    for argument in ARGUMENTS:
        options.add_argument(argument)
    options.binary_location = browser.binary
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    shutil.rmtree(PICTURES, ignore_errors=True)  # none of an older run may pass for one of this
    driver = webdriver.Chrome(options=options, service=Service(browser.driver))
    try:
        host = str(client.config.host)
        driver.get(login_link(host, str(client.config.token)))
        WebDriverWait(driver, WAIT_SECONDS).until(lambda driver: urlsplit(driver.current_url).path == "/")
        yield Screen(driver, host)
    finally:
        driver.quit()


def _message(entry: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(entry["message"])["message"]
    return found


def _quoted(text: str) -> str:
    return f"'{text}'" if "'" not in text else f'"{text}"'
