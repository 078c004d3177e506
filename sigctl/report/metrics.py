"""Drift as metrics for Prometheus' node exporter: a text file, written whole or not at all."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, write_to_textfile

from sigctl.errors import UsageError
from sigctl.watch.record import HISTORY, WHYS
from sigctl.watch.view import View


def write_metrics(path: Path, view: View) -> None:
    """Have the figures of the look in the file; UsageError where it can't be written."""
    try:
        write_to_textfile(str(path), metrics(view))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None


def metrics(view: View) -> CollectorRegistry:
    """Return the figures of a look; ages and lags in seconds, as of when it began."""
    found = CollectorRegistry()

    def gauge(name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"sigctl_{name}", about, labels, registry=found)

    at = datetime.fromisoformat(view.at).timestamp()
    drift = gauge("drift", "Differences between the files and a forge.", "forge", "kind", "sig")
    for names, count in Counter((one.forge, one.kind, one.sig) for one in view.drift).items():
        drift.labels(*names).set(count)
    oldest = gauge("drift_oldest_seconds", "Age of the oldest difference.", "forge", "kind", "sig")
    for one in sorted(view.drift, key=lambda one: one.first_seen, reverse=True):
        oldest.labels(one.forge, one.kind, one.sig).set(_age(at, one.first_seen))
    causes = gauge("drift_causes", "Differences by their likely cause.", "why")
    by_why = Counter(one.cause.why for one in view.drift)
    for why in WHYS:
        causes.labels(why).set(by_why[why])
    told = gauge("undeclared", "Things that nobody declared.", "forge", "kind")
    for (forge, kind), count in Counter((one.forge, one.kind) for one in view.told).items():
        told.labels(forge, kind).set(count)
    read = gauge("forge_read", "Whether the forge could be read whole.", "forge")
    requests = gauge("requests", "Requests that the run sent.", "forge")
    for forge in {*view.requests, *view.unread}:
        read.labels(forge).set(forge not in view.unread)
        requests.labels(forge).set(view.requests.get(forge, 0))
    apart = gauge(
        "repositories_unread", "Repositories that could not be read whole while their forge was.", "forge"
    )
    for forge in view.requests:
        apart.labels(forge).set(sum(one == forge for one, _ in view.unread_repos))
    days = gauge("token_days_left", "Days until the token ends.", "forge")
    for forge, left in view.token_days.items():
        days.labels(forge).set(left)
    _mirrors(gauge("mirrors", "Histories by how they stand to their source.", "status"), view)
    _lags(
        gauge(
            "mirror_lag_seconds",
            "For how long a history lacks something of its source.",
            "forge",
            "repo",
            "sig",
        ),
        view,
        at,
    )
    gauge("drift_fresh", "Differences that are new, or have changed, since the last run.").set(
        len(view.fresh)
    )
    gauge("drift_resolved", "Differences that ended since the last run.").set(len(view.resolved))
    gauge("drift_reverted", "Differences that the run took back.").set(
        sum(word == "done" for word in view.reverted.values())
    )
    gauge("run_seconds", "How long the run took.").set(view.seconds)
    gauge("run_timestamp_seconds", "When the run began.").set(at)
    return found


def _mirrors(gauge: Gauge, view: View) -> None:
    counts = Counter(one.status for one in view.mirrors)
    for status in ("equal", "behind", "held", "aside"):
        gauge.labels(status).set(counts[status])


def _lags(gauge: Gauge, view: View, at: float) -> None:
    seen = {(one.forge, one.key): one.first_seen for one in view.entries if one.kind == HISTORY}
    for one in view.mirrors:
        if one.status == "equal":
            lag = 0.0
        elif one.since is not None:
            lag = at - one.since
        elif (one.forge, one.path) in seen:
            lag = _age(at, seen[one.forge, one.path])
        else:
            continue
        gauge.labels(one.forge, one.path, one.sig).set(max(0.0, lag))


def _age(at: float, moment: str) -> float:
    return max(0.0, at - datetime.fromisoformat(moment).timestamp())
