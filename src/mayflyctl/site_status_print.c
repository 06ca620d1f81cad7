/* Printing the state of the site; see site_status_print.h. */
#include "site_status_print.h"
#include "output.h"
#include <json-c/json.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* --- For people. --- */

static void print_label(const char *label)
{
	printf("%-15s", label);
}

static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static void print_socket(const struct site_status *status)
{
	const struct socket_status *socket = &status->socket;
	bool coloured = output_has_colour(), is_active = site_status_is_active(status);
	print_label("Socket");
	printf("%s%s%s: ",
	       !coloured   ? ""
	       : is_active ? OUTPUT_GREEN
	                   : OUTPUT_RED,
	       socket->active_state, coloured ? OUTPUT_PLAIN : "");
	if (is_active)
		printf("listening on");
	for (size_t i = 0; is_active && i < socket->listen_count; i++)
		printf("%s %s", i > 0 ? "," : "", socket->listen[i]);
	if (!is_active && strcmp(socket->result, "success") == 0)
		printf("no client is served; run \"systemctl start %s\"", socket->id);
	else if (!is_active)
		printf("no client is served; result: %s", socket->result);
	printf(" (%s)\n", socket->unit_file_state);
}

/* Prints the status text of mayfly-accept, "3 open, of 1024 at most; ...". It exits when idle. */
static void print_service(const struct site_status *status)
{
	print_label("Connections");
	if (strcmp(status->service_state, "inactive") == 0)
		printf("0 open; %s starts with the next one\n", status->config.service);
	else
		printf("%s (%s is %s)\n", status->service_text, status->config.service,
		       status->service_state);
}

static void print_connections(const struct socket_status *socket)
{
	print_label("Connections");
	printf("%u open, of %u at most; %u accepted, %u refused\n", socket->connections,
	       socket->connections_max, socket->accepted, socket->refused);
	print_label("");
	if (socket->busiest_connections > 0)
		printf("%zu open from %s, ", socket->busiest_connections, socket->busiest);
	if (socket->connections_max_per_source > 0)
		printf("at most %u from one address\n", socket->connections_max_per_source);
	else
		puts("no limit per address");
}

/* The last day of the certificate in local time, "2027-02-27". */
static void format_expiry(const struct certificate *certificate, char date[static 16])
{
	struct tm day;
	(void)localtime_r(&certificate->not_after, &day);
	(void)strftime(date, 16, "%Y-%m-%d", &day);
}

static void print_certificate(const struct certificate *certificate, enum certificate_result result)
{
	char date[16];
	switch (result) {
	case CERTIFICATE_READ:
		break;
	case CERTIFICATE_UNUSABLE:
		puts(getuid() == 0 ? "run \"mayflyctl check\": there is no usable certificate"
		                   : "run this as root to see the certificate");
		return;
	case CERTIFICATE_UNKNOWN:
		puts("the certificate cannot be read: openssl could not be run, or did not end");
		return;
	}
	format_expiry(certificate, date);
	printf("certificate until %s for", date);
	for (size_t i = 0; i < certificate->name_count; i++)
		printf("%s %s", i > 0 ? "," : "", output_escaped(certificate->names[i]));
	puts("");
}

static void print_https(const struct https_status *https)
{
	print_label("HTTPS");
	printf("%s: ", https->is_active ? "active" : "not active");
	print_certificate(&https->certificate, https->result);
	for (size_t i = 0; i < https->named_count; i++) {
		const struct named_certificate *named = &https->named[i];
		print_label("");
		printf("%s: ", output_escaped(named->name));
		print_certificate(&named->certificate, named->result);
	}
}

/* Adds the names of a certificate, and its last day, or null if it could not be read. */
static void add_certificate(struct json_object *object, const struct certificate *certificate,
                            enum certificate_result result)
{
	char date[16];
	struct json_object *names = json_object_new_array();
	for (size_t i = 0; i < certificate->name_count; i++)
		json_object_array_add(names, json_object_new_string(certificate->names[i]));
	json_object_object_add(object, "names", names);
	format_expiry(certificate, date);
	output_json_add_string(object, "expires", result == CERTIFICATE_READ ? date : NULL);
}

