#!/bin/bash
# Measures what garbage collection does to the latency of a disk that makes much garbage, in the virtual machine whose
# clock counts instructions: a microsecond is a thousand of them.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
# shellcheck source=../../ublk-vm/lib/common.sh
. "$root/ublk-vm/lib/common.sh"

if [ "${1:-}" != --in-vm ]; then
  jdks=()
  while [ $# -gt 0 ]; do
    [ "$1" = --jdk ] && [ $# -gt 1 ] || die "usage: docs/benchmarks/gc.sh [--jdk HOME]..."
    jdks+=("$(realpath -e "$2")")
    shift 2
  done
  [ ${#jdks[@]} -gt 0 ] || jdks=("${JAVA_HOME:-$(realpath "$(command -v java)" | sed 's,/bin/java$,,')}")
  "$root/ublk-vm/prepare" --tests 7.3
  say "building the engine"
  classpath=$root/ublk-engine/target/benchmark.classpath
  (cd "$root" && mvn -B -q test-compile dependency:build-classpath -pl ublk-engine -DskipTests -Dmdep.outputFile="$classpath") >&2
  exec "$root/ublk-vm/run" --kernel 7.3 --count --cpus 2 --memory 4096 -- "$here/gc.sh" --in-vm \
    "$root/ublk-engine/target/classes:$root/ublk-engine/target/test-classes:$(cat "$classpath")" "${jdks[@]}"
fi
classpath=$2
jdks=("${@:3}")
# shellcheck source=load.sh
. "$here/load.sh"

log=$(mktemp /dev/shm/ublk4j-gc.XXXXXX)
trap 'rm -f "$log"' EXIT

# A steady load, so that a pause shows as latency and not as fewer requests.
steady() {
  fio --name=load --filename="$1" --size=4g --rw=randrw --iodepth=8 --rate_iops=2000,2000 --runtime="$2" --time_based \
    --ioengine=io_uring --direct=1 --bs=4k --norandommap --lat_percentiles=1 --clat_percentiles=0 \
    --percentile_list=50:99:99.9:100 --output-format=terse --terse-version=3 </dev/null
}

# measure JDK COLLECTOR
measure() {
  coproc server { exec "$1/bin/java" "-XX:+Use$2" -Xms512m -Xmx512m "-Xlog:gc,gc+phases:file=$log:uptime" -cp "$classpath" \
    io.github.ublk4j.benchmark.BenchmarkServer garbage copy 2>&1; }
  local pid=$server_PID device
  until read -r device <&"${server[0]}" && [[ $device == /dev/ublkb* ]]; do
    [ -d "/proc/$pid" ] || { echo "the server ended: $device" >&2; exit 1; }
  done
  expose "$device"
  steady "$device" 15 >/dev/null
  : >"$log"
  # The percentiles of reads come first in the line.
  steady "$device" 15 | awk -F';' -v jdk="$("$1/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/.*java.specification.version = //p')" \
    -v collector="$2" '
      NF > 49 {
        row = jdk "," collector "," $8 + $49
        for (i = 1; i <= NF && found < 4; i++)
          if (split($i, pair, "%=") == 2) { row = row "," pair[2]; found++ }
        printf "%s", row
      }'
  awk '/Pause/ { count++; ms = $NF; sub(/ms$/, "", ms); if (ms + 0 > longest) longest = ms + 0 } END { printf ",%d,%.1f\n", count, longest }' "$log"
  kill "$pid"
  wait "$pid" || true
}

echo jdk,collector,iops,p50_us,p99_us,p99.9_us,max_us,pauses,longest_pause_ms
for jdk in "${jdks[@]}"; do
  for collector in SerialGC G1GC ZGC; do
    measure "$jdk" "$collector"
  done
done
