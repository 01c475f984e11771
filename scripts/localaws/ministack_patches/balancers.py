"""Application load balancers: weights, health checks, counts, and a way to reach them."""

from __future__ import annotations

import contextvars
import functools
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from localaws.balancing import addresses, forwards
from localaws.balancing.balancer import Balancer, TargetGroup
from localaws.balancing.health import Health
from localaws.balancing.metrics import Passage
from localaws.ministack_patches.contract import Internal

_ALB = "ministack.services.alb"

INTERNALS: tuple[Internal, ...] = (
    Internal("ministack.core.responses", "AccountRegionScopedDict.all_items", ("self",)),
    Internal("ministack.core.responses", "StreamingResponse"),
    Internal(_ALB, "_lbs"),
    Internal(_ALB, "_tgs"),
    Internal(_ALB, "_listeners"),
    Internal(_ALB, "_rules"),
    Internal(_ALB, "_targets"),
    Internal(_ALB, "_p", ("params", "key", "default")),
    Internal(_ALB, "_xml", ("status", "action", "inner")),
    Internal(_ALB, "_error", ("code", "message", "status")),
    Internal(_ALB, "_parse_actions", ("params", "prefix")),
    Internal(_ALB, "_parse_targets_param", ("params", "prefix")),
    Internal(_ALB, "_action_xml", ("a",)),
    Internal(_ALB, "_tg_xml", ("tg",)),
    Internal(_ALB, "_ACTION_MAP"),
    Internal(_ALB, "find_lb_for_host", ("host",)),
    Internal(_ALB, "_find_lb_by_name", ("name",)),
    Internal(
        _ALB,
        "dispatch_request",
        (
            "lb",
            "method",
            "path",
            "headers",
            "body",
            "query_params",
            "port",
            "client_ip",
            "raw_query_string",
            "raw_path",
        ),
    ),
    Internal(
        _ALB,
        "_execute_actions",
        (
            "actions",
            "method",
            "path",
            "headers",
            "body",
            "query_params",
            "listener_port",
            "lb_arn",
            "target_host",
            "raw_query_string",
            "raw_path",
        ),
    ),
    Internal(
        _ALB,
        "_forward_to_tg",
        ("tg_arn", "method", "path", "headers", "body", "query_params", "raw_query_string", "raw_path"),
    ),
    Internal(
        _ALB,
        "_proxy_http_target",
        ("target", "tg", "method", "path", "headers", "body", "query_params", "raw_query_string"),
    ),
)


def target_groups() -> list[TargetGroup]:
    """Every target group of every account, with its targets and the load balancers that forward to it."""
    from ministack.services import alb

    used = _used_by()
    return [
        _target_group(account, region, record, used) for (account, region, _), record in alb._tgs.all_items()
    ]


def _target_group(
    account: str, region: str, record: dict[str, Any], used: Mapping[str, set[str]]
) -> TargetGroup:
    from ministack.services import alb

    arn = record["TargetGroupArn"]
    registered = alb._targets.get_scoped(account, region, arn, [])
    targets = tuple((one["Id"], int(one.get("Port") or record["Port"])) for one in registered)
    return TargetGroup(account, region, arn, record, targets, tuple(sorted(used.get(arn, ()))))


def _used_by() -> dict[str, set[str]]:
    """ARNs of the load balancers that forward to a target group, by its ARN."""
    from ministack.services import alb

    balancers = {key[2]: listener["LoadBalancerArn"] for key, listener in alb._listeners.all_items()}
    used: dict[str, set[str]] = {}
    for _, rule in alb._rules.all_items():
        balancer = balancers.get(rule["ListenerArn"])
        for group in forwards.groups_of(rule["Actions"]) if balancer else ():
            used.setdefault(group, set()).add(str(balancer))
    return used


def balance(balancer: Balancer) -> None:
    """Lets load balancers follow weights, check their targets, count requests, and be reached.

    MiniStack keeps one target group an action, believes every target healthy, looks for a load balancer among
    those of account 000000000000 (a request to one is not signed), and cannot tell listeners apart where the
    Host header has the server's port.
    """
    from ministack.services import alb

    alb._parse_actions = _parsing_forwards(alb._parse_actions)
    alb._action_xml = _showing_forwards(alb._action_xml)
    alb._tg_xml = _showing_balancers(alb._tg_xml)
    alb._ACTION_MAP["DescribeTargetHealth"] = _target_health(balancer)
    alb.find_lb_for_host = alb._find_lb_by_name = _find_balancer
    alb.dispatch_request = _counted(alb.dispatch_request, balancer)
    alb._execute_actions = _weighted_actions(alb._execute_actions)
    alb._forward_to_tg = _forwarded(alb._forward_to_tg, balancer)


_asked_port: contextvars.ContextVar[int | None] = contextvars.ContextVar("asked_port", default=None)


_passage: contextvars.ContextVar[Passage | None] = contextvars.ContextVar("passage", default=None)


