"""The thresholds that the dbt project asks for by name."""

from __future__ import annotations

import re
from collections.abc import Iterable

from infra.workspace_files import WorkspaceFile
from lakehouse.thresholds import Thresholds

# `var('x')` has no value of its own; one with a default is dbt's business.
_REQUIRED = re.compile(r"""\bvar\(\s*['"](\w+)['"]\s*\)""")


def dbt_variables(files: Iterable[WorkspaceFile], thresholds: Thresholds) -> dict[str, int | float]:
    """Return the values of all variables that the deployed dbt files require; an undefined one is an error."""
    sources = [file.content.decode() for file in files if file.room == "dbt"]
    names = {name for source in sources for name in _REQUIRED.findall(source)}
    return {name: thresholds.value(name) for name in sorted(names)}
