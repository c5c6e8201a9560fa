"""What an XES log of the problem desk says about moments of its past, read from the file alone.

Reads moments (RFC 3339, one a line) from standard input, and writes for each a line of JSON: how many cases waited for
somebody, how many had their clock paused, and by the name of every case that had begun, how many of its events had
happened. An event counts in the order of the log, and a case from its first event on. What makes a case wait or pause is
what schema/mappings/bpic2013.toml says; nothing of Etalon is used.

    past_of_a_log.py LOG.xes.gz < moments
"""

import gzip
import json
import sys
from datetime import datetime
from xml.etree import ElementTree


def plain(tag):
    return tag.rsplit("}", 1)[-1]


def said(element):
    return {child.get("key"): child.get("value") for child in element}


def read(path):
    """The cases by name, each the list of (time, activity, transition) in the order of the file."""
    cases = {}
    with gzip.open(path) as file:
        for _, element in ElementTree.iterparse(file):
            if plain(element.tag) == "trace":
                events = [said(event) for event in element if plain(event.tag) == "event"]
                cases.setdefault(said(element)["concept:name"], []).extend(
                    (datetime.fromisoformat(event["time:timestamp"]), event["concept:name"], event["lifecycle:transition"])
                    for event in events
                )
                element.clear()
    return cases


def understood(events):
    """What each event means: a list of (time, effect). The rules of the mapping, the first that fits."""
    meanings, paused = [], False
    for place, (at, activity, transition) in enumerate(events):
        effect = "activity"
        if activity == "Completed":
            effect = "concluded"
        elif place == 0:
            effect = "reported"
        elif (activity, transition) == ("Accepted", "Wait") and not paused:
            effect, paused = "paused", True
        elif (activity, transition) == ("Accepted", "In Progress") and paused:
            effect, paused = "resumed", False
        meanings.append((at, effect))
    return meanings


def state(meanings, moment):
    """Whether a case waits, and is paused, and how many of its events have happened by the moment."""
    waits, paused, happened = True, False, 0
    for at, effect in meanings:
        if at > moment:
            continue
        happened += 1
        waits = effect != "concluded"
        if effect == "paused":
            paused = True
        if effect == "resumed":
            paused = False
    return waits, paused, happened


log = {name: understood(events) for name, events in read(sys.argv[1]).items() if events}
for line in sys.stdin:
    moment = datetime.fromisoformat(line.strip())
    # Before its first event nothing is known of a case.
    begun = {name: state(meanings, moment) for name, meanings in log.items() if meanings[0][0] <= moment}
    past = {
        "waiting": sum(waits for waits, _, _ in begun.values()),
        "paused": sum(paused for _, paused, _ in begun.values()),
        "events": {name: happened for name, (_, _, happened) in begun.items()},
    }
    print(json.dumps(past, sort_keys=True))
