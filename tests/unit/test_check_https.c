/* The checks of HTTPS: what clients of certificates that few machines have see, and what cannot be checked. */
#include "mayflyctl/bus.h"
#include "mayflyctl/check_https.h"
#include "mayflyctl/child.h"
#include "mayflyctl/environment.h"
#include "mayflyctl/https.h"
#include "mayflyctl/output.h"
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "findings_text.h"

/* --- The machine. --- */

enum { NOW = 1000000000, DAY = 86400 };

#define OPENSSL "/usr/bin/openssl"

static struct {
	uid_t user;
	bool is_off, is_inactive;
	const char *missing_file; /* of those that https_find_file finds */
	int error;                /* of each file that is missing */
	int script_error;         /* why the script is not found; 0: it is */
	int script_status;
	const char *script_output;
	enum certificate_result result;
	struct certificate certificate;
	struct named_certificate named; /* the only further one; no name: there is none */
	const char *own;                /* a name with a certificate of its own */
	const char *expected;           /* the names of the last `mayflyctl https`; NULL: no file */
	const char *failing_name;       /* requests for it fail */
	char requests[128];
} machine;

static int reset_machine(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	machine.script_output = "";
	machine.expected = "";
	machine.error = ENOENT;
	machine.certificate = (struct certificate){.not_before = NOW - DAY,
	                                           .not_after = NOW + 89 * DAY,
	                                           .names = {"a.example"},
	                                           .name_count = 1};
	return 0;
}

/* The program's, in place of the C library's and of other parts of it. */
uid_t getuid(void)
{
	return machine.user;
}

time_t time(time_t *now)
{
	(void)now;
	return NOW;
}

static bool is_missing(const char *name)
{
	errno = machine.error;
	return machine.missing_file != NULL && strcmp(machine.missing_file, name) == 0;
}

int access(const char *name, int mode)
{
	assert_string_equal(name, HTTPS_CERTIFICATE);
	assert_int_equal(mode, F_OK);
	errno = machine.error;
	return machine.result == CERTIFICATE_UNUSABLE ? -1 : 0;
}

bool https_find_file(const char *name)
{
	return !is_missing(name);
}

bool https_find_script(char path[static PATH_MAX])
{
	(void)strcpy(path, "/lib/script");
	errno = machine.script_error;
	return machine.script_error == 0;
}

bool https_unit_is_active(sd_bus *bus, const char *name)
{
	(void)bus;
	return !machine.is_inactive || strcmp(name, SOCKET_HTTPS) != 0;
}

bool https_unit_is_on(sd_bus *bus, const char *name)
{
	(void)bus;
	(void)name;
	return !machine.is_off;
}

enum certificate_result certificate_read(const char *file, struct certificate *certificate)
{
	assert_string_equal(file, HTTPS_CERTIFICATE);
	*certificate = machine.certificate;
	return machine.result;
}

bool certificate_covers(const struct certificate *certificate, const char *name)
{
	return strcasecmp(certificate->names[0], name) == 0;
}

struct named_certificate *https_read_names(size_t *count)
{
	struct named_certificate *all = malloc(sizeof *all);
	assert_non_null(all);
	*all = machine.named;
	*count = *machine.named.name != '\0';
	return all;
}

bool https_has_own_certificate(const char *name)
{
	return machine.own != NULL && strcmp(machine.own, name) == 0;
}

bool https_request(sd_bus *bus, const char *name, char error[static HTTPS_ERROR_SIZE])
{
	(void)bus;
	(void)strcpy(error, "no");
	(void)strcat(strcat(machine.requests, name), " ");
	return machine.failing_name == NULL || strcmp(machine.failing_name, name) != 0;
}

int child_run(const char *const *arguments, const char *input, unsigned seconds, char *output,
              size_t size)
{
	assert_string_equal(arguments[0], "/lib/script");
	assert_string_equal(arguments[1], "check");
	assert_string_equal(input, "");
	assert_int_equal(seconds, 10);
	(void)snprintf(output, size, "%s", machine.script_output);
	return machine.script_status;
}

