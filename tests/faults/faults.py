"""`scripts/faults`: many rounds of every fault, counts printed, an error code at the first loss."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fault_kinds import KINDS
from fault_rounds import Failed, kill_rounds


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/faults", description="Kill, starve and damage a small collection.")
    parser.add_argument("--kills", type=int, default=300, metavar="N", help="rounds of kill -9 (default: 300)")
    parser.add_argument("--others", type=int, default=30, metavar="N", help="rounds of each other fault (default: 30)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all random choices (default: 1)")
    options = parser.parse_args()
    lost = 0
    for name in ["kill -9", *KINDS]:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            try:
                if name == "kill -9":
                    tally = kill_rounds(Path(folder), options.kills, options.seed)
                    changes = ", ".join(f"{count} {what}" for what, count in tally.rounds.most_common())
                    ends = ", ".join(f"{count} {what}" for what, count in tally.ends.most_common())
                    said = f"kill -9: {sum(tally.rounds.values())} rounds ({changes}): {ends}; 0 lost, 0 half-visible"
                else:
                    said = KINDS[name](Path(folder), options.others, options.seed)
            except Failed as error:
                said, lost = f"{name}: FAILED: {error}", lost + 1
        print(f"{said} ({time.monotonic() - began:.0f} s)", flush=True)
    return 1 if lost else 0


if __name__ == "__main__":
    sys.exit(main())
