/* The checks of HTTPS; see check_https.h. */
#include "check_https.h"
#include "bus.h"
#include "child.h"
#include "environment.h"
#include "https.h"
#include "output.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTALL_ADVICE "install a new one (mayfly-https.socket(5))"

enum { SCRIPT_TIMEOUT_S = 10, DAY_S = 86400, WARNING_DAYS = 14 };

#define OPENSSL "/usr/bin/openssl"

/* Whether there is no usable certificate, as far as this can be seen. */
static bool lacks_certificate(void)
{
	static struct certificate certificate;
	return https_find_file(OPENSSL)
	           ? certificate_read(HTTPS_CERTIFICATE, &certificate) == CERTIFICATE_UNUSABLE
	           : access(HTTPS_CERTIFICATE, F_OK) != 0 && errno == ENOENT;
}

/*
 * Runs the check that the socket runs at its start. Its output is a line with the problem, and one with
 * the command that solves it, in which NAME stands for what the owner must choose.
 */
static void check_files(struct findings *findings)
{
	char script[PATH_MAX], output[1024];
	if (!https_find_script(script)) {
		bus_note_unreadable("/proc/self/exe", errno);
		return;
	}
	const char *const command[] = {script, "check", NULL};
	int status = child_run(command, "", SCRIPT_TIMEOUT_S, output, sizeof output);
	if (status == 0)
		return;
	if (status < 0) {
		findings_add_unchecked(findings, "cannot run %s, or it does not end",
		                       output_escaped(script));
		return;
	}
	char *rest = output;
	const char *problem = strsep(&rest, "\n");
	const char *line = rest != NULL ? strsep(&rest, "\n") : "";
	const char *cure = *line == ' ' ? line + strspn(line, " ") : NULL;
	bool is_command = cure != NULL && strstr(cure, "NAME") == NULL;
	if (strncmp(problem, "mayfly: ", strlen("mayfly: ")) != 0)
		findings_add_reinstall(findings, "%s does not run", output_escaped(script));
	else
		findings_add(findings,
		             is_command     ? NULL
		             : cure != NULL ? cure
		                            : INSTALL_ADVICE,
		             is_command ? cure : NULL, "%s",
		             output_escaped(problem + strlen("mayfly: ")));
	/* Another problem keeps clients out if a request fails. */
	if (lacks_certificate())
		findings_mark_critical(findings);
}

/*
 * Checks that the certificate is valid now, and for how long; `which` names it. `renewal` is the command that
 * renews it, or NULL if another program does that. Returns whether it is valid.
 */
static bool check_dates(const struct certificate *certificate, const char *which,
                        const char *renewal, struct findings *findings)
{
	time_t now = time(NULL), left = certificate->not_after - now;
	time_t lifetime = certificate->not_after - certificate->not_before;
	const char *advice = renewal != NULL ? "renew it; if that fails, the journal of "
	                                       "mayfly-acme.service has the reason"
	                                     : INSTALL_ADVICE;
	bool is_valid = certificate->not_before <= now && left > 0;
	if (certificate->not_before > now)
		findings_add(findings, "set the clock", NULL, "%s is not valid yet", which);
	else if (left <= 0)
		findings_add(findings, advice, renewal, "%s has expired", which);
	else if (left < (long)WARNING_DAYS * DAY_S && left < lifetime / 4)
		findings_add(findings, advice, renewal, "%s expires in %ld days", which,
		             (long)(left / DAY_S));
	if (!is_valid)
		findings_mark_critical(findings);
	return is_valid;
}

/* Sends a request as a client that asks for this name. */
static void check_request(sd_bus *bus, const char *name, struct findings *findings)
{
	char error[HTTPS_ERROR_SIZE];
	if (https_request(bus, name, error))
		return;
	findings_add(findings, "see the last errors of the units",
	             "journalctl -b -n 20 --no-pager -u 'mayfly-https*'",
	             "a request to https://%s/ fails: %s", output_escaped(name),
	             output_escaped(error));
	findings_mark_critical(findings);
}

/* The names that have a certificate of their own are checked with that. */
static void check_names(sd_bus *bus, const struct certificate *certificate,
                        struct findings *findings)
{
	for (size_t i = 0; i < certificate->name_count; i++) {
		const char *name = certificate->names[i];
		if (*name != '*' && !https_has_own_certificate(name))
			check_request(bus, name, findings);
	}
}

/*
 * Reports a name that the certificate does not have. Clients may be served all the same, by a certificate
 * of that name.
 */
static void add_missing_name(sd_bus *bus, const char *name, struct findings *findings)
{
	char error[HTTPS_ERROR_SIZE];
	findings_add(findings, NULL, "systemctl start mayfly-acme.service",
	             "the certificate is not for %s", output_escaped(name));
	if (!https_request(bus, name, error))
		findings_mark_critical(findings);
}

/* Checks the names of the last `mayflyctl https`. */
static void check_expected_names(sd_bus *bus, const struct certificate *certificate,
                                 struct findings *findings)
{
	char *text = environment_read(HTTPS_ACME);
	if (text == NULL)
		bus_note_failure(HTTPS_ACME, errno);
	char *names = text != NULL ? environment_value(text, "names") : NULL;
	char *rest = names;
	const char *name;
	while ((name = strsep(&rest, " ")) != NULL)
		if (*name != '\0' && !certificate_covers(certificate, name))
			add_missing_name(bus, name, findings);
	free(names);
	free(text);
}

