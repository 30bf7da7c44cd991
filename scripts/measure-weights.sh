#!/bin/sh
# Time and peak memory of opening official weights, beside Python's torch.load: the table of
# docs/weights.md. Makes random weights of real sizes one model at a time in a temporary folder (up to
# 2.6 GB) and removes them again.
#
#   scripts/measure-weights.sh VOCABULARY [MODEL ...]
#
# VOCABULARY is CLIP's bpe_simple_vocab_16e6.txt.gz; MODEL is a name of make-official-weights.py.
# Needs a built samclip (run ./samclip --version once), and Python with torch and safetensors
# (PYTHON=path/to/python3).
set -eu

here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}
vocabulary=$1
shift
[ $# -gt 0 ] || set -- sam_vit_b sam_vit_l sam_vit_h clip_vit_b_16 clip_vit_l_14

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

target=$here/../samclip-train/target
class_path=$work:$(ls "$target"/samclip-train-*.jar | head -n 1):$(cat "$target/class-path.txt")
javac -cp "$class_path" -d "$work" "$here/MeasureWeights.java"

for model in "$@"; do
  "$python" "$here/make-official-weights.py" "$work" --only "$model" > /dev/null
  file=$(find "$work/$model" -name '*.pth' -o -name '*.safetensors')
  cat "$file" > /dev/null # all runs find it in the page cache
  echo "$model, $(($(wc -c < "$file") / 1000000)) MB"
  for what in open load; do
    OMP_WAIT_POLICY=PASSIVE java -Xmx2g -Dai.djl.offline=true -DOPT_OUT_TRACKING=true \
      -Dlogback.configurationFile=org/samclip/cli/logback.xml -cp "$class_path" \
      MeasureWeights "$file" "$what" "$vocabulary" | grep '^samclip'
  done
  for how in mmap whole; do
    "$python" "$here/measure-weights.py" "$file" "$how"
  done
  rm -r "${work:?}/$model"
done
