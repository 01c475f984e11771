"""Checking data against the shapes of a service model."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.validate import ParamValidator

from localaws.wire import ServiceError

_SCALARS: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "character": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "blob": (bytes,),
    "timestamp": (datetime,),
}


@cache
def service_model(name: str) -> ServiceModel:
    """botocore's model of a service, such as "codedeploy"."""
    return ServiceModel(Loader().load_service_model(name, "service-2"), name)


def check_input(shape: Shape | None, params: dict[str, Any]) -> None:
    """Refuses parameters that do not fit, as the service does before anything else.

    Raises:
        ServiceError: ValidationException, with what is wrong.
    """
    if shape is None:
        return
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise ServiceError("ValidationException", report.generate_report())


def check_output(shape: Any, value: Any, at: str = "") -> None:
    """Checks an answer before it is sent: clients drop silently what their model does not know.

    Raises:
        AssertionError: it has a member that the model lacks, or a value of another type.
    """
    if shape is None:
        assert not value, f"{at or 'answer'}: the operation has no output"
        return
    if shape.type_name == "structure":
        assert isinstance(value, dict), f"{at}: {value!r} is no structure"
        unknown = value.keys() - shape.members.keys()
        assert not unknown, f"{at or 'answer'}: not in the model: {sorted(unknown)}"
        for name, member in value.items():
            check_output(shape.members[name], member, f"{at}.{name}")
    elif shape.type_name == "list":
        assert isinstance(value, list), f"{at}: {value!r} is no list"
        for position, item in enumerate(value):
            check_output(shape.member, item, f"{at}[{position}]")
    elif shape.type_name == "map":
        assert isinstance(value, dict), f"{at}: {value!r} is no map"
        for name, item in value.items():
            check_output(shape.value, item, f"{at}.{name}")
    else:
        assert isinstance(value, _SCALARS[shape.type_name]), f"{at}: {value!r} is no {shape.type_name}"
        allowed = getattr(shape, "enum", None)
        assert not allowed or value in allowed, f"{at}: {value!r} is none of {allowed}"
