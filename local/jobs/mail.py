"""Mail messages: how they are built, and how one leaves, by SMTP or as an .eml file."""

from __future__ import annotations

import logging
import smtplib
import time
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path

SENDER = "jobs@local-workspace.invalid"
_POLICY = SMTP.clone(cte_type="7bit")  # line ends as on the wire, nothing that an old server would refuse
_LOG = logging.getLogger(__name__)


def compose(recipients: Sequence[str], subject: str, text: str, html: str | None = None) -> bytes:
    """Return a message as it goes on the wire; its Message-ID is fixed, so one sent twice can be told."""
    message = EmailMessage(policy=_POLICY)
    message["From"] = SENDER
    message["To"] = ", ".join(recipients)
    message["Subject"] = " ".join(subject.split())
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain="local-workspace.invalid")
    message.set_content(text)
    if html is not None:
        message.add_alternative(html, subtype="html")
    return message.as_bytes()


class Postman:
    """Delivers messages; one that cannot be sent is kept as a file and logged."""

    def __init__(self, folder: Path, smtp: tuple[str, int] | None) -> None:
        self._folder = folder
        self._smtp = smtp

    def deliver(self, recipients: Sequence[str], message: bytes) -> None:
        """Send one message, or write it to the folder when there is no server or it does not take it."""
        if self._smtp is None:
            self._keep(message)
            return
        try:
            with smtplib.SMTP(*self._smtp, timeout=10) as server:
                server.sendmail(SENDER, list(recipients), message)
        except (OSError, UnicodeError, smtplib.SMTPException) as error:
            path = self._keep(message)
            _LOG.error("Mail to %s not sent by %s:%s: %s; kept as %s", recipients, *self._smtp, error, path)

    def _keep(self, message: bytes) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{time.time_ns()}.eml"
        partial = path.with_suffix(".part")
        partial.write_bytes(message)
        return partial.replace(path)
