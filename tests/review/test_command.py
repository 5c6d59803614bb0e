from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from scripts.errors import CommandError
from scripts.review import command

PLANS = Path(__file__).parent / "plans"


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    for environment, name in (("dev", "nothing"), ("prod", "job_removed")):
        shutil.copytree(PLANS / name, tmp_path / environment)
        facts = json.loads((tmp_path / environment / "facts.json").read_text())
        (tmp_path / environment / "facts.json").write_text(json.dumps({**facts, "environment": environment}))
    return tmp_path


def _policies(folder: Path, result: str, environment: str | None = None) -> Path:
    entry = {"id": "P1", "severity": "HIGH", "title": "t", "address": "a", "result": result, "reason": "r", "fix": "f"}
    file = folder / "policies.json"
    file.write_text(json.dumps([{**entry, "environment": environment} if environment else entry]))
    return file


def test_writes_both_files_of_every_environment(plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.run(plans, [], None, post=False, as_json=False) == 2
    for environment in ("dev", "prod"):
        text = (plans / environment / "comment.md").read_text()
        assert text.startswith(f"<!-- ecom plan {environment} -->\n")
        assert json.loads((plans / environment / "review.json").read_text())["environment"] == environment
    assert "high" in capsys.readouterr().out


def test_exit_codes(plans: Path) -> None:
    assert command.run(plans, ["dev"], None, post=False, as_json=False) == 0
    assert command.run(plans, ["dev"], _policies(plans, "waived"), post=False, as_json=False) == 0
    assert command.run(plans, ["prod"], _policies(plans, "passed"), post=False, as_json=False) == 2
    assert command.run(plans, ["dev"], _policies(plans, "failed"), post=False, as_json=False) == 3
    assert command.run(plans, ["dev"], _policies(plans, "failed", "prod"), post=False, as_json=False) == 0


def test_json_is_one_object(plans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command.run(plans, ["prod"], None, post=False, as_json=True)
    found = json.loads(capsys.readouterr().out)["reviews"]["prod"]
    assert found["counts"]["destroyed"] == 2
    assert found["cost"]["before"]["expected"] > found["cost"]["after"]["expected"]


def test_post_hands_over_comment_and_marker(plans: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    posted: list[tuple[str, str]] = []

    def post_comment(markdown: str, marker: str) -> str:
        posted.append((markdown, marker))
        return "https://example.com/1"

    monkeypatch.setitem(sys.modules, "scripts.github.comments", SimpleNamespace(post_comment=post_comment))
    command.run(plans, ["prod"], None, post=True, as_json=False)
    assert posted == [((plans / "prod" / "comment.md").read_text(), "<!-- ecom plan prod -->")]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("plan.json", "{", "plan.json is not JSON: Expecting"),
        ("plan.json", '{"errored": true}', "stopped with an error"),
        ("plan.json", '{"resource_changes": {}}', "resource_changes is no list"),
        ("facts.json", "{}", "facts.json: .state. is missing"),
        ("facts.json", "[]", "facts.json: TypeError"),
    ],
)
def test_bad_input_is_one_line(plans: Path, file: str, text: str, said: str) -> None:
    (plans / "prod" / file).write_text(text)
    with pytest.raises(CommandError, match=said) as caught:
        command.run(plans, ["prod"], None, post=False, as_json=False)
    assert "\n" not in str(caught.value)


def test_names_what_is_missing(plans: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(CommandError, match="--environment 'staging'"):
        command.run(plans, ["staging"], None, post=False, as_json=False)
    with pytest.raises(CommandError, match="ecom plan makes them"):
        command.run(tmp_path_factory.mktemp("empty"), [], None, post=False, as_json=False)
    (plans / "p.json").write_text('[{"id": "x", "result": "maybe"}]')
    with pytest.raises(CommandError, match="entry 0: expected id and result"):
        command.run(plans, [], plans / "p.json", post=False, as_json=False)
