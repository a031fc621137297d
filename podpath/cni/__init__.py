"""CNI configurations, results of plugins, and known deviations."""
