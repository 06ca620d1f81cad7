/*
 * `mayflyctl https`: gets a certificate, and serves the site by HTTPS. Each step is also right if it
 * was done before, so that the same command completes or repeats it.
 */
#include "bus.h"
#include "command.h"
#include "https.h"
#include "listener.h"
#include "memory.h"
#include "output.h"
#include "site_steps.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ISSUE_WORDS = 6, TEXT_SIZE = 4096 };

static struct https_options {
	const char *email, *server;
	bool replaces; /* the certificate may lose names */
} options;

/* --- Checks. --- */

/* Letters, digits, hyphens and dots, with a dot inside: a certificate authority accepts no other name. */
static bool is_host_name(const char *name)
{
	static const char ALLOWED[] =
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
	size_t length = strlen(name);
	const char *dot = strrchr(name, '.');
	return length < HTTPS_NAME_SIZE && name[strspn(name, ALLOWED)] == '\0' && *name != '-' &&
	       *name != '.' && dot != NULL && dot[1] != '\0' && strstr(name, "..") == NULL &&
	       dot[1 + strspn(dot + 1, "0123456789")] != '\0';
}

static enum exit_status check_programs(void)
{
	static const char *const PROGRAMS[] = {"tlswrapper", "uacme", "openssl"};
	char path[64], missing[64] = "";
	for (size_t i = 0; i < sizeof PROGRAMS / sizeof PROGRAMS[0]; i++) {
		(void)snprintf(path, sizeof path, "/usr/bin/%s", PROGRAMS[i]);
		if (access(path, X_OK) == 0)
			continue;
		if (error_is_of_system(errno))
			return command_error("%s: %s", path, strerror(errno));
		size_t length = strlen(missing);
		(void)snprintf(missing + length, sizeof missing - length, " %s", PROGRAMS[i]);
	}
	if (*missing == '\0')
		return EXIT_DONE;
	return command_error("programs are missing; run \"apt-get install%s\"", missing);
}

static enum exit_status check_port(sd_bus *bus, unsigned port, const char *socket)
{
	struct listener listener;
	if (https_unit_is_active(bus, socket) || !listener_find(port, &listener))
		return EXIT_DONE;
	if (strcmp(listener.program, "systemd") == 0)
		return command_error("port %u is taken by another socket unit, which \"systemctl "
		                     "list-sockets\" shows: set another port there (for "
		                     "mayfly.socket: \"systemctl edit mayfly.socket\")",
		                     port);
	return command_error("port %u is taken by %s: stop that, and disable it", port,
	                     output_escaped(listener.program));
}

static bool is_own_address(const struct addrinfo *address)
{
	char host[NI_MAXHOST], listener[NI_MAXHOST + 8];
	if (getnameinfo(address->ai_addr, address->ai_addrlen, host, sizeof host, NULL, 0,
	                NI_NUMERICHOST) != 0)
		return false;
	(void)snprintf(listener, sizeof listener, "%s:0", host);
	return listener_has_address(listener);
}

/* An address of another machine may be that of a router, which forwards the ports to this one. */
static enum exit_status check_name(const char *name)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found;
	int error = getaddrinfo(name, NULL, &hints, &found);
	if (error != 0)
		return command_error("%s: %s; add a DNS record that leads to this machine", name,
		                     gai_strerror(error));
	bool is_here = false;
	for (const struct addrinfo *address = found; address != NULL; address = address->ai_next)
		is_here = is_here || is_own_address(address);
	freeaddrinfo(found);
	if (!is_here)
		printf("%s does not lead to an address of this machine. That is right only if a\n"
		       "router forwards ports 80 and 443 to it.\n",
		       name);
	return EXIT_DONE;
}

static void append(char text[static TEXT_SIZE], const char *separator, const char *name)
{
	size_t length = strlen(text);
	(void)snprintf(text + length, TEXT_SIZE - length, "%s%s", separator, output_escaped(name));
}

/*
 * Lists the names of the certificate that are not among these, in `lost`; and in `all` the names and
 * the lost ones.
 */
static void find_lost_names(const struct certificate *certificate, char **names, int count,
                            char lost[static TEXT_SIZE], char all[static TEXT_SIZE])
{
	for (int i = 0; i < count; i++)
		append(all, " ", names[i]);
	for (size_t i = 0; i < certificate->name_count; i++) {
		const char *name = certificate->names[i];
		bool is_kept = false;
		for (int j = 0; j < count; j++)
			is_kept = is_kept || strcasecmp(names[j], name) == 0;
		if (is_kept)
			continue;
		append(lost, *lost != '\0' ? ", " : "", name);
		append(all, " ", name);
	}
}

