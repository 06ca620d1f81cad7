/*
 * What a report says, gathered from the counter file and the journal, as JSON: the page and
 * `report --json` are two ways to show the same. Its members:
 *
 * - since, until: seconds since 1970.
 *
 * - hits: file; error, in words that go behind its name, or resources, total, damaged and top, an
 *   array of {path, count}, most hit first. null where nothing is counted.
 *
 * - requests: error, or total, bytes, statuses ({"200": count}), bucket_seconds, buckets ({time,
 *   requests, bytes}), slowest ({time, target, status, duration_us}), missing ({target, count,
 *   referer}: what was answered 404).
 *
 * Paths are percent-encoded as in a URL, targets and referers escaped as in the log: all is ASCII.
 */
#ifndef MAYFLY_MAYFLYCTL_REPORT_H
#define MAYFLY_MAYFLYCTL_REPORT_H

#include "journal.h"
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>

enum { REPORT_ROWS = 20 }; /* of each list, at most */

/*
 * Each gathers one part; the object is the caller's. A counter file that need not exist comes with
 * the first hit.
 */
struct json_object *report_hits(const char *hits_file, bool must_exist);
struct json_object *report_requests(time_t since, time_t until, const struct journal_users *others);

/* Of {count, ...} objects, leaves those with the highest counts, highest first. */
struct json_object *report_top(struct json_object *rows);

/*
 * Writes the whole report as one HTML page that needs nothing but itself: no script, no font, no
 * picture from anywhere else. Whether all could be written, `page` knows (ferror).
 */
void report_write_page(FILE *page, struct json_object *report);

#endif
