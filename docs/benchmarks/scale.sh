#!/bin/bash
# Measures many devices in one JVM, and one device with several queues, in the virtual machine with four processors whose
# clock counts instructions. The emulator gives the processors turns, so that figures of several queues show a trend only.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
# shellcheck source=../../ublk-vm/lib/common.sh
. "$root/ublk-vm/lib/common.sh"

if [ "${1:-}" != --in-vm ]; then
  [ $# -eq 0 ] || die "usage: docs/benchmarks/scale.sh (JAVA_HOME chooses the JDK)"
  "$root/ublk-vm/prepare" --tests 7.3
  say "building the engine"
  classpath=$root/ublk-engine/target/benchmark.classpath
  (cd "$root" && mvn -B -q test-compile dependency:build-classpath -pl ublk-engine -DskipTests -Dmdep.outputFile="$classpath") >&2
  java=${JAVA_HOME:+$JAVA_HOME/bin/java}
  exec "$root/ublk-vm/run" --kernel 7.3 --count --cpus 4 -- "$here/scale.sh" --in-vm "${java:-$(command -v java)}" \
    "$root/ublk-engine/target/classes:$root/ublk-engine/target/test-classes:$(cat "$classpath")"
fi
java=$2 classpath=$3
# shellcheck source=load.sh
. "$here/load.sh"
options=(-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xms128m -Xmx128m -cp "$classpath")
# a kernel for tests allows fewer
echo 64 >/sys/module/ublk_drv/parameters/ublks_max

echo devices,mode,slowest_ms,median_ms,resident_kib_per_device,buffer_kib_per_device
for mode in copy user-copy; do
  for devices in 1 8 32; do
    "$java" "${options[@]}" io.github.ublk4j.benchmark.ScaleMeasurement "$devices" "$mode" | grep '^[0-9]*,'
  done
done

echo queues,op,jobs,qd,iops
for queues in 1 2 4; do
  coproc server { exec "$java" -Dqueues="$queues" -XX:+UseSerialGC -Xms128m -Xmx128m -cp "$classpath" \
    io.github.ublk4j.benchmark.BenchmarkServer null copy 2>&1; }
  pid=$server_PID
  until read -r device <&"${server[0]}" && [[ $device == /dev/ublkb* ]]; do
    [ -d "/proc/$pid" ] || { echo "the server ended: $device" >&2; exit 1; }
  done
  expose "$device"
  load "$device" 4g randrw 32 5000 --numjobs=4 --group_reporting >/dev/null
  for operation in randread randwrite; do
    echo "$queues,$operation,4,32,$(load "$device" 4g "$operation" 32 500 --numjobs=4 --group_reporting)"
  done
  kill "$pid"
  wait "$pid" || true
done
