"""The header of a run."""

from podpath.run import header

_FACTS = {
    "node": "embedded",
    "kernel": "6.1",
    "machine": "x86_64",
    "containerd": "containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1",
    "runc": "runc version 1.1.5+ds1",
    "conflist": "acme (bridge + portmap), acme.conflist",
    "profile": "bridge",
    "profile origin": 'inferred from the plugin type "bridge"',
    "features": "core, ipmasq",
    "features not tested": "vlan",
    "plugin bridge": "/opt/bin/bridge (sha256 0123)",
    "plugin portmap": "/usr/lib/cni/portmap (containernetworking-plugins 1.1.1)",
    "plugin host-local": "/usr/lib/cni/host-local (containernetworking-plugins 1.1.1)",
    "known deviation LIFE-REUSE": "it announces too early",
    "seed": "7",
}


def test_header_has_six_lines() -> None:
    assert header.brief(_FACTS) == [
        "podpath node: embedded; containerd 1.6.20~ds1; runc 1.1.5+ds1; kernel 6.1; x86_64",
        "podpath plugins: bridge in /opt/bin (sha256 0123); portmap, host-local in /usr/lib/cni"
        " (containernetworking-plugins 1.1.1)",
        "podpath conflist: acme (bridge + portmap), acme.conflist",
        'podpath profile: bridge, inferred from the plugin type "bridge"',
        "podpath features: core, ipmasq",
        "podpath seed: 7",
    ]


def test_facts_that_few_runs_have_do_not_make_it_longer() -> None:
    """They stand behind those that they qualify."""
    more = {
        "host settings": "net.ipv4.ip_forward = 1 (pods start with these values)",
        "patience": "2 times the usual time-outs",
        "delegation": "flannel, which delegates to bridge",
        "unknown plugins": "labels (chained; podpath runs them)",
        "features waived by --podpath-features": "portmap",
        "host": "node-7",
    }
    lines = header.brief({**_FACTS, **more})

    assert len(lines) == 6
    assert "; host node-7; " in lines[0]
    assert lines[0].endswith("; host settings net.ipv4.ip_forward = 1; 2 times the usual time-outs")
    assert lines[1].endswith("; unknown plugins labels")
    assert lines[2].endswith("; flannel, which delegates to bridge")
    assert lines[4].endswith("; waived by --podpath-features portmap")
