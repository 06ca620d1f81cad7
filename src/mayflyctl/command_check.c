/* `mayflyctl check`: finds problems before clients do, and says what to do about them. */
#include "command_check.h"
#include "bus.h"
#include "check_environment.h"
#include "check_handler.h"
#include "check_https.h"
#include "check_listening.h"
#include "check_request.h"
#include "check_rules.h"
#include "check_running.h"
#include "check_site.h"
#include "check_timers.h"
#include "check_unit_files.h"
#include "check_units.h"
#include "command.h"
#include "memory.h"
#include "output.h"
#include "site_list.h"
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <linux/landlock.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static bool as_json, is_quiet;

/* --- Findings. --- */

static char *copy_text(const char *text)
{
	return text != NULL ? memory_copy(view_of(text)) : NULL;
}

static bool is_same_site(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Returns the finding with this problem of the site that is checked; `count` if there is none. */
static size_t find_problem(const struct findings *findings, const char *problem)
{
	size_t i = 0;
	while (i < findings->count && (strcmp(findings->all[i].problem, problem) != 0 ||
	                               !is_same_site(findings->all[i].site, findings->site)))
		i++;
	return i;
}

/* Whether another site has this problem, too, and comes first: it is printed once. */
static bool is_repeated(const struct findings *findings, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(findings->all[i].problem, findings->all[index].problem) == 0)
			return true;
	return false;
}

static void add_finding(struct findings *findings, const char *advice, const char *command,
                        const char *format, va_list arguments)
{
	if (findings->count == FINDINGS_MAX)
		return;
	char *problem = memory_vprint(format, arguments);
	findings->last = find_problem(findings, problem);
	if (findings->last < findings->count) {
		free(problem);
		return;
	}
	findings->all[findings->count++] = (struct finding){.site = findings->site,
	                                                    .problem = problem,
	                                                    .advice = copy_text(advice),
	                                                    .command = copy_text(command)};
}

void findings_add(struct findings *findings, const char *advice, const char *command,
                  const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add_finding(findings, advice, command, format, arguments);
	va_end(arguments);
}

void findings_add_reinstall(struct findings *findings, const char *format, ...)
{
	bool is_package = access("/usr/share/doc/mayfly/copyright", F_OK) == 0;
	va_list arguments;
	va_start(arguments, format);
	add_finding(findings,
	            is_package ? NULL : "install Mayfly again: \"make install\" in its source",
	            is_package ? "apt-get install --reinstall mayfly" : NULL, format, arguments);
	va_end(arguments);
}

void findings_add_unchecked(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add_finding(findings, "check again", "mayflyctl check", format, arguments);
	va_end(arguments);
}

void findings_mark_critical(struct findings *findings)
{
	if (findings->all[findings->last].is_critical)
		return;
	findings->all[findings->last].is_critical = true;
	findings->critical_count++;
}

void findings_add_note(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	char *note = memory_vprint(format, arguments);
	va_end(arguments);
	size_t i = 0;
	while (i < findings->note_count && strcmp(findings->notes[i], note) != 0)
		i++;
	if (i < findings->note_count || i == NOTES_MAX)
		free(note);
	else
		findings->notes[findings->note_count++] = note;
}

static void print_findings(const struct findings *findings)
{
	if (findings->count == 0)
		puts("No problems found.");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->all[i];
		if (is_repeated(findings, i))
			continue;
		puts(finding->problem);
		if (finding->advice != NULL)
			printf("    %s%s\n", finding->advice, finding->command != NULL ? ":" : "");
		if (finding->command != NULL)
			printf("    %s\n", finding->command);
	}
	for (size_t i = 0; i < findings->note_count; i++)
		puts(findings->notes[i]);
}

/* One line per problem, for logs and for programs that show the first line. */
static void print_quietly(const struct findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		if (findings->all[i].is_critical && !is_repeated(findings, i))
			printf("CRITICAL: %s\n", findings->all[i].problem);
	for (size_t i = 0; i < findings->count; i++)
		if (!findings->all[i].is_critical && !is_repeated(findings, i))
			printf("WARNING: %s\n", findings->all[i].problem);
}

static void print_json(const struct findings *findings)
{
	struct json_object *list = json_object_new_array();
	for (size_t i = 0; i < findings->count; i++) {
		struct json_object *row = json_object_new_object();
		output_json_add_string(row, "severity",
		                       findings->all[i].is_critical ? "critical" : "warning");
		output_json_add_string(row, "site", findings->all[i].site);
		output_json_add_string(row, "problem", findings->all[i].problem);
		output_json_add_string(row, "remedy", findings->all[i].advice);
		output_json_add_string(row, "command", findings->all[i].command);
		json_object_array_add(list, row);
	}
	output_json(list);
}

/* --- The kernel. --- */

/*
 * What Landlock can deny since an ABI later than the first, and the version of Linux that has it
 * (landlock(7)). ABI 2 is missing here: it only allows what the first always denied.
 */
