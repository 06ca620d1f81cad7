/* Counting texts: how often each occurred, in bounded memory. */
#ifndef MAYFLY_MAYFLYCTL_TALLY_H
#define MAYFLY_MAYFLYCTL_TALLY_H

#include "base/view.h"
#include <stdint.h>

/*
 * Different texts that are counted at once: clients can send any. If there are more, the rarer half is
 * dropped to make room, so that texts which each occur once cannot keep out the frequent ones.
 */
enum { TALLY_MAX = 4000 };

struct tally_row {
	char *text;
	uint64_t count;
};

/* Initialize to {0}. The rows are sorted by text until tally_rank. */
struct tally {
	struct tally_row rows[TALLY_MAX];
	size_t count;
};

/* Adds to the count of a text, or raises it to `count` if it is lower. */
void tally_add(struct tally *tally, struct view text, uint64_t count);
void tally_raise(struct tally *tally, struct view text, uint64_t count);

/* Returns the count of a text, or 0. Call it before tally_rank. */
uint64_t tally_get(const struct tally *tally, struct view text);

/* Sorts by count, highest first; equal counts by text. Call it last. */
void tally_rank(struct tally *tally);

void tally_free(struct tally *tally);

#endif
