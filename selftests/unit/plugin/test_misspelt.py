"""A misspelt option of podpath is answered with the one that was meant."""

import pytest


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("--podpath-cni-con=x", "no option --podpath-cni-con: did you mean --podpath-cni-conf?"),
        ("--podpath-reprot", "no option --podpath-reprot: did you mean --podpath-report?"),
        ("--podpath-submision=x", "did you mean --podpath-submission?"),
        ("--podpath-zzzzzz", "no option --podpath-zzzzzz: `pytest --help` lists all options"),
    ],
)
def test_option_that_was_meant_is_named(
    pytester: pytest.Pytester, given: str, sentence: str
) -> None:
    done = pytester.runpytest_subprocess(given)

    assert done.ret == pytest.ExitCode.USAGE_ERROR
    assert sentence in str(done.stderr)


def test_option_that_a_conftest_adds_is_known(pytester: pytest.Pytester) -> None:
    """It may begin as podpath's do. Other misspelt options are pytest's affair."""
    pytester.makeconftest(
        "def pytest_addoption(parser): parser.addoption('--podpath-cni-con', default='')"
    )
    pytester.makepyfile("def test_it(request): assert request.config.option.podpath_cni_con")

    assert pytester.runpytest_subprocess("--podpath-cni-con=x").ret == 0
    assert "did you mean" not in str(pytester.runpytest_subprocess("--podpat").stderr)
