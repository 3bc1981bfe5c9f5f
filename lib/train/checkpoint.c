/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "io/io.h"
#include "layer/backlog.h"
#include "tensor/tensor.h"

/* A trainer's state as a checksummed safetensors file: the parameters ("model.<name>")
 * and the optimiser's buffers ("optimizer.<name>.<buffer>") in their exposed shapes, and
 * everything else as text in the metadata, so that 64-bit integers stay exact. */

enum { ENTRY_BYTES = TVI_NAME_BYTES + 32 };

static const char format_name[] = "tvae-trainer-1";

/* More than anyone takes, and counting on from there overflows nothing. */
static const uint64_t most_steps = (uint64_t)1 << 53;

/* The options that are numbers of type double, beside the learning rate. A state without
 * a `late` one is of the time before it, and was saved with its default. */
static const struct {
    const char *name;
    size_t offset;
    bool late;
} real_options[] = {
    {"momentum", offsetof(tvae_train_options, momentum), false},
    {"beta1", offsetof(tvae_train_options, beta1), false},
    {"beta2", offsetof(tvae_train_options, beta2), false},
    {"epsilon", offsetof(tvae_train_options, epsilon), false},
    {"weight_decay", offsetof(tvae_train_options, weight_decay), false},
    {"schedule_gamma", offsetof(tvae_train_options, schedule_gamma), true},
    {"min_learning_rate", offsetof(tvae_train_options, min_learning_rate), true},
    {"max_gradient_norm", offsetof(tvae_train_options, max_gradient_norm), true},
    {"kl_weight", offsetof(tvae_train_options, kl_weight), true}};

enum { N_REAL_OPTIONS = sizeof real_options / sizeof *real_options };

static double real_option(const tvae_train_options *options, size_t index)
{
    double value;

    memcpy(&value, (const char *)options + real_options[index].offset, sizeof value);
    return value;
}

/* The options that are whole numbers of at least 0, beside the seed. */
static const struct {
    const char *name;
    bool late;
} whole_options[] = {{"optimizer", false},
                     {"schedule", true},
                     {"schedule_steps", true},
                     {"kl_warmup_steps", true}};

enum { N_WHOLE_OPTIONS = sizeof whole_options / sizeof *whole_options };

static uint64_t whole_option(const tvae_train_options *options, size_t index)
{
    const int64_t values[N_WHOLE_OPTIONS] = {options->optimizer, options->schedule,
                                             options->schedule_steps,
                                             options->kl_warmup_steps};

    return (uint64_t)values[index];
}

/* ---- the arrays ---- */

/* One array of the state: a parameter's value or one of its buffers. */
typedef struct entry {
    char name[ENTRY_BYTES];
    tvi_parameter *parameter;
    float *stored;
} entry;

/* Entry `place` of a slot (0: the value, then the buffers); false past the last. */
static bool find_entry(const tvi_optimiser *optimiser, size_t slot_index, size_t place,
                       entry *found)
{
    const tvi_optimiser_slot *slot = &optimiser->slots[slot_index];

    tvi_backlog_settle(slot->parameter); /* what an action looks at is up to date */
    found->parameter = slot->parameter;
    if (place == 0) {
        found->stored = slot->parameter->value;
        (void)snprintf(found->name, sizeof found->name, "model.%s", slot->name);
        return true;
    }
    if (!slot->parameter->trainable || place > optimiser->n_buffers)
        return false;
    found->stored = slot->buffers[place - 1];
    (void)snprintf(found->name, sizeof found->name, "optimizer.%s.%s", slot->name,
                   tvi_optimiser_buffer_name(optimiser, place - 1));
    return true;
}

typedef tvae_status (*entry_action)(const entry *e, void *archive, const char *call);

static tvae_status for_each_entry(const tvi_optimiser *optimiser, entry_action action,
                                  void *archive, const char *call, size_t *n_entries)
{
    tvae_status st = TVAE_OK;
    entry e;

    *n_entries = 0;
    for (size_t slot = 0; slot < optimiser->n_slots && st == TVAE_OK; slot++)
        for (size_t place = 0; st == TVAE_OK && find_entry(optimiser, slot, place, &e);
             place++) {
            st = action(&e, archive, call);
            ++*n_entries;
        }
    return st;
}

