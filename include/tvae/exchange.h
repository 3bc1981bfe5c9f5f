/* SPDX-License-Identifier: MIT */
#ifndef TVAE_EXCHANGE_H
#define TVAE_EXCHANGE_H

#include <tvae/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 9: training on several processes or machines at once, its *ranks*. The library
 * knows no network: it reaches the other ranks through a table of functions, which
 * libtvae-mpi (tvae/mpi.h) fills from an MPI communicator and a host application may fill
 * from an engine of its own.
 */

/** What the values of an exchange are. */
enum {
    TVAE_EXCHANGE_FLOAT32 = 0,  /**< float */
    TVAE_EXCHANGE_BFLOAT16 = 1, /**< the upper half of a float, two bytes */
    TVAE_EXCHANGE_BYTE = 2      /**< a byte, passed on as it is: never summed */
};

/**
 * The way to the other ranks. All ranks call the same functions in the same order with
 * the same numbers of values; each call is a collective that ends when all have made it.
 *
 * Each function returns TVAE_OK, or TVAE_E_TIMEOUT if it took more than @c seconds, or
 * what else went wrong. After a failure the exchange is of no use any more: nobody calls
 * it again, and memory it was given stays as it is until the process ends, as the engine
 * may still write there. Sums may be made in any order that gives all ranks the same
 * bits.
 *
 * One thread calls at a time. The table is copied; what @c user points to must outlive
 * every trainer and run that has it.
 */
typedef struct tvae_exchange {
    size_t size;     /**< sizeof(tvae_exchange) */
    void *user;      /**< The first argument of all functions. */
    int32_t rank;    /**< of this process: 0 to n_ranks - 1 */
    int32_t n_ranks; /**< >= 1 */
    /** Begin to replace values [n_values], TVAE_EXCHANGE_FLOAT32 or BFLOAT16, by their
     *  sums over all ranks; @c request names it to sum_wait. Several may be under way:
     *  they are begun, and waited for, in the same order on all ranks. */
    tvae_status (*sum_start)(void *user, void *values, size_t n_values, int32_t type,
                             void **request);
    /** Wait until the values are the sums. */
    tvae_status (*sum_wait)(void *user, void *request, double seconds);
    /** Put together all ranks' values: @c all is filled with counts[0] values of rank 0,
     *  counts[1] of rank 1 and so on; this rank gives own [counts[rank]]. */
    tvae_status (*gather)(void *user, const void *own, const size_t *counts, void *all,
                          int32_t type, double seconds);
    /** Make values [n_values] those of @c root on all ranks. */
    tvae_status (*broadcast)(void *user, void *values, size_t n_values, int32_t type,
                             int32_t root, double seconds);
    /** Return when all ranks have called. */
    tvae_status (*barrier)(void *user, double seconds);
    /** A sentence about the latest failure on this thread; may be NULL. */
    const char *(*last_error)(void *user);
} tvae_exchange;

/** How a trainer uses an exchange. */
typedef struct tvae_exchange_options {
    size_t size;            /**< filled by tvae_exchange_options_init() */
    double timeout_seconds; /**< > 0: most that a collective may take, waiting for slower
                                 ranks included; default 120 */
    int64_t bucket_bytes;   /**< >= 4096: a gradient is sent in pieces of about this size,
                                 each as soon as it is there; default 4 MiB */
    int32_t gradient_type;  /**< how gradients are sent: TVAE_EXCHANGE_FLOAT32 (default)
                                 or BFLOAT16, half the bytes, rounded to 8 bits of
                                 significand */
    int32_t row_sparse;     /**< 1 (default): of the first layers' weights only those rows
                                 are sent whose input was not zero throughout on any rank;
                                 the result is the same; 0: all are */
    int32_t shared_memory;  /**< 1 (default): where all ranks run on one machine, they add
                                 up gradients in memory that they share; 0: sum_start
                                 does it */
    int32_t factors;        /**< 1 (default): where inputs are sparse and the whole batch
                                 is small, ranks send each other a first layer's inputs
                                 and the gradients by its outputs, and each multiplies
                                 them: less to send than the weight's gradient, and
                                 nothing is rounded (not with max_gradient_norm); 0: the
                                 gradient is sent */
} tvae_exchange_options;

/** Fill @p options with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any.
 *  Since: 0.1 */
TVAE_API tvae_status tvae_exchange_options_init(tvae_exchange_options *options,
                                                size_t size);

/** What the exchange of a trainer's latest step took. */
typedef struct tvae_exchange_facts {
    size_t size;         /**< sizeof(tvae_exchange_facts) of the library */
    double sent_bytes;   /**< of gradients that this rank gave to be summed, and of
                              factors that it gave to be gathered */
    double dense_bytes;  /**< what they would be as float32 with all rows */
    double wait_seconds; /**< in which the step did nothing but wait for other ranks */
    int64_t n_buckets;   /**< pieces the gradient was sent in */
} tvae_exchange_facts;

#ifdef __cplusplus
}
#endif

#endif
