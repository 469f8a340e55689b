# Sourced by the scripts of this folder: where things are kept, how messages look.
# shellcheck shell=bash disable=SC2034

# Tools for disks live in the sbin folders, which are not on every user's path.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

cache=${UBLK_CACHE:-${XDG_CACHE_HOME:-${HOME:?is not set}/.cache}/ublk4j}
default_series=7.3

# Part of the folder's name, so that versions of these scripts that want different contents do not take turns replacing them.
kernel_recipe=2
kernel_folder() {
  echo "$cache/kernel/$1-r$kernel_recipe"
}

peers_recipe=2
peers_folder() {
  echo "$cache/peers/$default_series-r$peers_recipe"
}

say() {
  printf '%s: %s\n' "${say_as:-ublk-vm}" "$*" >&2
}

# 125: it was the virtual machine, not the command in it, that failed.
die() {
  say "$@"
  exit 125
}

# Prints the URL of the Debian archive that this machine uses.
debian_archive() {
  local site=${UBLK_DEBIAN_MIRROR:-}
  if [ -z "$site" ]; then
    # Without the lists of a first "apt-get update" only --no-release-info shows the sources.
    # shellcheck disable=SC2016
    site=$(apt-get --no-release-info indextargets --format '$(REPO_URI)' | sed -n '\,/debian/\?$,{p;q}') || true
  fi
  [ -n "$site" ] || die "this machine's apt sources name no Debian archive; set UBLK_DEBIAN_MIRROR to the URL of one"
  echo "$site"
}

# Whether a folder of the cache is complete, unharmed, and made by the recipe given: any doubt means "make it again".
intact() {
  local folder=$1 recipe=$2
  [ -f "$folder/recipe" ] && [ "$(cat "$folder/recipe")" = "$recipe" ] || return 1
  (cd "$folder" && sha256sum --check --status SHA256SUMS) 2>/dev/null
}
