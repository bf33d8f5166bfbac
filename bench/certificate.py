"""The TLS certificate in front of the sandbox, and of Postgres."""

import datetime
import ipaddress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def make_certificate(folder: Path) -> None:
    """Creates a self-signed certificate for this machine and its key, in DER and PEM, once."""
    if (folder / "key.pem").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "farebox bench")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=3650))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
    )
    certificate = builder.sign(key, hashes.SHA256())
    der, info = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    pkcs8, plain = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "certificate.der").write_bytes(certificate.public_bytes(der))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.der").write_bytes(key.private_bytes(der, pkcs8, plain))
    (folder / "subject.der").write_bytes(content(name.public_bytes()))
    (folder / "spki.der").write_bytes(content(key.public_key().public_bytes(der, info)))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, pkcs8, plain))


def content(sequence: bytes) -> bytes:
    """A DER sequence without its tag and length, the form of rustls's trust anchors."""
    return sequence[2 + (sequence[1] & 0x7F if sequence[1] & 0x80 else 0) :]
