"""Marks for tests: the requirements that a test checks, and the cases to repeat it for."""

import pytest

#: Names of markers. They begin with "podpath_", as any project may have its own "requirement".
REQUIREMENT, EACH_FAMILY = "podpath_requirement", "podpath_each_family"

both_directions = pytest.mark.parametrize(
    ("source", "destination"),
    [
        pytest.param("client", "server", id="client-to-server"),
        pytest.param("server", "client", id="server-to-client"),
    ],
)

each_pod = pytest.mark.parametrize("pod", ["client", "server", "bystander"])

#: Mark that repeats a test for each IP version the conflist gives pods, as `family`.
each_family: pytest.MarkDecorator = getattr(pytest.mark, EACH_FAMILY)


def requirement(*ids: str) -> pytest.MarkDecorator:
    """Mark a test with the requirements that it checks. podpath gives a verdict on each.

    Args:
        ids: ids of requirements in the file that `requirements` of [tool.podpath] in
            pyproject.toml names.

    Raises:
        TypeError: the mark has no id, or one that is not a string.
    """
    if not ids or not all(isinstance(identifier, str) for identifier in ids):
        raise TypeError('write @requirement("ACME-DSCP"), with one id or more')
    mark: pytest.MarkDecorator = getattr(pytest.mark, REQUIREMENT)(*ids)
    return mark
