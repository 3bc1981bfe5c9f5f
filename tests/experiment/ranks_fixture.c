/* SPDX-License-Identifier: MIT */
#include "ranks_fixture.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "in_process_exchange.h"

/* ---- ranks ---- */

typedef struct rank_thread {
    pthread_t thread;
    tvae_status (*work)(rank_job *job);
    rank_job *job;
    in_process_group *group;
    tvae_exchange table;
} rank_thread;

static void *work_as_rank(void *context)
{
    rank_thread *t = context;
    rank_job *job = t->job;

    job->status = t->work(job);
    if (job->status != TVAE_OK)
        (void)snprintf(job->message, sizeof job->message, "%s", tvae_last_error());
    in_process_group_leave(t->group, t->table.rank);
    return NULL;
}

void run_ranks(int32_t n_ranks, tvae_status (*work)(rank_job *job), void *context,
               rank_job jobs[MOST_RANKS])
{
    in_process_group *group = in_process_group_create(n_ranks);
    rank_thread threads[MOST_RANKS];

    ck_assert_ptr_nonnull(group);
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        threads[rank] = (rank_thread){.work = work, .job = &jobs[rank], .group = group};
        in_process_group_table(group, rank, &threads[rank].table);
        jobs[rank] = (rank_job){.exchange = &threads[rank].table, .context = context};
    }
    for (int32_t rank = 0; rank < n_ranks; rank++)
        ck_assert_int_eq(
            pthread_create(&threads[rank].thread, NULL, work_as_rank, &threads[rank]), 0);
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        ck_assert_int_eq(pthread_join(threads[rank].thread, NULL), 0);
        jobs[rank].exchange = NULL;
    }
    in_process_group_destroy(group);
}

void assert_all_fail(const rank_job *jobs, int32_t n_ranks, tvae_status wanted,
                     const char *part)
{
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        ck_assert_msg(jobs[rank].status == wanted, "rank %d: %s, %s", rank,
                      tvae_status_name(jobs[rank].status), jobs[rank].message);
        ck_assert_msg(strstr(jobs[rank].message, part) != NULL,
                      "rank %d says \"%s\", want \"%s\"", rank, jobs[rank].message, part);
    }
}

void assert_all_ok(const rank_job *jobs, int32_t n_ranks)
{
    assert_all_fail(jobs, n_ranks, TVAE_OK, "");
}

/* ---- JSON ---- */

static bool is_measured(const char *key)
{
    return strcmp(key, "step_seconds") == 0 || strcmp(key, "seconds") == 0 ||
           strcmp(key, "peak_rss_bytes") == 0;
}

static size_t compare_values(const json_t *got, const json_t *want, double relative,
                             const char *name);

static size_t compare_objects(const json_t *got, const json_t *want, double relative)
{
    const char *key;
    json_t *value;
    size_t n = 0;

    ck_assert_uint_eq(json_object_size(got), json_object_size(want));
    json_object_foreach((json_t *)(uintptr_t)want, key, value)
    {
        if (!is_measured(key))
            n += compare_values(json_object_get(got, key), value, relative, key);
    }
    return n;
}

/* How many numbers were compared? */
static size_t compare_values(const json_t *got, const json_t *want, double relative,
                             const char *name)
{
    size_t n = 0;

    ck_assert_msg(json_typeof(got) == json_typeof(want), "%s differs in kind", name);
    if (json_is_object(want))
        return compare_objects(got, want, relative);
    if (json_is_number(want)) {
        assert_near(name, json_number_value(got), json_number_value(want), relative,
                    1e-9);
        return 1;
    }
    if (!json_is_array(want)) {
        ck_assert_msg(json_equal(got, want), "%s differs", name);
        return 0;
    }
    ck_assert_uint_eq(json_array_size(got), json_array_size(want));
    for (size_t i = 0; i < json_array_size(want); i++)
        n += compare_values(json_array_get(got, i), json_array_get(want, i), relative,
                            name);
    return n;
}

/* The next value of *text, which moves on to its end; NULL: none. */
static json_t *next_value(const char **text)
{
    json_error_t error;
    json_t *value;

    *text += strspn(*text, " \n");
    if (**text == '\0')
        return NULL;
    value = json_loadb(*text, strlen(*text), JSON_DISABLE_EOF_CHECK, &error);
    ck_assert_msg(value != NULL, "%s", error.text);
    *text += error.position;
    return value;
}

void assert_close_json(const char *path, const char *wanted, double relative)
{
    char *got_text = read_file(path, NULL), *want_text = read_file(wanted, NULL);
    const char *got_place = got_text, *want_place = want_text;
    json_t *got, *want;
    size_t n = 0;

    while ((want = next_value(&want_place))) {
        got = next_value(&got_place);
        ck_assert_msg(got != NULL, "%s ends before %s", path, wanted);
        n += compare_values(got, want, relative, path);
        json_decref(got);
        json_decref(want);
    }
    ck_assert_msg(!next_value(&got_place), "%s goes on after %s", path, wanted);
    ck_assert_uint_gt(n, 10);
    free(got_text);
    free(want_text);
}

/* ---- data ---- */

void write_vectors(const char *path, size_t n)
{
    enum { WIDTH = 7 };
    const size_t shape[] = {n, WIDTH};
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL, *labels = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &x));
    ASSERT_OK(tvae_tensor_create(1, shape, &labels));
    fill_uniform(tvae_tensor_data(x), n * WIDTH, -1.0, 1.0, 1);
    for (size_t i = 0; i < n; i++)
        tvae_tensor_data(labels)[i] = (float)(i % 2);
    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_put(archive, "x", x));
    ASSERT_OK(tvae_archive_put(archive, "labels", labels));
    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&labels);
}