/* Returns whether the unit is active. */
static bool check_unit(sd_bus *bus, const char *name, const char *consequence,
                       struct findings *findings)
{
	char command[128];
	if (https_unit_is_active(bus, name))
		return true;
	(void)snprintf(command, sizeof command, "systemctl enable --now %s", name);
	findings_add(findings, NULL, command, "%s is not active: %s", name, consequence);
	return false;
}

/* The port that redirects clients, and what renews the certificate. */
static void check_other_units(sd_bus *bus, struct findings *findings)
{
	if (https_find_file(HTTPS_ACME)) {
		(void)check_unit(bus, SOCKET_HTTP, "the certificate cannot be renewed", findings);
		(void)check_unit(bus, TIMER_ACME, "the certificate is not renewed", findings);
	} else if (https_unit_is_on(bus, SOCKET_HTTP)) {
		(void)check_unit(bus, SOCKET_HTTP, "port 80 is not redirected", findings);
	}
}

static void add_unchecked_certificate(const char *which, struct findings *findings)
{
	findings_add_unchecked(
	    findings, "%s is not checked: openssl could not be run, or did not end", which);
}

/* What clients see of the certificate. */
static void check_certificate(sd_bus *bus, bool is_active, struct findings *findings)
{
	static struct certificate certificate;
	const char *renewal =
	    https_find_file(HTTPS_ACME) ? "systemctl start mayfly-acme.service" : NULL;
	enum certificate_result result = certificate_read(HTTPS_CERTIFICATE, &certificate);
	if (result == CERTIFICATE_UNKNOWN)
		add_unchecked_certificate("the certificate", findings);
	if (result != CERTIFICATE_READ)
		return; /* check_files has reported an unusable one */
	check_expected_names(bus, &certificate, findings);
	if (check_dates(&certificate, "the certificate", renewal, findings) && is_active)
		check_names(bus, &certificate, findings);
}

/* --- The certificates of one host name each. --- */

/* Clients ask for a name in lower case. Returns whether the file has such a name. */
static bool check_file_name(sd_bus *bus, bool is_active, const struct named_certificate *named,
                            struct findings *findings)
{
	char name[NAME_MAX + 1], command[CHECK_COMMAND_SIZE], error[HTTPS_ERROR_SIZE];
	(void)snprintf(name, sizeof name, "%s", named->name);
	for (char *c = name; *c != '\0'; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	if (strcmp(name, named->name) == 0)
		return true;
	(void)snprintf(command, sizeof command, "mv -nT %s " HTTPS_NAMES "/%s",
	               output_quoted(named->path), output_quoted(name));
	findings_add(findings, NULL, command,
	             "%s is not used: clients ask for a name in lower case",
	             output_escaped(named->path));
	if (is_active && !https_request(bus, name, error))
		findings_mark_critical(findings);
	return false;
}

/* Returns whether the file has a certificate that is for its name and valid now. */
static bool check_content(const struct named_certificate *named, struct findings *findings)
{
	char which[PATH_MAX];
	if (named->result == CERTIFICATE_UNKNOWN) {
		add_unchecked_certificate(output_escaped(named->path), findings);
		return false;
	}
	if (named->result == CERTIFICATE_UNUSABLE) {
		findings_add(findings, INSTALL_ADVICE, NULL, "%s: no certificate",
		             output_escaped(named->path));
		return false;
	}
	if (!certificate_covers(&named->certificate, named->name)) {
		findings_add(findings, INSTALL_ADVICE ", or rename it", NULL,
		             "%s: the certificate is not for this name",
		             output_escaped(named->path));
		return false;
	}
	(void)snprintf(which, sizeof which, "the certificate of %s", output_escaped(named->name));
	return check_dates(&named->certificate, which, NULL, findings);
}

static void check_named(sd_bus *bus, bool is_active, const struct named_certificate *named,
                        struct findings *findings)
{
	char error[HTTPS_ERROR_SIZE];
	if (!check_file_name(bus, is_active, named, findings))
		return;
	bool is_good = check_content(named, findings);
	if (is_active && is_good)
		check_request(bus, named->name, findings);
	else if (is_active && !https_request(bus, named->name, error))
		findings_mark_critical(findings);
}

static void check_all_named(sd_bus *bus, bool is_active, struct findings *findings)
{
	size_t count;
	struct named_certificate *all = https_read_names(&count);
	for (size_t i = 0; i < count; i++)
		check_named(bus, is_active, &all[i], findings);
	free(all);
}

/* --- All of it. --- */

void check_https(sd_bus *bus, struct findings *findings)
{
	bool is_root = getuid() == 0;
	if (!https_unit_is_on(bus, SOCKET_HTTPS))
		return;
	/* What the start of the socket needs comes before it. */
	if (is_root)
		check_files(findings);
	bool is_active = check_unit(bus, SOCKET_HTTPS, "no client is served by HTTPS", findings);
	if (!is_active)
		findings_mark_critical(findings);
	if (!is_root) {
		findings_add_note(findings, "Only root can check certificates");
		return;
	}
	check_other_units(bus, findings);
	if (!https_find_file(OPENSSL)) {
		if (error_is_of_system(errno))
			return; /* bus_close reports it */
		findings_add(findings, NULL, "apt-get install openssl",
		             "openssl is missing: certificates cannot be checked");
		return;
	}
	check_certificate(bus, is_active, findings);
	check_all_named(bus, is_active, findings);
}