def _parsing_forwards(parse: Callable[..., Any]) -> Callable[..., Any]:
    from ministack.services import alb

    @functools.wraps(parse)
    def parsing(params: Any, prefix: str = "DefaultActions") -> Any:
        def param(name: str) -> str:
            return str(alb._p(params, name))

        return [
            forwards.complete(action, forwards.read(param, f"{prefix}.member.{number}"))
            for number, action in enumerate(parse(params, prefix), 1)
        ]

    return parsing


def _showing_forwards(show: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(show)
    def showing(a: dict[str, Any]) -> str:
        return show(a).removesuffix("</member>") + forwards.xml(a) + "</member>"

    return showing


def _showing_balancers(show: Callable[..., str]) -> Callable[..., str]:
    @functools.wraps(show)
    def showing(tg: dict[str, Any]) -> str:
        return show({**tg, "LoadBalancerArns": sorted(_used_by().get(tg["TargetGroupArn"], ()))})

    return showing


def _target_health(balancer: Balancer) -> Callable[..., Any]:
    from ministack.core import responses
    from ministack.services import alb

    def describe(params: Any) -> Any:
        record = alb._tgs.get(alb._p(params, "TargetGroupArn"))
        if record is None:
            return alb._error("TargetGroupNotFound", "One or more target groups not found")
        group = _target_group(responses.get_account_id(), responses.get_region(), record, _used_by())
        wanted = {target["Id"] for target in alb._parse_targets_param(params)}
        shown = "".join(
            _health_xml(target, balancer.health(group, target))
            for target in group.targets
            if not wanted or target[0] in wanted
        )
        inner = f"<TargetHealthDescriptions>{shown}</TargetHealthDescriptions>"
        return alb._xml(200, "DescribeTargetHealth", inner)

    return describe


def _health_xml(target: tuple[str, int], health: Health) -> str:
    reason = f"<Reason>{health.reason}</Reason>" if health.reason else ""
    description = f"<Description>{health.description}</Description>" if health.description else ""
    return (
        f"<member><Target><Id>{target[0]}</Id><Port>{target[1]}</Port></Target>"
        f"<HealthCheckPort>{target[1]}</HealthCheckPort>"
        f"<TargetHealth><State>{health.state}</State>{reason}{description}</TargetHealth></member>"
    )


def _find_balancer(host: str) -> Any:
    """The load balancer of a Host header, or of the first part of a path after `/_alb/`.

    What follows is done in its account and region, which an unsigned request does not name.
    """
    from ministack.core import responses
    from ministack.services import alb

    found = addresses.find(host, alb._lbs.all_items())
    if found is None:
        return None
    responses.set_request_account_id(found.account)
    responses.set_request_region(found.region)
    _asked_port.set(found.port)
    return found.record


def _counted(dispatch: Callable[..., Awaitable[Any]], balancer: Balancer) -> Callable[..., Awaitable[Any]]:
    from ministack.core import responses

    @functools.wraps(dispatch)
    async def counted(
        lb: Any,
        method: Any,
        path: Any,
        headers: Any,
        body: Any,
        query_params: Any,
        _port: int = 80,
        **more: Any,
    ) -> Any:
        passage, port = Passage(lb["LoadBalancerArn"]), _asked_port.get() or 80
        token = _passage.set(passage)
        try:
            answer = await dispatch(lb, method, path, headers, body, query_params, port, **more)
        finally:
            _passage.reset(token)
        balancer.passed(responses.get_account_id(), responses.get_region(), passage, answer[0])
        return answer

    return counted


def _weighted_actions(execute: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @functools.wraps(execute)
    async def weighted(actions: Any, *args: Any, **kwargs: Any) -> Any:
        chosen = forwards.drawn(actions, random.random())
        return _unavailable() if chosen is None else await execute(chosen, *args, **kwargs)

    return weighted


def _forwarded(forward: Callable[..., Awaitable[Any]], balancer: Balancer) -> Callable[..., Awaitable[Any]]:
    from ministack.core import responses
    from ministack.services import alb

    @functools.wraps(forward)
    async def forwarded(
        tg_arn: str,
        method: Any,
        path: Any,
        headers: Any,
        body: Any,
        query_params: Any,
        raw_query_string: Any = None,
        raw_path: Any = None,
    ) -> Any:
        record, passage = alb._tgs.get(tg_arn), _passage.get()
        if record is None or passage is None or record["TargetType"] == "lambda":
            return await forward(
                tg_arn, method, path, headers, body, query_params, raw_query_string, raw_path
            )
        used = {tg_arn: {passage.balancer}}
        group = _target_group(responses.get_account_id(), responses.get_region(), record, used)
        real = balancer.choose(group)
        if real is None:
            return _unavailable()
        passage.group, began = tg_arn, time.monotonic()
        target = {"Id": real[0], "Port": real[1]}
        answer = await alb._proxy_http_target(
            target, record, method, raw_path or path, headers, body, query_params, raw_query_string
        )
        if isinstance(answer[2], responses.StreamingResponse):
            passage.status, passage.seconds = answer[0], time.monotonic() - began
        return answer

    return forwarded


def _unavailable() -> Any:
    return 503, {"Content-Type": "text/html"}, b"<html><h1>503 Service Temporarily Unavailable</h1></html>"
