#!/bin/sh
# How time and memory of training grow with batch, image side and prompts, without and with activation
# checkpointing: runs `samclip bench` for each point in a process of its own, and draws the curves.
#
#   scripts/bench-growth.sh [--preset PRESET] [--repeats N] [--out FILE.svg]
#
# Writes FILE.svg and, beside it, FILE.jsonl with all that was measured. ViT-B takes 20 minutes on 2 cores.
#
# PYTHON     makes the virtual environment with matplotlib (default python3)
# PLOT_VENV  a virtual environment to use; matplotlib is installed there if it is missing
#            (default: samclip-train/target/plot-venv)
# THREADS    of one operation (default: the processors of this machine)
set -eu

root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
preset=vit-b
repeats=1
out=growth.svg

say() {
  printf 'bench-growth: %s\n' "$*" >&2
}

while [ $# -gt 0 ]; do
  case $1 in
    --preset | --repeats | --out)
      [ $# -gt 1 ] || { say "$1 needs a value" && exit 2; }
      case $1 in
        --preset) preset=$2 ;;
        --repeats) repeats=$2 ;;
        --out) out=$2 ;;
      esac
      shift
      ;;
    -h | --help) sed -n '2,13s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) say "$1: unknown option; allowed: --preset, --repeats, --out" && exit 2 ;;
  esac
  shift
done
case $out in *.svg) ;; *) say "--out $out: allowed: a name that ends in .svg" && exit 2 ;; esac

# shellcheck source=scripts/bench/venv.sh
. "$root/scripts/bench/venv.sh"
use_venv "${PLOT_VENV:-$root/samclip-train/target/plot-venv}" matplotlib matplotlib

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 1' INT TERM
"$root/samclip" --version > /dev/null # builds it
: > "$work/rows.jsonl"

# The curve's name, then samclip bench's options.
point() {
  curve=$1
  shift
  for checkpoint in '' --checkpoint-activations; do
    say "$curve: $* $checkpoint"
    # shellcheck disable=SC2086 # an option or nothing
    "$root/samclip" bench --preset "$preset" "$@" $checkpoint --warm-up 1 --repeats "$repeats" \
      --threads "${THREADS:-$(getconf _NPROCESSORS_ONLN)}" --json "$work/row.json" > "$work/said" 2>&1 ||
      { cat "$work/said" >&2 && exit 1; }
    printf '{"curve": "%s", "report": %s}\n' "$curve" "$(tr -d '\n' < "$work/row.json")" \
      >> "$work/rows.jsonl"
  done
}

if [ "$preset" = tiny ]; then
  sides='32 48 64' batch_side=32 batches='1 2 4' prompts='1 2 3'
else
  sides='224 320 448 640 768 896 1024' batch_side=448 batches='1 2 4 8 16' prompts='1 16 32 64'
fi
for side in $sides; do
  point side --work encoder-train-1024 --side "$side"
done
for images in $batches; do
  point batch --work encoder-train-1024 --side "$batch_side" --images "$images"
done
for count in $prompts; do
  point prompts --work stage2-step --prompts "$count"
done

cp "$work/rows.jsonl" "${out%.svg}.jsonl"
"$venv/bin/python" "$root/scripts/bench/growth.py" "${out%.svg}.jsonl" "$out"
