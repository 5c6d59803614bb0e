"""`ecom status` from the first question to the exit code, once or again and again."""

from __future__ import annotations

import time

from rich.console import Console

from scripts import connection
from scripts.console import say, say_json
from scripts.errors import CommandError
from scripts.status import report as reports
from scripts.status.picture import compose
from scripts.status.report import QUESTIONS, Report
from scripts.status.show import show


class Status:
    """One environment to look at: connected once, asked as often as wanted."""

    def __init__(self, environment: str, as_json: bool) -> None:
        self._env = connection.environment(environment)
        self._as_json = as_json
        self._texts = reports.statements(self._env)
        self._client = connection.connect(self._env)
        self._console = Console()
        self._waiting = Console(stderr=True)  # what is said meanwhile is no part of the answer

    def once(self) -> int:
        """Ask, print, and return 0 or 2; CommandError when something could not be asked."""
        report = self._ask()
        self._print(report)
        if report.problems:
            raise CommandError(_problem(report))
        return report.exit_code

    def watch(self, seconds: int) -> int:
        """Look again after each interval until Ctrl-C; return what the last look amounted to."""
        code = reports.FINE
        try:
            while True:
                if not self._as_json:
                    self._console.clear()
                try:
                    code = self.once()
                except CommandError as error:
                    code = error.code
                    say(self._waiting, f"error: {error}", "red")
                time.sleep(seconds)
        except KeyboardInterrupt:
            return code

    def _ask(self) -> Report:
        with self._waiting.status(f"asking {self._env.name} …") as status:
            warehouse = connection.warehouse_id(self._client, self._env)
            answered: list[str] = []

            def told(name: str) -> None:
                answered.append(name)
                status.update(f"asking {self._env.name}: {len(answered)} of {len(QUESTIONS)} answered …")

            return reports.gather(self._client, self._env, warehouse, self._texts, told)

    def _print(self, report: Report) -> None:
        if self._as_json:
            say_json(self._console, report.as_json())
        else:
            show(compose(report), self._console)


def run(environment: str, as_json: bool, watch: bool, interval: int) -> int:
    """Show the state of an environment and return the exit code: 0 healthy, 2 not; CommandError is 1."""
    status = Status(environment, as_json)
    return status.watch(interval) if watch else status.once()


def _problem(report: Report) -> str:
    first = next(iter(report.problems.values()))
    names = ", ".join(report.problems)
    return f"environment '{report.environment}': not answered: {names}: {first}"
