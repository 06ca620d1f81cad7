/* HTTPS of the main site; see https.h. */
#include "https.h"
#include "child.h"
#include "listener.h"
#include "memory.h"
#include "program.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REQUEST_TIMEOUT_S = 15, READ_TIMEOUT_S = 5, OUTPUT_SIZE = 16384, ADDRESS_SIZE = 160 };

bool https_find_script(char path[static PATH_MAX])
{
	static const char NAME[] = "/share/mayfly/https";
	char program[PATH_MAX - sizeof NAME];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	if (length < 0)
		return false;
	program[length] = '\0';
	/* PREFIX/bin/mayflyctl */
	for (int i = 0; i < 2; i++) {
		char *slash = strrchr(program, '/');
		if (slash != NULL)
			*slash = '\0';
	}
	(void)snprintf(path, PATH_MAX, "%s%s", program, NAME);
	return true;
}

bool https_unit_is_active(sd_bus *bus, const char *name)
{
	return bus_property_is(bus, name, "ActiveState", "active");
}

bool https_unit_is_on(sd_bus *bus, const char *name)
{
	return https_unit_is_active(bus, name) ||
	       bus_property_is(bus, name, "UnitFileState", "enabled");
}

bool https_is_only_port(sd_bus *bus, const char *socket)
{
	return https_unit_is_on(bus, SOCKET_HTTPS) && !https_unit_is_on(bus, socket);
}

/* --- The certificate. --- */

/* The date after `name` in the output of openssl, "Nov 29 00:57:12 2026 GMT"; 0 if there is none. */
static time_t read_date(const char *output, const char *name)
{
	struct tm date = {0};
	const char *start = strstr(output, name);
	if (start == NULL || strptime(start + strlen(name), "%b %d %H:%M:%S %Y", &date) == NULL)
		return 0;
	return timegm(&date);
}

static void read_names(const char *output, struct certificate *certificate)
{
	static const char MARK[] = "DNS:";
	certificate->name_count = 0;
	for (const char *name = strstr(output, MARK);
	     name != NULL && certificate->name_count < HTTPS_NAMES_MAX; name = strstr(name, MARK)) {
		name += strlen(MARK);
		int length = (int)strcspn(name, ", \n");
		(void)snprintf(certificate->names[certificate->name_count++], HTTPS_NAME_SIZE,
		               "%.*s", length, name);
	}
}

enum certificate_result certificate_read(const char *file, struct certificate *certificate)
{
	static char output[OUTPUT_SIZE];
	const char *const command[] = {"openssl", "x509",           "-in", file, "-noout", "-dates",
	                               "-ext",    "subjectAltName", NULL};
	int status = child_run(command, "", READ_TIMEOUT_S, output, sizeof output);
	if (status != 0)
		return status < 0 || status == PROGRAM_NOT_EXECUTED ? CERTIFICATE_UNKNOWN
		                                                    : CERTIFICATE_UNUSABLE;
	certificate->not_before = read_date(output, "notBefore=");
	certificate->not_after = read_date(output, "notAfter=");
	read_names(output, certificate);
	return certificate->not_after != 0 ? CERTIFICATE_READ : CERTIFICATE_UNUSABLE;
}

static bool pattern_covers(const char *pattern, const char *name)
{
	const char *domain = strchr(name, '.');
	if (strncmp(pattern, "*.", 2) == 0)
		return domain != NULL && strcasecmp(pattern + 1, domain) == 0;
	return strcasecmp(pattern, name) == 0;
}

bool certificate_covers(const struct certificate *certificate, const char *name)
{
	for (size_t i = 0; i < certificate->name_count; i++)
		if (pattern_covers(certificate->names[i], name))
			return true;
	return false;
}

/* --- Files. --- */

bool https_find_file(const char *name)
{
	if (access(name, F_OK) == 0)
		return true;
	int error = errno;
	bus_note_failure(name, error);
	errno = error;
	return false;
}

/* --- Certificates of one name each. --- */

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static void read_named(struct named_certificate *named, const char *name)
{
	(void)snprintf(named->name, sizeof named->name, "%s", name);
	(void)snprintf(named->path, sizeof named->path, "%s/%s", HTTPS_NAMES, name);
	named->result = certificate_read(named->path, &named->certificate);
}

