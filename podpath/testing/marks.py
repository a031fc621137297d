"""Marks for tests: the requirements that a test is about, and what it is repeated for."""

import pytest

#: The names of markers. They begin with podpath's name: every project may have a "requirement".
REQUIREMENT, EACH_FAMILY = "podpath_requirement", "podpath_each_family"

both_directions = pytest.mark.parametrize(
    ("source", "destination"),
    [
        pytest.param("client", "server", id="client-to-server"),
        pytest.param("server", "client", id="server-to-client"),
    ],
)

each_pod = pytest.mark.parametrize("pod", ["client", "server", "bystander"])

#: For each IP version that pods get by the conflist, as `family`.
each_family: pytest.MarkDecorator = getattr(pytest.mark, EACH_FAMILY)


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Mark a test with the requirements that it is about: podpath gives it a verdict on each.

    Args:
        ids: of a file that `requirements` of [tool.podpath] in pyproject.toml names.
    """
    if not ids or not all(isinstance(identifier, str) for identifier in ids):
        raise TypeError('write @requirement("ACME-DSCP"), with one id or more')
    mark: pytest.MarkDecorator = getattr(pytest.mark, REQUIREMENT)(*ids)
    return mark
