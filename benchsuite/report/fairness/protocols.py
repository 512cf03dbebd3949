"""What readers of figures must know of the protocol that they were taken by, in a line."""

#: By the start of a protocol's name.
_PROTOCOLS = {
    "tour": "tour: one process, a few seconds per figure; indicative, no verdicts",
    "quick": "quick: three processes; indicative, no verdicts",
    "full": "full: fresh processes in turns, median ± half of its 95 % interval",
}


def describe_protocol(name: str) -> str:
    """That line, with the protocol's version; the name alone where there is no such line."""
    said = _PROTOCOLS.get(name.partition("-")[0])
    return f"{said} ({name})" if said else name
