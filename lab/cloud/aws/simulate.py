# iam:SimulatePrincipalPolicy: what a role's identity policies say, without calling.
from __future__ import annotations

from xml.sax.saxutils import escape

from .call import Call, members, structures
from .errors import AwsError, Response, render_query
from .policy import evaluate, make_context
from .roles import find_role, parse_document

WORDS = {"allow": "allowed", "deny": "explicitDeny", "none": "implicitDeny"}


def answer(call: Call, account: str) -> Response:
    documents = [parse_document(text) for text in members(call.params, "PolicyInputList")]
    if call.action == "SimulatePrincipalPolicy":
        role = find_role(call.params.get("PolicySourceArn", ""))
        if role is None or role.account != account:
            raise AwsError("NoSuchEntity", f"The entity {call.params.get('PolicySourceArn')} cannot be found.", 404)
        documents += role.documents
    # ContextEntries.member.1.ContextKeyValues.member.1: a list within a list of structures.
    context = make_context(
        {
            entry.get("ContextKeyName", ""): [v for k, v in entry.items() if k.startswith("ContextKeyValues")]
            for entry in structures(call.params, "ContextEntries")
        }
    )
    rows = []
    for action in members(call.params, "ActionNames"):
        for resource in members(call.params, "ResourceArns") or ["*"]:
            decision = WORDS[evaluate(documents, action, resource, context)]
            rows.append(
                f"<member><EvalActionName>{escape(action)}</EvalActionName>"
                f"<EvalResourceName>{escape(resource)}</EvalResourceName>"
                f"<EvalDecision>{decision}</EvalDecision><MatchedStatements/><MissingContextValues/></member>"
            )
    xml = f"<IsTruncated>false</IsTruncated><EvaluationResults>{''.join(rows)}</EvaluationResults>"
    return render_query("iam", call.action, xml)
