"""The digest against a real mail server and a real table: who is mailed, once, and what happens when mail fails."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from lakehouse.digest import state, telling
from lakehouse.digest.incidents import Item, Mail, Rules
from lakehouse.digest.mail import MailError
from lakehouse.digest.message import compose
from tests.notebooks import post
from tests.notebooks.post import Post
from tests.notebooks.shop import CATALOG, NOW, Shop

pytestmark = pytest.mark.slow

HOUR = dt.timedelta(hours=1)
DATA, BUSINESS, CALL = "data@x.org", "business@x.org", "call@x.org"
EMPTY = ("empty_tables", "CRITICAL", "data", "bronze.orders", "has no row")
STALE = ("stale_tables", "HIGH", "data", "gold.daily_revenue", "newest row is 30 hours old")
CHURN = ("high_churn_customers", "MEDIUM", "business", "gold.customer_churn_predictions", "501 customers")
CANARY = ("low_quality_tables", "HIGH", "data", "<script>alert('a & b')</script>", "<img src=x> & more\nBcc: x@x.org")
QUESTION = """-- title: Violations
-- description: What the test says is wrong.
-- owner: test
select condition, severity, audience, subject, details, timestamp '2026-07-02 06:00:00' as since from gold.wrong
"""


@dataclass(frozen=True)
class Desk:
    """A digest with a mail server behind it, and a table that says what is wrong."""

    shop: Shop
    post: Post
    folder: Path
    widgets: dict[str, str]
    shown: list[str] = field(default_factory=list)

    def wrong(self, *violations: tuple[str, str, str, str, str]) -> None:
        columns = "condition string, severity string, audience string, subject string, details string"
        frame = self.shop.spark.createDataFrame(list(violations), columns)
        frame.write.format("delta").mode("overwrite").saveAsTable("gold.wrong")

    def settings(self, **widgets: str) -> telling.Settings:
        return telling.Settings.read({**self.widgets, **widgets}.__getitem__, self.post.ca_file)

    def run(self, hours: float = 0, password: str = post.PASSWORD, **widgets: str) -> dict[str, int]:
        now = NOW + hours * HOUR
        said = telling.tell(
            self.shop.spark,
            CATALOG,
            self.settings(**widgets),
            lambda: password,
            lambda: now,
            self.shown.append,
            self.folder,
        )
        counts: dict[str, int] = json.loads(said)
        return counts


@pytest.fixture
def desk(shop: Shop, tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "critical_alerts.sql").write_text(QUESTION)
    with post.receiving(tmp_path) as server:
        widgets = {
            "environment": "dev",
            "smtp_host": "127.0.0.1",
            "smtp_port": str(server.port),
            "mail_sender": post.USER,
            "data_team": DATA,
            "business_team": BUSINESS,
            "on_call": f" {CALL} ,",
            "told_by_alerts": "false",
        }
        yield Desk(shop, server, tmp_path, widgets)


def subjects(desk: Desk) -> dict[str, str]:
    return {recipient: str(message["Subject"]) for recipient, message in desk.post.taken().items()}


def parts(desk: Desk, recipient: str) -> tuple[str, str]:
    message = desk.post.taken()[recipient]
    assert message.get_content_type() == "multipart/alternative"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    return plain.get_content(), html.get_content()


def test_a_day_of_an_incident_from_its_first_mail_to_its_resolution(desk: Desk) -> None:
    desk.wrong(EMPTY, STALE, CHURN)
    assert desk.run() == {"told": 3, "left_out": 0, "resolved": 0, "recipients": 3}
    assert subjects(desk) == {
        DATA: "[dev] 1 CRITICAL, 1 HIGH, 1 MEDIUM: bronze.orders and 2 more",
        BUSINESS: "[dev] 1 MEDIUM: gold.customer_churn_predictions",
        CALL: "[dev] 1 CRITICAL: bronze.orders",
    }
    silent = {"told": 0, "left_out": 3, "resolved": 0, "recipients": 0}
    assert desk.run() == silent, "the same moment again"
    assert desk.run(1, password="not needed") == silent
    assert desk.run(23.9) == silent
    assert desk.post.delivered == []
    assert desk.run(24)["told"] == 3
    assert "still open" in parts(desk, DATA)[0]

    desk.wrong(STALE)
    assert desk.run(25) == {"told": 0, "left_out": 1, "resolved": 2, "recipients": 3}
    text, html = parts(desk, DATA)
    for body in (text, html):
        assert "Resolved" in body
        assert "bronze.orders" in body
        assert "gold.daily_revenue" not in body, "what is open was told an hour ago"
    desk.wrong(EMPTY, STALE)
    assert desk.run(25.5)["told"] == 0, "within the hour"
    assert desk.run(26)["told"] == 1
    assert subjects(desk) == dict.fromkeys((DATA, CALL), "[dev] 1 CRITICAL: bronze.orders")
    assert desk.shop.count(state.TABLE) == 5, "one row per incident and recipient"


def test_without_anything_to_tell_no_server_and_no_password_is_needed(desk: Desk) -> None:
    desk.wrong()
    assert desk.run(smtp_port=str(post.free_port()))["recipients"] == 0


def test_without_a_mail_server_the_digest_is_shown_once_and_told_again_after_a_day(desk: Desk) -> None:
    nowhere = {"smtp_host": "", "smtp_port": "", "mail_sender": ""}
    desk.wrong(EMPTY, CANARY)
    assert desk.run(**nowhere) == {"told": 2, "left_out": 0, "resolved": 0, "recipients": 2}
    assert ["bronze.orders" in page for page in desk.shown] == [True, True]
    assert all("<script>" not in page and "<img" not in page for page in desk.shown)
    assert desk.run(23, **nowhere)["told"] == 0
    assert desk.run(24, **nowhere)["told"] == 2
    assert len(desk.shown) == 4
    assert desk.post.delivered == []


def test_where_alerts_tell_first_the_digest_waits_a_day(desk: Desk) -> None:
    desk.wrong(EMPTY)
    for hours in (0, 1, 23):
        assert desk.run(hours, told_by_alerts="true") == {"told": 0, "left_out": 1, "resolved": 0, "recipients": 0}
    assert desk.run(24, told_by_alerts="true")["told"] == 1
    assert set(subjects(desk)) == {DATA, CALL}


def test_words_of_others_are_words_and_nothing_else(desk: Desk) -> None:
    desk.wrong(CANARY)
    desk.run()
    message = desk.post.delivered[0][1]
    assert message["Subject"] == "[dev] 1 HIGH: <script>alert('a & b')</script>"
    assert message["Bcc"] is None
    text, html = parts(desk, DATA)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;alert(&#x27;a &amp; b&#x27;)&lt;/script&gt;" in html
    assert "&lt;img src=x&gt; &amp; more" in html
    assert ">HIGH</strong>" in html
    assert "background:#b35900" in html
    for body in (text, html):
        assert "docs/runbook.md#low-quality-tables" in body
        assert "2026-07-02 06:00 UTC" in body


def test_a_line_break_in_a_subject_begins_no_header() -> None:
    item = Item("f", "c", "HIGH", "a\r\nBcc: x@x.org " + "z" * 300, "", NOW, "new", None)
    message = compose(Mail((DATA,), (item,)), post.USER, "dev\nX: y", NOW)
    assert message["Bcc"] is None
    assert str(message["Subject"]).startswith("[dev X: y] 1 HIGH: a Bcc: x@x.org zzz")
    assert len(str(message["Subject"])) <= 120


def test_a_mail_whose_state_was_lost_comes_again_as_the_same_mail(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    desk.wrong(EMPTY)
    with monkeypatch.context() as patch:
        patch.setattr(state, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            desk.run()
    first = desk.post.taken()
    assert desk.run(1)["told"] == 1
    again = desk.post.taken()
    assert {who: mail["Message-ID"] for who, mail in again.items()} == {
        who: mail["Message-ID"] for who, mail in first.items()
    }
    desk.wrong()
    desk.run(2)
    assert desk.post.taken()[DATA]["Message-ID"] != first[DATA]["Message-ID"], "another news of the same day"


@pytest.mark.parametrize(
    ("password", "widgets", "message"),
    [
        ("wrong secret", {}, r"127.0.0.1:\d+ refused the login of digest@x.org \(535\).*scope 'email', key 'password'"),
        (post.PASSWORD, {"mail_sender": "other@x.org"}, r"refused the login of other@x.org"),
        (post.PASSWORD, {"smtp_port": "dead"}, r"127.0.0.1:\d+ cannot be reached .* Check smtp_host and smtp_port"),
        (post.PASSWORD, {"smtp_host": "localhost"}, r"localhost:\d+ shows a certificate that cannot be verified"),
    ],
)
def test_mail_that_cannot_be_sent_fails_and_is_not_forgotten(
    desk: Desk, password: str, widgets: dict[str, str], message: str
) -> None:
    desk.wrong(EMPTY)
    if widgets.get("smtp_port"):
        widgets = {"smtp_port": str(post.free_port())}
    with pytest.raises(MailError, match=message) as caught:
        desk.run(0, password, **widgets)
    assert password not in str(caught.value)
    assert desk.post.delivered == []
    assert desk.run(1)["told"] == 1
    assert set(subjects(desk)) == {DATA, CALL}


def test_a_server_without_tls_gets_neither_password_nor_mail(desk: Desk, tmp_path: Path) -> None:
    desk.wrong(EMPTY)
    folder = tmp_path / "old"
    folder.mkdir()
    with post.receiving(folder, tls=False) as old:
        with pytest.raises(MailError, match=rf"127.0.0.1:{old.port} offers no STARTTLS"):
            desk.run(smtp_port=str(old.port))
        assert old.delivered == []


def test_a_refused_recipient_fails_the_run_and_the_others_have_their_mail(desk: Desk) -> None:
    desk.wrong(EMPTY)
    desk.post.refuses.add(CALL)
    with pytest.raises(MailError, match=rf"127.0.0.1:\d+ refused to take mail for {CALL} \(550 No such mailbox\)"):
        desk.run()
    assert set(desk.post.taken()) == {DATA}
    desk.post.refuses.clear()
    desk.run(1)
    assert set(desk.post.taken()) == {CALL}, "the data team has read its mail"


def test_a_question_that_fails_is_told_and_resolves_nothing(desk: Desk) -> None:
    desk.wrong(STALE)
    desk.run()
    desk.post.taken()
    desk.shop.spark.sql("DROP TABLE gold.wrong")
    assert desk.run(1)["told"] == 1
    text, _ = parts(desk, DATA)
    assert "TABLE_OR_VIEW_NOT_FOUND" in text
    assert "Resolved" not in text


@pytest.mark.parametrize(
    ("widgets", "message"),
    [
        ({"data_team": "", "business_team": " ", "on_call": ","}, "Nobody would hear"),
        ({"data_team": "a@x.org\nBcc: b@x.org"}, "data_team: .* is not an e-mail address"),
        ({"mail_sender": ""}, "mail_sender: '' is not an e-mail address"),
        ({"smtp_host": ""}, "no host:[0-9]+ is no mail server"),
        ({"smtp_port": "submission"}, "127.0.0.1:0 is no mail server"),
        ({"told_by_alerts": "yes"}, "told_by_alerts: 'yes' is neither"),
    ],
)
def test_settings_that_make_no_sense_are_refused(desk: Desk, widgets: dict[str, str], message: str) -> None:
    with pytest.raises(MailError, match=message):
        desk.settings(**widgets)


def test_the_certificate_has_to_be_a_trusted_one(desk: Desk) -> None:
    desk.wrong(EMPTY)
    settings = desk.settings()
    assert settings.server is not None
    untrusting = replace(settings, server=replace(settings.server, ca_file=None))
    with pytest.raises(MailError, match="certificate that cannot be verified"):
        telling.tell(
            desk.shop.spark, CATALOG, untrusting, lambda: post.PASSWORD, lambda: NOW, desk.shown.append, desk.folder
        )
    assert isinstance(settings.rules, Rules)
