"""EC2: what the Terraform provider reads back of flow logs and of rules for all protocols."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape

from localaws.ministack_patches.contract import Internal

_EC2 = "ministack.services.ec2"

INTERNALS: tuple[Internal, ...] = (
    Internal(_EC2, "_ACTION_MAP"),
    Internal(_EC2, "_create_flow_logs", ("params",)),
    Internal(_EC2, "_describe_flow_logs", ("params",)),
    Internal(_EC2, "_flow_logs"),
    Internal(_EC2, "_p", ("params", "key", "default")),
    Internal(_EC2, "_parse_tag_specs", ("p", "resource_type", "resource_id")),
    Internal(_EC2, "_rules_match", ("a", "b")),
)

_FLOW_LOG_FORMAT = (
    "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} "
    "${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
)
"""The default format of VPC Flow Logs (VPC user guide, "Flow log records", "Default format")."""


def complete_networks() -> None:
    """Lets flow logs show what they were made with, and the default rule for all traffic be revoked.

    MiniStack keeps a flow log's destination and nothing else, and compares the ports of rules for all
    protocols, which have none (EC2 API reference, IpPermission: for -1, ports are not used).
    """
    from ministack.services import ec2

    ec2._ACTION_MAP["CreateFlowLogs"] = _keeping(ec2._create_flow_logs)
    ec2._ACTION_MAP["DescribeFlowLogs"] = _showing(ec2._describe_flow_logs)
    ec2._rules_match = _without_ports(ec2._rules_match)


def _keeping(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from ministack.services import ec2

    @functools.wraps(create)
    def keeping(params: Any) -> Any:
        before = set(ec2._flow_logs)
        answer = create(params)
        for identifier in set(ec2._flow_logs) - before:
            ec2._flow_logs[identifier]["more"] = _more(params)
            ec2._parse_tag_specs(params, "vpc-flow-log", identifier)
        return answer

    return keeping


def _more(params: Any) -> dict[str, str]:
    """Members of FlowLog that MiniStack does not keep, by their names in the answer."""
    from ministack.services import ec2

    group = ec2._p(params, "LogGroupName") or ec2._p(params, "LogDestination").rpartition(":log-group:")[2]
    found = {
        "deliverLogsPermissionArn": ec2._p(params, "DeliverLogsPermissionArn"),
        "logFormat": ec2._p(params, "LogFormat") or _FLOW_LOG_FORMAT,
        "logGroupName": group.removesuffix(":*"),
        "maxAggregationInterval": ec2._p(params, "MaxAggregationInterval") or "600",
    }
    return {name: value for name, value in found.items() if value}


def _showing(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    from ministack.services import ec2

    @functools.wraps(describe)
    def showing(params: Any) -> Any:
        status, headers, body = describe(params)
        text = body.decode()
        for identifier, record in ec2._flow_logs.items():
            shown = f"<flowLogId>{identifier}</flowLogId>"
            more = "".join(
                f"<{name}>{escape(value)}</{name}>" for name, value in record.get("more", {}).items()
            )
            text = text.replace(shown, shown + more)
        return status, headers, text.encode()

    return showing


def _without_ports(match: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def relevant(rule: dict[str, Any]) -> dict[str, Any]:
        if str(rule.get("IpProtocol")) != "-1":
            return rule
        return {name: value for name, value in rule.items() if name not in ("FromPort", "ToPort")}

    @functools.wraps(match)
    def matching(a: dict[str, Any], b: dict[str, Any]) -> bool:
        return match(relevant(a), relevant(b))

    return matching
