"""The browser of the page checks: found where it is, installed where that is allowed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
DRIVERS = ("chromedriver", "chromium.chromedriver")
# A page without a font is a page of boxes.
PACKAGES = ("chromium", "chromium-driver", "fonts-dejavu-core")
APT_SECONDS = 300
MISSING = "no Chromium or Chrome with a driver of the same version is on this machine"


@dataclass(frozen=True)
class Browser:
    """Chromium or Chrome, and the driver of the same major version."""

    binary: str
    driver: str
    version: str


def find() -> Browser | None:
    """Return the browser named by CHROME and CHROMEDRIVER, else the first on PATH whose driver matches, or None."""
    binaries = [os.environ["CHROME"]] if os.environ.get("CHROME") else _on_path(BROWSERS)
    drivers = [os.environ["CHROMEDRIVER"]] if os.environ.get("CHROMEDRIVER") else _on_path(DRIVERS)
    for binary in binaries:
        version = _version(binary)
        for driver in drivers:
            if version and version.partition(".")[0] == _version(driver).partition(".")[0]:
                return Browser(binary, driver, version)
    return None


def install() -> str:
    """Install Debian's packages; return what went wrong, or nothing."""
    if shutil.which("apt-get") is None:
        return "this machine has no apt-get"
    if os.geteuid() != 0:
        return "only root may install packages"
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "--yes", "--no-install-recommends", *PACKAGES]):
        problem = _run(["apt-get", "-qq", *command], quiet)
        if problem:
            return f"apt-get {command[0]}: {problem}"
    return ""


def main() -> None:
    """Have a browser for the page checks if that is possible; they are skipped, and say so, where it is not."""
    if find() is not None:
        return
    print("  browser ...", end="", flush=True)
    problem = install()
    found = find()
    print(f" {found.version}" if found else f" none: {problem or 'what was installed does not start'}", flush=True)


def _run(command: list[str], env: Mapping[str, str]) -> str:
    """Run to the end and return the last line of what went wrong, or nothing."""
    try:
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=APT_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return f"took more than {APT_SECONDS} s"
    said = done.stderr.strip() or done.stdout.strip() or f"exited {done.returncode}"
    return said.splitlines()[-1] if done.returncode else ""


def _on_path(names: tuple[str, ...]) -> list[str]:
    return [path for name in names if (path := shutil.which(name))]


def _version(program: str) -> str:
    """Return the version that a program says it has, or nothing when it does not start."""
    try:
        said = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", said)
    return found.group() if found else ""


if __name__ == "__main__":
    main()
