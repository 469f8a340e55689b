#!/bin/bash
# The part of run.sh that runs where the disks are. It touches only the disks of the application that it started,
# and unmounts only what it mounted.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
run_directory=$here/target/run
PATH=$PATH:/usr/sbin:/sbin

mode=$1
shift
work=$(mktemp -d "${TMPDIR:-/tmp}/ublk4j-sample.XXXXXX")
log=$work/application.log
application='' follower='' load='' mounted=() handed_on=()

say() {
  echo "--- $*"
}

fail() {
  say "FAILED: $*"
  if [ -s "$log" ] && [ -z "$follower" ]; then
    say "the end of the application's log:"
    tail -n 40 "$log"
  fi
  exit 1
}

# ---- the application -------------------------------------------------------------------------------------------------

# In a session of its own: Ctrl-C of the terminal is for this script, which first unmounts.
start_application() {
  local options=(-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xmx1g -Xlog:cds=off -Xlog:cds+dynamic=off)
  [ ! -s "$run_directory/classes.jsa" ] || options+=(-XX:SharedArchiveFile="$run_directory/classes.jsa")
  : >"$log"
  setsid setpriv --pdeathsig TERM -- "${UBLK_SAMPLE_JAVA:-java}" "${options[@]}" -jar "$run_directory/sample-app.jar" "$@" \
    >>"$log" 2>&1 </dev/null &
  application=$!
}

await_application() {
  local i
  for ((i = 0; i < 3000; i++)); do
    ! grep -q 'Started SampleApplication' "$log" || return 0
    kill -0 "$application" 2>/dev/null || fail "the application ended"
    sleep 0.1
  done
  fail "the application did not start in 5 minutes"
}

# Prints the block device of one of our disks, from our own log: a link may be someone else's.
device_of() {
  sed -n "s#.*disk '$1' \(ready\|taken over\) at \(/dev/ublkb[0-9]*\) .*#\2#p" "$log" | tail -n 1
}

stop_application() {
  local i
  [ -n "$application" ] || return 0
  kill -TERM "$application" 2>/dev/null || true
  for ((i = 0; i < 300; i++)); do
    kill -0 "$application" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL "$application" 2>/dev/null || true
  wait "$application" 2>/dev/null || true
  application=''
}

# ---- file systems ----------------------------------------------------------------------------------------------------

mount_disk() {
  mkdir -p "$2" && mount "$1" "$2" && mounted+=("$2")
}

# Takes back the last mount.
unmount_disk() {
  local i point=${mounted[-1]}
  for ((i = 0; i < 5; i++)); do
    if umount "$point" 2>/dev/null; then
      unset 'mounted[-1]'
      return 0
    fi
    say "$point is still in use"
    sleep 1
  done
  umount -l "$point"
  unset 'mounted[-1]'
}

