"""A software bill of materials: CycloneDX 1.5, in JSON."""

import json
import time
import uuid
from typing import Any

from release.crates import Crate


def sbom(programs: list[str], version: str, crates: list[Crate], at: int) -> str:
    """The bill of `programs`, which are made of `crates`."""
    parts = [crate for crate in crates if crate.name not in programs]
    roots = [crate for crate in crates if crate.name in programs]
    refs = {crate.id: crate.ref for crate in crates}
    product = {
        "type": "application",
        "bom-ref": f"farebox-{version}",
        "name": "farebox",
        "version": version,
        "components": [_component(crate, "application") for crate in roots],
    }
    bill: dict[str, Any] = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at)),
            "component": product,
        },
        "components": [_component(crate, "library") for crate in parts],
        "dependencies": [
            {"ref": product["bom-ref"], "dependsOn": [crate.ref for crate in roots]},
            *({"ref": c.ref, "dependsOn": sorted({refs[n] for n in c.needs})} for c in crates),
        ],
    }
    # The same contents have the same number.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(bill))
    return json.dumps(bill | {"serialNumber": f"urn:uuid:{number}"}, indent=1) + "\n"


def _component(crate: Crate, kind: str) -> dict[str, Any]:
    component = {
        "type": kind,
        "bom-ref": crate.ref,
        "name": crate.name,
        "version": crate.version,
    }
    if crate.description:
        component["description"] = crate.description
    if crate.licence:
        component["licenses"] = [{"expression": crate.licence}]
    if crate.checksum:
        component["purl"] = crate.ref
        component["hashes"] = [{"alg": "SHA-256", "content": crate.checksum}]
    return component
