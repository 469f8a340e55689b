#!/bin/bash
# What run.sh runs where the kernel is, as root:
#   measure.sh PEERS CLASSPATH JDK,... GROUP[:MODE],... MILLISECONDS WARM_UP JAVA_WARM_UP
# The last three: how long a cell is measured, and how long each step of the warm-up is for a peer and for Java.
set -euo pipefail
# shellcheck source=load.sh
. "$(dirname "$(realpath "$0")")/load.sh"
peers=$1 classpath=$2
IFS=, read -ra jdks <<<"$3"
IFS=, read -ra groups <<<"$4"
run_time=$5 peer_warm_up=$6 java_warm_up=$7

depths=(1 32 128)
operations=(randread randwrite)
# On tmpfs and written completely, so that a request to it costs memory accesses and nothing else, every time the same.
work=$(mktemp -d /dev/shm/ublk4j-benchmark.XXXXXX)
file=$work/file
file_size=256M
# that of BenchmarkStores
store_size=64M

fail() {
  printf 'measure: %s\n' "$*" >&2
  exit 1
}

# ---- servers: start_X sets device, and stop to the command that ends it -----------------------------------------------

device='' stop=''

# shellcheck disable=SC2317 # called by a trap
clean_up() {
  # Before the server, since what fails from here on ends us.
  rm -rf "$work"
  [ -z "$stop" ] || "$stop"
}
trap clean_up EXIT
trap 'exit 143' INT TERM HUP

# background COMMAND...: starts a server; what it says is shown when it fails
server=''
background() {
  "$@" >"$work/server.log" 2>&1 </dev/null &
  server=$!
}

# await COMMAND...: until the command succeeds, while the server lives
await() {
  until "$@"; do
    [ -d "/proc/$server" ] || fail "$target $mode ended: $(cat "$work/server.log")"
    sleep 0.1
  done
}

stop_background() {
  kill "$server" 2>/dev/null || true
  wait "$server" 2>/dev/null || true
}

# start_kublk null|loop MODE [--batch]
kublk_id=0
start_kublk() {
  # A number of our own choice, so that a disk that is half made can be deleted too.
  while [ -e "/dev/ublkc$kublk_id" ]; do kublk_id=$((kublk_id + 1)); done
  local options=(-t "$1" -n "$kublk_id" -q 1 -d 128 "${@:3}") printed
  case $2 in
    copy) ;;
    user-copy) options+=(--user_copy) ;;
    zero-copy) options+=(--auto_zc) ;;
    *) fail "kublk has no mode $2" ;;
  esac
  [ "$1" != loop ] || options+=("$file")
  device=/dev/ublkb$kublk_id stop=stop_kublk
  printed=$("$peers/kublk" add "${options[@]}" 2>&1) || fail "kublk add ${options[*]}: $printed"
  [ -b "$device" ] || fail "kublk add ${options[*]} made no disk: $printed"
}

# It now and then waits in vain for a disk that is gone already, says so, and goes on.
stop_kublk() {
  local printed
  printed=$("$peers/kublk" del -n "$kublk_id" 2>&1) || fail "kublk del -n $kublk_id: $printed"
  [ ! -e "$device" ] || fail "kublk del -n $kublk_id left $device: $printed"
}

# start_java KIND MODE JDK_VERSION
declare -A homes=()
start_java() {
  local options=(-XX:+UseSerialGC -Xms256m -Xmx256m) server_class=io.github.ublk4j.benchmark.BenchmarkServer
  [ "$1" != spring ] || server_class=io.github.ublk4j.spring.SpringBenchmarkServer
  # With one processor, each thread that is woken would interrupt the one that wakes it, in the middle of a batch. Threads
  # of this policy do not.
  local policy=()
  case $1 in handover | inline) policy=(chrt --batch 0) ;; esac
  [ "$3" -lt 22 ] || options+=(--enable-native-access=ALL-UNNAMED)
  background "${policy[@]}" "${homes[$3]}/bin/java" "${options[@]}" -cp "$classpath" "$server_class" "$1" "$2" "$file"
  stop=stop_background
  await grep -q '^/dev/ublkb' "$work/server.log"
  device=$(grep '^/dev/ublkb' "$work/server.log")
}

