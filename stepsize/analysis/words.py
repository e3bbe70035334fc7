"""The words of the verdicts, and the numbers of their conditions that more than one file needs."""

__all__ = [
    "BOUNCING",
    "CLIMBS",
    "CODE",
    "CRAWLING",
    "CROSSES",
    "CROSSING",
    "DIVERGED",
    "FAILED",
    "FALLING",
    "FROZEN",
    "RINGING",
    "SETTLED",
    "STUCK",
    "VERDICTS",
]

SETTLED = "settled"
CROSSING = "settled, crossing"
RINGING = "settled, ringing"
CRAWLING = "still crawling"
BOUNCING = "bouncing"
STUCK = "stuck above the minimum"
FROZEN = "frozen"
FALLING = "falling without end"
DIVERGED = "diverged"
FAILED = "failed"

VERDICTS = (SETTLED, CROSSING, RINGING, CRAWLING, BOUNCING, STUCK, FROZEN, FALLING, DIVERGED, FAILED)
CODE = {word: code for code, word in enumerate(VERDICTS)}

# Shares of the updates from which on a settled run is called crossing, and ringing.
CROSSES, CLIMBS = 0.25, 0.1
