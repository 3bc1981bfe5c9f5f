/* SPDX-License-Identifier: MIT */
#ifndef TVAE_BASE_H
#define TVAE_BASE_H

#include <stddef.h>
#include <stdint.h>

#include <tvae/export.h>
#include <tvae/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 0: statuses, error text, process-wide hooks and facts about the machine.
 *
 * Rules that hold in every header of this library:
 * - A function that can fail returns a ::tvae_status; outputs are its last arguments.
 * - Handles are reference-counted. `_create` and `_load` give the caller one reference,
 *   `_retain` adds one, a container that keeps a handle takes one of its own, `_destroy`
 *   drops the caller's, nulls the pointer, and accepts NULL and a pointer to NULL.
 *   Handles that nothing else can keep have no `_retain`: their one reference is the
 *   caller's.
 * - A text is written into room of the caller, zero-ended: too little room is
 *   ::TVAE_E_INVALID, NULL with a capacity of 0 asks for the size in `needed`.
 * - `_create` sets its output to NULL first and fills it only on success.
 * - `Threads:` is one of four words: *any* (no shared state), *shared-read* (parallel
 * calls on one handle are fine), *one-at-a-time* (serialise per handle), *startup*
 * (before any other call).
 * - A thread that calls the library needs 256 KiB of stack.
 */

/** The outcome of a call; ::TVAE_OK is zero, every failure is negative. */
typedef int32_t tvae_status;

/** Statuses; values never change. */
enum {
    TVAE_OK = 0,             /**< Success. */
    TVAE_E_INVALID = -1,     /**< An argument is NULL, out of range or contradictory. */
    TVAE_E_NOMEM = -2,       /**< An allocation failed; nothing was leaked. */
    TVAE_E_SHAPE = -3,       /**< A tensor's shape does not fit. */
    TVAE_E_IO = -4,          /**< The operating system refused a read or a write. */
    TVAE_E_FORMAT = -5,      /**< A file's content is not what its format demands. */
    TVAE_E_NUMERIC = -6,     /**< A value is NaN or infinite where it must not be. */
    TVAE_E_UNSUPPORTED = -7, /**< Valid, but not something this build can do. */
    TVAE_E_CANCELLED = -8,   /**< A callback asked to stop; the work so far is saved. */
    TVAE_E_BUSY = -9,        /**< Another process holds the run folder. */
    TVAE_E_STATE = -10,      /**< Calls out of order. */
    TVAE_E_TIMEOUT = -11,    /**< A time limit passed. */
    TVAE_E_NOT_FOUND = -12   /**< No such name, file or key. */
};

/** Kernel levels: the instruction sets the vector kernels may use. */
enum {
    TVAE_KERNEL_PORTABLE = 0, /**< Plain C. */
    TVAE_KERNEL_AVX2 = 1,     /**< AVX2 and FMA. */
    TVAE_KERNEL_AVX512 = 2    /**< AVX-512 F, BW, DQ and VL. */
};

/** Severity of a log message. */
enum {
    TVAE_LOG_WARNING = 1, /**< Something was repaired or skipped; worth a look. */
    TVAE_LOG_INFO = 2     /**< What is being done. */
};

/**
 * Where the library's heap memory comes from.
 *
 * `alloc` returns at least @c bytes bytes aligned to @c align (a power of two) or NULL;
 * `release` takes back what `alloc` gave, and never NULL. Both may be called from any
 * thread.
 */
typedef struct tvae_allocator {
    size_t size; /**< sizeof(tvae_allocator) */
    void *user;  /**< Passed back to both functions. */
    void *(*alloc)(void *user, size_t bytes, size_t align);  /**< As above. */
    void (*release)(void *user, void *memory, size_t bytes); /**< As above. */
} tvae_allocator;

/** Where the library's messages go; without one they are dropped. */
typedef struct tvae_log_hook {
    size_t size; /**< sizeof(tvae_log_hook) */
    void *user;  /**< Passed back to the function. */
    void (*message)(void *user, int32_t level,
                    const char *text); /**< A level is a TVAE_LOG. */
} tvae_log_hook;