/* One certificate takes the place of the other, so names that are not given would lose HTTPS. */
static enum exit_status check_lost_names(char **names, int count)
{
	static struct certificate certificate;
	static char lost[TEXT_SIZE], all[TEXT_SIZE];
	if (geteuid() != 0)
		puts("Only root can see which names the present certificate has.");
	if (certificate_read(HTTPS_CERTIFICATE, &certificate) != CERTIFICATE_READ) {
		if (geteuid() != 0 || (access(HTTPS_CERTIFICATE, F_OK) != 0 && errno == ENOENT))
			return EXIT_DONE;
		if (options.replaces) {
			puts("The names of the present certificate are not known.");
			return EXIT_DONE;
		}
		return command_error("cannot read the names of the certificate %s; repeat the "
		                     "command, or replace the certificate with --replace",
		                     HTTPS_CERTIFICATE);
	}
	find_lost_names(&certificate, names, count, lost, all);
	if (*lost == '\0')
		return EXIT_DONE;
	if (!options.replaces)
		return command_error("the certificate is also for %s, which would be without "
		                     "HTTPS: run \"mayflyctl https%s\", or add --replace",
		                     lost, all);
	printf("The certificate will not be for %s any longer.\n", lost);
	return EXIT_DONE;
}

static enum exit_status check(sd_bus *bus, char **names, int count)
{
	enum exit_status status = check_programs();
	if (status == EXIT_DONE)
		status = check_port(bus, 80, SOCKET_HTTP);
	if (status == EXIT_DONE)
		status = check_port(bus, 443, SOCKET_HTTPS);
	for (int i = 0; i < count && status == EXIT_DONE; i++)
		status = check_name(names[i]);
	return status == EXIT_DONE ? check_lost_names(names, count) : status;
}

/* --- The steps. --- */

static enum exit_status issue(char **names, int count)
{
	char script[PATH_MAX];
	if (!https_find_script(script))
		return command_error("/proc/self/exe: %s", strerror(errno));
	const char **command = memory_allocate((size_t)count + ISSUE_WORDS + 1, sizeof *command);
	size_t words = 0;
	command[words++] = script;
	command[words++] = "issue";
	if (options.server != NULL) {
		command[words++] = "--server";
		command[words++] = options.server;
	}
	if (options.email != NULL) {
		command[words++] = "--email";
		command[words++] = options.email;
	}
	for (int i = 0; i < count; i++)
		command[words++] = names[i];
	enum exit_status status = site_step_run(command);
	free(command);
	return status;
}

/* Sends a request by each name. */
static enum exit_status verify(sd_bus *bus, char **names, int count)
{
	enum exit_status status = EXIT_DONE;
	char error[HTTPS_ERROR_SIZE];
	if (site_steps_are_dry)
		return EXIT_DONE;
	for (int i = 0; i < count; i++)
		if (https_request(bus, names[i], error))
			printf("https://%s/ is served.\n", names[i]);
		else
			status = command_error("https://%s/: %s", names[i], output_escaped(error));
	return status;
}

static enum exit_status carry_out(sd_bus *bus, char **names, int count)
{
	static const char *const OPEN[] = {"systemctl", "enable", "--now", SOCKET_HTTP, NULL};
	static const char *const SERVE[] = {"systemctl",  "enable",   "--now",
	                                    SOCKET_HTTPS, TIMER_ACME, NULL};
	puts("These steps agree to the terms of service of the certificate authority:");
	enum exit_status status = site_step_run(OPEN);
	if (status == EXIT_DONE)
		status = issue(names, count);
	if (status == EXIT_DONE)
		status = site_step_run(SERVE);
	return status == EXIT_DONE ? verify(bus, names, count) : status;
}

/* --- The command. --- */

static enum exit_status run_https(char **operands, int count)
{
	sd_bus *bus;
	for (int i = 0; i < count; i++)
		if (!is_host_name(operands[i]))
			return command_usage_error("\"%s\" is not a host name such as example.org",
			                           output_escaped(operands[i]));
	enum exit_status status = site_steps_begin();
	if (status != EXIT_DONE)
		return status;
	const char *problem = bus_open(&bus);
	if (problem != NULL)
		return command_error("%s", problem);
	status = check(bus, operands, count);
	if (status == EXIT_DONE)
		status = carry_out(bus, operands, count);
	problem = bus_close(bus);
	return problem == NULL ? status : command_error("%s", problem);
}

static const struct command_option OPTIONS[] = {
    {.row = {0, "email", "ADDRESS", "give this address to the certificate authority"},
     .parse = option_text,
     .destination = &options.email},
    {.row = {0, "server", "URL", "use the ACME directory at URL (default: Let's Encrypt)"},
     .parse = option_text,
     .destination = &options.server},
    {.row = {0, "replace", "", "remove the names that are not given from the certificate"},
     .parse = option_flag,
     .destination = &options.replaces},
    {.row = SITE_DRY_RUN_ROW, .parse = option_flag, .destination = &site_steps_are_dry},
    {.row = {0}},
};

const struct command command_https = {
    .name = "https",
    .operands = "NAME...",
    .operands_min = 1,
    .operands_max = HTTPS_NAMES_MAX,
    .summary = "get a certificate, and serve the site by HTTPS",
    .description =
        "Get one certificate for these host names from Let's Encrypt, enable its renewal,\n"
        "and serve the site on port 443; port 80 redirects to it. Print each step, and\n"
        "request https://NAME/ for each name. Run it again after an error, or with all\n"
        "names to add one. See mayfly-https.socket(5).\n",
    .options = OPTIONS,
    .run = run_https,
};