# Through configfs: its depth is to be that of the others, and the guest's modprobe takes no parameters.
start_null_blk() {
  local disk=/sys/kernel/config/nullb/ublk4j-bench
  modprobe null_blk
  [ -d /sys/kernel/config/nullb ] || mount -t configfs configfs /sys/kernel/config
  mkdir "$disk"
  stop=stop_null_blk
  echo 1 >"$disk/submit_queues"
  echo 128 >"$disk/hw_queue_depth"
  echo 512 >"$disk/blocksize"
  echo 1 >"$disk/power"
  device=/dev/ublk4j-bench
}

stop_null_blk() {
  rmdir /sys/kernel/config/nullb/ublk4j-bench
}

start_loop() {
  modprobe loop
  device=$(losetup --find --show --direct-io=on "$file")
  stop=stop_loop
  [ "$(cat "/sys/block/${device##*/}/loop/dio")" = 1 ] || fail "the kernel refuses direct I/O for $device"
}

stop_loop() {
  losetup --detach "$device"
}

start_nbdkit() {
  modprobe nbd
  for device in /dev/nbd?; do
    [ -e "/sys/block/${device##*/}/pid" ] || break
  done
  [ ! -e "/sys/block/${device##*/}/pid" ] || fail "no nbd device is free"
  background "$peers/nbdkit" --foreground --unix "$work/nbd.sock" "$peers/lib/nbdkit-null-plugin.so" size=250G
  stop=stop_background
  await test -S "$work/nbd.sock"
  "$peers/nbd-client" -unix "$work/nbd.sock" "$device" >>"$work/server.log" 2>&1 \
    || fail "nbd-client: $(cat "$work/server.log")"
  stop=stop_nbdkit
}

stop_nbdkit() {
  "$peers/nbd-client" -d "$device" >/dev/null
  stop_background
}

# ---- measurement ------------------------------------------------------------------------------------------------------

declare -A result=()
# need TARGET MODE: measures it, unless that was done before
need() {
  local target=$1 mode=$2 kind jdk size=4g warm_up=$peer_warm_up depth operation iops
  [ -z "${result[$target,$mode,randread,1]:-}" ] || return 0
  [[ $target != *loop* && $target != *file* ]] || size=$file_size
  [[ $target != *store:* ]] || size=$store_size
  case $target in
    'kublk null batch' | 'kublk loop batch') kind=${target#kublk }; start_kublk "${kind% batch}" "$mode" --batch ;;
    kublk*) start_kublk "${target#kublk }" "$mode" ;;
    ublk4j*)
      kind=${target#ublk4j } jdk=${kind##* } warm_up=$java_warm_up
      start_java "${kind%% *}" "$mode" "$jdk"
      ;;
    null_blk) start_null_blk ;;
    'kernel loop') start_loop ;;
    'nbdkit null') start_nbdkit ;;
  esac
  expose "$device"
  # The JIT compiler compiles the ways of a full and of an empty queue at different times.
  for depth in 128 1 32 1 128 1; do
    load "$device" "$size" randrw "$depth" "$warm_up" >/dev/null 2>"$work/fio.log" || fail "fio on $target $mode: $(cat "$work/fio.log")"
  done
  for depth in "${depths[@]}"; do
    for operation in "${operations[@]}"; do
      # Not measured: what is compiled again when the load changes.
      load "$device" "$size" "$operation" "$depth" "$run_time" >/dev/null 2>&1 || true
      iops=$(load "$device" "$size" "$operation" "$depth" "$run_time" 2>"$work/fio.log") || fail "fio on $target $mode: $(cat "$work/fio.log")"
      [ -n "$iops" ] || fail "fio on $target $mode printed no figures: $(cat "$work/fio.log")"
      result[$target,$mode,$operation,$depth]=$iops
    done
  done
  "$stop"
  stop=''
}

