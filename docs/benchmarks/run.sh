#!/bin/bash
# Measures the engine against the kernel's own C server (kublk), both in one boot of the virtual machine whose clock counts
# instructions: one instruction is one nanosecond, so that figures repeat within 1 %, however busy this machine is. They
# tell how many instructions a request costs on its whole way (fio, kernel, server), not how fast this machine is.
set -euo pipefail
here=$(dirname "$(realpath "$0")")
root=$(realpath "$here/../..")
# shellcheck source=../../ublk-vm/lib/common.sh
. "$root/ublk-vm/lib/common.sh"

usage() {
  cat <<END
usage: docs/benchmarks/run.sh [--jdk HOME]... [MODE...]

  --jdk    home of a JDK to measure with; may be given several times (default: that of JAVA_HOME or of java)
  MODE     inline, handover, cleared (default: all), see NullServer

Prints target,mode,op,qd,iops,peer,peer_iops,ratio per cell, then a table in Markdown. Takes some ten minutes.
END
}

jdks=() modes=()
while [ $# -gt 0 ]; do
  case $1 in
    --jdk) jdks+=("$(realpath -e "${2:?--jdk needs a value}")"); shift ;;
    -h | --help) usage; exit 0 ;;
    inline | handover | cleared) modes+=("$1") ;;
    *) usage >&2; die "unknown argument $1" ;;
  esac
  shift
done
[ ${#modes[@]} -gt 0 ] || modes=(inline handover cleared)
[ ${#jdks[@]} -gt 0 ] || jdks=("${JAVA_HOME:-$(realpath "$(command -v java)" | sed 's,/bin/java$,,')}")

"$root/ublk-vm/prepare" --peers
say "building the engine"
classpath=$root/ublk-engine/target/benchmark.classpath
(cd "$root" && mvn -B -q test-compile dependency:build-classpath -pl ublk-engine -DskipTests -Dmdep.outputFile="$classpath") >&2
say "measuring; one line per cell follows"
"$root/ublk-vm/run" --count --cpus 1 -- "$here/measure.sh" "$cache/peers/7.3/kublk" \
  "$root/ublk-engine/target/classes:$root/ublk-engine/target/test-classes:$(cat "$classpath")" \
  "$(IFS=,; echo "${jdks[*]}")" "$(IFS=,; echo "${modes[*]}")" | tee "$root/ublk-engine/target/benchmark.csv"

awk -F, '
  $1 != "target" {
    row = $1 " " $2
    if (!(row in seen)) { seen[row] = 1; order[++rows] = row }
    cell[row, $4, $3] = $5 ($6 == "" ? "" : " (" $8 ")")
  }
  END {
    print "\n| 4 KiB, IOPS (ratio to kublk) | QD 1 read | write | QD 32 read | write | QD 128 read | write |"
    print "|---|---|---|---|---|---|---|"
    for (i = 1; i <= rows; i++) {
      line = "| " order[i]
      for (d = 1; d <= 3; d++) { qd = d == 1 ? 1 : d == 2 ? 32 : 128
        line = line " | " cell[order[i], qd, "randread"] " | " cell[order[i], qd, "randwrite"] }
      print line " |"
    }
  }' "$root/ublk-engine/target/benchmark.csv"
