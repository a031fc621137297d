"""The command `podpath`: what each subcommand writes, and its exit status."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from podpath import cli
from podpath.cni.conflist import DEFAULT
from podpath.errors import COULD_NOT_TEST_STATUS, CouldNotTest
from podpath.nodes import kinds
from podpath.nodes.cluster import kind
from podpath.nodes.embedded import cgroups
from podpath.nodes.embedded.kind import Embedded
from podpath.report import document
from podpath.report.outcome import Outcome, Verdict
from podpath.requirements import GROUPS, REQUIREMENTS, group
from podpath.system import packages, programs
from selftests.suite import ROOT

Capture = pytest.CaptureFixture[str]


def test_requirements_are_listed_by_group(capsys: Capture) -> None:
    """All of them, each below the title of its group."""
    assert cli.main(["requirements"]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert [line.split()[0] for line in lines if line.startswith("  ") and line[2] != " "] == list(
        REQUIREMENTS
    )
    titles = [line for line in lines if not line.startswith(" ")]
    assert [t.rpartition(" (")[0] for t in titles] == list(GROUPS.values())


@pytest.mark.parametrize("prefix", GROUPS)
def test_requirements_of_a_group(capsys: Capture, prefix: str) -> None:
    assert cli.main(["requirements", "--group", prefix, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["requirements"]

    assert told
    assert [r["id"] for r in told] == [i for i in REQUIREMENTS if group(i) == prefix]


def test_requirements_of_a_node(capsys: Capture) -> None:
    """What cannot be looked at there is left out."""
    cli.main(["requirements", "--node", "embedded", "--json"])
    told = json.loads(capsys.readouterr().out)["requirements"]

    assert {r["id"] for r in told} == {i for i, r in REQUIREMENTS.items() if Embedded.can_test(r)}


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        ("portmap", "PATH-PORTMAP"),
        ("hairpin", "TOPO-BRIDGE-PORT"),
        ("ipv6", "the others are tested with it"),
    ],
)
def test_requirements_of_a_feature(capsys: Capture, feature: str, told: str) -> None:
    """One that has none of its own says what becomes of it."""
    assert cli.main(["requirements", "--feature", feature]) == 0
    assert told in capsys.readouterr().out


def test_requirement_is_explained(capsys: Capture) -> None:
    """In whatever case it is asked for: what, why it fails, whose rule it is, how to look."""
    assert cli.main(["requirements", "cni-gc-delegate"]) == 0
    said = capsys.readouterr().out
    told, one = " ".join(said.split()), REQUIREMENTS["CNI-GC-DELEGATE"]

    assert "TOPO-" not in said
    for text in (
        one.sentence,
        one.usually,
        one.source,
        *kinds.testing(one),
        "CNI_COMMAND=GC",
    ):
        assert text in told


def test_unknown_requirement_has_its_like(capsys: Capture) -> None:
    """A slip of the pen is told with what was meant."""
    with pytest.raises(SystemExit) as ended:
        cli.main(["requirements", "TOPO-MTX"])

    assert ended.value.code == 2
    assert "there is no requirement TOPO-MTX; similar: TOPO-MTU" in capsys.readouterr().err


@pytest.fixture
def acme(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Requirement of a vendor, in whose directory the command runs."""
    project = ROOT / "examples" / "acme-tests"
    monkeypatch.chdir(project)
    (requirement,) = tomllib.loads((project / "acme.toml").read_text())["requirement"]
    return dict(requirement)


def test_requirements_of_a_vendor_are_listed_last(capsys: Capture, acme: dict[str, Any]) -> None:
    assert cli.main(["requirements"]) == 0
    title, line = capsys.readouterr().out.splitlines()[-2:]

    assert title == "ACME: the vendor's own (1)"
    assert line.split(maxsplit=2) == [acme["id"], "MUST", acme["sentence"]]


@pytest.mark.parametrize(
    "options",
    [("acme-dscp",), ("--group", "ACME"), ("--feature", "vendor"), ("--node", "kind", "ACME-DSCP")],
)
def test_requirement_of_a_vendor_is_a_document(
    capsys: Capture, acme: dict[str, Any], options: tuple[str, ...]
) -> None:
    """With all that the vendor wrote, and what podpath fills in."""
    assert cli.main(["requirements", "--json", *options]) == 0
    (document,) = json.loads(capsys.readouterr().out)["requirements"]

    filled = {"look": [command.replace("{node}", "NODE") for command in acme["look"]]}
    nodes = ["embedded", "kind", "host"]
    more = {"group": "ACME", "feature": "vendor", "source": "", "level": "MUST", "nodes": nodes}
    assert document == {**acme, **filled, **more}


