/* SPDX-License-Identifier: MIT */
#include "io/npy_header.h"

#include <string.h>

#include "base/memory.h"

enum { WORD_BYTES = 24, HAS_DESCR = 1, HAS_ORDER = 2, HAS_SHAPE = 4, HAS_ALL = 7 };

static const char *skip_blanks(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

/* Step over one character after blanks; false if it is another. */
static bool accept(const char **text, char wanted)
{
    const char *next = skip_blanks(*text);

    if (*next != wanted)
        return false;
    *text = next + 1;
    return true;
}

/* A quoted word without escapes, of fewer than WORD_BYTES bytes. */
static bool parse_word(const char **text, char word[WORD_BYTES])
{
    const char *start = skip_blanks(*text), *end;
    size_t length;

    if (*start != '\'' && *start != '"')
        return false;
    end = strchr(start + 1, *start);
    if (!end)
        return false;
    length = (size_t)(end - start - 1);
    if (length >= WORD_BYTES || memchr(start, '\\', length))
        return false;
    memcpy(word, start + 1, length);
    word[length] = '\0';
    *text = end + 1;
    return true;
}

static tvae_status fail_syntax(const tvi_reader *reader, const char *where)
{
    return tvi_reader_fail(reader, TVAE_E_FORMAT,
                           "the .npy header is not understood at \"%.30s\"", where);
}

/* An element type such as "<f4": byte order, kind, bytes. */
static tvae_status find_element(const tvi_reader *reader, const char *descr,
                                tvi_element *type)
{
    static const struct {
        char name[3];
        tvi_element type;
    } known[] = {
        {"b1", TVI_ELEMENT_BOOL}, {"u1", TVI_ELEMENT_U8},  {"i1", TVI_ELEMENT_I8},
        {"u2", TVI_ELEMENT_U16},  {"i2", TVI_ELEMENT_I16}, {"u4", TVI_ELEMENT_U32},
        {"i4", TVI_ELEMENT_I32},  {"u8", TVI_ELEMENT_U64}, {"i8", TVI_ELEMENT_I64},
        {"f2", TVI_ELEMENT_F16},  {"f4", TVI_ELEMENT_F32}, {"f8", TVI_ELEMENT_F64},
    };

    for (size_t i = 0; *descr && i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(descr + 1, known[i].name) != 0 || !strchr("<>|", *descr))
            continue;
        *type = known[i].type;
        if (tvi_element_bytes(*type) == 1 || *descr == '<')
            return TVAE_OK;
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "element type \"%s\" is not little-endian; save the array "
                               "as \"<%s\"",
                               descr, known[i].name);
    }
    if (*descr && descr[1] == 'O')
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "the array holds pickled Python objects, which are never "
                               "unpickled; save it as numbers");
    return tvi_reader_fail(
        reader, TVAE_E_UNSUPPORTED,
        "element type \"%s\", want a float, integer or boolean such as "
        "\"<f4\"",
        descr);
}

/* A decimal extent; Python 2 wrote an L after it. */
static bool parse_extent(const char **text, size_t *extent)
{
    const char *next = skip_blanks(*text);
    size_t value = 0;

    if (*next < '0' || *next > '9')
        return false;
    for (; *next >= '0' && *next <= '9'; next++)
        if (!tvi_multiply(value, 10, &value) ||
            !tvi_add(value, (size_t)(*next - '0'), &value))
            return false;
    *extent = value;
    *text = *next == 'L' ? next + 1 : next;
    return true;
}

/* A tuple: "()", "(3,)", "(3, 4)". A single "(3)" is a number to Python, and refused. */
static tvae_status parse_shape(const tvi_reader *reader, const char **text,
                               tvi_npy_header *header)
{
    const char *start = skip_blanks(*text);
    bool comma = true;

    header->rank = 0;
    if (!accept(text, '('))
        return fail_syntax(reader, start);
    while (!accept(text, ')')) {
        if (!comma)
            return fail_syntax(reader, start);
        if (header->rank == TVAE_MAX_RANK)
            return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                                   "the array has more than %d axes", TVAE_MAX_RANK);
        if (!parse_extent(text, &header->shape[header->rank]))
            return fail_syntax(reader, start);
        header->rank++;
        comma = accept(text, ',');
    }
    return header->rank == 1 && !comma ? fail_syntax(reader, start) : TVAE_OK;
}

static tvae_status parse_descr(const tvi_reader *reader, const char **text,
                               tvi_npy_header *header)
{
    char word[WORD_BYTES];

    if (*skip_blanks(*text) == '[')
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "the array has named fields, want plain numbers");
    if (!parse_word(text, word))
        return fail_syntax(reader, *text);
    return find_element(reader, word, &header->type);
}

static tvae_status parse_order(const tvi_reader *reader, const char **text, bool *fortran)
{
    const char *start = skip_blanks(*text);

    *fortran = strncmp(start, "True", 4) == 0;
    if (!*fortran && strncmp(start, "False", 5) != 0)
        return fail_syntax(reader, start);
    *text = start + (*fortran ? 4 : 5);
    return TVAE_OK;
}

/* One "key: value"; `*seen` collects the keys. */
static tvae_status parse_pair(const tvi_reader *reader, const char **text,
                              tvi_npy_header *header, bool *fortran, int *seen)
{
    const char *start = skip_blanks(*text);
    char key[WORD_BYTES];
    int which;

    if (!parse_word(text, key) || !accept(text, ':'))
        return fail_syntax(reader, start);
    which = strcmp(key, "descr") == 0           ? HAS_DESCR
            : strcmp(key, "fortran_order") == 0 ? HAS_ORDER
            : strcmp(key, "shape") == 0         ? HAS_SHAPE
                                                : 0;
    if (!which || (*seen & which))
        return fail_syntax(reader, start);
    *seen |= which;
    return which == HAS_DESCR   ? parse_descr(reader, text, header)
           : which == HAS_ORDER ? parse_order(reader, text, fortran)
                                : parse_shape(reader, text, header);
}

tvae_status tvi_npy_parse_header(const tvi_reader *reader, const char *text,
                                 tvi_npy_header *header)
{
    const char *next = text;
    bool fortran = false, comma = true;
    int seen = 0;
    tvae_status st;

    if (!accept(&next, '{'))
        return fail_syntax(reader, next);
    while (!accept(&next, '}')) {
        if (!comma)
            return fail_syntax(reader, next);
        st = parse_pair(reader, &next, header, &fortran, &seen);
        if (st != TVAE_OK)
            return st;
        comma = accept(&next, ',');
    }
    if (seen != HAS_ALL || *skip_blanks(next))
        return fail_syntax(reader, *skip_blanks(next) ? next : text);
    if (fortran && header->rank > 1)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "the array is in Fortran order; save "
                               "numpy.ascontiguousarray() of it");
    return TVAE_OK;
}
