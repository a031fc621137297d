"""A report as metrics in Prometheus' text format. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import CollectorRegistry


class _Report:
    """Collector of one report's metrics."""

    def __init__(self, document: Mapping[str, Any], node: str) -> None:
        self.document = document
        self.node = node

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics, each with the label of the node."""
        yield self._verdict()
        yield self._moment()
        yield self._requirements()
        yield self._seconds()
        yield from self._sniffers()

    def _verdict(self) -> Metric:
        text = "verdict of the last run on a node; always 1"
        family = GaugeMetricFamily("podpath_verdict", text, labels=["node", "profile", "verdict"])
        profiles = [profile["name"] for profile in self.document["profiles"]] or [""]
        for profile in profiles:
            family.add_metric([self.node, profile, self.document["verdict"]], 1)
        return family

    def _moment(self) -> Metric:
        text = "when the last run on a node ended, in seconds since the epoch"
        family = GaugeMetricFamily("podpath_run_timestamp_seconds", text, labels=["node"])
        moment = datetime.fromisoformat(self.document["date"]).timestamp()
        family.add_metric([self.node], moment)
        return family

    def _requirements(self) -> Metric:
        text = "verdict of a requirement on a node; always 1"
        labels = ["node", "requirement", "verdict"]
        family = GaugeMetricFamily("podpath_requirement_verdict", text, labels=labels)
        for requirement in self.document["requirements"]:
            family.add_metric([self.node, requirement["id"], requirement["verdict"]], 1)
        return family

    def _seconds(self) -> Metric:
        text = "how long the tests of a requirement took; one that serves several counts for each"
        labels = ["node", "requirement"]
        family = GaugeMetricFamily("podpath_requirement_seconds", text, labels=labels)
        for requirement in self.document["requirements"]:
            if requirement["tests"]:
                seconds = sum(test["seconds"] for test in requirement["tests"])
                family.add_metric([self.node, requirement["id"]], seconds)
        return family

    def _sniffers(self) -> Iterator[Metric]:
        """Count what the captures saw. A test of several requirements is counted once."""
        tests = {t["test"]: t for r in self.document["requirements"] for t in r["tests"]}
        sniffers = [
            sniffer
            for test in tests.values()
            for evidence in test["evidence"]
            for sniffer in evidence["sniffers"]
        ]
        for key, name, text in (
            ("received", "frames", "frames that the captures received"),
            ("dropped", "frames_dropped", "frames that the kernel dropped before a capture"),
            ("canariesSent", "canaries_sent", "canaries sent, to show that nothing was missed"),
            ("canariesSeen", "canaries_seen", "canaries that the captures saw"),
        ):
            family = GaugeMetricFamily(f"podpath_capture_{name}", text, labels=["node"])
            family.add_metric([self.node], sum(sniffer[key] for sniffer in sniffers))
            yield family


def text(document: Mapping[str, Any], node: str = "") -> str:
    """Format a report for Prometheus, as node_exporter's textfile collector reads it.

    Args:
        document: a report.
        node: value of the label `node`; by default the host that the report names, else the
            kind of node.
    """
    environment = document["environment"]
    registry = CollectorRegistry()
    node = node or environment.get("host") or environment.get("node", "")
    registry.register(_Report(document, node))
    return generate_latest(registry).decode()
