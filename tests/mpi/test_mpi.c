/* SPDX-License-Identifier: MIT */
/* One rank of a test of libtvae-mpi, under mpirun.
 *
 *   test_mpi PART LEVEL     PART: whole, limits, arguments, abort
 *                           LEVEL: single, funneled, multiple
 *
 * Exit status 0, 1 on failure, 77 if MPI has no such level; of `abort` what the ranks are
 * ended with. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mpi.h>

#include <tvae/mpi.h>

#include "../exchange/exchange_checks.h"

enum { STATUS_OF_ABORT = 42, SKIPPED = 77 };

static bool require(bool fine, const char *what)
{
    if (!fine)
        (void)fprintf(stderr, "failed: %s (the latest error: %s)\n", what,
                      tvae_mpi_last_error());
    return fine;
}

#define REQUIRE(condition) require(condition, #condition)

static bool gives(tvae_status got, tvae_status want, const char *sentence)
{
    return REQUIRE(got == want) &&
           require(strstr(tvae_mpi_last_error(), sentence) != NULL, sentence);
}

static tvae_mpi_exchange *create(void)
{
    tvae_mpi_exchange *exchange = NULL;

    if (!require(tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_WORLD), &exchange) ==
                     TVAE_OK,
                 "create"))
        (void)MPI_Abort(MPI_COMM_WORLD, EXIT_FAILURE);
    return exchange;
}

/* ---- the checks of every exchange ---- */

static bool run_check(const named_check *named, tvae_mpi_exchange *exchange)
{
    exchange_check check = {.table = tvae_mpi_exchange_table(exchange)};
    const bool fine = named->function(&check);

    if (!fine)
        (void)fprintf(stderr, "%s: %s\n", named->name, check.failure);
    return fine;
}

/* With an exchange of rank order reversed: its ranks are not those of MPI_COMM_WORLD. */
static bool test_whole(int level)
{
    int rank = 0, n_ranks = 0;
    tvae_mpi_exchange *exchange = NULL;
    bool fine;
    MPI_Comm reversed;

    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    (void)MPI_Comm_split(MPI_COMM_WORLD, 0, n_ranks - rank, &reversed);
    fine =
        REQUIRE(tvae_mpi_exchange_create(MPI_Comm_c2f(reversed), &exchange) == TVAE_OK) &&
        REQUIRE(tvae_mpi_exchange_table(exchange)->rank == n_ranks - 1 - rank) &&
        REQUIRE(tvae_mpi_exchange_table(exchange)->n_ranks == n_ranks);
    (void)MPI_Comm_free(&reversed); /* the exchange has a duplicate */
    for (int i = 0; i < N_WHOLE_CHECKS && fine; i++)
        if (level == MPI_THREAD_MULTIPLE ||
            whole_checks[i].function != check_sums_go_on_while_nobody_calls)
            fine = run_check(&whole_checks[i], exchange);
    if (!fine) /* the others need not wait for their limit */
        tvae_mpi_abort(exchange, EXIT_FAILURE);
    tvae_mpi_exchange_destroy(&exchange);
    return REQUIRE(!exchange);
}

/* Did all ranks succeed? Says so over the program's own communicator, which a broken
 * exchange leaves alone. */
static bool all_are(bool fine)
{
    int own = fine, all = 0;

    (void)MPI_Allreduce(&own, &all, 1, MPI_INT, MPI_MIN, MPI_COMM_WORLD);
    return all;
}

static bool test_limits(void)
{
    bool fine = true;

    for (int i = 0; i < N_LIMIT_CHECKS; i++) {
        tvae_mpi_exchange *exchange = create();

        fine = all_are(run_check(&limit_checks[i], exchange) && fine);
        tvae_mpi_exchange_destroy(&exchange); /* returns at once */
    }
    return fine;
}

/* ---- arguments ---- */

/* MPI is off, and even MPI_Comm_c2f() may not be called. */
static bool create_refuses(tvae_status want, const char *sentence)
{
    tvae_mpi_exchange *exchange = (tvae_mpi_exchange *)&exchange;

    return gives(tvae_mpi_exchange_create(0, &exchange), want, sentence) &&
           REQUIRE(!exchange);
}

/* Even ranks here, odd ones there. */
static bool two_groups_are_refused(void)
{
    tvae_mpi_exchange *exchange = NULL;
    MPI_Comm half, between;
    int rank = 0;
    bool fine;

    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &half);
    (void)MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, 1 - rank % 2, 0, &between);
    fine = gives(tvae_mpi_exchange_create(MPI_Comm_c2f(between), &exchange),
                 TVAE_E_INVALID, "want MPI_Comm_c2f()") &&
           REQUIRE(!exchange);
    (void)MPI_Comm_free(&between);
    (void)MPI_Comm_free(&half);
    return fine;
}

static bool bad_handles_are_refused(void)
{
    tvae_mpi_exchange *exchange = NULL, *none = NULL;

    tvae_mpi_exchange_destroy(NULL);
    tvae_mpi_exchange_destroy(&none);
    return REQUIRE(!tvae_mpi_exchange_table(NULL)) &&
           gives(tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_WORLD), NULL),
                 TVAE_E_INVALID, "out is NULL") &&
           gives(tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_NULL), &exchange),
                 TVAE_E_INVALID, "want MPI_Comm_c2f()") &&
#ifdef OPEN_MPI /* another MPI may end the program */
           gives(tvae_mpi_exchange_create(12345678, &exchange), TVAE_E_INVALID,
                 "communicator is 12345678") &&
#endif
           REQUIRE(!exchange);
}

