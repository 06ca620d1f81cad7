/* The status for people; see status.h. */
#include "output.h"
#include "status.h"
#include <stdio.h>
#include <string.h>

static const char *string(struct json_object *object, const char *key)
{
	return json_object_get_string(json_object_object_get(object, key));
}

static uint64_t number(struct json_object *object, const char *key)
{
	return json_object_get_uint64(json_object_object_get(object, key));
}

static bool is_true(struct json_object *object, const char *key)
{
	return json_object_get_boolean(json_object_object_get(object, key));
}

static bool has(struct json_object *object, const char *key)
{
	return json_object_object_get(object, key) != NULL;
}

static void label(const char *name)
{
	printf("%-13s", name);
}

/* "s" behind all numbers but one. */
static const char *plural(uint64_t count)
{
	return count == 1 ? "" : "s";
}

static bool is_active(struct json_object *socket)
{
	return strcmp(string(socket, "ActiveState"), "active") == 0;
}

bool status_is_good(struct json_object *status)
{
	struct json_object *root = json_object_object_get(status, "root");
	struct json_object *hits = json_object_object_get(status, "hits");
	return is_active(json_object_object_get(status, "socket")) && !has(root, "error") &&
	       !has(hits, "error") && number(hits, "damaged") == 0;
}

static void print_listening(struct json_object *socket)
{
	struct json_object *addresses = json_object_object_get(socket, "Listen");
	printf("listening on");
	for (size_t i = 0; i < json_object_array_length(addresses); i++)
		printf("%s %s", i > 0 ? "," : "",
		       json_object_get_string(json_object_array_get_idx(addresses, i)));
}

static void print_socket(struct json_object *socket)
{
	bool active = is_active(socket), coloured = output_has_colour();
	const char *colour = active ? OUTPUT_GREEN : OUTPUT_RED;
	label("Socket");
	printf("%s%s%s: ", coloured ? colour : "", string(socket, "ActiveState"),
	       coloured ? OUTPUT_PLAIN : "");
	if (active)
		print_listening(socket);
	else if (strcmp(string(socket, "Result"), "success") == 0)
		printf("nobody is served until `systemctl start %s`", string(socket, "Id"));
	else
		printf("nobody is served; the result was %s", string(socket, "Result"));
	printf(" (%s)\n", string(socket, "UnitFileState"));
}

/* What mayfly-accept itself says: "3 open, of 1024 at most; ...". It leaves when nobody comes. */
static void print_service(struct json_object *service)
{
	label("Connections");
	if (strcmp(string(service, "ActiveState"), "inactive") == 0)
		puts("0 open; mayfly-busy.service starts with the next");
	else
		printf("%s (mayfly-busy.service is %s)\n", string(service, "StatusText"),
		       string(service, "ActiveState"));
}

static void print_connections(struct json_object *socket)
{
	struct json_object *busiest = json_object_object_get(socket, "BusiestSource");
	uint64_t most_per_source = number(socket, "MaxConnectionsPerSource");
	label("Connections");
	printf("%ju open, of %ju at most; %ju accepted, %ju refused\n",
	       (uintmax_t)number(socket, "NConnections"),
	       (uintmax_t)number(socket, "MaxConnections"), (uintmax_t)number(socket, "NAccepted"),
	       (uintmax_t)number(socket, "NRefused"));
	label("");
	if (busiest != NULL)
		printf("%ju open from %s", (uintmax_t)number(busiest, "NConnections"),
		       string(busiest, "address"));
	else
		printf("0 open from one address");
	if (most_per_source > 0)
		printf(", of %ju at most\n", (uintmax_t)most_per_source);
	else
		printf(", as many as it wants\n");
}

/* Bytes in the units that systemd shows and takes. */
static void print_bytes(uint64_t bytes)
{
	static const char UNITS[] = "BKMGTPE";
	double scaled = (double)bytes;
	size_t unit = 0;
	for (; scaled >= 1024; unit++)
		scaled /= 1024;
	printf("%.*f%c", unit > 0 && scaled < 100 ? 1 : 0, scaled, UNITS[unit]);
}

static void print_count(uint64_t count)
{
	printf("%ju", (uintmax_t)count);
}

static void print_limited(struct json_object *slice, const char *name, const char *current,
                          const char *most, void (*print)(uint64_t))
{
	label(name);
	if (has(slice, current))
		print(number(slice, current));
	else
		printf("nothing yet");
	printf(", of ");
	if (has(slice, most))
		print(number(slice, most));
	else
		printf("any amount");
	puts(" at most");
}

static void print_root(struct json_object *root)
{
	const char *user = string(root, "user");
	label("Root");
	printf("%s, ", string(root, "path"));
	if (!has(root, "enterable"))
		printf("not tried whether user %s can enter it: only root can try\n", user);
	else if (is_true(root, "enterable"))
		printf("which user %s can enter\n", user);
	else
		printf("which user %s cannot enter: %s\n", user, string(root, "error"));
}

static void print_hits(struct json_object *hits)
{
	uint64_t resources = number(hits, "resources"), total = number(hits, "total"),
	         damaged = number(hits, "damaged");
	label("Counter file");
	if (hits == NULL) {
		puts("none: nothing is counted");
		return;
	}
	printf("%s%s ", string(hits, "path"), has(hits, "error") ? ":" : ",");
	if (has(hits, "error"))
		puts(string(hits, "error"));
	else if (!has(hits, "total"))
		puts("which this user may not read");
	else if (!has(hits, "resources"))
		puts("which comes with the first hit");
	else
		printf("%ju resource%s, %ju hit%s\n", (uintmax_t)resources, plural(resources),
		       (uintmax_t)total, plural(total));
	if (damaged > 0)
		printf("%13s%ju damaged stretch%s passed over\n", "", (uintmax_t)damaged,
		       damaged == 1 ? "" : "es");
}

static void print_journal(struct json_object *journal)
{
	struct json_object *troubles = json_object_object_get(journal, "troubles");
	size_t count = troubles != NULL ? json_object_array_length(troubles) : 0;
	if (count == 0) {
		label("Journal");
		puts(troubles != NULL ? "no refusal and no error" : string(journal, "error"));
		return;
	}
	puts("\nThe last refusals and errors:");
	for (size_t i = 0; i < count; i++) {
		struct json_object *trouble = json_object_array_get_idx(troubles, i);
		const char *time = string(trouble, "time");
		printf("  %.10s %.8s %s\n", time, time + sizeof "YYYY-MM-DD",
		       string(trouble, "message"));
	}
}

void status_print(struct json_object *status)
{
	struct json_object *slice = json_object_object_get(status, "slice");
	print_socket(json_object_object_get(status, "socket"));
	if (has(status, "service"))
		print_service(json_object_object_get(status, "service"));
	else
		print_connections(json_object_object_get(status, "socket"));
	if (slice != NULL) {
		print_limited(slice, "Memory", "MemoryCurrent", "MemoryMax", print_bytes);
		print_limited(slice, "Tasks", "TasksCurrent", "TasksMax", print_count);
	}
	print_root(json_object_object_get(status, "root"));
	print_hits(json_object_object_get(status, "hits"));
	print_journal(json_object_object_get(status, "journal"));
}
