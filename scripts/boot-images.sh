#!/bin/sh
# Builds the bare-metal images and boots each in QEMU without a screen.
#
#   scripts/boot-images.sh [arm64] [i386]       both when none is named
#
# Exit status: 0 when every image reported success, 1 when one did not, 69 without QEMU.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${OCTAVO_BOOT_SECONDS:-60}
ram=${OCTAVO_BOOT_RAM:-256M}

build() { # product triple architecture
  echo "building $1"
  (cd "$root/BareMetal" &&
    swift build -c release --triple "$2" --toolset "toolset-$3.json" --product "$1" \
      --scratch-path ".build-$3" >".build-$3.log" 2>&1) ||
    { cat "$root/BareMetal/.build-$3.log" >&2; exit 1; }
}

# Semihosting ends QEMU with the kernel's own status.
boot_arm64() {
  build KernelArm64 aarch64-none-none-elf arm64
  status=0
  timeout "$seconds" qemu-system-aarch64 -M virt -cpu max -m "$ram" -nographic \
    -semihosting-config enable=on,target=native \
    -kernel "$root/BareMetal/.build-arm64/release/KernelArm64" </dev/null || status=$?
  judge arm64 "$status" 0
}

# isa-debug-exit ends QEMU with (code << 1) | 1; 0 would be a triple fault.
boot_i386() {
  build KernelI386 i686-unknown-none-elf i386
  status=0
  timeout "$seconds" qemu-system-i386 -m "$ram" -display none -monitor none -serial stdio \
    -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 \
    -kernel "$root/BareMetal/.build-i386/release/KernelI386" </dev/null || status=$?
  judge i386 "$status" 1
}

judge() { # architecture status expected
  case $2 in
    "$3") echo "$1: passed" ;;
    124) echo "$1: FAILED: no end within $seconds seconds"; failed=1 ;;
    *) echo "$1: FAILED: QEMU ended with status $2, expected $3"; failed=1 ;;
  esac
}

if ! command -v qemu-system-aarch64 >/dev/null || ! command -v qemu-system-i386 >/dev/null; then
  if [ -x "$root/scripts/setup.sh" ]; then "$root/scripts/setup.sh" boot; fi
fi
for emulator in qemu-system-aarch64 qemu-system-i386; do
  command -v "$emulator" >/dev/null || { echo "$emulator is not installed" >&2; exit 69; }
done

failed=0
[ $# -gt 0 ] || set -- arm64 i386
for architecture; do
  case $architecture in
    arm64 | i386) "boot_$architecture" ;;
    *) echo "usage: scripts/boot-images.sh [arm64] [i386]" >&2; exit 64 ;;
  esac
done
exit "$failed"
