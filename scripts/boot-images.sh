#!/bin/sh
# Builds the bare-metal images and boots each in QEMU without a screen.
#
#   scripts/boot-images.sh [arm64] [i386] [tables-arm64] [tables-i386]       all when none is named
#
# arm64 and i386 boot the memory manager. tables-arm64 and tables-i386 ask the emulated processor
# what random page tables mean, and compare that with the model of module Machine; OCTAVO_SEED says
# which tables, OCTAVO_PLANT_WRONG_BIT=1 changes one descriptor behind the model's back.
#
# Exit status: 0 when every image reported success, 1 when one did not, 69 without QEMU.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
seconds=${OCTAVO_BOOT_SECONDS:-60}
table_seconds=${OCTAVO_BOOT_SECONDS:-600}
ram=${OCTAVO_BOOT_RAM:-256M}
seed=${OCTAVO_SEED:-$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')}
planted=${OCTAVO_PLANT_WRONG_BIT:-0}

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

# What the image finds in RAM: a seed, and whether to plant a wrong bit.
plan() { # address
  echo "-device loader,addr=$1,data=$seed,data-len=8"
  echo "-device loader,addr=$(printf '0x%x' $(($1 + 8))),data=$planted,data-len=4"
}

tables_arm64() {
  build TablesArm64 aarch64-none-none-elf arm64
  echo "OCTAVO_SEED=$seed"
  status=0
  # shellcheck disable=SC2046
  timeout "$table_seconds" qemu-system-aarch64 -M virt -cpu max -m 256M -nographic \
    -semihosting-config enable=on,target=native $(plan 0x47ff0000) \
    -kernel "$root/BareMetal/.build-arm64/release/TablesArm64" </dev/null || status=$?
  judge tables-arm64 "$status" 0
}

tables_i386() {
  build TablesI386 i686-unknown-none-elf i386
  echo "OCTAVO_SEED=$seed"
  status=0
  # shellcheck disable=SC2046
  timeout "$table_seconds" qemu-system-i386 -cpu max -m 256M -display none -monitor none \
    -serial stdio -no-reboot -device isa-debug-exit,iobase=0xf4,iosize=4 $(plan 0x07ff0000) \
    -kernel "$root/BareMetal/.build-i386/release/TablesI386" </dev/null || status=$?
  judge tables-i386 "$status" 1
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
[ $# -gt 0 ] || set -- arm64 i386 tables-arm64 tables-i386
for architecture; do
  case $architecture in
    arm64 | i386) "boot_$architecture" ;;
    tables-arm64) tables_arm64 ;;
    tables-i386) tables_i386 ;;
    *)
      echo "usage: scripts/boot-images.sh [arm64] [i386] [tables-arm64] [tables-i386]" >&2
      exit 64
      ;;
  esac
done
exit "$failed"
