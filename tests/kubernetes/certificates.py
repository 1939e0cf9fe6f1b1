"""The certificate authority of a test's control plane, the certificates that it signs, and kubeconfigs with them."""

from __future__ import annotations

import datetime
import ipaddress
from base64 import b64encode
from pathlib import Path
from typing import Any

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

VALID = datetime.timedelta(days=2)
SKEW = datetime.timedelta(hours=1)


class Authority:
    """Signs certificates for servers (all of them on loopback) and for users. Keeps everything in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name("test-authority")
        builder = _builder(self._name, self._name, self._key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs=True), critical=True)
        self.certificate_file = _write(folder / "ca.crt", _pem(builder.sign(self._key, hashes.SHA256())))

    def server(self, name: str) -> tuple[Path, Path]:
        """Certificate and key of a server that answers on 127.0.0.1 and as localhost."""
        names: list[x509.GeneralName] = [
            x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.DNSName("localhost"),
            x509.DNSName("kubernetes.default.svc"),
        ]
        return self._issue(name, _name(name), ExtendedKeyUsageOID.SERVER_AUTH, names)

    def user(self, name: str, groups: tuple[str, ...] = ()) -> tuple[Path, Path]:
        """Certificate and key of a user: Kubernetes takes the common name and the organisations."""
        return self._issue(name.replace(":", "-"), _name(name, groups), ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def signing_key(self, name: str) -> tuple[Path, Path]:
        """Public and private key for service account tokens."""
        key = ec.generate_private_key(ec.SECP256R1())
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return _write(self.folder / f"{name}.pub", public), _write(self.folder / f"{name}.key", _private(key))

    def kubeconfig(self, file: Path, server: str, *, namespace: str = "default", **user: Any) -> Path:
        """A kubeconfig with everything inside it. ``user`` is ``certificate=(file, file)`` or ``token=...``."""
        credentials: dict[str, str] = {}
        if "token" in user:
            credentials["token"] = user["token"]
        if "certificate" in user:
            certificate, key = user["certificate"]
            credentials["client-certificate-data"] = _base64(certificate)
            credentials["client-key-data"] = _base64(key)
        content = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {
                    "name": "test",
                    "cluster": {"server": server, "certificate-authority-data": _base64(self.certificate_file)},
                }
            ],
            "users": [{"name": "test", "user": credentials}],
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": "test", "namespace": namespace}}],
            "current-context": "test",
        }
        return _write(file, yaml.safe_dump(content).encode())

    def _issue(
        self, stem: str, subject: x509.Name, purpose: x509.ObjectIdentifier, names: list[x509.GeneralName]
    ) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(subject, self._name, key.public_key())
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        # Newer Pythons check certificates strictly: without the key of the issuer they refuse one.
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(issuer, critical=False)
        certificate = _write(self.folder / f"{stem}.crt", _pem(builder.sign(self._key, hashes.SHA256())))
        return certificate, _write(self.folder / f"{stem}.key", _private(key))


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.timezone.utc)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _name(common: str, organisations: tuple[str, ...] = ()) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in organisations]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _base64(file: Path) -> str:
    return b64encode(file.read_bytes()).decode()


def _write(file: Path, content: bytes) -> Path:
    file.touch(mode=0o600)
    file.write_bytes(content)
    return file
