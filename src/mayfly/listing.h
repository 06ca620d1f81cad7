/*
 * The rows of a directory's listing, in memory of a fixed size: reads the directory, and the hits
 * of its files. listing_sort.h sorts them, listing_page.h writes the page.
 */
#ifndef MAYFLY_LISTING_H
#define MAYFLY_LISTING_H

#include "http/order.h"
#include <stdint.h>
#include <time.h>

struct resource;

enum {
	LISTING_ROWS_MAX = 10000,
	LISTING_NAMES_MAX = 64 * LISTING_ROWS_MAX, /* bytes of all names, each with its NUL */
	LISTING_README_MAX = 32768,                /* bytes of a README that are shown */
};

struct listing_row {
	struct view name; /* NUL-terminated */
	bool is_directory;
	bool may_be_link;         /* a symbolic link, or of a type that getdents64(2) did not say */
	uint64_t size;            /* bytes */
	struct timespec modified; /* st_mtim */
	uint64_t hits;
};

struct listing {
	struct view path; /* of the directory, decoded, from the site's root: "/sub/" */
	struct order order;
	bool is_variant; /* selected by a query: not the page that links lead to */
	bool shows_hits;
	bool is_cut;     /* the directory holds more than the listing has room for */
	bool lacks_some; /* the system failed to open a file, which is not shown */
	size_t count;
	size_t names_length;
	struct listing_row rows[LISTING_ROWS_MAX];
	char names[LISTING_NAMES_MAX];
	struct view readme_name; /* listing_readme.h; empty if there is none */
	struct view readme;
	bool readme_is_cut;
	char readme_bytes[LISTING_README_MAX];
};

/*
 * Adds a row for each entry of a directory that would be served: readable regular files and
 * directories, also through links that stay inside the site's directory, unless the name begins
 * with a dot. The caller empties the listing and sets its path and order. Returns NULL, or the
 * reason code "file-unreadable".
 */
const char *listing_read(struct listing *listing, const struct resource *directory);

/*
 * Looks up the hits of each file, and sets shows_hits. `hits`: descriptor of the counter file;
 * `directory`: as for listing_read. Returns NULL, or an error of counter_get: a reason code.
 */
const char *listing_read_hits(struct listing *listing, int hits, const struct resource *directory);

#endif
