# Mends moto's Route 53: changes are checked and made all at once, and records look as AWS shows them.
from __future__ import annotations

from typing import Any

from .route53_names import normalized, sort_key

ALB_ZONES = {"us-east-1": "Z35SXDOTRQ7X7K"}
SOA_TAIL = "awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400"


def _error(messages: list[str]) -> Exception:
    from moto.route53.exceptions import Route53ClientError

    return Route53ClientError("InvalidChangeBatch", f"[{', '.join(messages)}]")


def _values(wanted: dict[str, Any]) -> list[str]:
    return [one["Value"] if isinstance(one, dict) else str(one) for one in wanted.get("ResourceRecords") or []]


def _alias_of(target: dict[str, Any] | None) -> tuple[str, str, bool] | None:
    if not target:
        return None
    evaluate = str(target.get("EvaluateTargetHealth", False)).lower() == "true"
    return target.get("HostedZoneId", ""), normalized(target.get("DNSName", "")), evaluate


def _same(record: Any, wanted: dict[str, Any]) -> bool:
    """A DELETE must name every value that the record has."""
    if record.alias_target or wanted.get("AliasTarget"):
        return _alias_of(record.alias_target) == _alias_of(wanted.get("AliasTarget"))
    return sorted(record.records) == sorted(_values(wanted)) and int(record.ttl or 0) == int(wanted.get("TTL") or 0)


class Batch:
    """The records of a zone while a batch is tried out; nothing shows until all of it is right."""

    def __init__(self, zone: Any) -> None:
        self.zone = zone
        self.records = list(zone.rrsets)
        self.problems: list[str] = []

    def apply(self, action: str, wanted: dict[str, Any]) -> None:
        from moto.route53.models import RecordSet

        name, kind = normalized(wanted["Name"]), wanted["Type"]
        identifier = wanted.get("SetIdentifier")
        label = f"[name='{name}', type='{kind}'" + (f", set-identifier='{identifier}']" if identifier else "]")
        if name != self.zone.name and not name.endswith("." + self.zone.name):
            self.problems.append(f"RRSet with DNS name {name} is not permitted in zone {self.zone.name}")
            return
        found = next(
            (one for one in self.records if (one.name, one.type, one.set_identifier) == (name, kind, identifier)), None
        )
        if action == "DELETE":
            self._delete(found, wanted, label)
            return
        if action == "CREATE" and found is not None:
            self.problems.append(f"Tried to create resource record set {label} but it already exists")
            return
        if not self._permitted(name, kind, wanted):
            return
        made = RecordSet({**wanted, "Name": name, "ResourceRecords": _values(wanted)})
        if found is None:
            self.records.append(made)
        else:
            self.records[self.records.index(found)] = made

    def _delete(self, found: Any, wanted: dict[str, Any], label: str) -> None:
        tried = f"Tried to delete resource record set {label}"
        if found is None:
            self.problems.append(f"{tried} but it was not found")
        elif not _same(found, wanted):
            self.problems.append(f"{tried} but the values provided do not match the current values")
        elif found.name == self.zone.name and found.type in ("NS", "SOA"):
            self.problems.append(
                "A HostedZone must contain at least one NS record for the zone itself."
                if found.type == "NS"
                else "A HostedZone must contain exactly one SOA record."
            )
        else:
            self.records.remove(found)

    def _permitted(self, name: str, kind: str, wanted: dict[str, Any]) -> bool:
        others = [one for one in self.records if one.name == name and one.type != kind]
        beside = {one.set_identifier for one in self.records if (one.name, one.type) == (name, kind)}
        identifier = wanted.get("SetIdentifier")
        in_zone = f"in zone {self.zone.name}"
        if kind == "CNAME" and name == self.zone.name:
            self.problems.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex {in_zone}")
        elif kind == "CNAME" and others:
            self.problems.append(
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records "
                f"with the same DNS name {in_zone}"
            )
        elif any(one.type == "CNAME" for one in others):
            self.problems.append(
                f"RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet of type "
                f"CNAME with the same DNS name already exists {in_zone}"
            )
        elif identifier is None and beside - {None}:
            self.problems.append(
                f"RRSet with DNS name {name}, type {kind} cannot be created as other RRSets exist with the same name and type."
            )
        elif identifier is not None and None in beside:
            self.problems.append(
                f"RRSet with DNS name {name}, type {kind}, SetIdentifier {identifier} cannot be created as a non-weighted set "
                "exists with the same name and type."
            )
        else:
            return self._alias_permitted(kind, wanted.get("AliasTarget"))
        return False

    def _alias_permitted(self, kind: str, target: dict[str, Any] | None) -> bool:
        if target is None:
            return True
        to, zone_id = normalized(target.get("DNSName", "")), target.get("HostedZoneId", "")
        tried = f"Tried to create an alias that targets {to}, type {kind} in zone {zone_id},"
        for region, alb_zone in ALB_ZONES.items():
            if to.endswith(f".{region}.elb.amazonaws.com.") and zone_id != alb_zone:
                self.problems.append(f"{tried} but the alias target name does not lie within the target zone")
                return False
        if zone_id == self.zone.resource_id and not any((one.name, one.type) == (to, kind) for one in self.records):
            self.problems.append(f"{tried} but that target was not found")
            return False
        return True


