"""What is to leave the workspace: messages that outlive a kill, sent in order by one thread; nobody waits."""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from collections.abc import Mapping, Sequence
from typing import Any

from local.jobs import webhook
from local.jobs.mail import Postman, compose
from local.store import Store

_TABLE = """
create table if not exists outbox (
    id integer primary key autoincrement, kind text not null, target text not null, content blob not null
)
"""
_MAIL, _WEBHOOK, _FAILED = "mail", "webhook", "failed"
_LOG = logging.getLogger(__name__)
_GLANCE_SECONDS = 1.0  # a message becomes visible when the transaction it was put in commits, after the wake-up


class Outbox:
    """Each message leaves once; only a kill between its delivery and the note of it sends it again, with the same id.

    Put in the transaction that decides to send, a message exists exactly when the decision does.
    """

    def __init__(self, store: Store, postman: Postman) -> None:
        self._store = store
        self._postman = postman
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        store.migrate(_TABLE)

    def start(self) -> None:
        """Start the sending thread; what an earlier process left is sent first."""
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is waiting, then end the thread; what a slow server keeps us from sending stays for next time."""
        self._stopping = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=15)

    def mail(self, recipients: Sequence[str], subject: str, text: str, html: str | None = None) -> None:
        """Put one mail to several recipients."""
        self._put(_MAIL, list(recipients), compose(recipients, subject, text, html))

    def post(self, target: webhook.Target, body: Mapping[str, Any]) -> None:
        """Put one call of a webhook."""
        self._put(_WEBHOOK, [target.url, target.user, target.password], json.dumps(body).encode())

    def _put(self, kind: str, target: list[str], content: bytes) -> None:
        with self._store.write() as connection:
            row = (kind, json.dumps(target), content)
            connection.execute("insert into outbox (kind, target, content) values (?, ?, ?)", row)
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wake.clear()
            for row in self._store.query("select * from outbox where kind != ? order by id", (_FAILED,)):
                self._leave(row)
            if self._stopping:
                return
            self._wake.wait(_GLANCE_SECONDS)

    def _leave(self, row: sqlite3.Row) -> None:
        try:
            self._send(row["kind"], json.loads(row["target"]), bytes(row["content"]))
        except Exception:  # noqa: BLE001 — one message that breaks the sender must not keep back the others
            _LOG.exception("Message %s cannot be sent and stays in the outbox", row["id"])
            with self._store.write() as connection:
                connection.execute("update outbox set kind = ? where id = ?", (_FAILED, row["id"]))
        else:
            with self._store.write() as connection:
                connection.execute("delete from outbox where id = ?", (row["id"],))

    def _send(self, kind: str, target: list[str], content: bytes) -> None:
        if kind == _MAIL:
            self._postman.deliver(target, content)
        else:
            webhook.call(webhook.Target(*target), content)
