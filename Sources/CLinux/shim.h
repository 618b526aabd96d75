#pragma once
// What Swift's Glibc module leaves out because it is declared for _GNU_SOURCE only.
#include <dirent.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

/// renameat2(2) with RENAME_NOREPLACE: fails with EEXIST where rename would replace.
static inline int cessdrive_rename_without_replacing(int directory, const char *from, const char *to) {
    return (int)syscall(SYS_renameat2, directory, from, directory, to, 1u);
}

/// The name of an entry that readdir gave, which ends with a zero. Its record may end there, too: whoever copies the whole
/// field, as Swift does where it is named, reads beyond the end of the buffer.
static inline const char *_Nonnull cessdrive_entry_name(const struct dirent *_Nonnull entry) { return entry->d_name; }

/// syncfs(2).
static inline int cessdrive_sync_file_system(int descriptor) { return (int)syscall(SYS_syncfs, descriptor); }

extern char *strptime(const char *text, const char *format, struct tm *parts);
enum { CESSDRIVE_SEEK_DATA = 3, CESSDRIVE_SEEK_HOLE = 4, CESSDRIVE_O_DIRECT = __O_DIRECT, CESSDRIVE_O_NOATIME = __O_NOATIME };

/// No core of this process is ever written: it would hold keys and content in the clear. Where cores go to a program
/// (core(5), "Piping core dumps to a program"), a limit of 0 does not count; one of 1 does: it is what Linux keeps such a
/// program itself from by. Who has less than that already is made undumpable instead.
static inline void cessdrive_forbid_cores(void) {
    struct rlimit least = {1, 1};
    if (setrlimit(RLIMIT_CORE, &least) != 0) (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

/// Memory that is freed is kept for what comes next, up to 128 MiB: fragments and segments come and go all the time, and a
/// fresh page costs more than what is done with it. By itself the C library would give each of them back at once.
static inline void cessdrive_keep_freed_memory(void) {
#ifdef __GLIBC__
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 128 << 20);
#endif
}

/// Gives freed memory back to the system.
static inline void cessdrive_give_back_freed_memory(void) {
#ifdef __GLIBC__
    malloc_trim(0);
#endif
}

/// Raises the soft limit of open files to the hard one.
static inline void cessdrive_raise_open_files_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}