/* What a table's user may get wrong, by number. */
static bool wrong_call_is_refused(int number, const tvae_exchange *t)
{
    const size_t one[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const size_t most[16] = {(size_t)1 << 31};
    float v[16] = {0.0f};
    void *r = NULL;

    switch (number) {
    case 0:
        return gives(t->sum_start(t->user, NULL, 1, 0, &r), TVAE_E_INVALID, "are NULL");
    case 1:
        return gives(t->sum_start(t->user, v, 1, 2, &r), TVAE_E_INVALID, "type is 2");
    case 2:
        return gives(t->sum_start(t->user, v, 1, -1, &r), TVAE_E_INVALID, "type is -1");
    case 3:
        return gives(t->sum_start(t->user, v, 1, 0, NULL), TVAE_E_INVALID,
                     "request is NULL");
    case 4:
        return gives(t->sum_start(t->user, v, most[0], 0, &r), TVAE_E_UNSUPPORTED,
                     "at once");
    case 5:
        return gives(t->sum_wait(t->user, NULL, 1.0), TVAE_E_INVALID, "request is none");
    case 6:
        return gives(t->sum_wait(t->user, v, 1.0), TVAE_E_INVALID, "request is none");
    case 7:
        return gives(t->gather(t->user, v, NULL, v, 0, 1.0), TVAE_E_INVALID,
                     "counts is NULL");
    case 8:
        return gives(t->gather(t->user, NULL, one, v, 0, 1.0), TVAE_E_INVALID,
                     "are NULL");
    case 9:
        return gives(t->gather(t->user, v, most, v, 0, 1.0), TVAE_E_UNSUPPORTED,
                     "at once");
    case 10:
        return gives(t->gather(t->user, v, one, v, 3, 1.0), TVAE_E_INVALID, "type is 3");
    case 11:
        return gives(t->broadcast(t->user, v, 1, 0, -1, 1.0), TVAE_E_INVALID,
                     "root is -1");
    default:
        return gives(t->broadcast(t->user, NULL, 1, 0, 0, 1.0), TVAE_E_INVALID,
                     "are NULL");
    }
}

enum { N_WRONG_CALLS = 13 };

static bool wrong_calls_are_refused(void)
{
    bool fine = true;

    for (int number = 0; number < N_WRONG_CALLS; number++) {
        tvae_mpi_exchange *exchange = create();
        const tvae_exchange *const t = tvae_mpi_exchange_table(exchange);

        fine = wrong_call_is_refused(number, t) &&
               REQUIRE(t->barrier(t->user, 1.0) == TVAE_E_STATE) && fine;
        tvae_mpi_exchange_destroy(&exchange);
    }
    return fine;
}

static bool null_users_are_refused(void)
{
    tvae_mpi_exchange *exchange = create();
    const tvae_exchange t = *tvae_mpi_exchange_table(exchange);
    const size_t counts[16] = {0};
    void *request;
    const bool fine =
        gives(t.sum_start(NULL, NULL, 0, 0, &request), TVAE_E_INVALID, "user is NULL") &&
        gives(t.sum_wait(NULL, NULL, 1.0), TVAE_E_INVALID, "user is NULL") &&
        gives(t.gather(NULL, NULL, counts, NULL, 0, 1.0), TVAE_E_INVALID,
              "user is NULL") &&
        gives(t.broadcast(NULL, NULL, 0, 0, 0, 1.0), TVAE_E_INVALID, "user is NULL") &&
        gives(t.barrier(NULL, 1.0), TVAE_E_INVALID, "user is NULL");

    tvae_mpi_exchange_destroy(&exchange);
    return fine;
}

/* ---- the end of all ranks ---- */

/* Rank 0 ends them all, also those that would wait for a minute. */
static bool test_abort(void)
{
    tvae_mpi_exchange *exchange = create();
    const tvae_exchange *const t = tvae_mpi_exchange_table(exchange);

    if (t->rank == 0)
        tvae_mpi_abort(exchange, STATUS_OF_ABORT);
    (void)t->barrier(t->user, 60.0);
    return require(false, "still there");
}

/* ---- the parts ---- */

static bool run_part(const char *part, int level)
{
    if (strcmp(part, "whole") == 0)
        return all_are(test_whole(level));
    if (strcmp(part, "limits") == 0)
        return test_limits();
    if (strcmp(part, "arguments") == 0)
        return all_are(two_groups_are_refused() && bad_handles_are_refused() &&
                       null_users_are_refused() && wrong_calls_are_refused());
    if (strcmp(part, "abort") == 0)
        return test_abort();
    return require(false, "no such part");
}

int main(int argc, char **argv)
{
    const int level = argc < 3                           ? MPI_THREAD_SINGLE
                      : strcmp(argv[2], "multiple") == 0 ? MPI_THREAD_MULTIPLE
                      : strcmp(argv[2], "funneled") == 0 ? MPI_THREAD_FUNNELED
                                                         : MPI_THREAD_SINGLE;
    bool fine = create_refuses(TVAE_E_STATE, "MPI has not been started");
    int given = 0;

    tvae_mpi_abort(NULL, EXIT_FAILURE); /* does nothing */
    (void)MPI_Init_thread(&argc, &argv, level, &given);
    if (given < level) {
        (void)printf("SKIP mpi: this MPI has no thread level %s\n", argv[2]);
        (void)MPI_Finalize();
        return SKIPPED;
    }
    fine = run_part(argc > 1 ? argv[1] : "whole", level) && fine;
    (void)MPI_Finalize();
    fine = create_refuses(TVAE_E_STATE, "or has ended") && fine;
    return fine ? EXIT_SUCCESS : EXIT_FAILURE;
}
