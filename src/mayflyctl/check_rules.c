/* Checking a site's rules; see check_rules.h. */
#include "check_rules.h"
#include "check_site.h"
#include "http/header_rules.h"
#include "http/redirects.h"
#include "output.h"
#include "transfer.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FINDINGS_OF_A_FILE = 10 };

/* A file of rules, and what was found in it. */
struct rules_file {
	char name[2 * PATH_MAX];
	struct view text;
	const char *section; /* of mayfly(8) */
	size_t count;
	struct findings *findings;
};

/* Opens it as the handler does, so that a link can lead to no other file than it serves. */
static bool read_rules(int root, const struct unit_config *config, const char *name,
                       struct rules_file *file)
{
	static char bytes[RULES_SIZE_MAX + 1];
	struct stat status;
	ssize_t length = 0;
	int descriptor = check_open(root, config, name, OPENING_FILE);
	if (descriptor < 0 && error_is_of_system(errno))
		findings_add_unchecked(file->findings, "%s is not checked: %s",
		                       output_escaped(file->name), strerror(errno));
	if (descriptor < 0)
		return false;
	if (fstat(descriptor, &status) != 0)
		length = -1;
	else if (S_ISREG(status.st_mode))
		length = transfer_read(descriptor, bytes, sizeof bytes);
	if (length < 0)
		findings_add_unchecked(file->findings, "%s is not checked: %s",
		                       output_escaped(file->name), strerror(errno));
	close(descriptor);
	file->text = (struct view){bytes, length > 0 ? (size_t)length : 0};
	return length > 0;
}

static void add_problem(struct rules_file *file, unsigned line, const char *problem)
{
	char advice[80];
	(void)snprintf(advice, sizeof advice, "correct or remove the line; see mayfly(8), %s",
	               file->section);
	if (file->count++ < FINDINGS_OF_A_FILE)
		findings_add(file->findings, advice, NULL, "%s: line %u %s",
		             output_escaped(file->name), line, problem);
}

static void add_others(const struct rules_file *file)
{
	if (file->count > FINDINGS_OF_A_FILE)
		findings_add(file->findings, "correct those above, then check again",
		             "mayflyctl check", "%s: %zu more lines without effect",
		             output_escaped(file->name), file->count - FINDINGS_OF_A_FILE);
}

static void check_redirects(struct rules_file *file)
{
	struct rule_lines lines = rule_lines_of(file->text);
	struct redirect_rule rule;
	struct view line;
	if (!redirects_are_within_limits(file->text)) {
		findings_add(file->findings, "make it smaller; see mayfly(8), Redirects", NULL,
		             "%s is larger than 64 KiB or has more than 1000 rules: none applies",
		             output_escaped(file->name));
		return;
	}
	while ((line = rule_lines_next(&lines)).length > 0) {
		const char *problem = redirect_rule_parse(line, &rule);
		if (problem != NULL)
			add_problem(file, lines.number, problem);
	}
}

static void check_headers(struct rules_file *file)
{
	struct header_reader reader = header_reader_of(file->text);
	struct header_line line;
	const char *problem;
	if (file->text.length > RULES_SIZE_MAX) {
		findings_add(file->findings, "make it smaller; see mayfly(8), Header fields", NULL,
		             "%s is larger than 64 KiB: none of its fields is sent",
		             output_escaped(file->name));
		return;
	}
	while (header_reader_next(&reader, &line, &problem))
		if (problem != NULL)
			add_problem(file, reader.lines.number, problem);
}

/* `directory`: relative to the root directory, with a slash at its end; or empty. */
static void check_directory(int root, const struct unit_config *config, const char *directory,
                            struct findings *findings)
{
	static const struct {
		const char *name, *section;
		void (*check)(struct rules_file *file);
	} FILES[] = {{"_redirects", "Redirects", check_redirects},
	             {"_headers", "Header fields", check_headers}};
	for (size_t i = 0; i < sizeof FILES / sizeof FILES[0]; i++) {
		char name[PATH_MAX];
		struct rules_file file = {.section = FILES[i].section, .findings = findings};
		(void)snprintf(name, sizeof name, "%s%s", directory, FILES[i].name);
		(void)snprintf(file.name, sizeof file.name, "%s/%s", config->root, name);
		if (!check_become_user(config, output_escaped(file.name), findings))
			continue;
		bool is_read = read_rules(root, config, name, &file);
		unit_config_leave_user();
		if (!is_read)
			continue;
		FILES[i].check(&file);
		add_others(&file);
	}
}

static void check_hosts(int root, const struct unit_config *config, struct findings *findings)
{
	DIR *directory = opendir(config->root);
	const struct dirent *entry;
	if (directory == NULL) {
		findings_add_unchecked(findings, "the rules of hosts are not checked: %s: %s",
		                       output_escaped(config->root), strerror(errno));
		return;
	}
	while (errno = 0, (entry = readdir(directory)) != NULL) {
		char name[NAME_MAX + 2];
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(name, sizeof name, "%s/", entry->d_name);
		check_directory(root, config, name, findings);
	}
	if (errno != 0)
		findings_add_unchecked(findings, "not all rules of hosts are checked: %s",
		                       strerror(errno));
	(void)closedir(directory);
}

void check_rules(int root, const struct unit_config *config, struct findings *findings)
{
	if (unit_config_has_option(config, "--no-rules"))
		return;
	if (unit_config_has_option(config, "--vhosts"))
		check_hosts(root, config, findings);
	else
		check_directory(root, config, "", findings);
}
