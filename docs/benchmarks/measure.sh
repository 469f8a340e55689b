#!/bin/bash
# What run.sh runs in the virtual machine: measure.sh KUBLK CLASSPATH JDK,... MODE,...
set -euo pipefail
kublk=$1 classpath=$2
IFS=, read -ra jdks <<<"$3"
IFS=, read -ra modes <<<"$4"

# load DEVICE OPERATION DEPTH MILLISECONDS: prints operations per second
load() {
  fio --name=load --filename="$1" --rw="$2" --iodepth="$3" --time_based --runtime="$4"ms --ioengine=io_uring --direct=1 \
    --bs=4k --size=4g --norandommap --output-format=terse --terse-version=3 2>/dev/null </dev/null \
    | awk -F';' 'NF > 49 { print $8 + $49 }'
}

declare -A peer=()
# measure TARGET MODE DEVICE WARM_UP_MILLISECONDS
measure() {
  local target=$1 mode=$2 device=$3 depth operation iops compared
  echo none >"/sys/block/${device##*/}/queue/scheduler"
  echo 0 >"/sys/block/${device##*/}/queue/iostats"
  # the JIT compiler compiles the ways of a full and of an empty queue at different times
  for depth in 128 1 32 1; do
    load "$device" randrw "$depth" "$4" >/dev/null
  done
  for depth in 1 32 128; do
    for operation in randread randwrite; do
      iops=$(load "$device" $operation $depth 250)
      compared=${peer[$depth,$operation]:-}
      if [ "$target" = kublk ]; then
        peer[$depth,$operation]=$iops
        echo "$target,$mode,$operation,$depth,$iops,,,"
      else
        echo "$target,$mode,$operation,$depth,$iops,kublk,$compared,$(awk "BEGIN { printf \"%.2f\", $iops / $compared }")"
      fi
    done
  done
}

echo target,mode,op,qd,iops,peer,peer_iops,ratio
"$kublk" add -t null -q 1 -d 128 >/dev/null
measure kublk copy /dev/ublkb0 200
"$kublk" del -n 0 >/dev/null

for jdk in "${jdks[@]}"; do
  options=(-XX:+UseSerialGC -Xms256m -Xmx256m)
  version=$("$jdk/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p')
  [ "$version" -lt 22 ] || options+=(--enable-native-access=ALL-UNNAMED)
  for mode in "${modes[@]}"; do
    coproc server { exec "$jdk/bin/java" "${options[@]}" -cp "$classpath" io.github.ublk4j.benchmark.NullServer "$mode" 2>&1; }
    pid=$server_PID
    until read -r line <&"${server[0]}" && [[ $line == /dev/ublkb* ]]; do
      [ -d "/proc/$pid" ] || { echo "the server ended: $line" >&2; exit 1; }
    done
    # long enough for the JIT compiler to finish
    measure "ublk4j on JDK $version" "$mode" "$line" 2500
    kill "$pid"
    wait "$pid" || true
  done
done
