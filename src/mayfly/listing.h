/*
 * What a listing of a folder shows, in memory that does not grow with the folder: reading it,
 * the hits, the order. How it looks is listing_page.h's.
 */
#ifndef MAYFLY_LISTING_H
#define MAYFLY_LISTING_H

#include "http/order.h"
#include <stdint.h>
#include <time.h>

struct resource;

enum {
	LISTING_ROWS_MAX = 10000,
	LISTING_NAMES_MAX = 64 * LISTING_ROWS_MAX, /* bytes of all names together */
};

struct listing_row {
	struct view name; /* terminated */
	bool is_folder;
	bool may_be_link;         /* a symbolic link, or its file system does not say */
	uint64_t size;            /* bytes */
	struct timespec modified; /* st_mtim */
	uint64_t hits;
};

struct listing {
	struct view path; /* of the folder, decoded, from the site's root: "/sub/" */
	struct order order;
	bool shows_hits;
	bool is_cut; /* there is more in the folder than there is room for */
	size_t count;
	size_t names_length;
	struct listing_row rows[LISTING_ROWS_MAX];
	char names[LISTING_NAMES_MAX];
};

/*
 * Reads what the folder holds that a visitor would be served: regular files and folders that can be
 * read, through links too where these stay beneath the site's folder; nothing whose name begins
 * with a dot. The listing is to be empty, and its path and order set. Returns NULL, or
 * "file-unreadable".
 */
const char *listing_read(struct listing *listing, const struct resource *folder);

/*
 * Looks up the hits of each file. hits: descriptor of the counter file; folder: what the listing was
 * read from. Returns NULL, or why the counts are not to be had, a reason code of counter_get; they are
 * then not shown.
 */
const char *listing_read_hits(struct listing *listing, int hits, const struct resource *folder);

/* Folders first, then in the listing's order; among equals by name (natural.h), ascending. */
void listing_sort(struct listing *listing);

#endif
