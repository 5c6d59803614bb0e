"""What a client waits for among 10, 100 and 1,000 jobs: one of them, and all of them, page by page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from scripts.bench.exponent import growth
from scripts.bench.measurement import Measurement, beside, seconds
from scripts.bench.scale import Http, list_jobs, make_job, read_job, serving

SIZES = (10, 100, 1000)
_GETS, _LISTS, _BARE = 50, 5, 50
_NOTHING = "/api/2.0/preview/scim/v2/Me"  # who asks: an answer without a look into the store


def measure_listing(sizes: Sequence[int] = SIZES) -> list[Measurement]:
    """Time get and list at each size, and say how the list grows."""
    lines: list[Measurement] = []
    keys: list[str] = []
    with serving() as http:
        for size in sizes:
            keys += [make_job(http, number) for number in range(len(keys), size)]
            lines += _at(http, keys)
    lists = dict(zip(sizes, (each.figure for each in lines[1::2]), strict=True))
    return [*lines, growth(f"list of {sizes[0]} to {sizes[-1]:,} jobs", lists, "ms")]


def _at(http: Http, keys: Sequence[str]) -> list[Measurement]:
    """Time one job and the list of all, among as many as there are."""
    floor = [1000 * seconds(lambda: http.get(_NOTHING)) for _ in range(_BARE)]
    gets = [1000 * seconds(partial(read_job, http, key)) for key in _spread(keys)]
    lists = [1000 * seconds(lambda: _whole(http, len(keys))) for _ in range(_LISTS)]
    note, pages = "floor: a request for nothing", "pages of 20 jobs with ten tasks each"
    return [
        beside(f"get of a job, one of {len(keys):,}", gets, floor, None, note, "ms"),
        beside(f"list of {len(keys):,} jobs", lists, floor, None, f"{note}; {pages}", "ms"),
    ]


def _spread(keys: Sequence[str]) -> list[str]:
    """Return as many keys as are read, taken from everywhere, some twice where there are few."""
    return [keys[number * len(keys) // _GETS] for number in range(_GETS)]


def _whole(http: Http, size: int) -> None:
    if (found := list_jobs(http)) != size:
        raise ValueError(f"the listing has {found} jobs of {size}")
