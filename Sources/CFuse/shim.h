#pragma once
// The headers want it defined, and <stddef.h> before them.
#define FUSE_USE_VERSION 314
#include <stddef.h>
#include <fuse_lowlevel.h>
#include <stdlib.h>

// What Swift's Glibc module leaves out because it is declared for _GNU_SOURCE only.
enum { CESSDRIVE_SEEK_DATA = 3, CESSDRIVE_SEEK_HOLE = 4 };

/// Bit-fields of C structures cannot be set through a pointer that Swift has: these say what an open file is told.
static inline void cessdrive_fuse_set_open_flags(struct fuse_file_info *info, int keep_cache, int direct_io, int cache_readdir) {
    info->keep_cache = keep_cache ? 1 : 0;
    info->direct_io = direct_io ? 1 : 0;
    info->cache_readdir = cache_readdir ? 1 : 0;
}
