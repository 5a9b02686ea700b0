# EKS Pod Identity: what the webhook adds to a pod, and the agent that gives its credentials.
from __future__ import annotations

import base64
import json
import time
import uuid
from typing import Any

from cryptography.hazmat.primitives import serialization

from lab.cloud.control import record

from . import sts
from .eks_state import STATE, Association
from .errors import AwsError
from .layout import CLUSTER, CLUSTER_ARN, EKS_ACCOUNT, LAYOUT, REGION
from .log import say
from .oidc import audiences, read_jwt, rs256_holds
from .policy import Principal
from .sessions import Credentials

AUDIENCE = "pods.eks.amazonaws.com"
VOLUME = "eks-pod-identity-token"
FOLDER = "/var/run/secrets/pods.eks.amazonaws.com/serviceaccount"
URL = f"http://{LAYOUT['addresses']['podIdentityAgent']}/v1/credentials"
SERVICE = Principal("service", "", "pods.eks.amazonaws.com")
GIVEN = ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_ROLE_ARN")


def _patches(pod: dict[str, Any]) -> list[dict[str, Any]]:
    spec = pod.get("spec") or {}
    ours = {
        "AWS_STS_REGIONAL_ENDPOINTS": "regional",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": URL,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": f"{FOLDER}/{VOLUME}",
    }
    mount = {"name": VOLUME, "readOnly": True, "mountPath": FOLDER}
    patches: list[dict[str, Any]] = []
    for kind in ("initContainers", "containers"):
        containers = spec.get(kind) or []
        changed = []
        for container in containers:
            env = list(container.get("env") or [])
            names = {one.get("name") for one in env}
            # Who brings credentials of their own keeps them.
            if names & set(GIVEN):
                changed.append(container)
                continue
            env += [{"name": name, "value": value} for name, value in ours.items() if name not in names]
            mounts = [one for one in container.get("volumeMounts") or [] if one.get("name") != VOLUME]
            changed.append({**container, "env": env, "volumeMounts": [*mounts, mount]})
        if containers:
            patches.append({"op": "replace", "path": f"/spec/{kind}", "value": changed})
    projected = {"audience": AUDIENCE, "expirationSeconds": 86400, "path": VOLUME}
    volume = {"name": VOLUME, "projected": {"sources": [{"serviceAccountToken": projected}]}}
    volumes = [one for one in spec.get("volumes") or [] if one.get("name") != VOLUME]
    patches.append({"op": "add", "path": "/spec/volumes", "value": [*volumes, volume]})
    return patches


def mutate(body: dict[str, Any]) -> dict[str, Any]:
    """An AdmissionReview: pods whose service account has an association get the token and the address."""
    request = body.get("request") or {}
    pod = request.get("object") or {}
    response: dict[str, Any] = {"uid": request.get("uid", ""), "allowed": True}
    account = (pod.get("spec") or {}).get("serviceAccountName") or "default"
    if STATE.association_for(str(request.get("namespace", "")), account) is not None:
        patch = json.dumps(_patches(pod)).encode()
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response}


def verify_pod_token(token: str) -> dict[str, Any]:
    try:
        _, claims, sealed, signed = read_jwt(token)
    except ValueError as error:
        raise AwsError("InvalidTokenException", "The token included in the request is not a JWT.", 400) from error
    key = serialization.load_pem_public_key((STATE.lab_dir / "pki" / "service-account.pub").read_bytes())
    if not rs256_holds(key, sealed, signed):
        raise AwsError("InvalidTokenException", "The token included in the request was not signed by the cluster.", 400)
    if AUDIENCE not in audiences(claims):
        raise AwsError("InvalidTokenException", f"The token's audience is not {AUDIENCE}.", 400)
    if time.time() >= float(claims.get("exp", 0)):
        raise AwsError("ExpiredTokenException", "The token included in the request is expired.", 400)
    return claims


def _tags(pod: dict[str, Any], namespace: str, account: str) -> dict[str, str]:
    return {
        "eks-cluster-arn": CLUSTER_ARN,
        "eks-cluster-name": CLUSTER,
        "kubernetes-namespace": namespace,
        "kubernetes-service-account": account,
        "kubernetes-pod-name": str(pod.get("name", "")),
        "kubernetes-pod-uid": str(pod.get("uid", "")),
    }


def _assume(caller: Principal, own: Credentials | None, wanted: sts.Wanted, more: dict[str, str]) -> Credentials:
    error: AwsError | None = None
    try:
        return sts.assume(caller, own, wanted, more)[0]
    except AwsError as refused:
        error = refused
        raise
    finally:
        record.call(
            account=wanted.role_arn.split(":")[4],
            principal=caller.arn,
            service="sts",
            action="AssumeRole",
            resource=wanted.role_arn,
            allowed=error is None,
            status=error.status if error else 200,
            error=error.code if error else None,
        )


def credentials_for(claims: dict[str, Any]) -> tuple[Credentials, Association]:
    """Role of the association by the service, then the target role by that session."""
    kubernetes = claims.get("kubernetes.io") or {}
    namespace, pod = str(kubernetes.get("namespace", "")), kubernetes.get("pod") or {}
    account = str((kubernetes.get("serviceaccount") or {}).get("name", ""))
    association = STATE.association_for(namespace, account)
    if association is None:
        raise AwsError(
            "ResourceNotFoundException",
            f"No association found for service account {account} in namespace {namespace} of cluster {CLUSTER}.",
            404,
        )
    # Session tags are transitive, all of them; switched off, the target role can only test an external id.
    tags = {} if association.disable_session_tags else _tags(pod, namespace, account)
    # eks-clustername-podname-UUID, cut to what a session's name may have.
    name = f"eks-{CLUSTER}-{str(pod.get('name', 'pod'))}"[:27] + f"-{uuid.uuid4()}"
    policy = (json.loads(association.policy),) if association.policy else None
    target = association.target_role_arn
    first = sts.Wanted(
        association.role_arn, name, None, None, tags, frozenset(tags), None, None if target else policy
    )
    source = {"aws:SourceArn": CLUSTER_ARN, "aws:SourceAccount": EKS_ACCOUNT}
    given = _assume(SERVICE, None, first, source)
    if target:
        external = association.external_id if association.disable_session_tags else None
        second = sts.Wanted(target, name, None, external, policies=policy)
        given = _assume(given.principal, given, second, {})
    return given, association


def agent(token: str) -> tuple[int, Any]:
    """The agent's answer: status, and an object or a sentence."""
    try:
        given, _ = credentials_for(verify_pod_token(token))
    except AwsError as error:
        say(f"pod identity agent: {error.code}: {error.message}")
        status = error.status if error.code != "AccessDenied" else 403
        code = "AccessDeniedException" if error.code == "AccessDenied" else error.code
        return status, f"operation error EKS Auth: AssumeRoleForPodIdentity, {code}: {error.message}"
    return 200, {
        "AccessKeyId": given.access_key,
        "SecretAccessKey": given.secret,
        "Token": given.token,
        "AccountId": given.principal.account,
        "Expiration": sts.iso(given.expires),
    }
