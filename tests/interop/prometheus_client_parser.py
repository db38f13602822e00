"""prometheus_client reads a scrape of the exporter: the OpenMetrics parser, which is strict, and that of the older format."""

import sys
import time
import urllib.request

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as prometheus


def scrape(url, accept):
    request = urllib.request.Request(url, headers={"Accept": accept})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers["Content-Type"], answer.read().decode()


def samples(families):
    return {(sample.name, tuple(sorted(sample.labels.items()))) for family in families for sample in family.samples}


def read(url):
    kind, text = scrape(url, "application/openmetrics-text;version=1.0.0,text/plain;q=0.5")
    assert kind == "application/openmetrics-text; version=1.0.0; charset=utf-8", kind
    families = list(open_metrics(text))
    kind, text = scrape(url, "text/plain")
    assert kind == "text/plain; version=0.0.4; charset=utf-8", kind
    return families, list(prometheus(text))


def names(found):
    return {name for name, _ in found}


def run(url):
    deadline = time.monotonic() + 60
    while True:
        families, older = read(url)
        kinds = {family.name: (family.type, family.unit) for family in families}
        found = samples(families)
        # Findings and cursors may come between the two, so that they are read until both are of one truth.
        differing = names(found) ^ names(samples(older))
        if "liftbridge_cursor_lag_messages" in names(found) and not differing:
            break
        assert time.monotonic() < deadline, f"no cursor was seen, or the formats differ: {differing}"
        time.sleep(0.3)
    assert kinds["liftbridge_partition_messages"] == ("counter", "messages"), kinds
    assert kinds["liftbridge_cursor_lag_seconds"] == ("gauge", "seconds"), kinds
    assert kinds["liftui_build"] == ("info", ""), kinds
    assert kinds["liftui_scrape_duration_seconds"] == ("summary", "seconds"), kinds
    assert ("liftbridge_broker_up", (("broker", "demo-2"),)) in found, found
    assert len(found) > 300, len(found)


run(sys.argv[1])
print("prometheus_client: all of it is read")
