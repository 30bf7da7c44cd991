#!/bin/sh
# The same work in samclip and in PyTorch, alternating, with the same threads and environment: prints the
# ratios against the faster of the peers and writes bench.json.
#
#   scripts/bench-peer.sh [--quick] [--pairs N] [--preset PRESET] [--side PIXELS] [--out FILE] [WORK ...]
#
# --quick: one pair of each work instead of five. PRESET: vit-b (default) or tiny. Works: see below; ViT-B
# takes up to 16 GB of memory. Every run is a process of its own: one warm-up and one measured run, of short
# works more.
#
# PYTHON     makes the virtual environment with the peers (default python3)
# PEER_VENV  a virtual environment to use; torch and the others are installed there if they are missing
#            (default: samclip-train/target/bench-venv)
# THREADS    of both sides (default: the processors of this machine)
set -eu

root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
pairs=5
preset=vit-b
side=
out=bench.json
works=

say() {
  printf 'bench-peer: %s\n' "$*" >&2
}

wrong() {
  say "$*"
  sed -n '5,15s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

while [ $# -gt 0 ]; do
  case $1 in
    --quick) pairs=1 ;;
    --pairs | --preset | --side | --out)
      [ $# -gt 1 ] || wrong "$1 needs a value"
      case $1 in
        --pairs) pairs=$2 ;;
        --preset) preset=$2 ;;
        --side) side=$2 ;;
        --out) out=$2 ;;
      esac
      shift
      ;;
    -h | --help) sed -n '2,15s/^# \{0,1\}//p' "$0" && exit 0 ;;
    -*) wrong "$1: unknown option" ;;
    *) works="$works $1" ;;
  esac
  shift
done
case $pairs in '' | *[!0-9]* | 0) wrong "--pairs $pairs: allowed: 1 and more" ;; esac
[ -n "$works" ] || works='encoder-infer-1024 encoder-train-1024 stage2-step stage1-epoch
  stage1-epoch-cached adamw jpeg-decode'

# The plain names give torch for this machine.
# shellcheck source=scripts/bench/venv.sh
. "$root/scripts/bench/venv.sh"
use_venv "${PEER_VENV:-$root/samclip-train/target/bench-venv}" \
  'torch, transformers, open_clip, torchvision, PIL' \
  torch transformers open_clip_torch torchvision pillow

# One environment for both: what the launcher sets for samclip. The allocator that it would preload goes
# to Python, too.
# shellcheck source=scripts/environment.sh
. "$root/scripts/environment.sh"
export SAMCLIP_ALLOCATOR="${allocator:-none}"
say "allocator: $SAMCLIP_ALLOCATOR"
threads=${THREADS:-$(getconf _NPROCESSORS_ONLN)}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
peer="env ${allocator:+LD_PRELOAD=$allocator} $venv/bin/python $root/scripts/bench/peer.py"
"$root/samclip" --version > /dev/null # builds it

# A failing side ends everything: half a comparison is none. What it said is shown.
run() {
  "$@" > "$work/said" 2>&1 || { cat "$work/said" >&2 && say "failed: $*" && exit 1; }
}

ours() {
  run "$root/samclip" bench --work "$1" --preset "$preset" ${side:+--side "$side"} \
    --threads "$threads" --warm-up "$warm" --repeats "$repeats" --photos "$work/photos" \
    --json "$work/row.json"
  # One report a line.
  tr -d '\n' < "$work/row.json" >> "$work/ours.jsonl"
  echo >> "$work/ours.jsonl"
}

theirs() {
  for form in $peers; do
    # shellcheck disable=SC2086 # $peer is a command with its argument
    run $peer "$1" --peer "$form" --preset "$preset" ${side:+--side "$side"} \
      --threads "$threads" --warm-up "$warm" --repeats "$repeats" --photos "$work/photos"
    grep '^{' "$work/said" >> "$work/peers.jsonl"
  done
}

for name in $works; do
  # shellcheck disable=SC2086
  peers=$($peer "$name" --peers) || exit 2
  warm=1
  repeats=1
  case $name in
    adamw | jpeg-decode) warm=3 repeats=5 ;;
  esac
  if [ "$name" = jpeg-decode ] && [ ! -d "$work/photos" ]; then
    # Beforehand: making the photos takes memory.
    run "$root/samclip" bench --work "$name" --preset tiny --warm-up 0 --repeats 1 \
      --photos "$work/photos"
  fi
  pair=1
  while [ "$pair" -le "$pairs" ]; do
    say "$name: pair $pair of $pairs"
    # Whoever comes second finds a warmer machine, so they take turns.
    if [ $((pair % 2)) -eq 1 ]; then
      ours "$name"
      theirs "$name"
    else
      theirs "$name"
      ours "$name"
    fi
    pair=$((pair + 1))
  done
done

"$venv/bin/python" "$root/scripts/bench/compare.py" "$work/ours.jsonl" "$work/peers.jsonl" "$out"