declare -A shown=()
# show TARGET MODE [PEER PEER_MODE]: prints its cells, once
show() {
  local target=$1 mode=$2 depth operation iops peer=''
  need "$target" "$mode"
  [ -z "${shown[$*]:-}" ] || return 0
  shown[$*]=1
  for depth in "${depths[@]}"; do
    for operation in "${operations[@]}"; do
      iops=${result[$target,$mode,$operation,$depth]}
      [ $# -eq 2 ] || peer=${result[$3,$4,$operation,$depth]}
      echo "$target,$mode,$operation,$depth,$iops,${3:-},$peer,$([ -z "$peer" ] || awk "BEGIN { printf \"%.2f\", $iops / $peer }")"
    done
  done
}

# compare TARGET MODE PEER PEER_MODE: the peer comes first, by itself
compare() {
  show "$3" "$4"
  show "$@"
}

# ---- groups: group_X MODE... (those it shall be limited to, if it has several) ----------------------------------------

# against_kublk KIND PEER MODE...
against_kublk() {
  local kind=$1 peer=$2 mode jdk
  for mode in "${@:3}"; do
    for jdk in "${versions[@]}"; do
      compare "ublk4j $kind on JDK $jdk" "$mode" "kublk $peer" "$mode"
    done
  done
}

group_null() {
  against_kublk null null "$@"
}

group_file() {
  against_kublk file loop "$@"
}

group_handover() {
  local jdk
  for jdk in "${versions[@]}"; do
    compare "ublk4j handover on JDK $jdk" copy "ublk4j inline on JDK $jdk" copy
  done
}

group_spring() {
  local jdk
  for jdk in "${versions[@]}"; do
    compare "ublk4j spring on JDK $jdk" copy "ublk4j null on JDK $jdk" copy
  done
}

# Each store, and each layer over the store in memory.
group_stores() {
  local jdk name memory
  for jdk in "${versions[@]}"; do
    memory="ublk4j store:memory on JDK $jdk"
    show "$memory" copy
    for name in stripe mirror directory memory+window memory+stats memory+log memory+pause memory+error \
      memory+delay_of_nothing memory+rate-limit_out_of_reach memory+retry_of_no_errors memory+timeout memory+encrypt \
      memory+checksum_in_memory memory+readahead memory+write-through_cache memory+write-back_cache \
      memory+copy-on-write; do
      compare "ublk4j store:$name on JDK $jdk" copy "$memory" copy
    done
  done
}

group_buffers() {
  local kind jdk
  for jdk in "${versions[@]}"; do
    for kind in cleared touched; do
      compare "ublk4j $kind on JDK $jdk" copy "ublk4j null on JDK $jdk" copy
    done
    compare "ublk4j touched on JDK $jdk" user-copy "ublk4j touched on JDK $jdk" copy
  done
}

group_peers() {
  local jdk
  show null_blk kernel
  show 'kernel loop' direct
  show 'nbdkit null' socket
  for jdk in "${versions[@]}"; do
    compare "ublk4j null on JDK $jdk" copy 'nbdkit null' socket
  done
}

# kublk's batch commands always name a buffer, which the kernel refuses in user-copy mode.
group_batch() {
  local mode
  for mode in copy zero-copy; do
    compare 'kublk null batch' "$mode" 'kublk null' "$mode"
  done
  show 'kublk null' user-copy
  show 'kublk loop' copy
  show 'kublk loop' user-copy
  compare 'kublk loop batch' zero-copy 'kublk loop' zero-copy
}

versions=()
for home in "${jdks[@]}"; do
  version=$("$home/bin/java" -XshowSettings:properties -version 2>&1 | sed -n 's/ *java.specification.version = //p') || true
  [ -n "$version" ] || fail "$home/bin/java does not tell its version"
  [ -z "${homes[$version]:-}" ] || fail "two JDKs of version $version: ${homes[$version]} and $home"
  versions+=("$version") homes[$version]=$home
done
[ "$(stat --file-system --format %T "$work")" = tmpfs ] || fail "/dev/shm is no tmpfs"
head -c "$file_size" /dev/zero >"$file"

echo target,mode,op,qd,iops,peer,peer_iops,ratio
for group in "${groups[@]}"; do
  case $group in
    null | file) "group_$group" copy user-copy zero-copy ;;
    *:*) "group_${group%:*}" "${group#*:}" ;;
    *) "group_$group" ;;
  esac
done
