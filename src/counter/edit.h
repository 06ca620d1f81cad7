/*
 * What only the owner's tool does to a counter file: adds many hits at once, sets counts to nought,
 * looks for damage and mends it. All of it may be done while handlers count: each change is made
 * under the lock, in place, and leaves a valid file whichever call is the last that is made.
 */
#ifndef MAYFLY_COUNTER_EDIT_H
#define MAYFLY_COUNTER_EDIT_H

#include "counter.h"

/*
 * The same as counter_add, with as many hits as asked. Of an amount of 0 the resource gets its
 * record, as if it were to be counted, and result.count is what it has: what keeps a hit from being
 * counted can be found so beforehand. "hits-damaged" is also where the count would no longer fit 64
 * bits.
 */
struct counter_result counter_add_amount(int file, const char *path, size_t path_length,
                                         uint64_t amount, unsigned lock_wait_ms);

struct counter_dropped {
	uint64_t records;
	uint64_t hits;
};

/*
 * Sets the count of every record to 0 whose path `drops` says yes to, and adds up what was dropped:
 * a hit is in *dropped, or it is still in the file. `drops` runs without the lock; the lock is
 * taken for a page at a time. Returns NULL or a reason code: those of counter_each, and
 * "hits-disk-full" and "hits-write-failed" of counter_add. What was set to 0 before stays so.
 */
const char *counter_reset(int file,
                          bool (*drops)(void *context, const char *path, size_t path_length),
                          void *context, struct counter_dropped *dropped);

enum counter_fault {
	COUNTER_FAULT_HEADER, /* the header is not ours, but there are records */
	COUNTER_FAULT_SHORT,  /* the file ends within the table */
	COUNTER_FAULT_BYTES,  /* bytes that are neither record nor zeros */
	COUNTER_FAULT_LINK,   /* of a bucket head or a record: no hit of that bucket can be added */
	COUNTER_FAULT_CHAIN,  /* a bucket head: so many records are linked that none can be added */
	COUNTER_FAULT_COUNT,  /* a count that no hit can be added to: only a reset helps */
	COUNTER_FAULT_UNREADABLE, /* the system fails to read this */
};

struct counter_finding {
	enum counter_fault fault;
	uint64_t offset; /* in the file; in bytes, as is length */
	uint64_t length;
	const char *path; /* of the record whose link or count it is, else NULL; not terminated */
	size_t path_length;
};

struct counter_survey {
	uint64_t records; /* that are good, with a count or without */
	uint64_t faults;
};

/*
 * Reads the whole file, and calls `found` for each fault, in the file's order and without the lock.
 * What a power failure may leave is no fault. The descriptor may be open for reading only. Returns
 * NULL, where the file could be judged, or a reason code: "hits-foreign", "hits-not-a-file" or
 * "hits-locked".
 */
const char *counter_verify(int file,
                           void (*found)(void *context, const struct counter_finding *finding),
                           void *context, struct counter_survey *survey);

/*
 * Mends all faults but COUNTER_FAULT_COUNT and COUNTER_FAULT_UNREADABLE: fills damaged stretches
 * with zeros and links every good record anew, under one LOCK_EX. No count is touched. May be
 * called again after it was killed. Not for two threads at once. Returns NULL or a reason code:
 * those of counter_verify, "hits-damaged" where the file cannot be read, "hits-disk-full",
 * "hits-write-failed".
 */
const char *counter_repair(int file);

#endif