def _change_record_sets(backend: Any, zoneid: str, change_list: list[dict[str, Any]]) -> None:
    from moto.route53.exceptions import InvalidActionValue
    from moto.route53.models import validate_domain_name

    zone = backend.get_hosted_zone(zoneid)
    batch = Batch(zone)
    for change in change_list:
        wanted = change["ResourceRecordSet"]
        if change["Action"] not in ("CREATE", "UPSERT", "DELETE"):
            raise InvalidActionValue(change["Action"])
        validate_domain_name(wanted["Name"], code="InvalidChangeBatch")
        batch.apply(change["Action"], wanted)
    if batch.problems:
        raise _error(batch.problems)
    zone.rrsets = batch.records


def _zones_by_name(backend: Any, dnsname: str | None) -> tuple[str | None, list[Any]]:
    """All zones from that name on, in Route 53's order; AWS does not filter here."""
    zones = sorted(backend.zones.values(), key=lambda zone: sort_key(zone.name))
    if not dnsname:
        return None, zones
    start = normalized(dnsname)
    return start, [zone for zone in zones if sort_key(zone.name) >= sort_key(start)]


def mend() -> None:
    from moto.core.responses import ActionResult
    from moto.route53 import models, responses

    made = models.Route53Backend.create_hosted_zone
    first = models.RecordSet.__init__

    def create_hosted_zone(backend: Any, *args: Any, **kwargs: Any) -> Any:
        zone = made(backend, *args, **kwargs)
        zone.name = normalized(zone.name)
        # Ids of hosted zones begin with Z.
        del backend.zones[zone.resource_id]
        zone.resource_id = "Z" + zone.resource_id[1:]
        backend.zones[zone.resource_id] = zone
        servers = zone.delegation_set.name_servers
        for one in zone.rrsets:
            one.name = zone.name
            # moto writes the SOA as a dict, and name servers without their last dot.
            one.records = [f"{servers[0]}. {SOA_TAIL}"] if one.type == "SOA" else [f"{each}." for each in servers]
        return zone

    def record_init(record: Any, kwargs: dict[str, Any]) -> None:
        first(record, kwargs)
        if record.alias_target:
            record.ttl = None  # an alias has none; moto says 0
            target = dict(record.alias_target)
            target["DNSName"] = normalized(target.get("DNSName", ""))
            record.alias_target = target

    def get_record_sets(zone: Any, start_type: str, start_name: str) -> list[Any]:
        rows = sorted(zone.rrsets, key=lambda one: (sort_key(one.name), one.type))
        if not start_name:
            return rows
        start = (sort_key(normalized(start_name)), start_type or "")
        return [one for one in rows if (sort_key(one.name), one.type) >= start]

    def list_by_name(self: Any) -> Any:
        size = self._get_int_param("MaxItems", 100)
        name, zones = _zones_by_name(self.backend, self._get_param("DNSName"))
        following = zones[size] if len(zones) > size else None
        return ActionResult(
            {
                "DNSName": name,
                "HostedZones": zones[:size],
                "IsTruncated": following is not None,
                "NextDNSName": following.name if following else None,
                "NextHostedZoneId": following.resource_id if following else None,
                "MaxItems": size,
            }
        )

    models.RecordSet.__init__ = record_init
    models.FakeZone.get_record_sets = get_record_sets
    models.Route53Backend.create_hosted_zone = create_hosted_zone
    models.Route53Backend.change_resource_record_sets = _change_record_sets
    responses.Route53.list_hosted_zones_by_name = list_by_name
