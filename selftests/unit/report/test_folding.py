"""Reasons that many tests share."""

from podpath.report.folding import Fold, fold


def test_reasons_are_counted_the_most_frequent_first() -> None:
    assert fold(["a", "b", "b"]) == [Fold(2, "b"), Fold(1, "a")]


def test_reason_of_several_plugins_is_one() -> None:
    """If they support the same versions."""
    reasons = [f'"{name}" does not support CNI 1.1.0; it supports 1.0.0' for name in ("x", "y")]
    other = '"z" does not support CNI 1.1.0; it supports 0.4.0'

    assert fold([*reasons, reasons[0], other]) == [
        Fold(3, '"x", "y" do not support CNI 1.1.0; they support 1.0.0'),
        Fold(1, '"z" does not support CNI 1.1.0; it supports 0.4.0'),
    ]


def test_settings_that_a_conflist_lacks_are_one_reason() -> None:
    settings = ('"vlan" in the main plugin', '"portIsolation": true in the main plugin')
    reasons = [f"the conflist does not ask for it: {one}" for one in settings]

    assert fold(reasons) == [Fold(2, f"the conflist does not ask for it: {', '.join(settings)}")]


def test_rare_reasons_are_counted_together() -> None:
    """No reason is lost from the number of tests."""
    reasons = ["a"] * 3 + ["b"] * 2 + ["c", "d"]

    assert fold(reasons, 3) == [
        Fold(3, "a"),
        Fold(2, "b"),
        Fold(2, "2 more reasons, which -v lists"),
    ]
    assert len(fold(reasons, 4)) == 4
