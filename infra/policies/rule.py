"""What every rule is: a checkov check that reads the whole plan and says what is wrong in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal

from checkov.common.models.enums import CheckCategories, CheckResult
from checkov.terraform.checks.resource.base_resource_check import BaseResourceCheck

from infra.policies.plan import UNKNOWN, Plan, Resource, read

Severity = Literal["CRITICAL", "HIGH", "MEDIUM", "LOW"]
Faults = Iterator[str | None]


class Rule(BaseResourceCheck):  # type: ignore[misc] # checkov publishes no types
    """One rule; instantiating it registers it with checkov.

    checkov's own form of a plan drops unknown values and references, so a rule reads the plan file itself.
    """

    number: ClassVar[int]
    title: ClassVar[str]
    severity_word: ClassVar[Severity]
    kinds: ClassVar[tuple[str, ...]]
    reason: ClassVar[str]
    fix: ClassVar[str]

    def __init__(self) -> None:
        super().__init__(
            name=self.title,
            id=f"CKV_ECOM_{self.number}",
            categories=[CheckCategories.GENERAL_SECURITY],
            supported_resources=list(self.kinds),
        )

    def faults(self, resource: Resource) -> Faults:
        """Yield each fault in words, and None for what cannot be judged before the apply."""
        raise NotImplementedError

    def run(
        self,
        scanned_file: str,
        entity_configuration: dict[str, Any],
        entity_name: str,
        entity_type: str,
        skip_info: Any,
    ) -> dict[str, Any]:
        """Judge one resource; checkov would turn an exception into silence, so one is a failure that names itself."""
        address = entity_configuration["__address__"]
        try:
            found = list(self.faults(_plan(self.graph, scanned_file).resources[address]))
            self.details = [fault for fault in found if fault is not None]
        except Exception as error:  # noqa: BLE001 whatever a rule trips over must not pass for a good plan
            found, self.details = [""], [f"the rule itself broke: {type(error).__name__}: {error}"]
        result = CheckResult.FAILED if self.details else CheckResult.UNKNOWN if found else CheckResult.PASSED
        return {"result": result, "evaluated_keys": []}

    def scan_resource_conf(self, conf: dict[str, Any]) -> Any:
        """Answer checkov's abstract method; `run` never gets here."""
        raise NotImplementedError


def expect(value: Any, fine: Callable[[Any], bool], fault: str) -> Faults:
    """Yield the fault when a value is not fine; a value that is not known yet is not judged."""
    if value is UNKNOWN:
        yield None
    elif not fine(value):
        yield fault


def given(value: Any) -> bool:
    """Whether something is set at all, known already or not."""
    return value is UNKNOWN or value not in (None, "", [], {})


def between(low: float, high: float) -> Callable[[Any], bool]:
    """Return a test for numbers within limits, both included."""
    return lambda value: isinstance(value, int | float) and low <= value <= high


@lru_cache(maxsize=16)
def _plan(graph: Any, scanned_file: str) -> Plan:
    """Return the plan a check is on: checkov gives a part of its path, the graph the whole."""
    files = {str(vertex["file_path_"]) for _, vertex in graph.nodes()}
    return read(Path(min((file for file in files if file.endswith(scanned_file)), key=len)))
