/*
 * HTTPS of the main site (mayfly-https.socket(5)): its certificate, and a request as a client sends
 * it. Both use openssl(1), because mayflyctl links no TLS library.
 */
#ifndef MAYFLY_MAYFLYCTL_HTTPS_H
#define MAYFLY_MAYFLYCTL_HTTPS_H

#include "bus.h"
#include <limits.h>
#include <stdbool.h>
#include <time.h>

#define SOCKET_HTTPS "mayfly-https.socket"
#define SOCKET_HTTP "mayfly-http.socket"
#define TIMER_ACME "mayfly-acme.timer"

#define HTTPS_CERTIFICATE "/etc/mayfly-tls/site.pem"
#define HTTPS_NAMES "/etc/mayfly-tls/names" /* a certificate per host name */
#define HTTPS_ACME "/etc/mayfly-tls/acme"   /* exists if the certificate is renewed by ACME */

enum { HTTPS_NAMES_MAX = 100, HTTPS_NAME_SIZE = 256, HTTPS_ERROR_SIZE = 512 };

struct certificate {
	time_t not_before, not_after;
	char names[HTTPS_NAMES_MAX][HTTPS_NAME_SIZE]; /* of subjectAltName */
	size_t name_count;
};

enum certificate_result {
	CERTIFICATE_READ,
	CERTIFICATE_UNUSABLE, /* there is none, or this user may not read it */
	CERTIFICATE_UNKNOWN,  /* openssl could not be run, or did not end */
};

/* A certificate in HTTPS_NAMES, which clients get that ask for this host name. */
struct named_certificate {
	char name[NAME_MAX + 1]; /* of the file, and the host */
	char path[PATH_MAX];
	enum certificate_result result;
	struct certificate certificate;
};

/* Whether there is such a file. If not, errno says why; bus_close reports it if that is a failure of the system. */
bool https_find_file(const char *name);

/*
 * Sets *path to the program that manages certificates, which is installed beside mayflyctl. Returns false on
 * failure (errno).
 */
bool https_find_script(char path[static PATH_MAX]);

/* Whether a unit is active; and whether it is enabled or active. */
bool https_unit_is_active(sd_bus *bus, const char *name);
bool https_unit_is_on(sd_bus *bus, const char *name);

/* Whether the main site is meant to be served by HTTPS only: this socket is neither enabled nor active. */
bool https_is_only_port(sd_bus *bus, const char *socket);

/* Reads a certificate file. */
enum certificate_result certificate_read(const char *file, struct certificate *certificate);

/* Whether the certificate is for this host name; a wildcard stands for one label. */
bool certificate_covers(const struct certificate *certificate, const char *name);

/*
 * Reads the certificates in HTTPS_NAMES, in the order of their names. Returns an array that the caller
 * frees, or NULL; *count is the number of its members.
 */
struct named_certificate *https_read_names(size_t *count);

/* Whether clients that ask for this host name get a certificate of HTTPS_NAMES. */
bool https_has_own_certificate(const char *name);

/*
 * Sends HEAD / for this host name to the address of mayfly-https.socket, and verifies the certificate
 * as a browser does. Returns true, or false with the reason in `error`.
 */
bool https_request(sd_bus *bus, const char *name, char error[static HTTPS_ERROR_SIZE]);

#endif
