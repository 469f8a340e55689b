#!/bin/bash
# Builds the sample application and starts it on a kernel with ublk: this machine's, or that of a virtual machine.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(dirname "$here")
run_directory=$here/target/run
PATH=$PATH:/usr/sbin:/sbin

usage() {
  cat <<END
usage: sample-app/run.sh [--shell | --check | --upgrade | --simulated] [--kernel 6.12|6.18|7.3|host] [--port PORT]

  (neither)   start the application, try its scratch disk, and serve until Ctrl-C
  --shell     open a shell beside the running application
  --check     make file systems on both disks, compare what is read with what was written; exit status 0 or 1
  --upgrade   replace the running application while fio writes to its disk and verifies; exit status 0 or 1
  --simulated no kernel: the disks are on a simulated driver, under a generated load, for a look at the page; Ctrl-C ends it
  --kernel    host: this machine's kernel; otherwise a virtual machine with a Debian kernel
              (default: host if /dev/ublk-control is there and this is root, otherwise 7.3)
  --port      where the application is reached on localhost (default 8080)
END
}

say() {
  echo "run.sh: $*" >&2
}

die() {
  say "$@"
  exit 1
}

mode=run kernel='' port=8080
while [ $# -gt 0 ]; do
  case $1 in
    --shell | --check | --upgrade | --simulated) mode=${1#--} ;;
    --kernel) kernel=${2:?--kernel needs a value}; shift ;;
    --port) port=${2:?--port needs a value}; shift ;;
    -h | --help) usage; exit 0 ;;
    *) usage >&2; die "unknown option $1" ;;
  esac
  shift
done
[ "$mode" != shell ] || [ -t 0 ] || die "--shell needs a terminal as standard input"

java=${JAVA_HOME:+$JAVA_HOME/bin/}java
command -v "$java" >/dev/null || die "there is no java: install JDK 17 or newer (Debian: apt-get install openjdk-17-jdk-headless)"
command -v mvn >/dev/null || die "there is no mvn: install Maven 3.8.6 or newer (Debian: apt-get install maven)"
java=$(realpath "$(command -v "$java")")

host_has_ublk() {
  [ -c /dev/ublk-control ] && [ -r /dev/ublk-control ] && [ -w /dev/ublk-control ] && [ "$(id -u)" = 0 ]
}

if [ "$mode" = simulated ]; then
  [ -z "$kernel" ] || die "--simulated needs no --kernel"
elif [ -z "$kernel" ]; then
  if host_has_ublk; then
    kernel=host
  else
    kernel=7.3
    if modinfo ublk_drv >/dev/null 2>&1; then
      say "this machine's kernel has the module ublk_drv; as root, after 'modprobe ublk_drv', no virtual machine is needed"
    fi
  fi
elif [ "$kernel" = host ]; then
  host_has_ublk || die "this machine has no /dev/ublk-control for us: run 'modprobe ublk_drv', and this script, as root"
fi

if [ "$mode" != simulated ]; then
  say "looking for what is needed"
  fio=()
  [ "$mode" != upgrade ] || fio=(--fio)
  "$root/ublk-vm/prepare" "${fio[@]}" "$kernel" </dev/null >&2
fi

say "building (the first time, Maven downloads what it needs)"
(cd "$root" && mvn -B -q -Dstyle.color=never -pl sample-app -am package -DskipTests </dev/null >&2) || die "the build failed"

if [ "$mode" = simulated ]; then
  say "starting the application on a simulated driver: http://localhost:$port/"
  exec "$java" -jar "$here/target/sample-app.jar" --spring.profiles.active=simulated --server.port="$port" \
    --server.address=127.0.0.1
fi

# Unpacked, and with its classes archived as the JVM wants them, the application starts three times as fast where a
# kernel has to be emulated. The archive is valid for this JVM and these files at this place.
archive_classes() {
  local log=$run_directory/training.log application
  "$java" -Djarmode=tools -jar "$here/target/sample-app.jar" extract --destination "$run_directory" --force >/dev/null
  : >"$log"
  "$java" -XX:ArchiveClassesAtExit="$run_directory/classes.jsa" -XX:+UseSerialGC -jar "$run_directory/sample-app.jar" \
    --server.port=0 --ublk.devices.scratch.enabled=false --ublk.devices.archive.enabled=false >"$log" 2>&1 </dev/null &
  application=$!
  trap 'kill "$application" 2>/dev/null || true' EXIT
  for _ in {1..600}; do
    ! grep -q 'Started SampleApplication' "$log" || break
    kill -0 "$application" 2>/dev/null || break
    sleep 0.1
  done
  kill -TERM "$application" 2>/dev/null || true
  wait "$application" || true
  trap - EXIT
  [ -s "$run_directory/classes.jsa" ] || say "no class archive was made, so the start takes longer; see $log"
}

made_of=$(sha256sum <"$here/target/sample-app.jar" | cut -d' ' -f1)-$java
if [ "$made_of" != "$(cat "$run_directory/made-of" 2>/dev/null)" ]; then
  say "preparing a quick start"
  rm -rf "$run_directory"
  mkdir -p "$run_directory"
  archive_classes
  echo "$made_of" >"$run_directory/made-of"
fi

export UBLK_SAMPLE_JAVA=$java UBLK_SAMPLE_PORT=$port
if [ "$kernel" = host ]; then
  [[ $mode != check && $mode != upgrade ]] || port=0
  say "starting the application on this machine's kernel, $(uname -r)"
  exec "$here/in-kernel.sh" "$mode" --server.port="$port" --server.address=127.0.0.1
fi
say "starting a virtual machine with Linux $kernel, and in it the application: this takes a minute where it is emulated"
terminal=()
[ "$mode" != shell ] || terminal=(--tty)
forward=()
[[ $mode == check || $mode == upgrade ]] || forward=(--forward "$port:8080")
exec "$root/ublk-vm/run" --kernel "$kernel" "${forward[@]}" "${terminal[@]}" -- "$here/in-kernel.sh" "$mode"
