#!/bin/bash
# Installs what a verb of the Makefile needs and this machine lacks; silent when nothing is missing.
#
# usage: scripts/setup.sh build|run|test|bench|docs|boot
# exit:  0 all there, 64 unknown verb, 69 something is missing and cannot be installed
set -euo pipefail

has_header() { [[ -e /usr/include/$1 || -e /usr/local/include/$1 ]]; }
has_library() { ldconfig -p 2>/dev/null | grep -q "$1"; }
has_command() { command -v "$1" >/dev/null 2>&1; }

missing=()
need() { # need PACKAGE CHECK...
  local package=$1
  shift
  "$@" || missing+=("$package")
}

need_zlib() { need zlib1g-dev has_header zlib.h; }
need_python() { need python3 has_command python3; }
need_qemu() {
  need qemu-system-arm has_command qemu-system-aarch64
  need qemu-system-x86 has_command qemu-system-i386
}

# A rival of the kernel heap's benchmarks, which say so where it is absent.
need_mimalloc() { need libmimalloc2.0 has_library libmimalloc.so.2; }

case ${1:-} in
build | docs) need_zlib ;;
run) need_zlib && need_python ;;
bench) need_zlib && need_python && need_mimalloc ;;
test) need_zlib && need_python && need_qemu ;;
boot) need_qemu ;;
*)
  echo "usage: scripts/setup.sh build|run|test|bench|docs|boot" >&2
  exit 64
  ;;
esac

if ! has_command swift; then
  echo "make $1 needs Swift 6.3 or later in PATH (https://www.swift.org/install)" >&2
  exit 69
fi
((${#missing[@]})) || exit 0

as_root=()
if ((EUID != 0)); then as_root=(sudo -n); fi
if ! has_command apt-get || { ((EUID != 0)) && ! sudo -n true 2>/dev/null; }; then
  echo "make $1 needs ${missing[*]}, and only root can install packages here" >&2
  exit 69
fi

echo "installing for make $1: ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
install_missing() {
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq \
    -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "${missing[@]}"
}
# The lists may be absent or old: refresh them only when the first try fails.
if ! install_missing >"$log" 2>&1; then
  "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=300 update >"$log" 2>&1 || true
  if ! install_missing >>"$log" 2>&1; then
    tail -n 5 "$log" >&2
    echo "make $1 needs ${missing[*]}, which apt-get could not install" >&2
    exit 69
  fi
fi
