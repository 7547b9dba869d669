"""The computation of every number against the same in DuckDB and Polars: time, peak memory, growth.

    python -m benchmarks.compute [--pairs 100000,1000000] [--growth] [--folder FOLDER]

Each measurement is a process of its own, on at most two threads: the best of three runs on inputs already in memory, and the
most memory the process ever held less what it held with its inputs. `--growth` runs ours from 10,000 to 3,000,000 pairs, prints
the slope of its time on a log-log plot, and draws it as an SVG.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.computing import WAYS, same
from benchmarks.frames import make_inputs

GROWTH = (10_000, 30_000, 100_000, 300_000, 1_000_000, 3_000_000)


def measure(way: str, pairs: int) -> dict[str, float]:
    """Return seconds and megabytes of one way, in a process of its own."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.compute", "--one", way, "--pairs", str(pairs)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return found


def one(way: str, pairs: int) -> dict[str, float]:
    """Return seconds and megabytes of one way in this process."""
    given = make_inputs(pairs)
    WAYS[way](make_inputs(100))
    held, best = _peak(), math.inf
    for _ in range(3):
        began = time.perf_counter()
        WAYS[way](given)
        best = min(best, time.perf_counter() - began)
    return {"seconds": best, "megabytes": _peak() - held}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def compare(pairs: int) -> None:
    """Print ours against the references on one size."""
    small = make_inputs(5_000)
    answers = {way: run(small) for way, run in WAYS.items()}
    agree = all(same(answers["ours"], answer) for answer in answers.values())
    found = {way: measure(way, pairs) for way in WAYS}
    print(f"{pairs:,} SKU-locations, {pairs // 2:,} order lines, 5 channels (same numbers on 5,000: {'yes' if agree else 'NO'})")
    for way, told in found.items():
        against = f", ours takes {found['ours']['seconds'] / told['seconds']:.1f} times as long" if way != "ours" else ""
        print(f"  {way:8} {told['seconds']:.2f} s, {told['megabytes']:.0f} MB on top of its inputs{against}")


def growth(folder: Path) -> None:
    """Print and draw how the time grows with the number of pairs."""
    points = [(pairs, measure("ours", pairs)) for pairs in GROWTH]
    for pairs, told in points:
        print(f"  {pairs:>9,} SKU-locations: {told['seconds']:.2f} s, {told['megabytes']:.0f} MB")
    logs = [(math.log10(pairs), math.log10(told["seconds"])) for pairs, told in points]
    middle = [sum(axis) / len(logs) for axis in zip(*logs, strict=True)]
    slope = sum((x - middle[0]) * (y - middle[1]) for x, y in logs) / sum((x - middle[0]) ** 2 for x, _ in logs)
    print(f"  slope on a log-log plot: {slope:.2f} (1 is linear)")
    path = folder / "compute-growth.svg"
    path.write_text(draw(logs, slope))
    print(f"  drawn in {path}")


def draw(logs: list[tuple[float, float]], slope: float) -> str:
    """Return an SVG of points on decades, and the line of slope 1 through the first."""
    width, height, left, low = 640, 420, 60, min(y for _, y in logs)

    def at(x: float, y: float) -> tuple[float, float]:
        return left + (x - 4) * (width - left - 20) / 2.6, height - 40 - (y - low) * (height - 80) / 3

    marks = [f'<circle cx="{at(*point)[0]:.0f}" cy="{at(*point)[1]:.0f}" r="4" fill="#0b6"/>' for point in logs]
    ends = [at(*logs[0]), at(logs[-1][0], logs[0][1] + logs[-1][0] - logs[0][0])]
    line = " ".join(f"{x:.0f},{y:.0f}" for x, y in ends)
    labels = [
        f'<text x="{at(x, low)[0]:.0f}" y="{height - 15}" text-anchor="middle">{10**x:,.0f}</text>'
        f'<text x="{at(x, y)[0]:.0f}" y="{at(x, y)[1] - 10:.0f}" text-anchor="middle">{10**y:.2f} s</text>'
        for x, y in logs
    ]
    title = f'<text x="{left}" y="20">Seconds by SKU-locations, log-log: slope {slope:.2f}; the grey line is linear growth</text>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="11">'
    back = f'<rect width="{width}" height="{height}" fill="white"/><polyline points="{line}" stroke="#999" fill="none"/>'
    return "\n".join([head, back, title, *marks, *labels, "</svg>\n"])


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", default="100000,1000000", help="sizes, with commas")
    parser.add_argument("--growth", action="store_true", help="from 10,000 to 3,000,000 pairs")
    parser.add_argument("--folder", type=Path, default=Path(), help="where the drawing goes")
    parser.add_argument("--one", choices=list(WAYS), help="measure one way here, and print JSON")
    chosen = parser.parse_args()
    sizes = [int(size) for size in chosen.pairs.split(",")]
    if chosen.one:
        print(json.dumps(one(chosen.one, sizes[0])))
        return
    for size in sizes:
        compare(size)
    if chosen.growth:
        growth(chosen.folder)


if __name__ == "__main__":
    main()
