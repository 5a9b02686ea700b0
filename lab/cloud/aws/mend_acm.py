# Mends moto's ACM: certificates are listed by key type as AWS does it, and issued once the records of their domains stand in DNS.
from __future__ import annotations

import json
from typing import Any

from .route53_names import normalized

# What AWS lists when the caller names no key types: EC certificates stay hidden.
DEFAULT_KEY_TYPES = ("RSA_1024", "RSA_2048")

# Summaries carry some of DescribeCertificate's fields; the others would be foreign to a client.
SUMMARY = (
    "CertificateArn",
    "DomainName",
    "Status",
    "Type",
    "KeyAlgorithm",
    "NotBefore",
    "NotAfter",
    "CreatedAt",
    "IssuedAt",
    "ImportedAt",
    "RenewalEligibility",
)


def _summary(bundle: Any) -> dict[str, Any]:
    full = bundle.describe()["Certificate"]
    names = full.get("SubjectAlternativeNames") or []
    return {
        **{key: full[key] for key in SUMMARY if key in full},
        "SubjectAlternativeNameSummaries": names[:100],
        "HasAdditionalSubjectAlternativeNames": len(names) > 100,
        "InUse": bool(full.get("InUseBy")),
        "Exported": False,
        "KeyUsages": [],
        "ExtendedKeyUsages": [],
    }


def list_certificates(self: Any) -> str:
    statuses = self._get_param("CertificateStatuses") or []
    includes = self._get_param("Includes") or {}
    wanted = includes.get("keyTypes") or DEFAULT_KEY_TYPES
    size = self._get_int_param("MaxItems", 100) or 100
    start = int(self._get_param("NextToken") or 0)
    backend = self.acm_backend
    rows = []
    for arn in list(backend._certificates):
        summary = _summary(backend.get_certificate(arn))
        if summary["KeyAlgorithm"] in wanted and (not statuses or summary["Status"] in statuses):
            rows.append(summary)
    answer: dict[str, Any] = {"CertificateSummaryList": rows[start : start + size]}
    if start + size < len(rows):
        answer["NextToken"] = str(start + size)
    return json.dumps(answer)


def _stands(record: dict[str, str]) -> bool:
    """In a public zone of any account, as ACM finds it by asking the DNS."""
    from moto.route53.models import route53_backends

    wanted = (normalized(record["Name"]), record["Type"])
    return any(
        (one.name, one.type) == wanted and normalized(record["Value"]) in map(normalized, one.records)
        for backends in list(route53_backends.values())
        for backend in list(backends.values())
        for zone in list(backend.zones.values())
        if not zone.private_zone
        for one in zone.rrsets
    )


def _check(bundle: Any) -> None:
    """In place of moto's, which issues every certificate after a minute."""
    from moto.core.utils import utcnow

    if bundle._not_valid_after(bundle._cert) <= utcnow():
        bundle.status = "EXPIRED"
    elif bundle.type == "AMAZON_ISSUED" and bundle.status == "PENDING_VALIDATION":
        options = bundle.describe()["Certificate"]["DomainValidationOptions"]
        if all(_stands(one["ResourceRecord"]) for one in options):
            bundle.status = "ISSUED"


def mend() -> None:
    from moto.acm import exceptions, models, responses

    first = exceptions.CertificateNotFound.__init__

    def not_found(error: Any, arn: str, account_id: str) -> None:
        first(error, arn, account_id)
        error.message = f"Could not find certificate {arn}."
        error.description = json.dumps({"__type": "ResourceNotFoundException", "message": error.message})

    exceptions.CertificateNotFound.__init__ = not_found
    models.CertBundle.check = _check
    responses.AWSCertificateManagerResponse.list_certificates = list_certificates
