/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <math.h>

#include "base/options.h"

/* The table of keys as programs and documentation see it. */

_Static_assert(sizeof(tvae_key_facts) == 80, "frozen layout of release 0.1");

static const char *type_name(tvi_key_type type)
{
    switch (type) {
    case TVI_KEY_INTEGER:
        return "integer";
    case TVI_KEY_REAL:
        return "number";
    case TVI_KEY_WORD:
        return "word";
    case TVI_KEY_WORDS:
        return "words";
    case TVI_KEY_LIST:
        return "five integers";
    case TVI_KEY_NAME:
        return "name";
    case TVI_KEY_PATH:
        break;
    }
    return "path";
}

tvae_status tvae_config_key_facts(size_t index, tvae_key_facts *facts, size_t size)
{
    const tvi_key *key;
    tvae_key_facts known = {.size = sizeof known};
    bool ranged;

    if (index >= tvi_n_keys)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "config_key_facts: index is %zu, but there are %zu keys", index,
                        tvi_n_keys);
    key = &tvi_keys[index];
    ranged = key->type == TVI_KEY_INTEGER || key->type == TVI_KEY_REAL ||
             key->type == TVI_KEY_LIST;
    known.name = key->name;
    known.meaning = key->meaning;
    known.type = type_name(key->type);
    known.initial = key->initial;
    known.words = key->words;
    known.low = ranged ? key->low : (double)NAN;
    known.high = ranged ? key->high : (double)NAN;
    known.low_is_outside = key->flags & TVI_KEY_ABOVE_LOW ? 1 : 0;
    known.high_is_outside = key->flags & TVI_KEY_BELOW_HIGH ? 1 : 0;
    known.may_change_on_resume = key->flags & TVI_KEY_FREE ? 1 : 0;
    known.zero_is_automatic = key->flags & TVI_KEY_ZERO_AUTO ? 1 : 0;
    return tvi_options_export(facts, size, sizeof known, &known, sizeof known,
                              "config_key_facts");
}
