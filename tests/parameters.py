"""What the tests are repeated for."""

import pytest

both_directions = pytest.mark.parametrize(
    ("source", "destination"),
    [
        pytest.param("client", "server", id="client-to-server"),
        pytest.param("server", "client", id="server-to-client"),
    ],
)

each_pod = pytest.mark.parametrize("pod", ["client", "server", "bystander"])
