/* `mayflyctl hits verify`: says what of a counter file is damaged, and mends it where it is asked.
 */
#include "counter/edit.h"
#include "hits_copy.h"
#include "hits_file.h"
#include "hits_forms.h"
#include <fcntl.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

enum { FAULTS_SHOWN = 20 };

/* What one reading of a file found. */
struct judgement {
	struct json_object *faults;
	struct counter_survey survey;
	bool mendable; /* there is something that a repair is for */
};

static const struct {
	const char *name, *words;
} FAULTS[] = {
    [COUNTER_FAULT_HEADER] = {"header", "the header is not that of a counter file"},
    [COUNTER_FAULT_SHORT] = {"short", "the file ends within its table"},
    [COUNTER_FAULT_BYTES] = {"bytes", "no record, and not empty"},
    [COUNTER_FAULT_LINK] = {"link", "a link that leads astray: hits are lost"},
    [COUNTER_FAULT_COUNT] = {"count", "a count that cannot grow: hits are lost"},
    [COUNTER_FAULT_UNREADABLE] = {"unreadable", "the disk fails to read this"},
};

static void note(void *context, const struct counter_finding *finding)
{
	struct judgement *judgement = context;
	struct json_object *fault = json_object_new_object();
	json_object_object_add(fault, "offset", json_object_new_uint64(finding->offset));
	json_object_object_add(fault, "length", json_object_new_uint64(finding->length));
	json_object_object_add(fault, "fault", json_object_new_string(FAULTS[finding->fault].name));
	json_object_object_add(fault, "message",
	                       json_object_new_string(FAULTS[finding->fault].words));
	if (finding->path != NULL)
		json_object_object_add(
		    fault, "path",
		    json_object_new_string(counts_shown(finding->path, finding->path_length)));
	json_object_array_add(judgement->faults, fault);
	if (finding->fault != COUNTER_FAULT_COUNT && finding->fault != COUNTER_FAULT_UNREADABLE)
		judgement->mendable = true;
}

static uint64_t number_in(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

static void print_fault(struct json_object *fault)
{
	struct json_object *path = json_object_object_get(fault, "path");
	printf("at byte %" PRIu64 ", %" PRIu64 " bytes: %s%s%s\n", number_in(fault, "offset"),
	       number_in(fault, "length"),
	       json_object_get_string(json_object_object_get(fault, "message")),
	       path != NULL ? ", of " : "", path != NULL ? json_object_get_string(path) : "");
}

static void print_judgement(const char *name, const struct judgement *judgement)
{
	size_t count = json_object_array_length(judgement->faults);
	for (size_t i = 0; i < count && i < FAULTS_SHOWN; i++)
		print_fault(json_object_array_get_idx(judgement->faults, i));
	if (count > FAULTS_SHOWN)
		printf("and %zu more: --json tells of all\n", count - FAULTS_SHOWN);
	printf("%s: %" PRIu64 " good record%s, ", name, judgement->survey.records,
	       judgement->survey.records == 1 ? "" : "s");
	if (count == 0)
		puts("nothing damaged");
	else
		printf("%zu fault%s\n", count, count == 1 ? "" : "s");
}

/* Reads the file; the faults of the judgement are the caller's. */
static enum exit_status judge(int file, const char *name, struct judgement *judgement)
{
	*judgement = (struct judgement){.faults = json_object_new_array()};
	const char *reason = counter_verify(file, note, judgement, &judgement->survey);
	return reason == NULL ? EXIT_DONE : hits_file_fail(name, reason);
}

/* Keeps a copy, and mends. */
static enum exit_status repair(int file, const char *name, char copy[static PATH_MAX])
{
	enum exit_status status = hits_copy(file, name, copy);
	if (status != EXIT_DONE)
		return status;
	const char *reason = counter_repair(file);
	if (reason == NULL && fsync(file) != 0)
		reason = "hits-write-failed";
	if (reason == NULL)
		return EXIT_DONE;
	(void)hits_file_fail(name, reason);
	return fail("it is not repaired; what it was is %s", copy);
}

static void print_json(const char *name, const struct judgement *found,
                       const struct judgement *left, const char *copy)
{
	struct json_object *all = json_object_new_object();
	json_object_object_add(all, "file", json_object_new_string(name));
	json_object_object_add(all, "records", json_object_new_uint64(found->survey.records));
	json_object_object_add(all, "faults", json_object_get(found->faults));
	if (left != NULL) {
		json_object_object_add(all, "copy", json_object_new_string(copy));
		json_object_object_add(all, "left", json_object_get(left->faults));
	}
	puts(json_object_to_json_string_ext(all, JSON_C_TO_STRING_PRETTY |
	                                             JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(all);
}

/* `left` is NULL where nothing was repaired. */
static void print(const struct hits_options *options, const char *name,
                  const struct judgement *found, const struct judgement *left, const char *copy)
{
	if (options->format == HITS_JSON) {
		print_json(name, found, left, copy);
		return;
	}
	print_judgement(name, found);
	if (left == NULL)
		return;
	printf("Repaired; what it was is %s\n", copy);
	print_judgement(name, left);
}

static enum exit_status look(const struct hits_options *options, int file, const char *name)
{
	char copy[PATH_MAX];
	struct judgement found = {0}, left = {0};
	bool repairs = (options->given & HITS_OPTION_REPAIR) != 0;
	enum exit_status status = judge(file, name, &found);
	bool faulty = found.survey.faults > 0;
	repairs = repairs && found.mendable;
	if (status == EXIT_DONE && repairs) {
		status = repair(file, name, copy);
		if (status == EXIT_DONE)
			status = judge(file, name, &left);
		faulty = left.survey.faults > 0;
	}
	if (status == EXIT_DONE) {
		print(options, name, &found, repairs ? &left : NULL, copy);
		status = faulty ? EXIT_FAILED : EXIT_DONE;
	}
	json_object_put(found.faults);
	json_object_put(left.faults);
	return status;
}

enum exit_status hits_look_for_damage(const struct hits_options *options)
{
	char name[PATH_MAX];
	bool repairs = (options->given & HITS_OPTION_REPAIR) != 0;
	enum exit_status status = hits_file_find(options->file, name);
	if (status != EXIT_DONE)
		return status;
	int file = hits_file_open(name, repairs ? O_RDWR : O_RDONLY);
	if (file < 0)
		return EXIT_FAILED;
	status = look(options, file, name);
	(void)close(file);
	return status;
}
