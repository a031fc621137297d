"""--podpath-patience: which factors it takes, and which limits a run then has."""

import pytest

from podpath.system.limits import Limits

_TEST = """
    from podpath.system import limits

    def test_limits():
        assert limits.current() == limits.Limits().times({factor})
"""


@pytest.mark.parametrize("factor", ["0.5", "0", "-2", "nan", "inf", "twice"])
def test_other_factor_is_a_usage_error(pytester: pytest.Pytester, factor: str) -> None:
    """In one sentence, before anything is collected."""
    result = pytester.runpytest_subprocess(f"--podpath-patience={factor}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = f"*--podpath-patience: the factor must be a number of at least 1, not '{factor}'"
    result.stderr.fnmatch_lines([said])


@pytest.mark.parametrize("workers", [[], ["-n", "1"]], ids=["alone", "xdist"])
def test_limits_are_scaled(pytester: pytest.Pytester, workers: list[str]) -> None:
    """Also in the processes of pytest-xdist."""
    pytester.makepyfile(_TEST.format(factor=2.5))

    pytester.runpytest_subprocess("--podpath-patience=2.5", *workers).assert_outcomes(passed=1)


def test_limits_are_the_usual_ones_without_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(_TEST.format(factor=1))

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_limits_end_with_the_run(pytester: pytest.Pytester) -> None:
    """A run within this process leaves no limits behind."""
    from podpath.system import limits

    pytester.makepyfile(_TEST.format(factor=3))
    pytester.runpytest_inprocess("--podpath-patience=3").assert_outcomes(passed=1)

    assert limits.current() == Limits()
