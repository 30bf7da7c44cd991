#!/bin/sh
# Single kernels under JMH, beside the same in DJL's operators.
#
#   scripts/bench-kernels.sh [JMH OPTION ...]
#   scripts/bench-kernels.sh -p kernel=GLOBAL_ATTENTION -p grid=64 forward
#   scripts/bench-kernels.sh -rf json -rff kernels.json
#   scripts/bench-kernels.sh -h                       # JMH's options
#
# SAMCLIP_ALLOCATOR  a library with malloc to preload, or none; else what the launcher finds
set -eu

say() {
  printf 'bench-kernels: %s\n' "$*" >&2
}

root=$(CDPATH='' cd "$(dirname "$0")/.." && pwd)
built=$root/samclip-core/target
(cd "$root" && mvn -B -q -pl samclip-core test-compile dependency:build-classpath \
  -Dmdep.includeScope=test -Dmdep.outputFile="$built/benchmark-class-path.txt")

# shellcheck source=scripts/environment.sh
. "$root/scripts/environment.sh"
exec env ${allocator:+LD_PRELOAD="$allocator"} java -Dai.djl.offline=true -DOPT_OUT_TRACKING=true \
  -cp "$built/test-classes:$built/classes:$(cat "$built/benchmark-class-path.txt")" \
  org.openjdk.jmh.Main "$@"
