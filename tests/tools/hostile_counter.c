/*
 * Writes a counter file as a compromised handler could leave it: `hostile_counter KIND FILE`. The
 * kinds are those of the table below.
 */
#include "hostile_counter.h"
#include <fcntl.h>

enum {
	TABLE_SIZE = COUNTER_RECORDS - COUNTER_TABLE,
	MIB_64 = 64 << 20, /* what a handler may add to the file */
	CHAIN_RECORDS = MIB_64 / COUNTER_PAGE * (COUNTER_PAGE / HOSTILE_RECORD),
};

static void write_header(int file, uint64_t size)
{
	hostile_write(file, COUNTER_HEADER, COUNTER_HEADER_SIZE, 0);
	if (ftruncate(file, (off_t)size) != 0) {
		perror("ftruncate");
		abort();
	}
}

static void write_head(int file, uint64_t head, uint64_t target)
{
	unsigned char bytes[8];
	counter_store64(bytes, target);
	hostile_write(file, bytes, sizeof bytes, head);
}

static uint64_t head_of(const char *path)
{
	return counter_bucket_head(counter_hash(path, strlen(path)));
}

/* Fills the table with links to nowhere: 524,288 faults in 4 MB. */
static void write_bad_heads(int file)
{
	static unsigned char table[TABLE_SIZE];
	write_header(file, COUNTER_RECORDS);
	for (size_t pos = 0; pos < TABLE_SIZE; pos += 8)
		counter_store64(table + pos, 12);
	hostile_write(file, table, sizeof table, COUNTER_TABLE);
}

/* Fills 64 MiB with copies of one page. */
static void write_pages(int file, const unsigned char page[static COUNTER_PAGE])
{
	for (uint64_t offset = 0; offset < MIB_64; offset += COUNTER_PAGE)
		hostile_write(file, page, COUNTER_PAGE, COUNTER_RECORDS + offset);
}

/* Bad heads, and 1,671,168 records with a bad link. */
static void write_bad_links(int file)
{
	unsigned char page[COUNTER_PAGE] = {0};
	write_bad_heads(file);
	for (size_t pos = 0; pos + 40 <= sizeof page; pos += 40) {
		char path[8];
		snprintf(path, sizeof path, "/%zu", pos);
		counter_record_write(page + pos, path, strlen(path));
		counter_store64(page + pos + COUNTER_RECORD_COUNT, 1);
		counter_store64(page + pos + COUNTER_RECORD_NEXT, 12);
	}
	write_pages(file, page);
}

/* As many stretches as fit of bytes that are neither records nor zeros. */
static void write_garbage(int file)
{
	unsigned char page[COUNTER_PAGE] = {0};
	write_bad_heads(file);
	counter_record_write(page, "/", 1);
	for (size_t pos = 40; pos + 48 <= sizeof page; pos += 48) {
		memset(page + pos, 0xff, 8);
		counter_record_write(page + pos + 8, "/", 1);
	}
	write_pages(file, page);
}

/* A TiB, with one record at its end. */
static void write_sparse(int file)
{
	unsigned char record[40];
	const uint64_t size = UINT64_C(1) << 40;
	counter_record_write(record, "/", 1);
	counter_store64(record + COUNTER_RECORD_COUNT, 1);
	write_header(file, size);
	hostile_write(file, record, sizeof record, size - COUNTER_PAGE);
}

static uint64_t write_linked_chain(int file)
{
	write_header(file, COUNTER_RECORDS);
	const uint64_t head = head_of("/index.html");
	uint64_t first = hostile_chain(file, COUNTER_RECORDS, head, CHAIN_RECORDS);
	write_head(file, head, first);
	return first;
}

/* All records in the bucket of "/index.html". */
static void write_chain(int file)
{
	(void)write_linked_chain(file);
}

/* The same with a link back after each 16 records. */
static void write_cycles(int file)
{
	uint64_t first = write_linked_chain(file);
	for (uint64_t offset = 0; offset < MIB_64; offset += COUNTER_PAGE)
		write_head(file, first + offset + 15 * HOSTILE_RECORD + COUNTER_RECORD_NEXT,
		           first + offset);
}

/* All records have the path "/", with counts. */
static void write_one_path(int file)
{
	unsigned char page[COUNTER_PAGE] = {0};
	write_header(file, COUNTER_RECORDS);
	for (size_t pos = 0; pos + 40 <= sizeof page; pos += 40) {
		counter_record_write(page + pos, "/", 1);
		counter_store64(page + pos + COUNTER_RECORD_COUNT, 1);
	}
	write_pages(file, page);
	write_head(file, head_of("/"), COUNTER_RECORDS);
}

/* Paths of 4064 bytes, nearly alike. */
static void write_long_paths(int file)
{
	unsigned char page[COUNTER_PAGE];
	char path[COUNTER_PAGE - COUNTER_RECORD_PATH];
	write_header(file, COUNTER_RECORDS);
	memset(path, 'a', sizeof path);
	for (uint64_t offset = 0; offset < MIB_64; offset += COUNTER_PAGE) {
		memcpy(path + sizeof path - 8, &offset, 8);
		counter_record_write(page, path, sizeof path);
		counter_store64(page + COUNTER_RECORD_COUNT, offset + 1);
		hostile_write(file, page, sizeof page, COUNTER_RECORDS + offset);
	}
}

/* A million good records. */
static void write_million(int file)
{
	write_header(file, COUNTER_RECORDS);
	for (unsigned number = 0, offset = COUNTER_RECORDS; number < 1000000;
	     offset += COUNTER_PAGE) {
		unsigned char page[COUNTER_PAGE] = {0};
		for (size_t pos = 0; pos + 64 <= sizeof page && number < 1000000; pos += 64) {
			char path[32];
			snprintf(path, sizeof path, "/articles/%u/index.html", number++);
			counter_record_write(page + pos, path, strlen(path));
			counter_store64(page + pos + COUNTER_RECORD_COUNT, number);
		}
		hostile_write(file, page, sizeof page, offset);
	}
}

static const struct {
	const char *name;
	void (*write)(int file);
} KINDS[] = {
    {"bad-heads", write_bad_heads}, {"bad-links", write_bad_links},   {"garbage", write_garbage},
    {"sparse", write_sparse},       {"chain", write_chain},           {"cycles", write_cycles},
    {"one-path", write_one_path},   {"long-paths", write_long_paths}, {"million", write_million},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc == 3 && i < sizeof KINDS / sizeof KINDS[0]; i++) {
		if (strcmp(argv[1], KINDS[i].name) != 0)
			continue;
		int file = open(argv[2], O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
		if (file < 0) {
			perror(argv[2]);
			return 1;
		}
		KINDS[i].write(file);
		return close(file) == 0 ? 0 : 1;
	}
	fputs("usage: hostile_counter KIND FILE\n", stderr);
	return 2;
}
