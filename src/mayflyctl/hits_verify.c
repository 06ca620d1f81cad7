/*
 * `mayflyctl hits verify`: reports what is damaged in a counter file, and repairs it. It prints
 * each fault when it finds it, because a hostile file can have any number of them.
 */
#include "command.h"
#include "counter/repair.h"
#include "counter/verify.h"
#include "hits_file.h"
#include "output.h"
#include "safe_path.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FAULTS_SHOWN = 20, BLOCK = 4096, COPIES_MAX = 99 };

static struct hits_verify_options {
	const char *file; /* NULL: that of the site */
	const char *site; /* NULL: the main site */
	bool repair, json, robots;
} options;

/* --- A copy of a damaged file, next to it. --- */

static const char *last_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash == NULL ? path : slash + 1;
}

/*
 * Creates NAME.damaged-20261123T101500 in the directory of NAME; if it exists, the same with -2, -3
 * and so on at the end. Returns a descriptor, or -1 on failure (errno).
 */
static int create_copy(int directory, const char *name, char copy[static PATH_MAX])
{
	char now[32] = "";
	time_t seconds = time(NULL);
	struct tm date;
	if (localtime_r(&seconds, &date) != NULL)
		(void)strftime(now, sizeof now, "%Y%m%dT%H%M%S", &date);
	for (int i = 1; i <= COPIES_MAX; i++) {
		int length = i == 1 ? snprintf(copy, PATH_MAX, "%s.damaged-%s", name, now)
		                    : snprintf(copy, PATH_MAX, "%s.damaged-%s-%d", name, now, i);
		if (length >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		int file =
		    openat(directory, last_name(copy),
		           O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, (mode_t)0600);
		if (file >= 0 || errno != EEXIST)
			return file;
	}
	return -1;
}

/* Skips a block of zeros: the copy has a hole there. */
static bool write_block(int file, const char *block, size_t length, off_t offset)
{
	static const char ZEROS[BLOCK];
	if (memcmp(block, ZEROS, length) == 0)
		return true;
	for (size_t done = 0; done < length;) {
		ssize_t put = pwrite(file, block + done, length - done, offset + (off_t)done);
		if (put < 0 && errno == EINTR)
			continue;
		if (put == 0)
			errno = EIO;
		if (put <= 0)
			return false;
		done += (size_t)put;
	}
	return true;
}

/* Whether the file ends there: a handler can have made it shorter. */
static bool is_end(int file, off_t offset)
{
	struct stat status;
	return fstat(file, &status) == 0 && status.st_size <= offset;
}

static bool copy_bytes(int from, int to, off_t size)
{
	char block[BLOCK];
	for (off_t offset = 0; offset < size;) {
		off_t data = lseek(from, offset, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		offset = data > offset ? data : offset;
		ssize_t got = pread(from, block, sizeof block, offset);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0 && is_end(from, offset))
			break;
		if (got == 0)
			errno = EIO;
		if (got <= 0 || !write_block(to, block, (size_t)got, offset))
			return false;
		offset += got;
	}
	return ftruncate(to, size) == 0;
}

/* Only root can give the copy to the owner of the file; another user keeps it. */
static bool finish_copy(int to, const struct stat *status)
{
	if (fchown(to, status->st_uid, status->st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(to, status->st_mode & 0777) == 0 && fsync(to) == 0;
}

/* Copies the file with its owner and mode, to the disk. Removes the copy if that fails. */
static enum exit_status copy_into(int directory, int file, const char *name,
                                  char copy[static PATH_MAX])
{
	struct stat status;
	int to = create_copy(directory, name, copy);
	if (to < 0)
		return command_error("%s: cannot create a copy next to it: %s",
		                     output_escaped(name), strerror(errno));
	bool copied = fstat(file, &status) == 0 && copy_bytes(file, to, status.st_size) &&
	              finish_copy(to, &status);
	int error = errno;
	(void)close(to);
	if (copied)
		return EXIT_DONE;
	(void)unlinkat(directory, last_name(copy), 0);
	return command_error("%s: cannot copy it to %s: %s", output_escaped(name),
	                     output_escaped(copy), strerror(error));
}

static enum exit_status copy_file(int file, const char *name, char copy[static PATH_MAX])
{
	struct safe_path path;
	if (!safe_path_find(&path, name, SAFE_PATH_KEEP_LINK))
		return command_error("%s: cannot create a copy next to it: %s",
		                     output_escaped(name), safe_path_problem(errno));
	enum exit_status status = copy_into(path.directory, file, name, copy);
	(void)close(path.directory);
	return status;
}

/* --- Reading the file. --- */

struct verify_result {
	struct counter_verify_result counts;
	const char *name;  /* of the file; after a repair, of the copy */
	bool after_repair; /* this is the second reading */
	bool begun;        /* the first line of its JSON is printed */
	bool repairable;   /* a repair can remove some of the faults */
	uint64_t shown;    /* faults so far */
};

static const struct {
	const char *name, *message;
} FAULTS[] = {
    [COUNTER_FAULT_HEADER] = {"header", "invalid header"},
    [COUNTER_FAULT_SHORT] = {"short", "the file ends within its table"},
    [COUNTER_FAULT_BYTES] = {"bytes", "neither a record nor empty"},
    [COUNTER_FAULT_LINK] = {"link", "invalid link; hits are lost"},
    [COUNTER_FAULT_CHAIN] = {"chain", "bucket full; hits on its other resources are lost"},
    [COUNTER_FAULT_COUNT] = {"count", "count at its limit; hits are lost"},
    [COUNTER_FAULT_UNREADABLE] = {"unreadable", "cannot be read from the disk"},
};

/* Prints "file" and "faults" for the first reading, "copy" and "left" for the second. */
static void begin_json(struct verify_result *result)
{
	if (result->begun)
		return;
	printf("%s\n  \"%s\": ", result->after_repair ? "," : "{",
	       result->after_repair ? "copy" : "file");
	output_json_compact(json_object_new_string(result->name));
	printf(",\n  \"%s\": [", result->after_repair ? "left" : "faults");
	result->begun = true;
}

static void end_json(struct verify_result *result)
{
	begin_json(result);
	printf("%s]", result->shown > 0 ? "\n  " : "");
	if (!result->after_repair)
		printf(",\n  \"records\": %" PRIu64, result->counts.records);
}

static void print_json_fault(struct verify_result *result, const struct counter_fault *fault)
{
	struct json_object *object = json_object_new_object();
	output_json_add_number(object, "offset", fault->offset);
	output_json_add_number(object, "length", fault->length);
	output_json_add_string(object, "fault", FAULTS[fault->kind].name);
	output_json_add_string(object, "message", FAULTS[fault->kind].message);
	if (fault->path != NULL)
		output_json_add_string(object, "path",
		                       counts_shown(fault->path, fault->path_length));
	begin_json(result);
	printf("%s\n    ", result->shown > 0 ? "," : "");
	output_json_compact(object);
}

static void print_text_fault(const struct counter_fault *fault)
{
	bool has_path = fault->path != NULL;
	printf("byte %" PRIu64 ", %" PRIu64 " bytes: %s%s%s\n", fault->offset, fault->length,
	       FAULTS[fault->kind].message, has_path ? ": " : "",
	       has_path ? counts_shown(fault->path, fault->path_length) : "");
}

/* The callback of counter_verify; the context is a struct verify_result. */
static void print_fault(void *context, const struct counter_fault *fault)
{
	struct verify_result *result = context;
	if (options.json)
		print_json_fault(result, fault);
	else if (result->shown < FAULTS_SHOWN)
		print_text_fault(fault);
	result->shown++;
	if (fault->kind != COUNTER_FAULT_COUNT && fault->kind != COUNTER_FAULT_UNREADABLE)
		result->repairable = true;
}

static void print_summary(const char *name, const struct verify_result *result)
{
	uint64_t faults = result->counts.faults, records = result->counts.records;
	if (faults > FAULTS_SHOWN)
		printf("and %" PRIu64 " more; --json shows all\n", faults - FAULTS_SHOWN);
	printf("%s: %" PRIu64 " good record%s, ", output_escaped(name), records,
	       records == 1 ? "" : "s");
	if (faults == 0)
		puts("nothing damaged");
	else
		printf("%" PRIu64 " fault%s\n", faults, faults == 1 ? "" : "s");
}

/* Reads the file and prints its faults. */
static enum exit_status print_faults(int file, const char *name, struct verify_result *result)
{
	const char *error = counter_verify(file, print_fault, result, &result->counts);
	if (error != NULL && result->begun)
		printf("]");
	if (error != NULL)
		return hits_file_error(name, error);
	if (options.json)
		end_json(result);
	else
		print_summary(name, result);
	return EXIT_DONE;
}

/* --- Repairing it. --- */

static enum exit_status repair_file(int file, const char *name, const char *copy)
{
	const char *error = counter_repair(file);
	if (error == NULL && fsync(file) != 0)
		error = "hits-write-failed";
	if (error == NULL) {
		if (!options.json)
			printf("Repaired; the damaged file is kept as %s\n", output_escaped(copy));
		return EXIT_DONE;
	}
	(void)hits_file_error(name, error);
	return command_error("not repaired; a copy of the file before the repair is kept as %s",
	                     output_escaped(copy));
}

/* Sets *begun if the caller must end the JSON. */
static enum exit_status verify_and_repair(int file, const char *name, bool *begun)
{
	char copy[PATH_MAX];
	struct verify_result result = {.name = name};
	struct verify_result left = {.name = copy, .after_repair = true};
	enum exit_status status = print_faults(file, name, &result);
	*begun = result.begun;
	if (status != EXIT_DONE || !options.repair || !result.repairable)
		return status == EXIT_DONE && result.counts.faults > 0 ? EXIT_FAILED : status;
	status = copy_file(file, name, copy);
	if (status == EXIT_DONE)
		status = repair_file(file, name, copy);
	if (status == EXIT_DONE)
		status = print_faults(file, name, &left);
	return status == EXIT_DONE && left.counts.faults > 0 ? EXIT_FAILED : status;
}

static enum exit_status verify_file(char **operands, int count)
{
	char name[PATH_MAX];
	bool begun = false;
	(void)operands;
	(void)count;
	enum exit_status status = options.robots
	                              ? hits_file_find_robots(options.file, options.site, name)
	                              : hits_file_find(options.file, options.site, name);
	if (status != EXIT_DONE)
		return status;
	int file = hits_file_open(name, options.repair ? O_RDWR : O_RDONLY);
	if (file < 0)
		return EXIT_FAILED;
	status = verify_and_repair(file, name, &begun);
	if (begun)
		puts("\n}");
	(void)close(file);
	return status;
}

static const struct command_option OPTIONS[] = {
    {.row = HITS_FILE_ROW, .parse = option_file, .destination = &options.file},
    {.row = HITS_ROBOTS_ROW, .parse = option_flag, .destination = &options.robots},
    {.row = SITE_ROW, .parse = option_text, .destination = &options.site},
    {.row = {0, "repair", "", "copy a damaged file, then repair it; keep all valid records"},
     .parse = option_flag,
     .destination = &options.repair},
    {.row = {0, "json", "", "print JSON"}, .parse = option_flag, .destination = &options.json},
    {.row = {0}},
};

const struct command command_hits_verify = {
    .name = "hits verify",
    .operands = "",
    .summary = "report and repair damage of the counter file",
    .description = "Read the whole counter file, and report each damaged part and its position.\n",
    .notes = "Exits with 1 if the file is damaged, with --repair if it is still damaged.\n",
    .options = OPTIONS,
    .run = verify_file,
};