char *environment_read(const char *file)
{
	assert_string_equal(file, HTTPS_ACME);
	errno = machine.error;
	return machine.expected != NULL ? strdup(machine.expected) : NULL;
}

char *environment_value(const char *text, const char *name)
{
	assert_string_equal(name, "names");
	return strdup(text);
}

void bus_note_unreadable(const char *file, int error)
{
	size_t length = strlen(findings_text);
	(void)snprintf(findings_text + length, sizeof findings_text - length, "missing: %s: %s\n",
	               file, strerror(error));
}

void bus_note_failure(const char *file, int error)
{
	if (error_is_of_system(error))
		bus_note_unreadable(file, error);
}

bool error_is_of_system(int error)
{
	return error != ENOENT;
}

const char *output_escaped(const char *name)
{
	return name;
}

const char *output_quoted(const char *name)
{
	return name;
}

void findings_add_unchecked(struct findings *findings, const char *format, ...)
{
	va_list arguments;
	(void)findings;
	va_start(arguments, format);
	findings_text_add(format, arguments);
	va_end(arguments);
}

static void expect(const char *expected)
{
	findings_text[0] = machine.requests[0] = '\0';
	check_https(NULL, NULL);
	assert_string_equal(findings_text, expected);
}

/* --- Tests. --- */

static void test_good_certificate(void **state)
{
	(void)state;
	expect("");
	assert_string_equal(machine.requests, "a.example ");
	machine.is_inactive = true;
	expect("mayfly-https.socket is not active: no client is served by HTTPS\ncritical\n");
	assert_string_equal(machine.requests, "");
	machine.is_off = true;
	expect("");
}

static void test_user_without_rights_sees_no_certificate(void **state)
{
	(void)state;
	machine.user = 1000;
	machine.certificate.not_after = NOW - DAY;
	expect("Only root can check certificates\n");
}

static void test_dates(void **state)
{
	(void)state;
	machine.certificate.not_before = NOW + 1;
	expect("the certificate is not valid yet\ncritical\n");
	assert_string_equal(machine.requests, "");
	machine.certificate.not_before = NOW;
	expect("");
	machine.certificate.not_after = NOW + 14 * DAY;
	expect("");
	machine.certificate.not_before = NOW - 76 * DAY;
	expect("");
	machine.certificate.not_after--;
	expect("the certificate expires in 13 days\n");
	machine.certificate.not_after = NOW;
	expect("the certificate has expired\ncritical\n");
}

static void test_names_of_the_certificate(void **state)
{
	(void)state;
	(void)strcpy(machine.certificate.names[1], "*.a.example");
	(void)strcpy(machine.certificate.names[2], "b.example");
	(void)strcpy(machine.certificate.names[3], "c.example");
	machine.certificate.name_count = 4;
	machine.own = "b.example";
	expect("");
	assert_string_equal(machine.requests, "a.example c.example ");
	machine.failing_name = "c.example";
	expect("a request to https://c.example/ fails: no\ncritical\n");
}

static void test_names_that_the_certificate_lacks(void **state)
{
	(void)state;
	machine.expected = "a.example  d.example";
	expect("the certificate is not for d.example\n");
	machine.failing_name = "d.example";
	expect("the certificate is not for d.example\ncritical\n");
	machine.expected = NULL;
	expect("");
	machine.error = EIO;
	expect("missing: " HTTPS_ACME ": Input/output error\n");
}

static void test_certificates_that_are_not_read(void **state)
{
	(void)state;
	machine.result = CERTIFICATE_UNKNOWN;
	expect("the certificate is not checked: openssl could not be run, or did not end\n");
	machine.result = CERTIFICATE_UNUSABLE;
	expect("");
	machine.missing_file = OPENSSL;
	expect("openssl is missing: certificates cannot be checked\n");
	machine.error = EIO; /* bus_close reports it */
	expect("");
}

