/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "failing_allocation.h"
#include "fixture.h"
#include "harness.h"
#include "host_memory.h"

/* Calls every public function with bad arguments, each in a process of its own: one bad
 * argument at a time, every two together, and all of them. What is called next stands in
 * memory that the parent shares, so that a crash can be told. */

enum {
    SECONDS_A_CALL = 100,
    MOST_PAIRS = 4000,       /* of a function; beyond them, one of so many is taken */
    LARGEST_BLOCK = 64 << 20 /* what the machine of this test has of memory */
};

struct shared *shared;

static void *alloc_up_to_largest(void *user, size_t bytes, size_t align)
{
    if (bytes > LARGEST_BLOCK)
        return NULL;
    return alloc_any(user, bytes, align);
}

void complain(const char *what, const outcome *result)
{
    shared->n_wrong++;
    fprintf(stderr, "%s: %s; got %s (%s)\n", shared->call, what,
            result->has_status ? tvae_status_name(result->status) : "a value",
            tvae_last_error());
}

/* The sentence begins with the call's name; the allocator and calls within say their own.
 */
static bool names_call(const char *sentence, const public_function *function)
{
    const size_t length = strcspn(sentence, ":");
    char name[64];

    if (length >= sizeof name || sentence[length] != ':' || sentence[length + 1] != ' ')
        return false;
    memcpy(name, sentence, length);
    name[length] = '\0';
    return strcmp(name, function->name) == 0 || strstr(function->inner, name) ||
           strcmp(name, "out of memory") == 0;
}

static void check_failure(const public_function *function, const outcome *result)
{
    const char *sentence = tvae_last_error();

    if (strcmp(tvae_status_name(result->status), "unknown status") == 0)
        complain("an unknown status", result);
    if (!names_call(sentence, function) || strlen(sentence) < 12)
        complain("no sentence that names the call", result);
    shared->n_refused++;
}

static void check(const public_function *function, const outcome *result,
                  expectation expected)
{
    if (!result->has_status) {
        if (expected == MUST_BE_INVALID && result->number > 0.0)
            complain("want nothing for NULL", result);
        return;
    }
    if (result->status != TVAE_OK)
        check_failure(function, result);
    if (result->output_is_wrong)
        complain("the output is not NULL after a failure, or NULL after a success",
                 result);
    if (expected == MUST_FAIL && result->status == TVAE_OK)
        complain("want a failure", result);
    if (expected == MUST_BE_INVALID && result->status != TVAE_E_INVALID)
        complain("want TVAE_E_INVALID", result);
}

static void describe(const public_function *function, const choices *parameters,
                     const size_t *at)
{
    size_t used =
        (size_t)snprintf(shared->call, sizeof shared->call, "%s", function->name);

    for (size_t i = 0; i < function->n_parameters && used < sizeof shared->call; i++)
        used += (size_t)snprintf(shared->call + used, sizeof shared->call - used, "%s%s",
                                 i ? ", " : " of ", parameters[i].names[at[i]]);
}

static outcome call(const public_function *function, const choices *parameters,
                    const size_t *at, expectation expected)
{
    const size_t n_before = tvi_live_blocks();
    argument arguments[MAX_PARAMETERS];
    outcome result;

    describe(function, parameters, at);
    for (size_t i = 0; i < function->n_parameters; i++)
        arguments[i] = parameters[i].values[at[i]];
    /* another call's sentence, so that one left over does not pass for this one's */
    (void)tvae_tensor_fill_normal(NULL, 0, 0);
    if (strcmp(function->name, "tensor_fill_normal") == 0)
        (void)tvae_stream_reset(NULL);
    alarm(SECONDS_A_CALL);
    result = function->call(arguments);
    alarm(0);
    shared->n_calls++;
    check(function, &result, expected);
    if (result.has_status && result.status != TVAE_OK && tvi_live_blocks() != n_before)
        complain("blocks were left behind", &result);
    return result;
}

static void call_valid(const public_function *function, const choices *parameters)
{
    const size_t at[MAX_PARAMETERS] = {0};
    const outcome result = call(function, parameters, at, MAY_PASS);

    if (result.has_status && result.status != function->valid_status)
        complain("the arguments were meant to be valid", &result);
}

static void call_with_one(const public_function *function, const choices *parameters)
{
    for (size_t i = 0; i < function->n_parameters; i++)
        for (size_t k = 1; k < parameters[i].n; k++) {
            size_t at[MAX_PARAMETERS] = {0};

            at[i] = k;
            (void)call(function, parameters, at,
                       i > 0 && strcmp(function->name, "tensor_extent") == 0
                           ? MAY_PASS
                           : parameters[i].expected[k]);
        }
}