struct named_certificate *https_read_names(size_t *count)
{
	struct dirent **entries;
	*count = 0;
	int found = scandir(HTTPS_NAMES, &entries, is_visible, alphasort);
	if (found < 0) {
		bus_note_failure(HTTPS_NAMES, errno);
		return NULL;
	}
	struct named_certificate *all = memory_allocate((size_t)found + 1, sizeof *all);
	for (int i = 0; i < found; i++) {
		read_named(&all[(*count)++], entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return all;
}

bool https_has_own_certificate(const char *name)
{
	char path[PATH_MAX];
	(void)snprintf(path, sizeof path, "%s/%s", HTTPS_NAMES, name);
	return https_find_file(path);
}

/* --- A request. --- */

/* The first address of the socket; the wildcards are reached at the loopback address. */
static void find_address(sd_bus *bus, char address[static ADDRESS_SIZE])
{
	struct bus_unit unit;
	const char *type, *listener, *port;
	char host[LISTENER_HOST_SIZE];
	(void)snprintf(address, ADDRESS_SIZE, "127.0.0.1:443");
	if (bus_find(bus, SOCKET_HTTPS, &unit) < 0)
		return;
	sd_bus_message *listen = bus_list(&unit, "Listen", "(ss)");
	if (sd_bus_message_read(listen, "(ss)", &type, &listener) > 0 &&
	    listener_split(listener, host, &port)) {
		bool is_any = strcmp(host, "::") == 0 || strcmp(host, "0.0.0.0") == 0;
		if (is_any)
			(void)snprintf(address, ADDRESS_SIZE, "127.0.0.1:%s", port);
		else
			(void)snprintf(address, ADDRESS_SIZE, "%s", listener);
	}
	sd_bus_message_unref(listen);
	bus_forget(&unit);
}

/* Finds the cause in what openssl has written. */
static void explain(int status, const char *output, char error[static HTTPS_ERROR_SIZE])
{
	static const char VERIFY[] = "verify error:num=";
	const char *verify = strstr(output, VERIFY);
	const char *text = verify != NULL ? strchr(verify + strlen(VERIFY), ':') : NULL;
	if (text != NULL)
		(void)snprintf(error, HTTPS_ERROR_SIZE, "browsers refuse the certificate: %.*s",
		               (int)strcspn(text + 1, "\n"), text + 1);
	else if (status < 0)
		(void)snprintf(error, HTTPS_ERROR_SIZE,
		               "cannot run openssl, or there is no answer within %d seconds",
		               REQUEST_TIMEOUT_S);
	else if (status == PROGRAM_NOT_EXECUTED)
		(void)snprintf(error, HTTPS_ERROR_SIZE, "cannot run openssl");
	else if (strstr(output, "connect:errno=") != NULL)
		(void)snprintf(error, HTTPS_ERROR_SIZE, "nothing listens there");
	else
		(void)snprintf(error, HTTPS_ERROR_SIZE, "the connection fails");
}

/* Whether the output has a response with a status below 500. */
static bool is_answered(const char *output, char error[static HTTPS_ERROR_SIZE])
{
	const char *response = strstr(output, "HTTP/1.1 ");
	if (response == NULL) {
		(void)snprintf(error, HTTPS_ERROR_SIZE, "no HTTP response");
		return false;
	}
	if (response[strlen("HTTP/1.1 ")] < '5')
		return true;
	(void)snprintf(error, HTTPS_ERROR_SIZE, "status %.3s", response + strlen("HTTP/1.1 "));
	return false;
}

bool https_request(sd_bus *bus, const char *name, char error[static HTTPS_ERROR_SIZE])
{
	static char output[OUTPUT_SIZE];
	char address[ADDRESS_SIZE], request[CHILD_INPUT_MAX];
	find_address(bus, address);
	const char *const command[] = {
	    "openssl",          "s_client", "-quiet",   "-verify_return_error",
	    "-servername",      name,       "-connect", address,
	    "-verify_hostname", name,       NULL};
	(void)snprintf(request, sizeof request,
	               "HEAD / HTTP/1.1\r\nHost: %s\r\nUser-Agent: mayflyctl-check\r\n"
	               "Connection: close\r\n\r\n",
	               name);
	int status = child_run(command, request, REQUEST_TIMEOUT_S, output, sizeof output);
	if (status == 0 || strstr(output, "HTTP/1.1 ") != NULL)
		return is_answered(output, error);
	explain(status, output, error);
	return false;
}
