/* The checks of HTTPS; see check_https.h. */
#include "check_https.h"
#include "child.h"
#include "environment.h"
#include "https.h"
#include "output.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRIPT_TIMEOUT_S = 10, DAY_S = 86400, WARNING_DAYS = 14 };

static bool has_openssl(void)
{
	return access("/usr/bin/openssl", X_OK) == 0;
}

/* Whether there is a certificate, as far as this can be seen. */
static bool has_certificate(void)
{
	static struct certificate certificate;
	return has_openssl() ? certificate_read(HTTPS_CERTIFICATE, &certificate)
	                     : access(HTTPS_CERTIFICATE, F_OK) == 0;
}

/*
 * Runs the check that the socket runs at its start. Its output is a line with the problem, and one with
 * the command that solves it.
 */
static void check_files(struct findings *findings)
{
	char script[PATH_MAX], output[1024];
	https_find_script(script);
	const char *const command[] = {script, "check", NULL};
	int status = child_run(command, "", SCRIPT_TIMEOUT_S, output, sizeof output);
	if (status == 0)
		return;
	char *rest = output;
	const char *problem = strsep(&rest, "\n");
	const char *cure = rest != NULL ? strsep(&rest, "\n") : NULL;
	if (strncmp(problem, "mayfly: ", strlen("mayfly: ")) != 0)
		findings_add_reinstall(findings, "%s does not run", output_escaped(script));
	else
		findings_add(findings, NULL,
		             cure != NULL && *cure == ' ' ? cure + strspn(cure, " ") : NULL, "%s",
		             output_escaped(problem + strlen("mayfly: ")));
	/* Another problem keeps clients out if a request fails. */
	if (!has_certificate())
		findings_mark_critical(findings);
}

/* Returns whether the certificate is valid now. */
static bool check_dates(const struct certificate *certificate, struct findings *findings)
{
	time_t now = time(NULL), left = certificate->not_after - now;
	time_t lifetime = certificate->not_after - certificate->not_before;
	bool is_renewed = access(HTTPS_ACME, F_OK) == 0;
	const char *cure = is_renewed ? "systemctl start mayfly-acme.service" : NULL;
	const char *advice = is_renewed ? "renew it; if that fails, the journal of "
	                                  "mayfly-acme.service has the reason"
	                                : "install a new one (mayfly-https.socket(5))";
	bool is_valid = certificate->not_before <= now && left > 0;
	if (certificate->not_before > now)
		findings_add(findings, "set the clock", NULL, "the certificate is not valid yet");
	else if (left <= 0)
		findings_add(findings, advice, cure, "the certificate has expired");
	else if (left < (long)WARNING_DAYS * DAY_S && left < lifetime / 4)
		findings_add(findings, advice, cure, "the certificate expires in %ld days",
		             (long)(left / DAY_S));
	if (!is_valid)
		findings_mark_critical(findings);
	return is_valid;
}

static void check_names(sd_bus *bus, const struct certificate *certificate,
                        struct findings *findings)
{
	char error[HTTPS_ERROR_SIZE];
	for (size_t i = 0; i < certificate->name_count; i++) {
		const char *name = certificate->names[i];
		if (*name == '*' || https_request(bus, name, error))
			continue;
		findings_add(findings, "see the last errors of the units",
		             "journalctl -b -n 20 --no-pager -u " SOCKET_HTTPS
		             " -u 'mayfly-https@*.service'",
		             "a request to https://%s/ fails: %s", output_escaped(name),
		             output_escaped(error));
		findings_mark_critical(findings);
	}
}

static bool certificate_has(const struct certificate *certificate, const char *name)
{
	for (size_t i = 0; i < certificate->name_count; i++)
		if (strcasecmp(certificate->names[i], name) == 0)
			return true;
	return false;
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
	char *names = text != NULL ? environment_value(text, "names") : NULL;
	char *rest = names;
	const char *name;
	while ((name = strsep(&rest, " ")) != NULL)
		if (*name != '\0' && !certificate_has(certificate, name))
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
	if (access(HTTPS_ACME, F_OK) == 0) {
		(void)check_unit(bus, SOCKET_HTTP, "the certificate cannot be renewed", findings);
		(void)check_unit(bus, TIMER_ACME, "the certificate is not renewed", findings);
	} else if (https_unit_is_on(bus, SOCKET_HTTP)) {
		(void)check_unit(bus, SOCKET_HTTP, "port 80 is not redirected", findings);
	}
}

/* What clients see of the certificate. */
static void check_certificate(sd_bus *bus, bool is_active, struct findings *findings)
{
	static struct certificate certificate;
	if (!has_openssl()) {
		findings_add(findings, NULL, "apt-get install openssl",
		             "openssl is missing: certificates cannot be checked");
		return;
	}
	if (!certificate_read(HTTPS_CERTIFICATE, &certificate))
		return; /* check_files has reported it */
	check_expected_names(bus, &certificate, findings);
	if (check_dates(&certificate, findings) && is_active)
		check_names(bus, &certificate, findings);
}

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
	check_certificate(bus, is_active, findings);
}