static const struct landlock_right {
	long abi;
	const char *name;
	const char *linux_version;
} RIGHTS[] = {
    {3, "truncating files", "6.2"},
    {4, "TCP", "6.7"},
    {5, "ioctl on devices", "6.10"},
    {6, "abstract Unix sockets and signals", "6.12"},
};

/* A note, because the handler's seccomp filter denies the same (mayfly(8), Sandbox). */
static void note_missing_rights(long abi, struct findings *findings)
{
	char array[512];
	struct buffer list = {array, sizeof array - 1, 0, false};
	for (size_t i = 0; i < sizeof RIGHTS / sizeof RIGHTS[0]; i++) {
		if (RIGHTS[i].abi <= abi)
			continue;
		buffer_add_string(&list, list.length > 0 ? ", " : "");
		buffer_add_string(&list, RIGHTS[i].name);
		buffer_add_string(&list, " (Linux ");
		buffer_add_string(&list, RIGHTS[i].linux_version);
		buffer_add_byte(&list, ')');
	}
	array[list.length] = '\0';
	if (list.length > 0)
		findings_add_note(
		    findings, "This kernel has Landlock ABI %ld, so that only seccomp denies %s",
		    abi, array);
}

static void check_kernel(struct findings *findings)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_BENEATH};
	int here = (int)syscall(SYS_openat2, AT_FDCWD, ".", &how, sizeof how);
	if (here >= 0)
		close(here);
	else if (errno == ENOSYS)
		findings_add(findings, "boot Linux 5.6 or newer", NULL,
		             "the kernel has no openat2(2): every response is 500");
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		findings_add(findings,
		             "boot Linux 5.13 or newer, with landlock in the list of the lsm= "
		             "parameter",
		             NULL, "Landlock is not available");
	else
		note_missing_rights(abi, findings);
	if (prctl(PR_GET_SECCOMP) < 0)
		findings_add(findings, "boot a kernel built with CONFIG_SECCOMP_FILTER", NULL,
		             "seccomp is not available");
}

/* --- The command. --- */

/* Only this site; NULL: all. */
static const char *only_site;

/* Checks what is in the root directory, after everything else; closes it. */
static void check_content(int root, const struct unit_config *config, struct findings *findings)
{
	if (root < 0)
		return;
	check_files(root, config, findings);
	check_rules(root, config, findings);
	(void)close(root);
}

/*
 * Checks what a request needs, in the order in which the problems must be solved: the socket comes
 * after the files, then a request. The files in the root directory come last.
 */
static void check_main_site(sd_bus *bus, const struct unit_config *config, bool is_complete,
                            struct findings *findings)
{
	size_t critical_count = findings->critical_count;
	check_units(bus, findings);
	size_t after_units = findings->count;
	bool has_root = is_complete && *config->root != '\0';
	int root = has_root ? check_root(config, findings) : -1;
	if (is_complete)
		check_hits_file(config, findings);
	if (check_user(config, findings))
		check_handler(bus, config, !is_complete || findings->count > after_units, findings);
	check_environment(bus, config, findings);
	check_running(bus, config, findings);
	check_listening(bus, config, findings);
	check_requests(bus, config->socket, SITE_MAIN, findings->critical_count > critical_count,
	               findings);
	check_content(root, config, findings);
}

/* The other checks need the configuration. */
static void add_unreadable(const char *socket, int error, struct findings *findings)
{
	if (error == -ENOENT)
		return;
	findings_add_unchecked(findings, "the configuration of %s cannot be read: %s",
	                       output_escaped(socket), strerror(-error));
}

/* The same for a further site, whose socket is checked by check_requests. */
static bool check_further_site(sd_bus *bus, const struct site *site, struct findings *findings)
{
	static struct unit_config config;
	size_t count = findings->count, critical_count = findings->critical_count;
	bool is_complete = true;
	findings->site = site->name;
	int error = site_read_config(site, bus, &config);
	if (error < 0)
		add_unreadable(site->socket, error, findings);
	else if (unit_config_find_handler(&config) < config.word_count) {
		is_complete = unit_config_can_become_user(&config);
		int root = is_complete && *config.root != '\0' ? check_root(&config, findings) : -1;
		if (is_complete)
			check_hits_file(&config, findings);
		if (check_user(&config, findings))
			check_handler(bus, &config, !is_complete || findings->count > count,
			              findings);
		check_environment(bus, &config, findings);
		check_running(bus, &config, findings);
		check_requests(bus, config.socket, site->name,
		               findings->critical_count > critical_count, findings);
		check_content(root, &config, findings);
	}
	unit_config_free(&config);
	check_further_timers(bus, site->name, findings);
	return is_complete;
}

/* Whether systemd serves the site, or should. */
static bool is_site_on(sd_bus *bus, const struct site *site)
{
	return bus_property_is(bus, site->socket, "ActiveState", "active") ||
	       bus_property_is(bus, site->socket, "UnitFileState", "enabled");
}