clean_up() {
  local status=$?
  trap '' INT TERM HUP
  trap - EXIT
  set +e
  while [ ${#mounted[@]} -gt 0 ]; do
    say "unmounting ${mounted[-1]}"
    unmount_disk || break
  done
  end_upgrade
  [ -z "$application" ] || say "stopping the application"
  stop_application
  # tail ends by itself, when it has shown all.
  [ -z "$follower" ] || wait "$follower"
  rm -rf --one-file-system "$work"
  exit "$status"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

checksums() {
  (cd "$1" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

# ---- what run.sh offers ----------------------------------------------------------------------------------------------

try_scratch() {
  local device=$1 point=$work/scratch
  say "mkfs.ext4 $device"
  mkfs.ext4 -q "$device"
  say "mount $device $point"
  mount_disk "$device" "$point"
  say "cp -r $here/src $point"
  cp -r "$here/src" "$point"
  say "umount and mount again, so that what is read comes from the disk"
  unmount_disk
  mount_disk "$device" "$point"
  if [ "$(checksums "$here/src")" != "$(checksums "$point/src")" ]; then
    fail "what was read from $device is not what was written"
  fi
  say "read back: $(find "$point/src" -type f | wc -l) files, identical"
  df -h "$point"
}

serve() {
  start_application "$@"
  tail -s 0.2 -n +1 -f --pid="$application" "$log" &
  follower=$!
  await_application
  try_scratch "$(device_of scratch)"
  say "Serving until Ctrl-C. In a browser or with curl: http://localhost:${UBLK_SAMPLE_PORT:-8080}/ and /actuator/ublk"
  say "To try the disks by hand: sample-app/run.sh --shell"
  wait "$application" || fail "the application ended"
}

shell() {
  say "starting the application"
  start_application "$@"
  await_application
  grep -o "disk '.*" "$log" || true
  cat <<END

A shell beside the application, whose log is $log. For example:

  mkfs.ext4 $(device_of scratch) && mount $(device_of scratch) /mnt && cp -r /etc /mnt && ls /mnt; umount /mnt
  grep . /sys/block/$(basename "$(device_of archive)")/queue/{logical_block_size,write_cache,discard_max_bytes}

Unmount what you mounted; 'exit' stops the application.
END
  cd "$work"
  PS1='ublk4j \w# ' bash --norc -i || true
  while findmnt -n -S "$(device_of scratch)" || findmnt -n -S "$(device_of archive)"; do
    say "is still mounted; waiting for someone to unmount it, or for Ctrl-C"
    sleep 5
  done
}

step() {
  local name=$1
  shift
  if "$@" >"$work/step" 2>&1; then
    say "ok: $name"
  else
    cat "$work/step"
    fail "$name"
  fi
}

make_files() {
  mkdir -p "$work/files/some/where"
  cp -r "$here/src" "$run_directory"/lib/spring-*.jar "$work/files"
  head -c 1048577 /dev/urandom >"$work/files/some/where/random"
  ln -s random "$work/files/some/where/link"
  : >"$work/files/empty"
  checksums "$work/files" >"$work/expected"
}

compare() {
  checksums "$1" | diff "$work/expected" -
}

check_disk() {
  local disk=$1 device point=$work/$1
  device=$(device_of "$disk")
  [ -b "$device" ] || fail "the disk '$disk' has no block device"
  step "$disk: mkfs.ext4 $device" mkfs.ext4 -q "$device"
  step "$disk: mount" mount_disk "$device" "$point"
  step "$disk: write $(du -sh "$work/files" | cut -f1) in $(find "$work/files" | wc -l) files" \
    cp -a "$work/files/." "$point"
  step "$disk: umount" unmount_disk
  step "$disk: fsck" e2fsck -fn "$device"
  step "$disk: mount again" mount_disk "$device" "$point"
  rmdir "$point/lost+found"
  step "$disk: compare what is read" compare "$point"
  step "$disk: fstrim" fstrim "$point"
  step "$disk: umount again" unmount_disk
  step "$disk: fsck again" e2fsck -fn "$device"
}

are_gone() {
  local device
  for device in "$@"; do
    [ ! -e "$device" ] || return 1
  done
}

check() {
  local scratch archive
  say "starting the application"
  start_application --ublk.devices.archive.store=file:"$work/archive.img" "$@"
  await_application
  scratch=$(device_of scratch) archive=$(device_of archive)
  say "ok: the application is ready"
  make_files
  check_disk scratch
  check_disk archive
  kill -0 "$application" 2>/dev/null || fail "the application ended"
  stop_application
  step "stop the application: both disks are gone" are_gone "$scratch" "$archive"
  say "all is well"
}

writes_of() {
  awk '{ print $5 }' "/sys/block/${1##*/}/stat"
}

serves_writes() {
  local before i
  before=$(writes_of "$1")
  for ((i = 0; i < 300; i++)); do
    [ "$(writes_of "$1")" -le $((before + 100)) ] || return 0
    sleep 0.1
  done
  return 1
}

is_under_load() {
  kill -0 "$load" 2>/dev/null || { cat "$work/fio.log"; return 1; }
}

await_load() {
  local i
  for ((i = 0; i < 3000; i++)); do
    kill -0 "$load" 2>/dev/null || break
    kill -0 "$application" 2>/dev/null || fail "the application ended"
    sleep 0.1
  done
  ! kill -0 "$load" 2>/dev/null || fail "fio still waits after 5 minutes"
  wait "$load" || { cat "$work/fio.log"; fail "fio has lost I/O"; }
  load=''
}

# Requests wait while neither version is there, and none fails. fio is slowed down, so that it is still at work then.
upgrade() {
  local archive
  handed_on=(--ublk.devices.scratch.enabled=false --ublk.devices.archive.store=file:"$work/archive.img"
    --ublk.devices.archive.recovery=reissue "$@")
  say "starting version 1 of the application"
  start_application "${handed_on[@]}" --spring.application.version=1 --ublk.devices.archive.on-shutdown=quiesce
  await_application
  archive=$(device_of archive)
  say "fio writes to $archive, and verifies what it has written"
  fio --name=upgrade --filename="$archive" --ioengine=libaio --direct=1 --rw=randwrite --bs=16k --iodepth=16 --size=32m \
    --rate_iops=200 --verify=crc32c --verify_fatal=1 --verify_state_save=0 >"$work/fio.log" 2>&1 </dev/null &
  load=$!
  step "version 1 serves fio" serves_writes "$archive"
  stop_application
  step "version 1 leaves $archive to the next one" grep "disk 'archive' at $archive left to the next server" "$log"
  step "fio waits" is_under_load
  start_application "${handed_on[@]}" --spring.application.version=2 --ublk.devices.archive.layers=stats
  await_application
  [ "$(device_of archive)" = "$archive" ] || fail "version 2 serves $(device_of archive), not $archive"
  say "ok: version 2 goes on with $archive"
  await_load
  say "ok: fio has found all that it has written, and no request failed"
  stop_application
  step "version 2, which deletes its disk, has ended" are_gone "$archive"
  handed_on=()
  say "all is well"
}

# A disk that version 1 has left to the next one would stay, and fio wait for it for ever.
end_upgrade() {
  [ -z "$load" ] || kill "$load" 2>/dev/null
  [ ${#handed_on[@]} -gt 0 ] || return 0
  stop_application
  say "deleting the disk that was left"
  start_application "${handed_on[@]}"
  await_application
}

case $mode in
  run) serve "$@" ;;
  shell) shell "$@" ;;
  check) check "$@" ;;
  upgrade) upgrade "$@" ;;
  *) fail "unknown mode $mode" ;;
esac