static tvae_status put_entry(const entry *e, void *archive, const char *call)
{
    const size_t bad = tvi_first_non_finite(e->stored, e->parameter->count);
    tvae_tensor *tensor = NULL;
    tvae_status st;

    if (bad < e->parameter->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "%s: %s holds %g, want finite numbers: training has diverged; "
                        "nothing is saved, lower the learning rate",
                        call, e->name, (double)e->stored[bad]);
    st = tvae_tensor_create(e->parameter->rank, e->parameter->shape, &tensor);
    if (st != TVAE_OK)
        return st;
    tvi_parameter_export(e->parameter, e->stored, tensor->data);
    st = tvae_archive_put(archive, e->name, tensor);
    tvae_tensor_destroy(&tensor);
    return st;
}

static tvae_status check_entry(const entry *e, void *archive, const char *call)
{
    tvae_tensor *tensor = NULL;
    tvae_status st = tvae_archive_get(archive, e->name, &tensor);

    if (st != TVAE_OK && st != TVAE_E_NOT_FOUND)
        return st;
    if (st == TVAE_E_NOT_FOUND)
        return tvi_fail(TVAE_E_FORMAT,
                        "%s: the state has no array \"%s\", want the state of an equal "
                        "model and optimiser",
                        call, e->name);
    if (!tvi_tensor_has_shape(tensor, e->parameter->rank, e->parameter->shape)) {
        char got[TVI_SHAPE_TEXT], wanted[TVI_SHAPE_TEXT];

        st = tvi_fail(TVAE_E_FORMAT, "%s: the state's %s is %s, want %s", call, e->name,
                      tvi_shape_text(tensor->rank, tensor->shape, got),
                      tvi_shape_text(e->parameter->rank, e->parameter->shape, wanted));
    } else if (tvi_first_non_finite(tensor->data, tensor->count) < tensor->count) {
        st = tvi_fail(TVAE_E_FORMAT, "%s: the state's %s is not finite", call, e->name);
    } else {
        st = TVAE_OK;
    }
    tvae_tensor_destroy(&tensor);
    return st;
}

/* After check_entry() has found everything in order. */
static tvae_status import_entry(const entry *e, void *archive, const char *call)
{
    tvae_tensor *tensor = NULL;
    tvae_status st = tvae_archive_get(archive, e->name, &tensor);

    (void)call;
    if (st == TVAE_OK)
        tvi_parameter_import(e->parameter, tensor->data, e->stored);
    tvae_tensor_destroy(&tensor);
    return st;
}

/* ---- the numbers ---- */

static tvae_status put_real(tvae_archive *archive, const char *name, double value)
{
    char text[TVI_NUMBER_TEXT];

    return tvae_archive_set_metadata(archive, name, tvi_format_real(value, text));
}

static tvae_status put_integer(tvae_archive *archive, const char *name, uint64_t value)
{
    char text[TVI_NUMBER_TEXT];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    return tvae_archive_set_metadata(archive, name, text);
}

static tvae_status put_numbers(const tvae_trainer *trainer, tvae_archive *archive)
{
    const tvae_train_options *o = &trainer->optimiser.options;
    tvae_status st = tvae_archive_set_metadata(archive, "format", format_name);

    if (st == TVAE_OK)
        st = put_integer(archive, "step", (uint64_t)trainer->n_steps);
    if (st == TVAE_OK)
        st = put_integer(archive, "seed", o->seed);
    if (st == TVAE_OK)
        st = put_real(archive, "learning_rate", trainer->initial_rate);
    if (st == TVAE_OK)
        st = put_real(archive, "current_learning_rate", o->learning_rate);
    for (size_t i = 0; i < N_WHOLE_OPTIONS && st == TVAE_OK; i++)
        st = put_integer(archive, whole_options[i].name, whole_option(o, i));
    for (size_t i = 0; i < N_REAL_OPTIONS && st == TVAE_OK; i++)
        st = put_real(archive, real_options[i].name, real_option(o, i));
    return st;
}

