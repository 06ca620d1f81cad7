/* Finding damage in a counter file. */
#ifndef MAYFLY_COUNTER_VERIFY_H
#define MAYFLY_COUNTER_VERIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum counter_fault_kind {
	COUNTER_FAULT_HEADER,     /* another header, although there are records */
	COUNTER_FAULT_SHORT,      /* the file ends within the table */
	COUNTER_FAULT_BYTES,      /* bytes that are neither a record nor zeros */
	COUNTER_FAULT_LINK,       /* a link that no power failure explains */
	COUNTER_FAULT_CHAIN,      /* the head of a full bucket: it takes no further resource */
	COUNTER_FAULT_COUNT,      /* a count that no hit can be added to; a reset cures it */
	COUNTER_FAULT_UNREADABLE, /* the system cannot read this */
};

struct counter_fault {
	enum counter_fault_kind kind;
	uint64_t offset;  /* in the file, in bytes */
	uint64_t length;  /* bytes */
	const char *path; /* of the record with the fault, or NULL; not terminated */
	size_t path_length;
};

struct counter_verify_result {
	uint64_t records; /* good ones, with a count or without */
	uint64_t faults;
};

/*
 * Reads the whole file, which may be open for reading only, and calls `report` for each fault,
 * without the lock: in the order of the file, then full buckets, then COUNTER_FAULT_SHORT. What a
 * power failure may leave is no fault. Not for two threads at once. Returns NULL, or if the file
 * could not be verified, "hits-foreign", "hits-not-a-file" or "hits-locked".
 */
const char *counter_verify(int file,
                           void (*report)(void *context, const struct counter_fault *fault),
                           void *context, struct counter_verify_result *result);

/*
 * Whether a file with another header is a counter file whose header is damaged: it has a record
 * where records are, and does not begin like a file of another version. Internal to src/counter.
 */
bool counter_is_repairable(int file);

#endif
