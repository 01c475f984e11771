"""The only package that touches MiniStack's internals; each patch says why it is there.

MiniStack is pinned exactly. `check_contract` compares what is patched or called here with what is
installed, and runs at every start: a changed internal ends the start with its name instead of a
canary that silently is none.
"""

from localaws.ministack_patches import (
    authorization,
    balancers,
    contract,
    execution_roles,
    functions,
    gateway,
    keys,
    logs,
    network,
    registry,
    secrets,
    trails,
)

INTERNALS = tuple(
    internal
    for module in (
        gateway,
        authorization,
        keys,
        logs,
        functions,
        registry,
        balancers,
        network,
        execution_roles,
        secrets,
        trails,
    )
    for internal in module.INTERNALS
)


def check_contract() -> None:
    """Compares MiniStack with what the patches were written for.

    Raises:
        ContractError: a name is missing or takes other parameters.
    """
    contract.check(INTERNALS)
