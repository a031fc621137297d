"""How the self-tests on kind were told to make clusters."""

import pytest


@pytest.fixture(scope="session")
def kind_options(pytestconfig: pytest.Config) -> list[str]:
    """The options of pytest-kind's that were given, for runs of the suite."""
    names = {"--kind-bin": "kind_bin", "--kind-image": "kind_image"}
    values = {option: pytestconfig.getoption(name, None) for option, name in names.items()}
    return [f"{option}={value}" for option, value in values.items() if value]
