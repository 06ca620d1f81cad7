/* Keeping the record across restarts; see handler_record.h. */
#include "handler_record.h"
#include <sys/mman.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

static struct handler_record *handler_record_map(int file)
{
	struct handler_record *record =
	    mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	return record != MAP_FAILED ? record : NULL;
}

static struct handler_record *handler_record_read(int kept)
{
	struct stat file;
	if (kept < 0 || fstat(kept, &file) != 0 || file.st_size != sizeof(struct handler_record))
		return NULL;
	struct handler_record *record = handler_record_map(kept);
	if (record == NULL ||
	    (record->layout == HANDLER_RECORD_LAYOUT && record->own.count <= HANDLERS_MAX &&
	     record->inherited.count <= HANDLERS_MAX))
		return record;
	(void)munmap(record, sizeof *record);
	return NULL;
}

static void handler_record_store(struct handler_record *record, int file)
{
	record->layout = HANDLER_RECORD_LAYOUT;
	(void)sd_pid_notify_with_fds(0, 0, "FDSTORE=1\nFDNAME=" HANDLER_RECORD_NAME, &file, 1);
}

/* Pages that were never written take no memory. */
static struct handler_record *handler_record_create(void)
{
	int file = memfd_create(HANDLER_RECORD_NAME, MFD_CLOEXEC);
	if (file < 0)
		return NULL;
	struct handler_record *record = NULL;
	if (ftruncate(file, sizeof *record) == 0)
		record = handler_record_map(file);
	if (record != NULL)
		handler_record_store(record, file);
	(void)close(file);
	return record;
}

struct handler_record *handler_record_open(int kept)
{
	struct handler_record *record = handler_record_read(kept);
	if (record != NULL)
		return record;
	if (kept >= 0)
		(void)sd_notify(0, "FDSTOREREMOVE=1\nFDNAME=" HANDLER_RECORD_NAME);
	return handler_record_create();
}
