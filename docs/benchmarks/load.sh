# shellcheck shell=bash
# What all measurements do alike.

# expose DEVICE: nothing of the kernel's own between the load and the disk
expose() {
  echo none >"/sys/block/${1##*/}/queue/scheduler"
  echo 0 >"/sys/block/${1##*/}/queue/iostats"
}

# load DEVICE SIZE OPERATION DEPTH MILLISECONDS [OPTION OF FIO]...: prints operations per second
load() {
  fio --name=load --filename="$1" --size="$2" --rw="$3" --iodepth="$4" --runtime="$5"ms --time_based --ioengine=io_uring \
    --direct=1 --bs=4k --norandommap --output-format=terse --terse-version=3 "${@:6}" </dev/null \
    | awk -F';' 'NF > 49 { print $8 + $49 }'
}