def test_requirement_of_a_vendor_is_explained(
    capsys: Capture, acme: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what the vendor wrote, and no heading above nothing."""
    cli.main(["requirements", "ACME-DSCP"])
    printed = " ".join(capsys.readouterr().out.split())
    for text in (acme["sentence"], acme["why"], acme["how"], acme["usually"]):
        assert text in printed

    (tmp_path / "pyproject.toml").write_text('[tool.podpath]\nrequirements = "own.toml"\n')
    (tmp_path / "own.toml").write_text(
        '[[requirement]]\nid = "ACME-X"\ntitle = "X"\nsentence = "It does X."\n'
    )
    monkeypatch.chdir(tmp_path)
    cli.main(["requirements", "ACME-X"])
    assert capsys.readouterr().out == (
        "ACME-X: X\n\nIt does X.\n\n"
        "Level    MUST: a specification or a documented contract requires it.\n"
        "On       embedded, kind, host\n"
    )


@pytest.mark.usefixtures("acme")
def test_unknown_requirement_has_its_like_among_a_vendors(capsys: Capture) -> None:
    for options, sentence in (
        (["ACME-DSPC"], "there is no requirement ACME-DSPC; similar: ACME-DSCP"),
        (["--group", "ACNE"], "there is no group ACNE; similar: ACME"),
    ):
        with pytest.raises(SystemExit) as ended:
            cli.main(["requirements", *options])

        assert ended.value.code == 2
        assert sentence in capsys.readouterr().err


def test_malformed_requirements_of_a_vendor(
    capsys: Capture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command names the file, also if it was started below its directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.podpath]\nrequirements = "own.toml"\n')
    (tmp_path / "own.toml").write_text('[[requirement]]\nid = "PATH-MINE"\n')
    (tmp_path / "deeper").mkdir()
    monkeypatch.chdir(tmp_path / "deeper")

    assert cli.main(["requirements"]) == COULD_NOT_TEST_STATUS
    assert f"podpath: {tmp_path / 'own.toml'}: [[requirement]] 1: " in capsys.readouterr().err


@pytest.fixture
def nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine is as the suite wants it, whatever this one is like."""
    monkeypatch.setattr("podpath.run.checks.root", lambda: None)
    monkeypatch.setattr("podpath.system.kernel.check_file_system", lambda _: None)
    monkeypatch.setattr("podpath.system.kernel.check_link", lambda _: None)
    monkeypatch.setattr(programs, "missing", lambda *_, **__: {})


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    """A directory with the plugins that the default conflist needs."""
    for name in ("bridge", "portmap", "host-local"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    return tmp_path


@pytest.mark.usefixtures("nothing_is_missing")
def test_doctor_finds_all_there(capsys: Capture, plugins: Path) -> None:
    assert cli.main(["doctor", "--cni-bin", str(plugins), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)

    assert told["ready"]
    found = {f["name"]: f["detail"] for f in told["findings"] if f["found"]}
    assert found["plugin bridge"].startswith(f"{plugins}/bridge (a script, sha256 ")
    assert {"root", "runc", "file system overlay", "link veth", "conflist"} <= found.keys()


@pytest.mark.usefixtures("nothing_is_missing")
@pytest.mark.parametrize(
    ("profile", "status"), [([], COULD_NOT_TEST_STATUS), (["--profile", "bridge"], 0)]
)
def test_doctor_of_a_plugin_that_no_profile_names(
    plugins: Path, profile: list[str], status: int, capsys: Capture
) -> None:
    """The option that its remedy names makes it ready, as it does a run."""
    (plugins / "bridge").rename(plugins / "acme")
    conflist = json.loads(DEFAULT.read_text())
    conflist["plugins"][0]["type"] = "acme"
    (plugins / "acme.conflist").write_text(json.dumps(conflist))
    options = ["--cni-bin", str(plugins), "--cni-conf", str(plugins / "acme.conflist")]

    assert cli.main(["doctor", *options, *profile]) == status
    assert ("--podpath-profile" in capsys.readouterr().out) is (not profile)


@pytest.mark.usefixtures("nothing_is_missing")
def test_doctor_tells_all_that_is_missing_with_the_remedies(
    capsys: Capture, plugins: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them at once, as the start of a run does."""

    def no_veth(link: str) -> None:
        if link == "veth":
            raise CouldNotTest("this kernel has no veth", "Load it: modprobe veth")

    monkeypatch.setattr(programs, "missing", lambda *_, **__: {"runc": "runc"})
    monkeypatch.setattr("podpath.system.kernel.check_link", no_veth)
    (plugins / "portmap").chmod(0o644)

    assert cli.main(["doctor", "--cni-bin", str(plugins), "--json"]) == COULD_NOT_TEST_STATUS
    told = json.loads(capsys.readouterr().out)
    missing = {f["name"]: f["remedy"] for f in told["findings"] if not f["found"]}
    assert missing == {
        "runc": "On Debian, as root: apt-get install runc",
        "link veth": "Load it: modprobe veth",
        "plugin portmap": f"chmod +x {plugins}/portmap",
    }
    assert cli.main(["doctor", "--cni-bin", str(plugins)]) == COULD_NOT_TEST_STATUS
    told = capsys.readouterr().out
    assert "3 of these must be mended first" in told
    assert "podpath doctor --install installs runc" in told


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that apt-get would install; runc is missing until then."""
    found: list[str] = []
    monkeypatch.setattr(packages, "install", found.extend)
    monkeypatch.setattr(programs, "missing", lambda *_, **__: {} if found else {"runc": "runc"})
    return found


@pytest.mark.usefixtures("nothing_is_missing")
def test_doctor_installs_what_is_missing(
    capsys: Capture, plugins: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is what its exit status then tells, and not what no package would mend."""

    def no_overlay(name: str) -> None:
        raise CouldNotTest(f"this kernel has no {name}")

    monkeypatch.setattr("podpath.system.kernel.check_file_system", no_overlay)
    asked = ["doctor", "--cni-bin", str(plugins), "--install", "--json"]

    assert cli.main(asked) == 0
    assert installed == ["runc"]
    told = capsys.readouterr()
    assert told.err == "podpath: installing: apt-get install runc\n"
    assert not json.loads(told.out)["ready"]
    assert cli.main(asked) == 0
    assert installed == ["runc"]


@pytest.mark.usefixtures("nothing_is_missing")
def test_doctor_that_cannot_install_says_so(
    capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only Debian's root can; nobody else needs to be root to see what is missing."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cli.main(["doctor", "--install"]) == 0

    monkeypatch.setattr(programs, "missing", lambda *_, **__: {"runc": "runc"})
    assert cli.main(["doctor", "--install"]) == COULD_NOT_TEST_STATUS
    assert "as root: apt-get install runc" in capsys.readouterr().err


@pytest.mark.usefixtures("nothing_is_missing")
def test_doctor_reads_the_conflist(capsys: Capture, tmp_path: Path) -> None:
    """A malformed one is a finding like any other."""
    (tmp_path / "my.conflist").write_text("{")

    status = cli.main(["doctor", "--cni-conf", str(tmp_path / "my.conflist"), "--json"])
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert status == COULD_NOT_TEST_STATUS
    assert [f["name"] for f in findings if not f["found"]] == ["conflist"]


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What the sweeps find; each is tried on real things elsewhere."""
    found: dict[str, list[str]] = {"kind": [], "cgroups": []}
    monkeypatch.setattr("podpath.run.checks.root", lambda: None)
    monkeypatch.setattr(kind, "sweep", lambda _, program: found["kind"] + [program] * bool(program))
    monkeypatch.setattr(cgroups, "sweep", lambda: found["cgroups"])
    return found


@pytest.mark.usefixtures("sweeps")
def test_clean_has_nothing_to_do(capsys: Capture) -> None:
    assert cli.main(["clean"]) == 0
    assert capsys.readouterr().out == "nothing to do\n"


def test_clean_tells_what_it_removed(capsys: Capture, sweeps: dict[str, list[str]]) -> None:
    sweeps |= {"kind": ["podpath"], "cgroups": ["/sys/fs/cgroup/podpath-1"]}
    cli.main(["clean"])

    assert capsys.readouterr().out == (
        "removed of the clusters: podpath\nremoved of the cgroups: /sys/fs/cgroup/podpath-1\n"
    )
    cli.main(["clean", "--json"])
    assert json.loads(capsys.readouterr().out)["removed"]["clusters"] == ["podpath"]


@pytest.mark.usefixtures("sweeps")
def test_clean_uses_the_kind_that_is_named(capsys: Capture) -> None:
    cli.main(["clean", "--kind-bin", "/bin/sh"])
    assert capsys.readouterr().out == "removed of the clusters: /bin/sh\n"

    assert cli.main(["clean", "--kind-bin", "/bin/absent"]) == 6
    assert "/bin/absent is no program. Correct --kind-bin" in capsys.readouterr().err


def test_report_is_shown(capsys: Capture, tmp_path: Path) -> None:
    """The verdict first, which is the status, too; what was not run if it is asked for."""
    results = [document.TestResult("t", ("PATH-ICMP",), Outcome(Verdict.DOES_NOT_CONFORM))]
    document.write(tmp_path, document.build(results, {"node": "embedded"}, "1.2"))

    assert cli.main(["report", "show", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert shown.startswith("podpath: DOES NOT CONFORM   PATH-ICMP   1 of 1; could not test: 0;")
    title = REQUIREMENTS["PATH-ICMP"].title
    assert re.search(rf"(?m)^PATH-ICMP +does not conform +{re.escape(title)}$", shown)
    assert "PATH-UDP" not in shown
    assert "\nnode  embedded\n" in shown
    assert cli.main(["report", "show", "--all", "--json", str(tmp_path / "report.json")]) == 1
    assert json.loads(capsys.readouterr().out)["requirements"]["PATH-UDP"] == Verdict.NOT_RUN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(None, "cannot be read: No such file", id="absent"),
        pytest.param("{", "is no JSON document", id="malformed"),
        pytest.param("[" * 100_000, "is no JSON document", id="deep"),
        pytest.param("{}", "is no ConformanceReport", id="another"),
    ],
)
def test_what_is_no_report_is_told(
    capsys: Capture, tmp_path: Path, content: str | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "report.json").write_text(content)

    assert cli.main(["report", "show", str(tmp_path)]) == COULD_NOT_TEST_STATUS
    told = capsys.readouterr().err
    assert said in told
    assert "Name a report.json" in told


def foreign(path: Path, **changes: object) -> str:
    """Write a report that another program changed; return the path."""
    about = document.About(date="2026-11-26T16:33:15+00:00")
    written = document.build([], {"profile": "bridge"}, "1.2", about)
    path.write_text(json.dumps({**written, **changes}))
    return str(path)


@pytest.mark.parametrize(
    "action", ["show", "show --markdown", "render", "badge", "compare", "metrics"]
)
def test_report_of_others_is_held_against_the_format_first(
    capsys: Capture, tmp_path: Path, action: str
) -> None:
    """A verdict that no podpath gives is named; nothing is written."""
    good, bad = foreign(tmp_path / "good.json"), foreign(tmp_path / "bad.json", verdict="perhaps")
    out = tmp_path / "out"
    more = {"compare": [good], "render": ["-o", str(out)], "badge": ["-o", str(out)]}
    command = ["report", *action.split(), *more.get(action, []), bad]

    assert cli.main(command) == COULD_NOT_TEST_STATUS
    told = capsys.readouterr().err
    assert f"{bad} does not meet the format of a ConformanceReport: $.verdict: 'perhaps'" in told
    assert "podpath report verify" in told
    assert not out.exists()
    assert cli.main(["report", "verify", bad]) == 1


def test_report_of_others_controls_no_terminal(capsys: Capture, tmp_path: Path) -> None:
    """Its texts are escaped, as those of plugins are when podpath writes a report."""
    cli.main(["report", "show", foreign(tmp_path / "r", environment={"node": "\x1b[2J\ud800"})])

    assert "\\x1b[2J\\ud800" in capsys.readouterr().out


def test_terminal_that_does_not_have_every_letter(tmp_path: Path) -> None:
    """A summary has signs; where they cannot be written, something else is."""
    document.write(tmp_path, document.build([], {"profile": "bridge"}, "1.2"))
    done = subprocess.run(
        [sys.executable, "-m", "podpath.cli", "report", "show", "--markdown", str(tmp_path)],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"## podpath, profile bridge: \\u26aa not run")


def test_reader_that_has_seen_enough() -> None:
    """`podpath requirements | head -1` ends without a traceback."""
    process = subprocess.Popen(
        [sys.executable, "-m", "podpath.cli", "requirements", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()

    assert process.wait() == 141
    assert said == ""


@pytest.mark.parametrize(
    ("given", "usage", "sentence"),
    [
        (["trace", "--htpp"], "podpath trace", "arguments: --htpp: did you mean --http?"),
        (["report", "verify", "x", "--digset", "y"], "podpath report verify", "mean --digest?"),
        (["shell", "--node", "host"], "podpath shell", "`podpath trace --node host"),
        (["clean", "--frobnicate"], "podpath clean", "arguments: --frobnicate\n"),
    ],
)
def test_wrong_usage_is_that_of_the_subcommand(
    capsys: pytest.CaptureFixture[str], given: list[str], usage: str, sentence: str
) -> None:
    """Not of the whole command, which does not list the options."""
    with pytest.raises(SystemExit) as ended:
        cli.main(given)
    printed = capsys.readouterr().err

    assert ended.value.code == 2
    assert printed.startswith(f"usage: {usage} ")
    assert sentence in printed