/* Checks the site of --site, or all further sites that are on. */
static bool check_further_sites(sd_bus *bus, const struct site_list *sites,
                                struct findings *findings)
{
	bool is_complete = true;
	for (size_t i = 0; i < sites->count; i++) {
		const struct site *site = &sites->all[i];
		bool is_chosen =
		    only_site != NULL ? strcmp(site->name, only_site) == 0 : is_site_on(bus, site);
		if (strcmp(site->name, SITE_MAIN) != 0 && is_chosen)
			is_complete = check_further_site(bus, site, findings) && is_complete;
	}
	return is_complete;
}

/* Checks the site of --site, or all sites. Returns whether this user may check everything. */
static bool check_sites(sd_bus *bus, const struct site_list *sites, struct findings *findings)
{
	static struct unit_config config;
	bool is_complete = true;
	if (only_site != NULL && strcmp(only_site, SITE_MAIN) != 0)
		return check_further_sites(bus, sites, findings);
	findings->site = SITE_MAIN;
	int error = unit_config_read(bus, &config);
	if (error == 0) {
		is_complete = unit_config_can_become_user(&config);
		check_main_site(bus, &config, is_complete, findings);
	} else {
		check_units(bus, findings);
		add_unreadable(config.socket, error, findings);
	}
	unit_config_free(&config);
	if (only_site == NULL)
		is_complete = check_further_sites(bus, sites, findings) && is_complete;
	findings->site = SITE_MAIN;
	check_timers(bus, findings);
	check_https(bus, findings);
	return is_complete;
}

/* Moves the findings from `start` on before all others. */
static void move_to_front(struct findings *findings, size_t start)
{
	struct finding moved[FINDINGS_MAX];
	size_t count = findings->count - start;
	memcpy(moved, findings->all + start, count * sizeof *moved);
	memmove(findings->all + count, findings->all, start * sizeof *moved);
	memcpy(findings->all, moved, count * sizeof *moved);
}

/*
 * Unit files are checked last, when most units are known anyway, but reported first: a line that systemd ignores may be
 * the cause of other problems. Returns whether this user may check everything.
 */
static bool check_installation(sd_bus *bus, const struct site_list *sites,
                               struct findings *findings)
{
	bool is_complete = check_sites(bus, sites, findings);
	size_t count = findings->count;
	findings->site = NULL;
	check_unit_files(bus, findings);
	move_to_front(findings, count);
	return is_complete;
}

static void print_all(const struct findings *findings, bool is_complete)
{
	if (as_json)
		print_json(findings);
	else if (is_quiet)
		print_quietly(findings);
	else
		print_findings(findings);
	if (!is_complete && !as_json && !is_quiet)
		puts("Run this as root to check what the handler's user may read and write.");
}

static enum exit_status run_check(char **operands, int count)
{
	static struct findings findings;
	static struct site_list sites;
	sd_bus *bus;
	bool is_complete = true;
	(void)operands;
	(void)count;
	check_kernel(&findings);
	const char *error = bus_open(&bus);
	if (error == NULL)
		site_list_find(&sites, bus);
	if (error == NULL && only_site != NULL && site_list_get(&sites, only_site) == NULL)
		return site_unknown(only_site);
	if (error == NULL)
		is_complete = check_installation(bus, &sites, &findings);
	else
		findings_add(&findings, "without systemd, start handlers by inetd; see mayfly(8)",
		             NULL, "%s", error);
	findings.site = NULL;
	if (error == NULL && (error = bus_close(bus)) != NULL)
		findings_add_unchecked(&findings, "%s", error);
	print_all(&findings, is_complete);
	if (error != NULL)
		return EXIT_UNKNOWN;
	if (findings.critical_count > 0)
		return EXIT_CRITICAL;
	return findings.count == 0 ? EXIT_DONE : EXIT_FAILED;
}

static const struct command_option OPTIONS[] = {
    {.row = SITE_ROW, .parse = option_text, .destination = &only_site},
    {.row = {0, "json", "", "print a JSON array: severity, site, problem, remedy, command"},
     .parse = option_flag,
     .destination = &as_json},
    {.row = {'q', "quiet", "", "print one line per problem, nothing if there is none"},
     .parse = option_flag,
     .destination = &is_quiet},
    {.row = {0}},
};

const struct command command_check = {
    .name = "check",
    .operands = "",
    .summary = "find problems, and print what to do about them",
    .description =
        "Find problems of the installed server, and print what to do about each. Sends a\n"
        "request (HEAD /, not counted) to each site. Only root can check what the\n"
        "handler's user may read and write.\n",
    .notes = "Exits with 0 if there is no problem, 1 if there is one, 2 if clients of a site\n"
             "are not served, 3 if systemd cannot be queried.\n",
    .options = OPTIONS,
    .run = run_check,
};
