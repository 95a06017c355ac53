#!/bin/sh
# Compiles every module of the core as Embedded Swift and links it for three machines, once with
# everything that it defines as a root: so it fails on the first use of what Embedded lacks, and on
# any path to a heap, a reference count or a C library.
#
#   scripts/embedded-core.sh [TRIPLE…]          arm64, i686 and x86-64 when none is named
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
out=${OCTAVO_EMBEDDED_BUILD:-$root/.build/embedded}
manifest=$root/Package.swift

# Names and language features come from the manifest, so that they cannot drift apart.
modules=$(awk '/^let coreModules/ { on = 1 } on && /^]/ { exit }
  on && (/^  \("/ || afterParenthesis) { split($0, part, "\""); print part[2] }
  { afterParenthesis = /^  \($/ }' "$manifest")
features=$(sed -nE \
  -e 's/.*\.enableUpcomingFeature\("(.*)"\).*/-enable-upcoming-feature \1/p' \
  -e 's/.*\.enableExperimentalFeature\("(.*)"\).*/-enable-experimental-feature \1/p' "$manifest")

heap='malloc|calloc|realloc|free|posix_memalign|aligned_alloc'
counting='swift_(retain|release|allocObject|deallocClassInstance|slowAlloc|slowDealloc)[A-Za-z_]*'

strict="-strict-memory-safety -warnings-as-errors $(echo $features)"
embedded="-enable-experimental-feature Embedded -swift-version 6 -wmo -parse-as-library -O
  -Xfrontend -function-sections -Xfrontend -disable-stack-protector -Xcc -ffreestanding"

machine_options() { # triple
  case $1 in
    aarch64-*) echo "-Xcc -mgeneral-regs-only" ;;
    i686-*) echo "-Xcc -mno-sse -Xcc -mno-mmx" ;;
  esac
}

compile_core() { # triple folder
  for module in $modules; do
    # shellcheck disable=SC2046,SC2086
    swiftc $embedded $strict $(machine_options "$1") -target "$1" -module-name "$module" \
      -package-name octavo -I "$2" -emit-module -emit-module-path "$2/$module.swiftmodule" \
      -c -o "$2/$module.o" $(find "$root/Sources/$module" -name '*.swift' | sort) ||
      fail "$1: $module does not compile as Embedded Swift"
  done
}

compile_memory_functions() { # triple folder
  for source in "$root"/BareMetal/Sources/CFreestanding/*.c; do
    "$tools/clang" -target "$1" -O2 -ffreestanding -fno-builtin -fno-stack-protector -ffunction-sections \
      -c -o "$2/$(basename "$source" .c)-c.o" "$source"
  done
}

# Hash values are not roots: they are seeded at random, and no kernel code asks for them.
link_core() { # triple folder
  for module in $modules; do
    "$tools/llvm-nm" --defined-only --extern-only --format=just-symbols "$2/$module.o" |
      grep -E "^[$]e${#module}$module" | grep -vE '9hashValueSivg|13_rawHashValue' || true
  done | sed 's/^/--undefined=/' >"$2/roots"
  "$tools/ld.lld" --gc-sections --no-undefined --entry=0 -o "$2/core.elf" "@$2/roots" "$2"/*.o ||
    fail "$1: the core needs what bare metal does not have"
}

check_symbols() { # triple folder
  found=$("$tools/llvm-nm" --format=just-symbols "$2/core.elf" | grep -E "^($heap|$counting)\$" || true)
  [ -z "$found" ] || fail "$1: the core reaches the heap: $(echo $found)"
  echo "$1: $(wc -l <"$2/roots") public symbols linked, no heap symbol"
}

fail() { echo "$1" >&2; exit 1; }

[ $# -gt 0 ] || set -- aarch64-none-none-elf i686-unknown-none-elf x86_64-unknown-linux-gnu
for triple; do
  folder=$out/$triple
  rm -rf "$folder"
  mkdir -p "$folder"
  compile_core "$triple" "$folder"
  compile_memory_functions "$triple" "$folder"
  link_core "$triple" "$folder"
  check_symbols "$triple" "$folder"
done