static tvae_status find_integer(const tvae_archive *archive, const char *name,
                                uint64_t *value, const char *call)
{
    const char *text = tvae_archive_metadata(archive, name);

    if (text && tvi_parse_unsigned(text, value))
        return TVAE_OK;
    return tvi_fail(TVAE_E_FORMAT, "%s: the state's %s is \"%s\", want a whole number",
                    call, name, text ? text : "missing");
}

static tvae_status find_real(const tvae_archive *archive, const char *name, double *value,
                             const char *call)
{
    const char *text = tvae_archive_metadata(archive, name);

    if (text && tvi_parse_real(text, value))
        return TVAE_OK;
    return tvi_fail(TVAE_E_FORMAT, "%s: the state's %s is \"%s\", want a number", call,
                    name, text ? text : "missing");
}

static tvae_status match_integer(const tvae_archive *archive, const char *name,
                                 uint64_t wanted, const char *call)
{
    uint64_t got = 0;
    tvae_status st = find_integer(archive, name, &got, call);

    if (st == TVAE_OK && got != wanted)
        st = tvi_fail(TVAE_E_INVALID,
                      "%s: the state was saved with %s %" PRIu64
                      ", the trainer has %" PRIu64
                      ": create it with the option it was saved with",
                      call, name, got, wanted);
    return st;
}

static tvae_status match_real(const tvae_archive *archive, const char *name,
                              double wanted, const char *call)
{
    double got = 0.0;
    tvae_status st = find_real(archive, name, &got, call);

    if (st == TVAE_OK && got != wanted)
        st =
            tvi_fail(TVAE_E_INVALID,
                     "%s: the state was saved with %s %.9g, the trainer has %.9g: create "
                     "it with the option it was saved with",
                     call, name, got, wanted);
    return st;
}

/* Without an entry for a late option the trainer must have the default. */
static bool is_default_entry(const tvae_archive *archive, const char *name, bool late,
                             bool has_default)
{
    return late && has_default && !tvae_archive_metadata(archive, name);
}

static tvae_status match_options(const tvae_trainer *trainer, const tvae_archive *archive,
                                 const char *call)
{
    const tvae_train_options *o = &trainer->optimiser.options;
    tvae_train_options defaults;
    tvae_status st = tvae_train_options_init(&defaults, sizeof defaults);

    for (size_t i = 0; i < N_WHOLE_OPTIONS && st == TVAE_OK; i++) {
        const uint64_t value = whole_option(o, i);

        if (!is_default_entry(archive, whole_options[i].name, whole_options[i].late,
                              value == whole_option(&defaults, i)))
            st = match_integer(archive, whole_options[i].name, value, call);
    }
    for (size_t i = 0; i < N_REAL_OPTIONS && st == TVAE_OK; i++) {
        const double value = real_option(o, i);

        if (!is_default_entry(archive, real_options[i].name, real_options[i].late,
                              value == real_option(&defaults, i)))
            st = match_real(archive, real_options[i].name, value, call);
    }
    return st;
}

/* All options must be those of the trainer; step and present rate are handed out. */
static tvae_status check_numbers(const tvae_trainer *trainer, const tvae_archive *archive,
                                 const char *call, uint64_t *step, double *rate)
{
    const tvae_train_options *o = &trainer->optimiser.options;
    const char *format = tvae_archive_metadata(archive, "format");
    tvae_status st;

    if (!format || strcmp(format, format_name) != 0)
        return tvi_fail(TVAE_E_FORMAT, "%s: the file's format is \"%s\", want \"%s\"",
                        call, format ? format : "not given", format_name);
    st = match_integer(archive, "seed", o->seed, call);
    if (st == TVAE_OK)
        st = match_options(trainer, archive, call);
    if (st == TVAE_OK)
        st = match_real(archive, "learning_rate", trainer->initial_rate, call);
    if (st == TVAE_OK)
        st = find_real(archive, "current_learning_rate", rate, call);
    if (st == TVAE_OK && !(*rate > 0.0))
        st = tvi_fail(TVAE_E_FORMAT,
                      "%s: the state's current_learning_rate is %g, want more than 0",
                      call, *rate);
    if (st == TVAE_OK)
        st = find_integer(archive, "step", step, call);
    if (st == TVAE_OK && *step > most_steps)
        st = tvi_fail(TVAE_E_FORMAT,
                      "%s: the state's step is %" PRIu64 ", want at most %" PRIu64, call,
                      *step, most_steps);
    return st;
}