static void test_problems_that_the_script_finds(void **state)
{
	(void)state;
	machine.script_status = 1;
	machine.script_output = "mayfly: no\n    cure\n";
	expect("no\n");
	machine.script_output = "mayfly: no\n    cure of NAME\n";
	expect("no\n");
	machine.script_output = "mayfly: no";
	expect("no\n");
	machine.script_output = "sh: not found\n";
	expect("/lib/script does not run\n");
	machine.script_status = -1;
	expect("cannot run /lib/script, or it does not end\n");
	machine.script_error = EIO;
	expect("missing: /proc/self/exe: Input/output error\n");
}

static void test_problem_is_critical_without_a_certificate(void **state)
{
	(void)state;
	machine.script_status = 1;
	machine.script_output = "mayfly: no\n";
	machine.result = CERTIFICATE_UNUSABLE;
	expect("no\ncritical\n");
	machine.missing_file = OPENSSL;
	expect("no\ncritical\nopenssl is missing: certificates cannot be checked\n");
	machine.error = EIO;
	expect("no\n");
	machine.error = ENOENT;
	machine.result = CERTIFICATE_READ;
	expect("no\nopenssl is missing: certificates cannot be checked\n");
}

static void test_further_certificates(void **state)
{
	(void)state;
	(void)strcpy(machine.named.name, "b.example");
	(void)strcpy(machine.named.path, "/names/b.example");
	machine.named.certificate = machine.certificate;
	machine.failing_name = "b.example";
	expect("/names/b.example: the certificate is not for this name\ncritical\n");
	machine.failing_name = NULL;
	expect("/names/b.example: the certificate is not for this name\n");
	machine.failing_name = "b.example";
	machine.is_inactive = true;
	expect("mayfly-https.socket is not active: no client is served by HTTPS\ncritical\n"
	       "/names/b.example: the certificate is not for this name\n");
	machine.is_inactive = false;
	machine.failing_name = NULL;
	machine.named.result = CERTIFICATE_UNUSABLE;
	expect("/names/b.example: no certificate\n");
	machine.named.result = CERTIFICATE_UNKNOWN;
	expect("/names/b.example is not checked: openssl could not be run, or did not end\n");
	machine.named.result = CERTIFICATE_READ;
	(void)strcpy(machine.named.certificate.names[0], "b.example");
	expect("");
	assert_string_equal(machine.requests, "a.example b.example ");
	machine.failing_name = "b.example";
	expect("a request to https://b.example/ fails: no\ncritical\n");
}

static void test_names_of_files_are_in_lower_case(void **state)
{
	(void)state;
	(void)strcpy(machine.named.name, "B.example");
	(void)strcpy(machine.named.path, "/names/B.example");
	expect("/names/B.example is not used: clients ask for a name in lower case\n");
	machine.failing_name = "b.example";
	expect("/names/B.example is not used: clients ask for a name in lower case\ncritical\n");
	machine.is_inactive = true;
	expect("mayfly-https.socket is not active: no client is served by HTTPS\ncritical\n"
	       "/names/B.example is not used: clients ask for a name in lower case\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup(test_good_certificate, reset_machine),
	    cmocka_unit_test_setup(test_user_without_rights_sees_no_certificate, reset_machine),
	    cmocka_unit_test_setup(test_dates, reset_machine),
	    cmocka_unit_test_setup(test_names_of_the_certificate, reset_machine),
	    cmocka_unit_test_setup(test_names_that_the_certificate_lacks, reset_machine),
	    cmocka_unit_test_setup(test_certificates_that_are_not_read, reset_machine),
	    cmocka_unit_test_setup(test_problems_that_the_script_finds, reset_machine),
	    cmocka_unit_test_setup(test_problem_is_critical_without_a_certificate, reset_machine),
	    cmocka_unit_test_setup(test_further_certificates, reset_machine),
	    cmocka_unit_test_setup(test_names_of_files_are_in_lower_case, reset_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
