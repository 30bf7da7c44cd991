#!/usr/bin/env python3
"""From the runs of scripts/bench-peer.sh to a table and bench.json: medians over the runs, and the ratio
against the faster of the peers.

    python3 scripts/bench/compare.py ours.jsonl peers.jsonl bench.json
"""
import json
import statistics
import sys
from collections import defaultdict
from pathlib import Path


def lines(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def middle(runs):
    seconds = [run["seconds"] for run in runs]
    return dict(
        s=statistics.median(seconds), least=min(seconds), most=max(seconds),
        mb=max(run["mb"] for run in runs))


def main(ours_file, peers_file, out):
    ours, peers, machine, shares = defaultdict(list), defaultdict(list), None, {}
    for report in lines(ours_file):
        machine = report["machine"]
        row = report["rows"][0]
        # Outside Linux samclip does not know its peak memory.
        ours[row["work"]].append(dict(seconds=row["median_s"], mb=row["peak_mb"] or 0))
        shares.setdefault(row["work"], []).append(row["matmul_share"])
    for run in lines(peers_file):
        seconds = statistics.median(run["seconds"])
        peers[run["work"], run["peer"]].append(dict(seconds=seconds, mb=run["peak_mb"]))
        torch = run["torch"]
    rows = []
    print(f"{machine}, torch {torch}; seconds: median (least..most)")
    print(f"{'work':20} {'samclip':>26} {'MB':>6}  {'peer':16} {'':>26} {'MB':>6} {'ratio':>6}")
    for work, runs in ours.items():
        own = middle(runs)
        all_peers = {p: middle(r) for (w, p), r in peers.items() if w == work}
        fastest = min(all_peers, key=lambda p: all_peers[p]["s"])
        for name, peer in all_peers.items():
            span = "{s:.3f} ({least:.3f}..{most:.3f})"
            mark = " <" if name == fastest else ""
            print(
                f"{work:20} {span.format(**own):>26} {own['mb']:6.0f}  {name:16} "
                f"{span.format(**peer):>26} {peer['mb']:6.0f} {own['s'] / peer['s']:6.3f}{mark}")
        best = all_peers[fastest]
        share = [s for s in shares[work] if s is not None]
        rows.append(dict(
            work=work, ours_s=own["s"], peer_s=best["s"], peer=fastest, ratio=own["s"] / best["s"],
            ours_mb=round(own["mb"]), peer_mb=round(best["mb"]), pairs=len(runs),
            ours_matmul_share=statistics.median(share) if share else None,
            peers={n: dict(s=p["s"], mb=round(p["mb"])) for n, p in all_peers.items()}))
    report = dict(machine=machine, torch=torch, rows=rows)
    Path(out).write_text(json.dumps(report, indent=2) + "\n")


main(*sys.argv[1:])