tvae_status tvi_trainer_describe(const tvae_trainer *trainer, char *text, size_t capacity)
{
    const tvae_train_options *o = &trainer->optimiser.options;
    size_t used =
        (size_t)snprintf(text, capacity, "seed=%" PRIu64 "\nlearning_rate=%.17g\n",
                         o->seed, trainer->initial_rate);

    for (size_t i = 0; i < N_WHOLE_OPTIONS && used < capacity; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%s=%" PRIu64 "\n",
                                 whole_options[i].name, whole_option(o, i));
    for (size_t i = 0; i < N_REAL_OPTIONS && used < capacity; i++)
        used += (size_t)snprintf(text + used, capacity - used, "%s=%.17g\n",
                                 real_options[i].name, real_option(o, i));
    return used < capacity
               ? TVAE_OK
               : tvi_fail(TVAE_E_INVALID, "trainer: the options are too long");
}

/* ---- both ---- */

tvae_status tvi_trainer_to_archive(const tvae_trainer *trainer, tvae_archive *archive,
                                   const char *call)
{
    size_t n_entries;
    tvae_status st = put_numbers(trainer, archive);

    if (st == TVAE_OK)
        st = for_each_entry(&trainer->optimiser, put_entry, archive, call, &n_entries);
    return st;
}

tvae_status tvi_trainer_from_archive(tvae_trainer *trainer, tvae_archive *archive,
                                     const char *call)
{
    size_t n_entries = 0;
    uint64_t step = 0;
    double rate = 0.0;
    tvae_status st = check_numbers(trainer, archive, call, &step, &rate);

    if (st == TVAE_OK)
        st = for_each_entry(&trainer->optimiser, check_entry, archive, call, &n_entries);
    if (st == TVAE_OK && tvae_archive_count(archive) != n_entries)
        st = tvi_fail(TVAE_E_FORMAT,
                      "%s: the state holds %zu arrays, want the %zu of this model and "
                      "optimiser",
                      call, tvae_archive_count(archive), n_entries);
    if (st == TVAE_OK)
        st = for_each_entry(&trainer->optimiser, import_entry, archive, call, &n_entries);
    if (st != TVAE_OK)
        return st;
    trainer->n_steps = (int64_t)step;
    trainer->optimiser.options.learning_rate = rate;
    return TVAE_OK;
}

tvae_status tvi_trainer_model_from_archive(tvae_model *model, tvae_archive *archive,
                                           const char *call)
{
    const tvi_parameter_list *list = &model->parameters;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < list->n_items && st == TVAE_OK; i++) {
        tvi_parameter *parameter = list->items[i].parameter;
        entry e = {.parameter = parameter, .stored = parameter->value};

        (void)snprintf(e.name, sizeof e.name, "model.%s", list->items[i].name);
        st = check_entry(&e, archive, call);
        if (st == TVAE_OK)
            st = import_entry(&e, archive, call);
    }
    return st;
}

tvae_status tvae_trainer_save(tvae_trainer *trainer, const char *path)
{
    tvae_archive *archive = NULL;
    tvae_status st;

    if (!trainer || !path)
        return tvi_fail(TVAE_E_INVALID, "trainer_save: %s is NULL",
                        trainer ? "path" : "trainer");
    st = tvae_archive_create(&archive);
    if (st == TVAE_OK)
        st = tvi_trainer_to_archive(trainer, archive, "trainer_save");
    if (st == TVAE_OK)
        st = tvi_archive_save_checked(archive, path);
    tvae_archive_destroy(&archive);
    return st;
}

tvae_status tvae_trainer_load(tvae_trainer *trainer, const char *path)
{
    tvae_archive *archive = NULL;
    tvae_status st;

    if (!trainer || !path)
        return tvi_fail(TVAE_E_INVALID, "trainer_load: %s is NULL",
                        trainer ? "path" : "trainer");
    st = tvi_archive_load_checked(path, &archive);
    if (st == TVAE_OK)
        st = tvi_trainer_from_archive(trainer, archive, "trainer_load");
    tvae_archive_destroy(&archive);
    return st;
}
