"""The go-plugin handshake: who called, over which socket, with which certificate."""

from __future__ import annotations

import base64
import datetime
import os

import grpc
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

_COOKIE = ("TF_PLUGIN_MAGIC_COOKIE", "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2")
_PROTOCOL = 6


def require_terraform() -> None:
    """Leave with one line when a person, not Terraform, started the provider."""
    if os.environ.get(_COOKIE[0]) != _COOKIE[1]:
        raise SystemExit(
            "this is a Terraform provider: Terraform starts it (to install: python -m local.provider install …)"
        )


def listen(server: grpc.Server) -> str:
    """Bind the server to a loopback port and return the handshake line that tells Terraform where."""
    if "PLUGIN_CLIENT_CERT" not in os.environ:
        port = server.add_insecure_port("127.0.0.1:0")
        return f"1|{_PROTOCOL}|tcp|127.0.0.1:{port}|grpc"
    key, certificate = _certificate()
    # Asking for go-plugin's own client certificate as well makes its handshake fail: server-side TLS only.
    port = server.add_secure_port(
        "127.0.0.1:0",
        grpc.ssl_server_credentials(
            [
                (
                    key.private_bytes(
                        serialization.Encoding.PEM,
                        serialization.PrivateFormat.PKCS8,
                        serialization.NoEncryption(),
                    ),
                    certificate.public_bytes(serialization.Encoding.PEM),
                )
            ]
        ),
    )
    der = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode().rstrip("=")
    return f"1|{_PROTOCOL}|tcp|127.0.0.1:{port}|grpc|{der}"


def _certificate() -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """Make a key that lives in this process only, and its certificate for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, certificate
