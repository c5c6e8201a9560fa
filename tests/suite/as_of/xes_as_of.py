"""What a log of the problem desk says about moments of its past, read from the XES file alone.

    xes_as_of.py LOG.xes.gz SEED MOMENTS

Prints one JSON object a line: the time, how many cases had begun, how many waited for somebody, how many had their
clock paused, and of some cases how many of their events had happened. What makes a case wait or pause is what
schema/mappings/bpic2013.toml says; nothing of the product is used.
"""

import gzip
import json
import random
import sys
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timedelta, timezone

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MICROSECOND = timedelta(microseconds=1)
SAMPLE = 3


def microseconds(text):
    return (datetime.fromisoformat(text.replace("Z", "+00:00")) - EPOCH) // MICROSECOND


def read(path):
    """The cases by name, each the list of (time, activity, transition) in the order of the file."""
    cases = {}
    with gzip.open(path) as file:
        for _, element in ElementTree.iterparse(file):
            if element.tag.rpartition("}")[2] != "trace":
                continue
            name, events = None, []
            for child in element:
                if child.get("key") == "concept:name":
                    name = child.get("value")
                if child.tag.rpartition("}")[2] == "event":
                    said = {attribute.get("key"): attribute.get("value") for attribute in child}
                    at = microseconds(said["time:timestamp"])
                    events.append((at, said["concept:name"], said["lifecycle:transition"]))
            cases.setdefault(name, []).extend(events)
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
    """Whether a case waits, and is paused, as of the moment; None while it has not begun."""
    if meanings[0][0] > moment:
        return None
    waits, paused = True, False
    for at, effect in meanings:
        if at > moment:
            continue
        waits = effect != "concluded"
        if effect == "paused":
            paused = True
        if effect == "resumed":
            paused = False
    return waits, paused


def main(path, seed, count):
    draw = random.Random(int(seed))
    cases = {name: understood(events) for name, events in read(path).items()}
    times = sorted(at for meanings in cases.values() for at, _ in meanings)
    names = sorted(cases)
    for number in range(int(count)):
        # Every fourth at an event or just before it, where an error by one would show.
        moment = draw.randrange(times[0], times[-1] + 86_400_000_000)
        if number % 4 == 0:
            moment = draw.choice(times) - draw.randrange(2)
        known = {name: state(meanings, moment) for name, meanings in cases.items()}
        begun = [known[name] for name in names if known[name] is not None]
        sample = {}
        for name in draw.sample(names, SAMPLE):
            happened = sum(at <= moment for at, _ in cases[name])
            sample[name] = happened if known[name] is not None else 0
        print(json.dumps({
            "time": (EPOCH + moment * MICROSECOND).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "begun": len(begun),
            "waiting": sum(waits for waits, _ in begun),
            "paused": sum(paused for _, paused in begun),
            "events": sample,
        }))


if __name__ == "__main__":
    main(*sys.argv[1:])
