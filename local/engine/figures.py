"""A matplotlib backend: what a cell draws with pyplot is shown below it, each run its own.

pyplot keeps one list of figures per process, the last of which it draws into, and two runs may draw at once: loaded as
the backend, this module gives every run a list of its own.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any
from weakref import WeakKeyDictionary

from matplotlib._pylab_helpers import Gcf
from matplotlib.backend_bases import FigureManagerBase
from matplotlib.backends.backend_agg import FigureCanvasAgg

from local.engine.output import Output, current_output, show

NAME = "module://local.engine.figures"


class _Figures:
    """Stands in for the dictionary of pyplot: that of the current run, or the process's outside of runs."""

    def __init__(self) -> None:
        self._shared: OrderedDict[Any, Any] = OrderedDict()
        self._runs: WeakKeyDictionary[Output, OrderedDict[Any, Any]] = WeakKeyDictionary()

    def _mine(self) -> OrderedDict[Any, Any]:
        output = current_output.get()
        return self._shared if output is None else self._runs.setdefault(output, OrderedDict())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mine(), name)

    def __getitem__(self, number: Any) -> Any:
        return self._mine()[number]

    def __setitem__(self, number: Any, manager: Any) -> None:
        self._mine()[number] = manager

    def __contains__(self, number: object) -> bool:
        return number in self._mine()

    def __iter__(self) -> Any:
        return iter(self._mine())

    def __len__(self) -> int:
        return len(self._mine())


class FigureManager(FigureManagerBase):
    """Shows on the page of the run."""

    @classmethod
    def pyplot_show(cls, *, block: bool | None = None) -> None:
        """Answer `plt.show()`."""
        flush()


class FigureCanvas(FigureCanvasAgg):  # type: ignore[misc]
    """Draws into memory."""

    manager_class = FigureManager


def flush() -> None:
    """Show the figures of the current run that were not shown yet, which closes them."""
    output = current_output.get()
    if output is not None:
        for manager in Gcf.get_all_fig_managers():
            show(output, manager.canvas.figure)


Gcf.figs = _Figures()  # type: ignore[assignment]