/** Facts about the machine and the libraries in use; all strings end in a zero. */
typedef struct tvae_runtime_facts {
    size_t size; /**< sizeof(tvae_runtime_facts), as passed to tvae_runtime_info() */
    int32_t n_threads;     /**< threads the library uses */
    int32_t n_cpus;        /**< CPUs this process may run on */
    int32_t kernel_level;  /**< kernel level in use, after the cap */
    int32_t machine_level; /**< best kernel level CPU and operating system allow */
    char cpu[64];          /**< the CPU's own name */
    char blas_kernel[32];  /**< OpenBLAS's kernel, such as "SkylakeX"; "unknown" elsewhere
                            */
    char blas_config[128]; /**< OpenBLAS's description of itself */
    char blas_advice[64];  /**< OPENBLAS_CORETYPE that would be faster here; empty if none
                            */
} tvae_runtime_facts;

/**
 * The name of a status, such as "TVAE_E_SHAPE"; "unknown status" for any other number.
 *
 * Ownership: a constant string.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API const char *tvae_status_name(int32_t status);

/**
 * The sentence that describes this thread's latest failure: the argument, the value got
 * and the value wanted. Empty before the first one; a success leaves it as it is. A
 * sentence of more than 1,023 bytes, as one with a long path, loses its middle.
 *
 * Ownership: a per-thread buffer, valid until this thread's next failure.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API const char *tvae_last_error(void);

/**
 * The version of the loaded library, such as "0.1.0".
 *
 * Ownership: a constant string.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API const char *tvae_version(void);

/**
 * Replace the allocator for the whole process.
 *
 * @param[in] allocator  Copied; NULL returns to the default (64-byte aligned malloc).
 *
 * @retval TVAE_OK             From now on all memory comes from it.
 * @retval TVAE_E_INVALID      A function is missing or the size is impossible.
 * @retval TVAE_E_STATE        Memory of the previous allocator is still in use.
 *
 * Ownership: what @p allocator points to is copied; its functions must stay callable.
 * Threads:   startup.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_set_allocator(const tvae_allocator *allocator);

/**
 * Receive the library's messages.
 *
 * @param[in] hook  Copied; NULL drops messages again.
 *
 * @retval TVAE_OK         Messages go there from now on.
 * @retval TVAE_E_INVALID  The function is missing or the size is impossible.
 *
 * Ownership: what @p hook points to is copied.
 * Threads:   startup.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_set_log_hook(const tvae_log_hook *hook);

/**
 * Set how many threads the library computes with, the calling one included.
 *
 * Until this is called the library computes on the calling thread and leaves OpenBLAS's
 * own thread count as it finds it. The call makes OpenBLAS follow: its routines then run
 * on the library's threads, one product split among them, so that no two pools compete.
 *
 * @param[in] n_threads  1 to 256.
 *
 * @retval TVAE_OK         Set.
 * @retval TVAE_E_INVALID  Out of range.
 * @retval TVAE_E_NOMEM    The threads could not be started; the old count stays.
 * @retval TVAE_E_STATE    Called from a function that the library is calling.
 *
 * Threads:   startup.
 * Numerics:  results are reproducible to the bit for one thread count, not across counts.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_set_threads(int32_t n_threads);

/**
 * Cap the kernel level, so that tests and bug reports can be reproduced elsewhere.
 *
 * @param[in] level  TVAE_KERNEL_PORTABLE, _AVX2 or _AVX512; the machine's best is used
 * below it.
 *
 * @retval TVAE_OK         The kernels of at most that level are used from now on.
 * @retval TVAE_E_INVALID  Not a level.
 *
 * Threads:   startup.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_set_kernel_level(int32_t level);

/**
 * What the library runs on.
 *
 * @param[out] facts  Filled up to @p size bytes.
 * @param[in]  size   sizeof(tvae_runtime_facts) as the caller was compiled.
 *
 * @retval TVAE_OK         Filled.
 * @retval TVAE_E_INVALID  NULL, or a size this library never had.
 *
 * Ownership: nothing is kept.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_runtime_info(tvae_runtime_facts *facts, size_t size);

#ifdef __cplusplus
}
#endif

#endif
