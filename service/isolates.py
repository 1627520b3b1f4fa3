"""Text of one writing direction set apart in a line of another: Unicode's directional isolates (UAX #9)."""

FSI, PDI = "\u2068", "\u2069"  # first strong isolate, pop directional isolate


def isolated(text: str) -> str:
    return f"{FSI}{text}{PDI}"