static void call_with_two(const public_function *function, const choices *parameters)
{
    size_t n_pairs = 0, next = 0, stride;

    for (size_t i = 0; i < function->n_parameters; i++)
        for (size_t j = i + 1; j < function->n_parameters; j++)
            n_pairs += (parameters[i].n - 1) * (parameters[j].n - 1);
    stride = n_pairs / MOST_PAIRS + 1;
    for (size_t i = 0; i < function->n_parameters; i++)
        for (size_t j = i + 1; j < function->n_parameters; j++)
            for (size_t k = 1; k < parameters[i].n; k++)
                for (size_t l = 1; l < parameters[j].n; l++) {
                    size_t at[MAX_PARAMETERS] = {0};

                    at[i] = k;
                    at[j] = l;
                    if (next++ % stride == 0)
                        (void)call(function, parameters, at, MAY_PASS);
                }
}

/* The first bad value of each, then the second, ... */
static void call_with_all(const public_function *function, const choices *parameters)
{
    for (size_t k = 1; k < MAX_VALUES; k++) {
        size_t at[MAX_PARAMETERS] = {0};
        bool is_new = false;

        for (size_t i = 0; i < function->n_parameters; i++) {
            at[i] = k < parameters[i].n ? k : parameters[i].n - 1;
            is_new = is_new || k < parameters[i].n;
        }
        if (!is_new)
            return;
        (void)call(function, parameters, at, MAY_PASS);
    }
}

static void run_child(const public_function *function, bool lacks_memory)
{
    choices *parameters = keep_bytes(MAX_PARAMETERS * sizeof *parameters);

    fixture_begin();
    function->prepare(parameters);
    call_valid(function, parameters);
    if (lacks_memory) {
        refuse_allocations(function, parameters);
        call_valid(function, parameters);
        return;
    }
    call_with_one(function, parameters);
    if (!function->is_slow)
        call_with_two(function, parameters);
    call_with_all(function, parameters);
    call_valid(function, parameters);
}

/* Whether the process that called the function came through. */
static bool survives(const public_function *function, bool lacks_memory)
{
    const pid_t child = fork();
    int status = 0;

    (void)snprintf(shared->call, sizeof shared->call, "%s", "the fixture");
    if (child == 0) {
        run_child(function, lacks_memory);
        fflush(NULL);
        _exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) != child) {
        perror("fork");
        return false;
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return true;
    fprintf(stderr, "%s: ended by %s %d\n", shared->call,
            WIFSIGNALED(status) ? "signal" : "status",
            WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    return false;
}

static void make_files_apart(void)
{
    const pid_t child = fork(); /* so that this process has no handles */
    int status;

    if (child == 0) {
        fixture_make_files();
        _exit(EXIT_SUCCESS);
    }
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
        exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    const tvae_allocator allocator = {
        .size = sizeof allocator, .alloc = alloc_up_to_largest, .release = release_any};
    const bool lacks_memory = argc > 1 && strcmp(argv[1], "--memory") == 0;
    const char *only = argc > 1 + lacks_memory ? argv[1 + lacks_memory] : NULL;
    char folder[] = "arguments-XXXXXX", command[64];
    size_t n_functions = 0, n_ended = 0;

    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED || !mkdtemp(folder) || chdir(folder) != 0 ||
        tvae_set_allocator(lacks_memory ? &failing_allocator : &allocator) != TVAE_OK) {
        fprintf(stderr, "the test cannot begin\n");
        return EXIT_FAILURE;
    }
    make_files_apart();
    for (size_t i = 0; i < n_public_functions; i++)
        if (!only || strcmp(only, public_functions[i].name) == 0) {
            n_functions++;
            n_ended += !survives(&public_functions[i], lacks_memory);
        }
    (void)snprintf(command, sizeof command, "cd .. && rm -rf %s", folder);
    if (system(command) != 0)
        return EXIT_FAILURE;
    printf("%zu functions, %zu calls, %zu %s; %zu wrong, %zu crashed\n", n_functions,
           shared->n_calls, shared->n_refused,
           lacks_memory ? "with a failed allocation" : "refused with a sentence",
           shared->n_wrong, n_ended);
    return shared->n_calls && !shared->n_wrong && !n_ended ? EXIT_SUCCESS : EXIT_FAILURE;
}
