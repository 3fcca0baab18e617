"""What somebody asks for, and the key under which the same question is found again."""

from __future__ import annotations

import functools
import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path

import qianhang
from qianhang import safety
from qianhang.core.manifest import Case
from qianhang.core.pack import Pack, find, required
from qianhang.core.spec import Spec, make

__all__ = ["Request", "key_of", "resolve", "software"]

# A run is the same run only on the same code and libraries: these decide numbers.
_LIBRARIES = ("lightgbm", "numpy", "pandas", "scikit-learn", "scipy")
_PARTS = ("core", "data", "engines", "trial")


@dataclass(frozen=True, slots=True)
class Request:
    """One run as asked for.

    data : the user's own file or folder; None means the case's registered data set
    params : name -> text, as typed
    again : repeat even where the same run stands finished
    org : the organisation that asks. It does not enter the key, since it decides no number; it
        decides which finished runs may be the answer
    subject : of which place, plant or network one's own data tell; the data's name where empty
    region : the city or county that it lies in, "" where nobody says so
    """

    scenario: str
    case: str = ""
    data: Path | None = None
    seed: int = 0
    pool: str = "local"
    params: Mapping[str, str] = field(default_factory=dict)
    again: bool = False
    org: str = "root"
    subject: str = ""
    region: str = ""

    def spec(self, pack: Pack, case: Case) -> Spec:
        """The settings that the pack's functions will see."""
        return make(pack.manifest, case, seed=self.seed, params=self.params)


def resolve(asked: Request) -> tuple[Pack, Case, Spec]:
    """The pack, the case and the settings that the request names, all of them allowed.

    Raises PackError for a scenario or case that does not exist, UsageError for a parameter that
    the pack does not have, GateClosed for a refused use, MissingExtra for an absent library.
    """
    pack = find(asked.scenario)
    use = safety.Use(
        subject=pack.manifest.subject,
        industry=pack.id.partition(".")[0],
        purpose=pack.manifest.purpose,
        device_class=pack.manifest.device_class or "none",
    )
    safety.check_use(use, risk=pack.manifest.risk, scenario=pack.id)
    required(pack)
    own = asked.data is not None
    case = pack.manifest.find_case(asked.case or pack.manifest.default_case(own=own))
    return pack, case, asked.spec(pack, case)


@functools.cache
def code_hash() -> str:
    """sha256 over the parts of the product that decide a run's numbers, (64 hex digits)."""
    root = Path(qianhang.__file__).parent
    digest = hashlib.sha256()
    for part in _PARTS:
        for path in sorted((root / part).rglob("*.py")):
            digest.update(f"{path.relative_to(root)}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def software(pack: Pack) -> dict[str, str]:
    """Name -> version of everything that decides this pack's numbers."""
    found = {"python": platform.python_version(), "qianhang": qianhang.__version__}
    distributions = metadata.packages_distributions() if pack.manifest.requires else {}
    names = [*_LIBRARIES, *(n for m in pack.manifest.requires for n in distributions.get(m, ()))]
    for name in sorted(set(names)):
        found[name] = metadata.version(name)
    return found


def key_of(request: Request, *, pack: Pack, spec: Spec, data: Mapping[str, str]) -> str:
    """The key of the run, (64 hex digits): equal keys give equal numbers on the same subject.

    data : input name -> sha256 of the file
    """
    identity = {
        "scenario": pack.id,
        "pack": pack.source_hash,
        "code": code_hash(),
        "case": spec.case,
        "own": request.data is not None,
        "of": [request.subject, request.region],
        "data": dict(data),
        "seed": spec.seed,
        "params": dict(spec.params),
        "versions": software(pack),
    }
    text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()
