/* Following the links of a bucket; see chain.h. */
#include "chain.h"
#include "base/view.h"
#include "file.h"
#include <sys/stat.h>

enum { RECORD_LIKELY = 256 }; /* bytes that most records fit into */

bool counter_chain_begin(struct counter_chain *chain, int file, uint64_t bucket)
{
	chain->file = file;
	chain->bucket = chain->link = bucket;
	chain->pos = 0;
	chain->length = 0;
	if (counter_read(file, chain->page, 8, bucket) != 8)
		return false;
	chain->next = counter_load64(chain->page);
	return true;
}

/*
 * Whether the file ends at an offset or before. If bytes that exist could not be read, no record may
 * take the place of the one that is there.
 */
/*@ assigns \nothing; */
static bool ends_before(int file, uint64_t offset)
{
	struct stat status;
	return fstat(file, &status) == 0 && (uint64_t)status.st_size <= offset;
}

/*
 * Reads the record at an offset. Returns 1, 0 if no whole record is there, or -1 if the file cannot
 * be read. The rest of the page is read only for a long path: most pages of a large file are not in
 * the processor's caches.
 */
/*@ requires \valid(chain) && is_record_place(offset);
    assigns chain->page[0 .. COUNTER_PAGE - 1], chain->record;
    ensures -1 <= \result <= 1;
    ensures \result == 1 ==> record_is_read(chain) && offset <= INT64_MAX; */
static int read_record(struct counter_chain *chain, uint64_t offset)
{
	size_t room = COUNTER_PAGE - offset % COUNTER_PAGE, done = 0;
	size_t wanted = room < RECORD_LIKELY ? room : RECORD_LIKELY;
	/*@ loop invariant done <= wanted <= room <= COUNTER_PAGE;
	    loop invariant done > 0 ==> offset <= INT64_MAX;
	    loop assigns done, wanted, chain->page[0 .. COUNTER_PAGE - 1], chain->record;
	    loop variant room - done; */
	for (;;) {
		ssize_t got = counter_read_some(chain->file, chain->page + done, wanted - done,
		                                offset + done);
		if (got < 0)
			return -1;
		if (got == 0)
			return done == room || ends_before(chain->file, offset + done) ? 0 : -1;
		done += (size_t)got;
		if (counter_record_read(chain->page, done, &chain->record))
			return 1;
		if (done == wanted)
			wanted = room;
	}
}

enum counter_step counter_chain_next(struct counter_chain *chain)
{
	uint64_t target = chain->next;
	if (chain->length == COUNTER_CHAIN_MAX)
		return COUNTER_STEP_FULL;
	if (target == 0)
		return COUNTER_STEP_END;
	if (counter_link_is_damaged(target, chain->pos))
		return COUNTER_STEP_DAMAGED;
	int found = read_record(chain, target);
	if (found < 0)
		return COUNTER_STEP_DAMAGED;
	if (found == 0 || counter_bucket_head(chain->record.hash) != chain->bucket)
		return COUNTER_STEP_END;
	chain->pos = target;
	chain->link = target + COUNTER_RECORD_NEXT;
	chain->next = chain->record.next;
	chain->length++;
	return COUNTER_STEP_RECORD;
}

enum counter_step counter_chain_find(struct counter_chain *chain, int file, const char *path,
                                     size_t path_length)
{
	uint64_t hash = counter_hash(path, path_length);
	const struct counter_record *record = &chain->record;
	if (!counter_chain_begin(chain, file, counter_bucket_head(hash)))
		return COUNTER_STEP_DAMAGED;
	/*@ loop invariant chain_is_valid(chain);
	    loop assigns *chain;
	    loop variant COUNTER_CHAIN_MAX - chain->length; */
	for (;;) {
		enum counter_step step = counter_chain_next(chain);
		if (step != COUNTER_STEP_RECORD)
			return step;
		if (record->hash == hash &&
		    view_equal((struct view){record->path, record->path_length},
		               (struct view){path, path_length}))
			return step;
	}
}

enum counter_step counter_chain_end(int file, uint64_t bucket)
{
	struct counter_chain chain;
	enum counter_step step = COUNTER_STEP_RECORD;
	if (!counter_chain_begin(&chain, file, bucket))
		return COUNTER_STEP_DAMAGED;
	/*@ loop invariant chain_is_valid(&chain);
	    loop assigns chain, step;
	    loop variant COUNTER_CHAIN_MAX - chain.length + (step == COUNTER_STEP_RECORD ? 1 : 0); */
	while (step == COUNTER_STEP_RECORD)
		step = counter_chain_next(&chain);
	return step;
}
