"""What checkov works out again and again, worked out once. Runs in checkov's own environment, as `forks`.

Rendering variables takes most of a scan of Terraform: the same expressions are evaluated, the same texts are
looked through for names, and the same files and parsers are read, again and again. Remembered is only what
cannot come out otherwise: `tests/checkov` compares all that is found with what checkov finds by itself.
"""

from __future__ import annotations

import importlib
import pickle
import sys
from collections.abc import Callable
from typing import Any

_RENDERING = "checkov.terraform.graph_builder.variable_rendering"


class Symbols(dict[str, Any]):
    """Names that expressions may use.

    An expression can assign to one, and means something else from then on to those that come later.

    Attributes:
        changed: whether one ever did.
    """

    changed = False

    def __setitem__(self, name: str, value: Any) -> None:
        # Each interpreter sets this one to a function of its own.
        self.changed = self.changed or name != "print"
        super().__setitem__(name, value)

    def pop(self, *arguments: Any) -> Any:
        """Takes a name away."""
        self.changed = True
        return super().pop(*arguments)


def install() -> None:
    """Puts it between checkov and its own functions; where those are not as expected, that is an error."""
    functions: Any = importlib.import_module(f"{_RENDERING}.safe_eval_functions")
    functions.SAFE_EVAL_DICT = Symbols(functions.SAFE_EVAL_DICT)
    evaluating = importlib.import_module(f"{_RENDERING}.evaluate_terraform")
    for evaluate in (evaluating.evaluate_terraform, evaluating._try_evaluate):
        _replace(evaluate, evaluating_once(evaluate, functions.SAFE_EVAL_DICT))
    references = importlib.import_module("checkov.terraform.graph_builder.utils")
    named_in = references.get_referenced_vertices_in_str_value
    _replace(named_in, naming_once(named_in))
    reading: Any = importlib.import_module("hcl2.api")
    reading.loads = reading_once(reading.loads)
    yacc: Any = importlib.import_module("ply.yacc")
    yacc.yacc = _made_once(yacc.yacc)


def evaluating_once(evaluate: Callable[..., Any], symbols: Symbols) -> Callable[..., Any]:
    """The same function, with a copy of what it gave for the same text before.

    Args:
        evaluate: checkov's, of a text and whatever else it takes.
        symbols: what expressions may name. Once one of them was assigned to, nothing is remembered any more.
    """
    known: dict[tuple[Any, ...], bytes] = {}

    def evaluated(input_str: Any, *more: Any, **named: Any) -> Any:
        # Other kinds of text carry line numbers; timestamp() is another one each time.
        if type(input_str) is not str or symbols.changed or "timestamp" in input_str:
            return evaluate(input_str, *more, **named)
        key = (input_str, more, *named.items())
        if key in known:
            return pickle.loads(known[key])
        found = evaluate(input_str, *more, **named)
        if not symbols.changed and _is_plain(found):
            known[key] = pickle.dumps(found)
        return found

    return evaluated


def naming_once(named_in: Callable[[str, Any, Any], Any]) -> Callable[..., Any]:
    """The same function, with a copy of what it found in the same text before.

    Args:
        named_in: checkov's: which blocks a text names, where some resources and aliases are known.
    """
    known: dict[tuple[str, str, tuple[str, ...]], bytes] = {}

    def named(str_value: str, aliases: Any, resources_types: Any) -> Any:
        key = (str_value, repr(aliases), tuple(resources_types))
        if key not in known:
            known[key] = pickle.dumps(named_in(str_value, aliases, resources_types))
        return pickle.loads(known[key])

    return named


def reading_once(loads: Callable[[str], Any]) -> Callable[[str], Any]:
    """The same function, with a copy of what it read of the same text before: a module is read where it is,
    and again where somebody calls it.

    Args:
        loads: of the parser of HCL.
    """
    known: dict[str, bytes] = {}

    def read(text: str) -> Any:
        if text not in known:
            known[text] = pickle.dumps(loads(text))
        return pickle.loads(known[text])

    return read


def _is_plain(found: Any) -> bool:
    """Whether a copy is as good as the thing itself."""
    if isinstance(found, dict):
        return type(found) is dict and all(map(_is_plain, [*found, *found.values()]))
    if isinstance(found, list | tuple | set):
        return type(found) in (list, tuple, set) and all(map(_is_plain, found))
    return found is None or type(found) in (str, int, float, bool)


def _made_once(yacc: Callable[..., Any]) -> Callable[..., Any]:
    """Parsers by their grammar; bc_jsonpath_ng makes its own anew for each path."""
    known: dict[tuple[type, str], Any] = {}

    def made(*, module: Any, start: str, **more: Any) -> Any:
        key = (type(module), start)
        if key not in known:
            known[key] = yacc(module=module, start=start, **more)
        return known[key]

    return made


def _replace(old: Any, new: Any) -> None:
    """Wherever checkov has imported it by name."""
    for module in [each for name, each in sys.modules.items() if name.startswith("checkov.")]:
        for name, value in list(vars(module).items()):
            if value is old:
                setattr(module, name, new)
