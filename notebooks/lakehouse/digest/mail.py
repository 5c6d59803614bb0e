"""Sends mail by SMTP, encrypted and logged in, and says clearly why it could not."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

TIMEOUT_SECONDS = 30

_ADDRESS = re.compile(r"[^\s@,;<>\"]+@[^\s@,;<>\"]+")


class MailError(Exception):
    """Mail that could not be sent; the message names the server and the mend."""


@dataclass(frozen=True)
class Server:
    """Where mail is handed in, by whom, and whose certificates are trusted beside the usual ones."""

    host: str
    port: int
    sender: str
    ca_file: Path | None = None

    def __post_init__(self) -> None:
        if not self.host or not 0 < self.port < 65536:
            raise MailError(f"{self.host or 'no host'}:{self.port} is no mail server; set smtp_host and smtp_port.")
        check_addresses("mail_sender", [self.sender])

    @property
    def name(self) -> str:
        """Return host and port as messages name them."""
        return f"{self.host}:{self.port}"


def check_addresses(what: str, addresses: Sequence[str]) -> None:
    """Refuse what is not an address, and with it whatever would begin another header."""
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise MailError(f"{what}: {address!r} is not an e-mail address.")


def send(
    server: Server, password: str, messages: Sequence[EmailMessage], accepted: Callable[[EmailMessage, list[str]], None]
) -> None:
    """Send messages over one connection, reporting who each was accepted for; raise once all were tried."""
    refused: dict[str, str] = {}
    try:
        with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS) as connection:
            connection.starttls(context=_context(server))
            connection.login(server.sender, password)
            for message in messages:
                recipients = str(message["To"]).split(", ")
                said = _hand_in(connection, server, message, recipients)
                refused.update(said)
                if got := [each for each in recipients if each not in said]:
                    accepted(message, got)
    except (OSError, smtplib.SMTPException) as error:
        raise MailError(_explain(server, error)) from None  # the cause may quote what was sent
    if refused:
        who = "; ".join(f"{address} ({reason})" for address, reason in refused.items())
        raise MailError(f"{server.name} refused to take mail for {who}. Correct the recipients of the environment.")


def _hand_in(
    connection: smtplib.SMTP, server: Server, message: EmailMessage, recipients: Sequence[str]
) -> dict[str, str]:
    try:
        refused: Mapping[str, tuple[int, bytes]] = connection.send_message(message, server.sender, recipients)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    return {address: f"{code} {said.decode(errors='replace')}" for address, (code, said) in refused.items()}


def _context(server: Server) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.ca_file:
        context.load_verify_locations(server.ca_file)
    return context


def _explain(server: Server, error: Exception) -> str:
    name = server.name
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return (
            f"{name} refused the login of {server.sender} ({error.smtp_code})."
            " Put the right password into secret scope 'email', key 'password'."
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return f"{name} offers no STARTTLS or no login, and mail is not sent in the clear. Use its submission port."
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"{name} shows a certificate that cannot be verified ({error.verify_message}). Give its CA file."
    if isinstance(error, smtplib.SMTPSenderRefused):
        return f"{name} refused the sender {server.sender} ({error.smtp_code}). Set mail_sender to one it allows."
    if isinstance(error, smtplib.SMTPException):
        return f"{name} broke off: {type(error).__name__}. Look into the log of the mail server, then repair the run."
    return f"{name} cannot be reached ({error}). Check smtp_host and smtp_port, and that the cluster may connect there."