static struct json_object *https_to_json(const struct https_status *https)
{
	if (!https->is_on)
		return NULL;
	struct json_object *object = json_object_new_object(), *further = json_object_new_array();
	json_object_object_add(object, "active", json_object_new_boolean(https->is_active));
	add_certificate(object, &https->certificate, https->result);
	for (size_t i = 0; i < https->named_count; i++) {
		const struct named_certificate *named = &https->named[i];
		struct json_object *member = json_object_new_object();
		output_json_add_string(member, "name", named->name);
		add_certificate(member, &named->certificate, named->result);
		json_object_array_add(further, member);
	}
	json_object_object_add(object, "further", further);
	return object;
}

static void print_bytes(uint64_t bytes)
{
	char array[32];
	struct buffer size = BUFFER(array);
	buffer_add_size(&size, bytes, SIZE_BINARY);
	printf("%.*s", (int)size.length, size.data);
}

static void print_number(uint64_t number)
{
	printf("%ju", (uintmax_t)number);
}

static void print_limited(const char *label, uint64_t current, uint64_t max,
                          void (*print)(uint64_t))
{
	print_label(label);
	if (current != UINT64_MAX)
		print(current);
	else
		printf("none yet");
	printf(", ");
	if (max != UINT64_MAX) {
		printf("of ");
		print(max);
		puts(" at most");
	} else {
		puts("without a limit");
	}
}

static void print_root(const struct root_status *root, const struct unit_config *config)
{
	print_label("Root directory");
	printf("%s: ", output_escaped(config->root));
	if (!root->tested)
		printf("run this as root to test whether user %s can enter it\n", config->user);
	else if (root->problem == NULL)
		printf("user %s can enter it\n", config->user);
	else
		printf("user %s cannot enter it: %s\n", config->user, root->problem);
}

static void print_hits(const struct hits_status *hits, const char *file)
{
	print_label("Counter file");
	if (hits->state != HITS_OFF)
		printf("%s: ", output_escaped(file));
	switch (hits->state) {
	case HITS_OFF:
		puts("none: nothing is counted");
		return;
	case HITS_NONE:
		puts("created with the first hit");
		return;
	case HITS_DENIED:
	case HITS_INVALID:
		puts(hits->problem);
		return;
	case HITS_READ:
		printf("%ju resource%s, %ju hit%s\n", (uintmax_t)hits->resources,
		       plural(hits->resources), (uintmax_t)hits->total, plural(hits->total));
	}
	if (hits->damaged == 0)
		return;
	print_label("");
	printf("%ju damaged part%s skipped\n", (uintmax_t)hits->damaged, plural(hits->damaged));
}

static void print_journal(const struct journal_status *journal)
{
	static char line[ENTRY_LINE_SIZE];
	if (journal->problem != NULL || journal->count == 0) {
		print_label("Journal");
		puts(journal->problem != NULL ? journal->problem : "no refusals, no errors");
		return;
	}
	puts("\nLast refusals and errors:");
	for (size_t i = journal->count; i > 0; i--) {
		struct buffer text = BUFFER(line);
		entry_add_line(&text, &journal->last[i - 1]);
		printf("  %.*s\n", (int)text.length, text.data);
	}
}

void site_status_print(const struct site_status *status, bool has_heading)
{
	if (has_heading) {
		print_label("Site");
		puts(output_escaped(status->site));
	}
	print_socket(status);
	if (status->service_state != NULL)
		print_service(status);
	else
		print_connections(&status->socket);
	if (status->https.is_on)
		print_https(&status->https);
	if (status->slice.exists) {
		print_limited("Memory", status->slice.memory, status->slice.memory_max,
		              print_bytes);
		print_limited("Tasks", status->slice.tasks, status->slice.tasks_max, print_number);
	}
	print_root(&status->root, &status->config);
	print_hits(&status->hits, status->config.hits);
	print_journal(&status->journal);
}

/* --- JSON: values from systemd have the names of its properties. --- */

/* Adds null for a value that systemd does not know, or does not limit. */
static void add_limit(struct json_object *object, const char *key, uint64_t value)
{
	json_object_object_add(object, key,
	                       value != UINT64_MAX ? json_object_new_uint64(value) : NULL);
}

