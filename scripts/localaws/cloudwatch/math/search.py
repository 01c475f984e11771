"""SEARCH: metrics by their namespace, the names of their dimensions, and exact values.

Rules from "CloudWatch search expression syntax" (Amazon CloudWatch User Guide): a schema in braces finds
metrics with exactly these dimensions, a term such as `MetricName="Errors"` those with exactly this value, and
terms beside each other must all hold. Partial matches, OR, NOT and parentheses are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from localaws.cloudwatch.math.values import MathError

_LONGEST = 1024
_QUERY = re.compile(r"\s*\{(?P<schema>[^{}]*)\}\s*,?(?P<terms>.*)", re.S)
_TERM = re.compile(r'\s*(?:AND\s+)?(?P<property>"[^"]+"|[\w.]+)="(?P<value>(?:[^"\\]|\\.)*)"\s*')
_UNSUPPORTED = "the local CloudWatch knows only SEARCH('{Namespace,Dimension} MetricName=\"...\"', 'Stat')"


@dataclass(frozen=True)
class Search:
    """What to look for.

    Attributes:
        namespace: of the metrics.
        dimensions: names of all of their dimensions.
        terms: values by property: MetricName, Namespace, or the name of a dimension.
        stat: the statistic of each metric that is found.
    """

    namespace: str
    dimensions: frozenset[str]
    terms: tuple[tuple[str, str], ...]
    stat: str

    def finds(self, namespace: str, name: str, dimensions: Mapping[str, str]) -> bool:
        """Whether a metric is one of those that are looked for."""
        properties = {**dimensions, "MetricName": name, "Namespace": namespace}
        return (
            namespace == self.namespace
            and dimensions.keys() == self.dimensions
            and all(properties.get(key) == value for key, value in self.terms)
        )


def parse(query: str, stat: str) -> Search:
    """The search that a query describes.

    Args:
        query: schema and terms, without the quotes around them.
        stat: the statistic.

    Raises:
        MathError: it is too long, or has what is not supported.
    """
    if len(query) > _LONGEST:
        raise MathError(f"the query of a SEARCH has {len(query)} characters, more than {_LONGEST}")
    found = _QUERY.fullmatch(query)
    if found is None:
        raise MathError(_UNSUPPORTED)
    namespace, *dimensions = (word.strip().strip('"') for word in found["schema"].split(","))
    return Search(namespace, frozenset(dimensions), _terms(found["terms"].rstrip()), stat)


def _terms(text: str) -> tuple[tuple[str, str], ...]:
    found, at = [], 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None:
            raise MathError(f"{_UNSUPPORTED}; not {text[at:].strip()}")
        found.append((term["property"].strip('"'), re.sub(r"\\(.)", r"\1", term["value"])))
        at = term.end()
    return tuple(found)
