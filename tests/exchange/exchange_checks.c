/* SPDX-License-Identifier: MIT */
#include "exchange_checks.h"

#include <stdlib.h>
#include <string.h>

#include "exchange_support.h"

static const double patience = 60.0; /* of calls that should end at once */

/* ---- sums ---- */

static const size_t sizes[] = {0, 1, 2, 7, 1000, 4099, 300001};
enum { N_SIZES = sizeof sizes / sizeof sizes[0] };

static bool sum_now(exchange_check *c, void *values, size_t n, int32_t type)
{
    const tvae_exchange *const t = c->table;
    void *request = NULL;

    return expect_status(c, "sum_start", t->sum_start(t->user, values, n, type, &request),
                         TVAE_OK) &&
           expect_status(c, "sum_wait", t->sum_wait(t->user, request, patience), TVAE_OK);
}

bool check_sums_are_exact(exchange_check *check)
{
    bool fine = true;

    for (int32_t type = 0; type <= TVAE_EXCHANGE_BFLOAT16; type++)
        for (size_t s = 0; s < N_SIZES && fine; s++) {
            void *values = create_values(sizes[s], type, check->table->rank);

            fine = sum_now(check, values, sizes[s], type) &&
                   are_sums(check, values, sizes[s], type);
            free(values);
        }
    return fine;
}

/* What the ranks 0 and 1 bring, and the sum: numbers with 8 bits of significand. */
static const struct {
    uint16_t first, second, sum;
} rounded[] = {
    {0x3f80, 0x3b80, 0x3f80}, /* 1 + 2^-8, between two: to the even 1 */
    {0x3f81, 0x3b80, 0x3f82}, /* 1 + 2^-7 + 2^-8: up to the even one */
    {0x3f80, 0x3b81, 0x3f81}, /* a little more than half: up */
    {0xbf80, 0xbb80, 0xbf80}, /* the same below zero */
    {0x7f7f, 0x7f7f, 0x7f80}, /* the largest one twice: infinite */
    {0x7f80, 0x3f80, 0x7f80}, /* infinite stays so */
};
enum { N_ROUNDED = sizeof rounded / sizeof rounded[0] };

/* Sums that are no number. */
static const struct {
    uint16_t first, second;
} not_numbers[] = {
    {0x7fff, 0x3f80}, /* NaN, all bits set */
    {0x3f80, 0x7f81}, /* NaN, the last bit alone */
    {0x7f80, 0xff80}, /* two infinities */
};
enum { N_NAN = sizeof not_numbers / sizeof not_numbers[0] };

bool check_bfloat16_is_rounded_to_nearest_even(exchange_check *check)
{
    const int32_t rank = check->table->rank;
    uint16_t values[N_ROUNDED + N_NAN];

    for (size_t i = 0; i < N_ROUNDED; i++)
        values[i] = rank == 0 ? rounded[i].first : rank == 1 ? rounded[i].second : 0;
    for (size_t i = 0; i < N_NAN; i++)
        values[N_ROUNDED + i] = rank == 0   ? not_numbers[i].first
                                : rank == 1 ? not_numbers[i].second
                                            : 0;
    if (!sum_now(check, values, N_ROUNDED + N_NAN, TVAE_EXCHANGE_BFLOAT16))
        return false;
    for (size_t i = 0; i < N_ROUNDED; i++)
        if (values[i] != rounded[i].sum)
            return fail_check(check, "the pattern of a rounded sum", values[i],
                              rounded[i].sum);
    for (size_t i = N_ROUNDED; i < N_ROUNDED + N_NAN; i++)
        if ((values[i] & 0x7fff) <= 0x7f80)
            return fail_check(check, "the pattern of a NaN", values[i], 0x7fc0);
    return true;
}

/* Numbers whose sum depends on the order. */
static void fill_unevenly(void *values, size_t n, int32_t type, int32_t rank)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t mixed = (uint32_t)(i * 2654435761u + (size_t)rank * 40503u);
        const float value = (float)(mixed % 1000003u) / 997.0f - 400.0f;
        uint32_t bits;
        float cut;

        memcpy(&bits, &value, sizeof bits);
        bits &= type == TVAE_EXCHANGE_FLOAT32 ? 0xffffffffu : 0xffff0000u;
        memcpy(&cut, &bits, sizeof cut);
        put_value(values, i, type, cut);
    }
}

