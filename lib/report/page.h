/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_PAGE_H
#define TVI_REPORT_PAGE_H

#include <jansson.h>

#include "report/figures.h"

/* What the page's script reads is one JSON object, made of these parts. */

/* Style and script (lib/report/page), made into arrays by its `embed`. */
extern const unsigned char tvi_page_css[], tvi_page_js[];
extern const unsigned long tvi_page_css_bytes, tvi_page_js_bytes;

/* Any bytes as a JSON string: what is not UTF-8 is replaced by '?'. NULL without memory.
 */
json_t *tvi_json_text(const char *text);

/* "data:image/png;base64,..." of `n_bytes` of a PNG; NULL without memory, the error set.
 */
json_t *tvi_json_picture(const unsigned char *bytes, size_t n_bytes);

/* One run: its name, configuration, summary, log and the pictures in its folder. */
tvae_status tvi_page_run(tvae_run *run, json_t **out);

/* Add to a run's object what its capsule explorer needs: frames of a few test sequences,
 * their reconstructions, and the first frame decoded under every roll. */
tvae_status tvi_page_explorers(tvae_run *run, const char *data, json_t *object);

/* Add a member; a value that could not be made (NULL) shows in the result. */
bool tvi_json_add(json_t *object, const char *name, json_t *value);

tvae_status tvi_fail_json(void);

#endif
