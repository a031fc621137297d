"""Kind clusters whose network podpath does not write a conflist for: options and conditions."""

from pathlib import Path
from typing import Any

import pytest

from podpath.cli import parser
from podpath.errors import CouldNotTest
from podpath.nodes.cluster import kind_config, rollout
from podpath.nodes.cluster.kinds import OnKind
from podpath.nodes.cluster.on_network import OnExisting, OnInstalled
from podpath.nodes.kind import Kind
from podpath.requirements import Ability


def _kind(**options: Any) -> Kind:
    return OnKind.from_options(options.get, Path("/nowhere"))


def test_network_is_a_conflist_unless_an_option_says_otherwise() -> None:
    plain = _kind()
    applied = _kind(podpath_kind_apply=["/a.yaml", "/b.yaml"])
    default = _kind(podpath_kind_network="default")
    existing = _kind(podpath_kind_existing="theirs", cluster_name="other")

    assert type(plain) is OnKind
    assert isinstance(applied, OnInstalled)
    assert applied.manifests == (Path("/a.yaml"), Path("/b.yaml"))
    assert applied.options.config == kind_config.SHIPPED_APPLY
    assert isinstance(default, OnInstalled)
    assert default.manifests == ()
    assert default.options.config == kind_config.SHIPPED_DEFAULT
    assert isinstance(existing, OnExisting)
    assert existing.options.name == "theirs"
    assert not plain.own_plugins
    assert all(kind.own_plugins for kind in (applied, default, existing))


def test_cluster_of_others_gives_no_fresh_node() -> None:
    assert Ability.FRESH in _kind(podpath_kind_network="default").abilities
    assert Ability.FRESH not in _kind(podpath_kind_existing="theirs").abilities


def test_cluster_has_one_network() -> None:
    with pytest.raises(CouldNotTest, match="several"):
        _kind(podpath_kind_existing="theirs", podpath_kind_network="default")


@pytest.mark.parametrize(
    ("shipped", "is_default"),
    [(kind_config.SHIPPED_DEFAULT, True), (kind_config.SHIPPED_APPLY, False)],
)
def test_configurations_that_are_shipped_suit_their_network(
    shipped: Path, is_default: bool
) -> None:
    kind_config.check_network(shipped, default=is_default)
    with pytest.raises(CouldNotTest, match="own network"):
        kind_config.check_network(shipped, default=not is_default)


def _daemon_set(**status: int) -> dict[str, Any]:
    metadata = {"name": "kindnet", "namespace": "kube-system", "generation": 2}
    return {"metadata": metadata, "status": status}


def test_daemon_set_is_rolled_out_once_its_pods_are_new_and_ready() -> None:
    new = {"observedGeneration": 2, "desiredNumberScheduled": 1}
    done = _daemon_set(**new, numberReady=1, updatedNumberScheduled=1)
    nowhere = _daemon_set(observedGeneration=2)

    assert rollout.unfinished([done, nowhere]) == []
    for document in (
        _daemon_set(),
        _daemon_set(**new, numberReady=0, updatedNumberScheduled=1),
        _daemon_set(**new, numberReady=1, updatedNumberScheduled=0),
        _daemon_set(**new | {"observedGeneration": 1}, numberReady=1, updatedNumberScheduled=1),
    ):
        (sentence,) = rollout.unfinished([document])
        assert sentence.startswith("daemon set kube-system/kindnet has ")


def test_doctor_has_the_options_of_clusters() -> None:
    command = "doctor --node kind --kind-existing theirs --kubeconfig /k --kind-bin /bin/kind"
    options = parser().parse_args(command.split())
    kind = OnKind.from_options(lambda name: getattr(options, name, None), Path("/nowhere"))

    assert isinstance(kind, OnExisting)
    assert (kind.options.kubeconfig, kind.options.kind) == ("/k", "/bin/kind")