static bool all_parts_are_equal(exchange_check *c, const void *own, size_t bytes)
{
    const tvae_exchange *const t = c->table;
    size_t *counts = calloc((size_t)t->n_ranks, sizeof *counts);
    char *all = malloc((size_t)t->n_ranks * bytes);
    bool fine;

    if (!counts || !all)
        abort();
    for (int32_t rank = 0; rank < t->n_ranks; rank++)
        counts[rank] = bytes;
    fine = expect_status(
        c, "gather", t->gather(t->user, own, counts, all, TVAE_EXCHANGE_BYTE, patience),
        TVAE_OK);
    for (int32_t rank = 0; rank < t->n_ranks && fine; rank++)
        if (memcmp(all + (size_t)rank * bytes, own, bytes) != 0)
            fine = fail_check(c, "the rank that has other bits", rank, t->rank);
    free(counts);
    free(all);
    return fine;
}

bool check_ranks_get_the_same_bits(exchange_check *check)
{
    bool fine = true;

    for (int32_t type = 0; type <= TVAE_EXCHANGE_BFLOAT16; type++)
        for (size_t s = 1; s < N_SIZES && fine; s++) {
            void *values = create_values(sizes[s], type, 0);

            fill_unevenly(values, sizes[s], type, check->table->rank);
            fine = sum_now(check, values, sizes[s], type) &&
                   all_parts_are_equal(check, values, sizes[s] * bytes_of(type));
            free(values);
        }
    return fine;
}

/* ---- several sums at once ---- */

enum { N_SUMS = 150 };

/* A sum under way. */
typedef struct sum {
    void *values, *request;
    size_t n;
    int32_t type;
} sum;

static bool start_sums(exchange_check *c, sum *sums, size_t n_sums)
{
    const tvae_exchange *const t = c->table;
    bool fine = true;

    for (size_t i = 0; i < n_sums; i++) {
        sum *const s = &sums[i];

        s->n = i % 40 == 39 ? 300001 : i % 5 == 0 ? i / 5 % 3 : 100 + i * 37 % 1001;
        s->type = i % 3 ? TVAE_EXCHANGE_FLOAT32 : TVAE_EXCHANGE_BFLOAT16;
        s->values = create_values(s->n, s->type, t->rank);
        fine = fine &&
               expect_status(c, "sum_start",
                             t->sum_start(t->user, s->values, s->n, s->type, &s->request),
                             TVAE_OK);
    }
    return fine;
}

static bool end_sums(exchange_check *c, sum *sums, size_t n_sums, bool backwards)
{
    const tvae_exchange *const t = c->table;
    bool fine = true;

    for (size_t k = 0; k < n_sums; k++) {
        const sum *const s = &sums[backwards ? n_sums - 1 - k : k];

        fine = fine &&
               expect_status(c, "sum_wait", t->sum_wait(t->user, s->request, patience),
                             TVAE_OK) &&
               are_sums(c, s->values, s->n, s->type);
    }
    if (fine) /* else the exchange may still write there */
        for (size_t i = 0; i < n_sums; i++)
            free(sums[i].values);
    return fine;
}

bool check_many_sums_are_under_way(exchange_check *check)
{
    static const size_t numbers[] = {12, N_SUMS, 1, 70};

    for (size_t round = 0; round < 8; round++) {
        sum sums[N_SUMS] = {{.n = 0}};
        const size_t n = numbers[round / 2];

        if (!start_sums(check, sums, n) || !end_sums(check, sums, n, round % 2))
            return false;
    }
    return true;
}

bool check_sums_go_on_while_nobody_calls(exchange_check *check)
{
    const size_t n = 2000003; /* too many for a single step of the engine */
    const tvae_exchange *const t = check->table;
    void *values = create_values(n, TVAE_EXCHANGE_FLOAT32, t->rank);
    void *request = NULL;
    bool fine;

    if (!expect_status(check, "barrier", t->barrier(t->user, patience), TVAE_OK))
        return false;
    fine = expect_status(
        check, "sum_start",
        t->sum_start(t->user, values, n, TVAE_EXCHANGE_FLOAT32, &request), TVAE_OK);
    sleep_for(2.0);
    fine = fine &&
           expect_status(check, "sum_wait without waiting",
                         t->sum_wait(t->user, request, 0.0), TVAE_OK) &&
           are_sums(check, values, n, TVAE_EXCHANGE_FLOAT32);
    if (fine)
        free(values);
    return fine;
}

