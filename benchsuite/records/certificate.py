"""The certificate: what is proven of one network in one backend, and how closely.

History of `CERTIFICATE_VERSION`:
1  first version
2  says of which code, tier and division it is, and which update rules were followed; before, the
   tier was `native` and the division `matched`
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec

from benchsuite.contract import Division, UpdateRule
from benchsuite.hooks import Source
from benchsuite.names import as_file_name
from benchsuite.records.reading import read_json
from benchsuite.records.schema import Record
from benchsuite.records.writing import made, pretty_json, write_atomically

CERTIFICATE_VERSION = 2
CERTIFICATES = "certificates"
#: The quantity of the check of training in the idiomatic division.
FIT_QUANTITY = "idiomatic steps"

Verdict = Literal["exact", "within tolerance", "differs", "degenerate", "unsupported", "failed"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One quantity, compared tensor by tensor.

    error: the largest difference of any tensor, as a share of that tensor's largest element.
    tolerance: what it may be at most; None where it is only reported.
    worst: the tensor it was found in.
    """

    quantity: str
    tensors: int
    error: float | None
    tolerance: float | None
    worst: str

    @property
    def passed(self) -> bool:
        """Whether the error is a number and within the tolerance, where there is one."""
        within = self.tolerance is None or (self.error or 0.0) <= self.tolerance
        return self.error is not None and within


class Certificate(msgspec.Struct, frozen=True, kw_only=True):
    """What came of comparing a backend's network with the reference.

    fingerprint: of the architecture at its own input and classes; a row of the leaderboard
        refers to it by that.
    inputs: what the comparison was done at, as `H×W×C → classes`.
    source, reference: the backend's code, and that of what it was compared with.
    rules: the update rules that were followed, by the quantity of their checks.
    cancelled: weights, or parts of them, that by the network's own mathematics have no effect.
    """

    schema: int = CERTIFICATE_VERSION
    benchsuite_version: str
    architecture: str
    fingerprint: str
    inputs: tuple[str, ...]
    backend: str
    versions: dict[str, str]
    source: Source = Source()
    reference: Source = Source()
    device: str
    device_name: str
    tier: str = "native"
    precision: str
    division: Division = "matched"
    verdict: Verdict
    reason: str = ""
    checks: tuple[Check, ...] = ()
    rules: dict[str, UpdateRule] = {}
    cancelled: tuple[str, ...] = ()
    created: str
    seconds: float

    def is_of(self, record: Record) -> bool:
        """Whether it is of a record's network, or of the update rules, in its backend."""
        size = record.findings.size
        # A model that a library wrote has no graph, and so no fingerprint to prove anything of.
        known = size.architecture_fingerprint if size else ""
        of_network = bool(known) and self.fingerprint == known
        return self.backend == record.case.backend and (of_network or bool(self.rules))

    @property
    def holds(self) -> bool:
        """Whether it proves anything."""
        return self.verdict in ("exact", "within tolerance")

    def check(self, quantity: str) -> Check | None:
        """The check of one quantity, where it was compared."""
        return next((check for check in self.checks if check.quantity == quantity), None)

    @property
    def path(self) -> Path:
        """Where it lies, below a results folder."""
        parts = [self.backend, self.device.replace(":", ""), self.precision]
        parts += [self.tier] if self.tier != "native" else []
        parts += [self.division] if self.division != "matched" else []
        name = as_file_name(".".join(parts))
        return Path(CERTIFICATES) / as_file_name(self.architecture) / f"{name}.json"


def write_certificate(results: Path, certificate: Certificate) -> Path:
    """Store it in place of an older one. Raises UsageError where it cannot be written."""
    path = results / certificate.path
    with made(results):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, pretty_json(certificate))
    return path


def read_certificates(results: Path) -> Iterator[Certificate]:
    """All in a results folder, if there are any. Raises UsageError where a file is none of ours."""
    for path in sorted((results / CERTIFICATES).glob("*/*.json")):
        yield read_json(path, Certificate, "certificate")


def certificates_beside(paths: Iterable[Path]) -> Iterator[Certificate]:
    """Those of the results folders that records at the given paths lie in."""
    folders = {folder for path in paths for folder in (path.resolve(), *path.resolve().parents)}
    for folder in sorted(folder for folder in folders if (folder / CERTIFICATES).is_dir()):
        yield from read_certificates(folder)
