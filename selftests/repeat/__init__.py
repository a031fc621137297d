"""Running the suite many times, to see whether its verdicts are always the same."""