/* ---- gather, broadcast, barrier ---- */

/* Rank r gives (r * factor) % 7 values, times `scale`. */
static bool gather_counts(exchange_check *c, int32_t type, size_t factor, size_t scale)
{
    const tvae_exchange *const t = c->table;
    size_t *counts = calloc((size_t)t->n_ranks, sizeof *counts), n_all = 0, at = 0;
    void *own, *all;
    bool fine;

    if (!counts)
        abort();
    for (int32_t rank = 0; rank < t->n_ranks; rank++) {
        counts[rank] = (size_t)rank * factor % 7 * scale;
        n_all += counts[rank];
    }
    own = create_values(counts[t->rank], type, t->rank);
    all = create_values(n_all, type, 100);
    fine = expect_status(c, "gather",
                         t->gather(t->user, own, counts, all, type, patience), TVAE_OK);
    for (int32_t rank = 0; rank < t->n_ranks && fine; rank++)
        for (size_t i = 0; i < counts[rank] && fine; i++, at++) {
            const double got = take_value(all, at, type),
                         want = (double)value_of(rank, i);

            fine = (got >= want && got <= want) ||
                   fail_check(c, "a gathered value", got, want);
        }
    fine = fine && is_guarded(c, all, n_all, type);
    free(counts);
    free(own);
    free(all);
    return fine;
}

bool check_gather_puts_parts_together(exchange_check *check)
{
    bool fine = true;

    for (int32_t type = 0; type <= TVAE_EXCHANGE_BYTE && fine; type++)
        fine = gather_counts(check, type, 5, 1) && gather_counts(check, type, 0, 1) &&
               gather_counts(check, type, 3, 1000) &&
               gather_counts(check, type, 6, 100003);
    return fine;
}

bool check_broadcast_reaches_all_from_each_root(exchange_check *check)
{
    const tvae_exchange *const t = check->table;
    bool fine = true;

    for (int32_t root = 0; root < t->n_ranks; root++)
        for (size_t k = 0; k < N_SIZES * 3 && fine; k++) {
            const size_t n = sizes[k / 3];
            const int32_t type = (int32_t)(k % 3);
            void *values = create_values(n, type, t->rank);

            fine = expect_status(check, "broadcast",
                                 t->broadcast(t->user, values, n, type, root, patience),
                                 TVAE_OK);
            for (size_t i = 0; i < n && fine; i++) {
                const double got = take_value(values, i, type),
                             want = (double)value_of(root, i);

                fine = (got >= want && got <= want) ||
                       fail_check(check, "a broadcast value", got, want);
            }
            fine = fine && is_guarded(check, values, n, type);
            free(values);
        }
    return fine;
}

bool check_barrier_waits_for_the_last(exchange_check *check)
{
    const tvae_exchange *const t = check->table;
    double start, waited;

    if (!expect_status(check, "barrier", t->barrier(t->user, patience), TVAE_OK))
        return false;
    start = seconds_now();
    if (t->rank == t->n_ranks - 1)
        sleep_for(0.5);
    if (!expect_status(check, "barrier", t->barrier(t->user, patience), TVAE_OK))
        return false;
    waited = seconds_now() - start;
    /* The last one may have begun its pause a little earlier. */
    return waited > 0.3 || fail_check(check, "the time in a barrier", waited, 0.5);
}

const named_check whole_checks[N_WHOLE_CHECKS] = {
    EXCHANGE_CHECK(sums_are_exact),
    EXCHANGE_CHECK(bfloat16_is_rounded_to_nearest_even),
    EXCHANGE_CHECK(ranks_get_the_same_bits),
    EXCHANGE_CHECK(many_sums_are_under_way),
    EXCHANGE_CHECK(gather_puts_parts_together),
    EXCHANGE_CHECK(broadcast_reaches_all_from_each_root),
    EXCHANGE_CHECK(barrier_waits_for_the_last),
    EXCHANGE_CHECK(sums_go_on_while_nobody_calls),
};
