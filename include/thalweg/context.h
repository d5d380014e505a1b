/* libthalweg. The context: allocator, files, log, threads and instruction set, for every object that is
 * created from it. There is no other configuration, and no global state.
 *
 * A context must outlive every object created from it. Several threads may use it at once, each with objects
 * of its own; its callbacks must allow that. Its threads serve one call at a time: a call that finds them
 * busy runs in its own thread, with the same result.
 *
 * Structs that begin with `size` may grow: set it to sizeof the struct, as the TW_..._INIT macros do. The
 * fields that an older program's struct lacks count as 0, and 0 always means the default; a newer program's
 * struct is refused (TW_ERR_SPEC) only if it uses a field that this library does not know.
 * SPDX-License-Identifier: MIT */
#ifndef THALWEG_CONTEXT_H
#define THALWEG_CONTEXT_H
#include <thalweg/error.h>
#ifdef __cplusplus
extern "C" {
#endif

typedef struct tw_context tw_context;

/* Types of numbers in tensors, data and files. */
typedef enum tw_type { TW_U8 = 0, TW_I64 = 1, TW_F32 = 2, TW_F64 = 3 } tw_type;

/* Levels of vector instructions. The results have the same bits at every level. */
typedef enum tw_isa { TW_ISA_DETECT = 0, TW_ISA_BASE = 1, TW_ISA_AVX2 = 2, TW_ISA_AVX512 = 3 } tw_isa;

/* File access. All functions but those that may be NULL are needed; each returns 0 or an errno value. `file`
 * is a handle that open made. read and write may move fewer bytes than requested; read sets *got to 0 at the
 * end of the file. Paths are passed on as the caller of the library gave them. */
typedef struct tw_io {
    size_t size;                                                      /* sizeof(tw_io) */
    int (*open)(void *user, const char *path, int mode, void **file); /* mode: one of TW_OPEN_ */
    int (*read)(void *user, void *file, void *to, size_t n, size_t *got);
    int (*write)(void *user, void *file, const void *from, size_t n, size_t *put);
    /* to the disk, not only to the kernel */
    int (*sync)(void *user, void *file);
    int (*close)(void *user, void *file);
    /* replaces `to` in one step; `from` may be open */
    int (*rename)(void *user, const char *from, const char *to);
    int (*remove)(void *user, const char *path);
    /* EEXIST if something has this name */
    int (*make_directory)(void *user, const char *path);
    int (*sync_directory)(void *user, const char *path); /* the names in it, to the disk */
    /* one of TW_PATH_; TW_PATH_NONE is not an error */
    int (*kind)(void *user, const char *path, int *kind);
    void *user;
    /* of a directory; may be NULL: none counts as empty */
    int (*is_empty)(void *user, const char *path, int *empty);
    /* of an open file: it is the one at the path; may be NULL: it is taken to be */
    int (*is_at)(void *user, void *file, const char *path, int *is);
    /* An open file as memory, whose pages are read when they are touched, and which may be written to without
     * a change of the file. ENODEV: not this one, which is then read. May be NULL, with unmap: none is. */
    int (*map)(void *user, void *file, void **bytes, size_t *n);
    void (*unmap)(void *user, void *bytes, size_t n);
    /* Bytes of a file, and when it was written last, in ns. May be NULL: contents are compared instead. */
    int (*stamp)(void *user, const char *path, uint64_t *bytes, int64_t *written);
    /* The memory of a mapped file, as map gave it, is not needed for now: its pages may be read from the file
     * again when they are next touched. It has not been written to. May be NULL: nothing is given back. */
    void (*forget)(void *user, void *bytes, size_t n);
    /* Calls each(to, name) for every name in a directory, in any order, until one call returns an errno
     * value, which is handed on. May be NULL: directories of images cannot be opened. */
    int (*list)(void *user, const char *path, int (*each)(void *to, const char *name), void *to);
} tw_io;
/* Ends the name of a file or folder that is not whole yet, and is renamed when it is. No other program uses
 * it, so that what a kill has left under such a name may be overwritten or removed. */
#define TW_PARTIAL ".thalweg-partial"
/* Modes of open. WRITE: an empty file, made or emptied; EBUSY while another process writes it. */
enum { TW_OPEN_READ = 0, TW_OPEN_WRITE = 1 };
enum { TW_PATH_NONE = 0, TW_PATH_FILE = 1, TW_PATH_DIRECTORY = 2, TW_PATH_OTHER = 3 };

/* Levels of log messages. */
enum { TW_LOG_WARNING = 1, TW_LOG_INFO = 2, TW_LOG_DETAIL = 3 };

typedef struct tw_context_options {
    size_t size; /* sizeof(tw_context_options) */
    /* Called from several threads at once if the context is. Allocates (p NULL), resizes, or frees (now 0)
     * memory of `now` bytes aligned to `align`, a power of two up to 64. `old` is p's present size. Returns
     * NULL on failure and leaves p as it was. NULL here: the C library's allocator, with huge pages from 4 MB
     * on where the system has them. */
    void *(*resize)(void *user, void *p, size_t old, size_t now, size_t align);
    const tw_io *io; /* copied; NULL: the system's files */
    /* one line without newline, valid during the call; NULL: silent */
    void (*log)(void *user, int level, const char *text);
    void *user; /* for resize and log */
    /* 0: as many as the CPUs this process may use; at most 256 */
    int threads;
    /* 0: the best this CPU has; a level it lacks is an error */
    tw_isa max_isa;
} tw_context_options;
#define TW_CONTEXT_OPTIONS_INIT                                              \
    {                                                                        \
        sizeof(tw_context_options), NULL, NULL, NULL, NULL, 0, TW_ISA_DETECT \
    }

/* Creates a context. options NULL: all defaults. Threads start with the first call that needs them, anew in a
 * forked child; where the system refuses one, the others do its work. TW_ERR_SPEC: an option is out of range,
 * a function of `io` is missing, or this CPU lacks the instruction set. */
TW_API tw_status tw_context_create(tw_context **out, const tw_context_options *options, tw_error *err);
/* after everything that was created from it; NULL is allowed */
TW_API void tw_context_free(tw_context *ctx);

/* that a call may use, its own included; at least 1 */
TW_API int tw_context_threads(const tw_context *ctx);
/* the level in use, never TW_ISA_DETECT */
TW_API tw_isa tw_context_isa(const tw_context *ctx);
/* "detect", "base", "avx2", "avx512", or "unknown" */
TW_API const char *tw_isa_name(tw_isa isa);
/* TW_ERR_SPEC: not "base", "avx2" or "avx512" */
TW_API tw_status tw_isa_from_name(const char *name, tw_isa *out, tw_error *err);
/* the best level that this CPU and system support */
TW_API tw_isa tw_isa_of_cpu(void);

/* bytes; 0 for a number that is no type */
TW_API size_t tw_type_size(tw_type type);
/* "u8", "i64", "f32", "f64", or "unknown" */
TW_API const char *tw_type_name(tw_type type);

#ifdef __cplusplus
}
#endif
#endif
