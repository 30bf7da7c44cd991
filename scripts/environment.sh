# For the launcher and the benchmarks to read in (.): the environment that libtorch runs best in.
# Exports it, and sets `allocator` to a library to preload, or to nothing. Uses the caller's `say`.

# tcmalloc or jemalloc, of the system or as SAMCLIP_ALLOCATOR says.
allocator=
case ${SAMCLIP_ALLOCATOR:-} in
  none) ;;
  ?*)
    allocator=$SAMCLIP_ALLOCATOR
    if [ ! -f "$allocator" ]; then
      say "SAMCLIP_ALLOCATOR is $allocator, which is no file; give a library's path, or none"
      exit 2
    fi
    ;;
  *)
    if [ "$(uname -sm)" = "Linux x86_64" ] &&
      libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2> /dev/null); then
      for name in libtcmalloc_minimal.so.4 libjemalloc.so.2; do
        allocator=$(printf '%s\n' "$libraries" |
          sed -n "s|^[[:space:]]*$name (libc6,x86-64).* => ||p" | head -n 1)
        [ -z "$allocator" ] || break
      done
    fi
    ;;
esac

# Threads that wait for work sleep: spinning ones would take the cores from the data pipeline. But they
# spin for the moment that waking them would take, as small operators follow each other fast.
OMP_WAIT_POLICY=${OMP_WAIT_POLICY:-PASSIVE}
GOMP_SPINCOUNT=${GOMP_SPINCOUNT:-1000}
# glibc hands large blocks back to the system at once, and the next step pays for them again, page by
# page. Keeping them takes a fifth off a training step's processor time, but glibc cannot keep those over
# 32 MiB, which ViT-B at 1024 px is made of; tcmalloc can. Other systems ignore this.
MALLOC_MMAP_THRESHOLD_=${MALLOC_MMAP_THRESHOLD_:-33554432}
MALLOC_TRIM_THRESHOLD_=${MALLOC_TRIM_THRESHOLD_:-1073741824}
MALLOC_TOP_PAD_=${MALLOC_TOP_PAD_:-67108864}
TCMALLOC_RELEASE_RATE=${TCMALLOC_RELEASE_RATE:-0}
MALLOC_CONF=${MALLOC_CONF:-dirty_decay_ms:-1,muzzy_decay_ms:-1}
export OMP_WAIT_POLICY GOMP_SPINCOUNT MALLOC_MMAP_THRESHOLD_ MALLOC_TRIM_THRESHOLD_ MALLOC_TOP_PAD_
export TCMALLOC_RELEASE_RATE MALLOC_CONF
