"""What had happened in an XES log by some moments, by the log alone.

Reads moments (RFC 3339, one a line) from standard input, and writes for each a line of JSON: by the id of every case
that had begun, how many of its events had happened. An event counts in the order of the log, and a case from its first
event on. Knows nothing of Etalon.

    past_of_a_log.py LOG.xes.gz < moments
"""

import gzip
import json
import sys
from datetime import datetime
from xml.etree import ElementTree


def plain(tag):
    return tag.rsplit("}", 1)[-1]


def attribute(element, key):
    return next(child.get("value") for child in element if child.get("key") == key)


def traces(path):
    with gzip.open(path) as file:
        for _, element in ElementTree.iterparse(file):
            if plain(element.tag) == "trace":
                times = [
                    datetime.fromisoformat(attribute(event, "time:timestamp"))
                    for event in element
                    if plain(event.tag) == "event"
                ]
                yield attribute(element, "concept:name"), times
                element.clear()


log = list(traces(sys.argv[1]))
for line in sys.stdin:
    moment = datetime.fromisoformat(line.strip())
    happened = {}
    for case, times in log:
        # Before its first event nothing is known of a case.
        if times and times[0] <= moment:
            happened[case] = sum(time <= moment for time in times)
    print(json.dumps(happened, sort_keys=True))
