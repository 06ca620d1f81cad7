/*
 * The records that one bucket links, one after another: what adding a hit, looking one up,
 * verifying and repairing share. Internal to src/counter.
 */
#ifndef MAYFLY_COUNTER_CHAIN_H
#define MAYFLY_COUNTER_CHAIN_H

#include "layout.h"

enum counter_step {
	COUNTER_STEP_RECORD,  /* chain->record is the next record */
	COUNTER_STEP_END,     /* no more: a new record is to be linked at chain->link */
	COUNTER_STEP_FULL,    /* COUNTER_CHAIN_MAX records were read: none may be added */
	COUNTER_STEP_DAMAGED, /* a link that no power failure explains, or a read error */
};

struct counter_chain {
	int file;
	uint64_t bucket; /* offset of the bucket head, in bytes, as are all offsets here */
	uint64_t link;   /* offset of the link to follow: first the head, then that of the record */
	uint64_t next;   /* what that link says */
	uint64_t pos;    /* offset of the record; 0 before the first */
	unsigned length; /* records so far */
	struct counter_record record; /* points into page */
	unsigned char page[COUNTER_PAGE];
};

/* Begins at a bucket head. Returns false if it cannot be read. */
bool counter_chain_begin(struct counter_chain *chain, int file, uint64_t bucket);

/*
 * Reads the next record. A link to no record, or to a record of another bucket, ends the chain:
 * its record was lost in a power failure. Links lead to higher offsets, so no chain has a cycle.
 */
enum counter_step counter_chain_next(struct counter_chain *chain);

/* Reads the records of a path's bucket until that of the path. Returns the last step. */
enum counter_step counter_chain_find(struct counter_chain *chain, int file, const char *path,
                                     size_t path_length);

/* Reads all records of a bucket. Returns how the chain ends: never COUNTER_STEP_RECORD. */
enum counter_step counter_chain_end(int file, uint64_t bucket);

#endif
