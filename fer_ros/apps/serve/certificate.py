# Copyright 2026 the fer_ros authors
#
# Licensed under the Apache License, Version 2.0 (the "License");
# you may not use this file except in compliance with the License.
# You may obtain a copy of the License at
#
#     http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS,
# WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
# See the License for the specific language governing permissions and
# limitations under the License.

"""
A certificate that the service signs itself, for cameras in the browsers of other machines.

Browsers open cameras only for pages from localhost or with TLS. Nobody vouches for such a
certificate, so browsers warn: the visitor compares the fingerprint that is printed at the start.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
import ipaddress
from pathlib import Path
import socket

VALID = timedelta(days=30)


@dataclass(frozen=True)
class Certificate:
    """Paths of the certificate and its key, and its SHA-256 fingerprint as hexadecimal pairs."""

    path: Path
    key: Path
    fingerprint: str


def self_signed(folder: Path, host: str) -> Certificate:
    """
    Make a certificate for this machine's names and an address.

    :param folder: where its two files are written; the key is readable by its owner only.
    :param host: what the service is bound to.
    :raises OSError: if the files cannot be written.
    """
    # Imported here because only --tls-self-signed needs it.
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'fer serve')])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([
            *(x509.DNSName(text) for text in dict.fromkeys(('localhost', socket.gethostname()))),
            *(x509.IPAddress(address) for address in _addresses(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    path, key_path = folder / 'certificate.pem', folder / 'key.pem'
    path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.touch(mode=0o600)
    key_path.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption()))
    return Certificate(path, key_path, certificate.fingerprint(hashes.SHA256()).hex(':').upper())


def _addresses(host: str) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    """Return the loopback addresses, that of the host, and those of this machine's name."""
    texts = ['127.0.0.1', '::1', host]
    # A machine's name may be known to no server.
    with suppress(OSError):
        texts += [str(entry[4][0]) for entry in socket.getaddrinfo(socket.gethostname(), None)]
    found = []
    for text in dict.fromkeys(texts):
        with suppress(ValueError):
            found.append(ipaddress.ip_address(text.partition('%')[0]))
    return found
