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

/*@ predicate chain_is_valid(struct counter_chain *c) = is_head(c->bucket) && c->length <= COUNTER_CHAIN_MAX &&
      (c->length == 0 ? c->pos == 0 && c->link == c->bucket
                      : is_record_place(c->pos) && c->link == c->pos + COUNTER_RECORD_NEXT);
    // Its path lies in the page that was read.
    predicate record_is_read(struct counter_chain *c) = c->record.path == (char *)&c->page[COUNTER_RECORD_PATH] &&
      c->record.path_length <= COUNTER_PATH_MAX; */

/* Begins at a bucket head. Returns false if it cannot be read. */
/*@ requires \valid(chain) && is_head(bucket);
    assigns *chain;
    ensures chain_is_valid(chain) && chain->length == 0 && chain->bucket == bucket; */
bool counter_chain_begin(struct counter_chain *chain, int file, uint64_t bucket);

/*
 * Reads the next record. A link to no record, or to a record of another bucket, ends the chain:
 * its record was lost in a power failure. Links lead to higher offsets, so no chain has a cycle.
 */
/*@ requires \valid(chain) && chain_is_valid(chain);
    assigns *chain;
    ensures chain_is_valid(chain);
    ensures chain->bucket == \old(chain->bucket);
    ensures \result == COUNTER_STEP_RECORD ==> record_is_read(chain) && chain->pos > \old(chain->pos) &&
      chain->length == \old(chain->length) + 1;
    ensures \result != COUNTER_STEP_RECORD ==> chain->link == \old(chain->link) && chain->length == \old(chain->length); */
enum counter_step counter_chain_next(struct counter_chain *chain);

/* Reads the records of a path's bucket until that of the path. Returns the last step. */
/*@ requires \valid(chain) && \valid_read(path + (0 .. path_length - 1));
    requires \separated(chain, path + (0 .. path_length - 1));
    assigns *chain;
    ensures chain_is_valid(chain);
    ensures \result == COUNTER_STEP_RECORD ==> record_is_read(chain) && is_record_place(chain->pos); */
enum counter_step counter_chain_find(struct counter_chain *chain, int file, const char *path,
                                     size_t path_length);

/* Reads all records of a bucket. Returns how the chain ends: never COUNTER_STEP_RECORD. */
/*@ requires is_head(bucket);
    assigns \nothing;
    ensures \result != COUNTER_STEP_RECORD; */
enum counter_step counter_chain_end(int file, uint64_t bucket);

#endif