static struct json_object *busiest_to_json(const struct socket_status *socket)
{
	if (socket->busiest_connections == 0)
		return NULL;
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "address", socket->busiest);
	output_json_add_number(object, "NConnections", socket->busiest_connections);
	return object;
}

static struct json_object *socket_to_json(const struct socket_status *socket)
{
	struct json_object *object = json_object_new_object();
	struct json_object *listen = json_object_new_array();
	for (size_t i = 0; i < socket->listen_count; i++)
		json_object_array_add(listen, json_object_new_string(socket->listen[i]));
	output_json_add_string(object, "Id", socket->id);
	output_json_add_string(object, "ActiveState", socket->active_state);
	output_json_add_string(object, "SubState", socket->sub_state);
	output_json_add_string(object, "UnitFileState", socket->unit_file_state);
	output_json_add_string(object, "Result", socket->result);
	json_object_object_add(object, "Listen", listen);
	output_json_add_number(object, "NAccepted", socket->accepted);
	output_json_add_number(object, "NRefused", socket->refused);
	output_json_add_number(object, "NConnections", socket->connections);
	output_json_add_number(object, "MaxConnections", socket->connections_max);
	output_json_add_number(object, "MaxConnectionsPerSource",
	                       socket->connections_max_per_source);
	json_object_object_add(object, "BusiestSource", busiest_to_json(socket));
	return object;
}

static struct json_object *service_to_json(const struct site_status *status)
{
	if (status->service_state == NULL)
		return NULL;
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "ActiveState", status->service_state);
	output_json_add_string(object, "StatusText", status->service_text);
	return object;
}

static struct json_object *slice_to_json(const struct slice_status *slice)
{
	if (!slice->exists)
		return NULL;
	struct json_object *object = json_object_new_object();
	add_limit(object, "MemoryCurrent", slice->memory);
	add_limit(object, "MemoryMax", slice->memory_max);
	add_limit(object, "TasksCurrent", slice->tasks);
	add_limit(object, "TasksMax", slice->tasks_max);
	return object;
}

static struct json_object *root_to_json(const struct root_status *root,
                                        const struct unit_config *config)
{
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "path", config->root);
	output_json_add_string(object, "user", config->user);
	json_object_object_add(object, "enterable",
	                       root->tested ? json_object_new_boolean(root->problem == NULL)
	                                    : NULL);
	if (root->problem != NULL)
		output_json_add_string(object, "error", root->problem);
	return object;
}

static struct json_object *hits_to_json(const struct hits_status *hits, const char *file)
{
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "file", file);
	switch (hits->state) {
	case HITS_OFF:
		json_object_put(object);
		return NULL;
	case HITS_READ:
		output_json_add_number(object, "resources", hits->resources);
		output_json_add_number(object, "total", hits->total);
		output_json_add_number(object, "damaged", hits->damaged);
		break;
	case HITS_NONE:
		output_json_add_number(object, "total", 0);
		break;
	case HITS_DENIED:
		json_object_object_add(object, "total", NULL);
		break;
	case HITS_INVALID:
		output_json_add_string(object, "error", hits->problem);
	}
	return object;
}

static struct json_object *journal_to_json(const struct journal_status *journal)
{
	struct json_object *object = json_object_new_object();
	if (journal->problem != NULL) {
		output_json_add_string(object, "error", journal->problem);
		return object;
	}
	struct json_object *last = json_object_new_array();
	for (size_t i = journal->count; i > 0; i--)
		json_object_array_add(last, entry_to_json(&journal->last[i - 1]));
	json_object_object_add(object, "last", last);
	return object;
}

struct json_object *site_status_to_json(const struct site_status *status)
{
	struct json_object *object = json_object_new_object();
	output_json_add_string(object, "site", status->site);
	json_object_object_add(object, "socket", socket_to_json(&status->socket));
	json_object_object_add(object, "service", service_to_json(status));
	json_object_object_add(object, "https", https_to_json(&status->https));
	json_object_object_add(object, "slice", slice_to_json(&status->slice));
	json_object_object_add(object, "root", root_to_json(&status->root, &status->config));
	json_object_object_add(object, "hits", hits_to_json(&status->hits, status->config.hits));
	json_object_object_add(object, "journal", journal_to_json(&status->journal));
	return object;
}
