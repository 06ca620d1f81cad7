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

/*
 * Runs the check that the socket runs at its start. Its output is a line with the problem, and one with
 * the command that solves it. Returns whether it found none.
 */
static bool check_files(struct findings *findings)
{
	char script[PATH_MAX], output[1024];
	https_find_script(script);
	const char *const command[] = {script, "check", NULL};
	int status = child_run(command, "", SCRIPT_TIMEOUT_S, output, sizeof output);
	if (status == 0)
		return true;
	char *rest = output;
	const char *problem = strsep(&rest, "\n");
	const char *cure = rest != NULL ? strsep(&rest, "\n") : NULL;
	if (strncmp(problem, "mayfly: ", strlen("mayfly: ")) != 0)
		findings_add_reinstall(findings, "%s does not run", output_escaped(script));
	else
		findings_add(findings, NULL,
		             cure != NULL && *cure == ' ' ? cure + strspn(cure, " ") : NULL, "%s",
		             output_escaped(problem + strlen("mayfly: ")));
	return false;
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
	if (certificate->not_before > now)
		findings_add(findings, "set the clock", NULL, "the certificate is not valid yet");
	else if (left <= 0)
		findings_add(findings, advice, cure, "the certificate has expired");
	else if (left < (long)WARNING_DAYS * DAY_S && left < lifetime / 4)
		findings_add(findings, advice, cure, "the certificate expires in %ld days",
		             (long)(left / DAY_S));
	return certificate->not_before <= now && left > 0;
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
	}
}

static bool certificate_has(const struct certificate *certificate, const char *name)
{
	for (size_t i = 0; i < certificate->name_count; i++)
		if (strcasecmp(certificate->names[i], name) == 0)
			return true;
	return false;
}

/* Reports names of the last `mayflyctl https` that the certificate does not have. */
static void check_expected_names(const struct certificate *certificate, struct findings *findings)
{
	char *text = environment_read(HTTPS_ACME);
	char *names = text != NULL ? environment_value(text, "names") : NULL;
	char *rest = names;
	const char *name;
	while ((name = strsep(&rest, " ")) != NULL)
		if (*name != '\0' && !certificate_has(certificate, name))
			findings_add(findings, NULL, "systemctl start mayfly-acme.service",
			             "the certificate is not for %s", output_escaped(name));
	free(names);
	free(text);
}

static void check_unit(sd_bus *bus, const char *name, const char *consequence,
                       struct findings *findings)
{
	char command[128];
	(void)snprintf(command, sizeof command, "systemctl enable --now %s", name);
	if (!https_unit_is_active(bus, name))
		findings_add(findings, NULL, command, "%s is not active: %s", name, consequence);
}

void check_https(sd_bus *bus, struct findings *findings)
{
	static struct certificate certificate;
	if (!https_unit_is_on(bus, SOCKET_HTTPS))
		return;
	if (getuid() != 0) {
		findings_add_note(findings, "Only root can check certificates");
		return;
	}
	bool is_valid = check_files(findings);
	check_unit(bus, SOCKET_HTTPS, "no client is served by HTTPS", findings);
	if (access(HTTPS_ACME, F_OK) == 0) {
		check_unit(bus, SOCKET_HTTP, "the certificate cannot be renewed", findings);
		check_unit(bus, TIMER_ACME, "the certificate is not renewed", findings);
	} else if (https_unit_is_on(bus, SOCKET_HTTP)) {
		check_unit(bus, SOCKET_HTTP, "port 80 is not redirected", findings);
	}
	if (access("/usr/bin/openssl", X_OK) != 0) {
		findings_add(findings, NULL, "apt-get install openssl",
		             "openssl is missing: certificates cannot be checked");
		return;
	}
	if (!certificate_read(HTTPS_CERTIFICATE, &certificate))
		return; /* check_files has reported it */
	check_expected_names(&certificate, findings);
	is_valid = check_dates(&certificate, findings) && is_valid;
	if (is_valid && https_unit_is_active(bus, SOCKET_HTTPS))
		check_names(bus, &certificate, findings);
}
