#!/bin/bash
# Measures the engine, and what it is compared with, all in one boot of the virtual machine whose clock counts
# instructions: one instruction is one nanosecond, so that figures repeat within 1 %, however busy this machine is. They
# tell how many instructions a request costs on its whole way (fio, kernel, server), not how fast this machine is.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
# shellcheck source=../../ublk-vm/lib/common.sh
. "$root/ublk-vm/lib/common.sh"

usage() {
  cat <<END
usage: docs/benchmarks/run.sh [--jdk HOME]... [--quick] [--host] [GROUP...]

  --jdk     home of a JDK to measure with; may be given several times (default: that of JAVA_HOME or of java)
  --quick   short and without the warm-up that Java needs: shows that everything works; its figures mean nothing
  --host    on this machine's own kernel, as root, by wall clock: its figures hold for this machine only
  GROUP     what to measure (default: all)
    null      a disk that does nothing, against kublk null in the same mode (copy, user-copy, zero-copy)
    file      the file store, against kublk loop in the same mode
    handover  requests completed on another thread, against completing them at once
    stores    stores, and layers over the store in memory, against that store
    spring    a @BlockDevice bean in a Spring application with metrics, against the engine alone
    buffers   buffers cleared by the engine, buffers touched by the disk, against neither
    peers     null_blk, the kernel's loop, nbdkit with nbd-client; the disk that does nothing against nbdkit
    batch     kublk with batch commands, against kublk without
  null:MODE and file:MODE measure one mode only.

Prints target,mode,op,qd,iops,peer,peer_iops,ratio per cell, then a table in Markdown. Keeps result.csv and a chart,
result.svg, beside this script; with --quick, in ublk-engine/target. All groups take some 30 minutes with one JDK.
END
}

jdks=() groups=() quick='' host=''
while [ $# -gt 0 ]; do
  case $1 in
    --jdk) jdks+=("$(realpath -e "${2:?--jdk needs a value}")"); shift ;;
    --quick) quick=1 ;;
    --host) host=1 ;;
    -h | --help) usage; exit 0 ;;
    null | file | handover | spring | stores | buffers | peers | batch) groups+=("$1") ;;
    null:copy | null:user-copy | null:zero-copy | file:copy | file:user-copy | file:zero-copy) groups+=("$1") ;;
    *) usage >&2; die "unknown argument $1" ;;
  esac
  shift
done
[ ${#groups[@]} -gt 0 ] || groups=(null file handover spring stores buffers peers batch)
[ ${#jdks[@]} -gt 0 ] || jdks=("${JAVA_HOME:-$(realpath "$(command -v java)" | sed 's,/bin/java$,,')}")

# Milliseconds of a cell, of a step of a peer's warm-up, of Java's: the JIT compiler must have finished.
times=(250 200 2500)
[ -z "$host" ] || times=(2000 1000 5000)
[ -z "$quick" ] || times=(50 20 200)

vm=("$root/ublk-vm/run" --count --cpus 1 --)
if [ -n "$host" ]; then
  [ "$(id -u)" = 0 ] || die "--host needs root"
  [ -e /dev/ublk-control ] || modprobe ublk_drv || die "this machine's kernel has no ublk"
  "$root/ublk-vm/prepare" --peers host
  vm=()
  clock="Linux $(uname -r), wall clock of one machine"
else
  "$root/ublk-vm/prepare" --peers
  clock="Linux $(cat "$(kernel_folder "$default_series")/version"), instruction clock"
fi
[ -z "$quick" ] || clock+=", far too short"

say "building the engine"
target=$root/ublk-engine/target
starter=$root/ublk-spring-boot-starter/target
(cd "$root" && mvn -B -q test-compile dependency:build-classpath -pl ublk-engine,ublk-spring-boot-starter -DskipTests \
  -Dmdep.outputFile=target/benchmark.classpath) >&2
say "measuring ($clock); one line per cell follows"
"${vm[@]}" "$here/measure.sh" "$(peers_folder)" "$target/classes:$target/test-classes:$starter/classes:$starter/test-classes:$(cat "$starter/benchmark.classpath")" \
  "$(IFS=,; echo "${jdks[*]}")" "$(IFS=,; echo "${groups[*]}")" "${times[@]}" | tee "$target/benchmark.csv"

# Complete or not at all: what broke off leaves the last result.
results=$here
[ -z "$quick" ] || results=$target
cp "$target/benchmark.csv" "$results/result.csv"
awk -v clock="$clock" -f "$here/chart.awk" "$results/result.csv" >"$results/result.svg"
printf '\n%s\n\n' "$clock"
awk -f "$here/table.awk" "$results/result.csv"
say "kept in $results/result.csv and result.svg"
