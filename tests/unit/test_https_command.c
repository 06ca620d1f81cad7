/* mayflyctl https: what it refuses, what it asks, and whom it asks whether the site is served. */
#include "sites_machine.h"

#define CERTIFICATE                                                                                \
	"notBefore=Nov 29 00:00:00 2026 GMT\nnotAfter=Nov 29 00:00:00 2036 GMT\n"                  \
	"X509v3 Subject Alternative Name:\n    DNS:a.example, DNS:b.example, DNS:c.example\n"

/* The ports are those of the units that are to serve by HTTPS. */
static void add_https(void)
{
	fake_set("mayfly-http.socket", "s ActiveState active");
	fake_set("mayfly-https.socket", "s ActiveState active");
	machine.certificate = CERTIFICATE;
	machine.program_output = "HTTP/1.1 200 OK\r\n";
}

static void test_host_names(void **state)
{
	static char longest[257];
	static const char *const WRONG[] = {"-a.example",  ".example",   "example",
	                                    "example.",    "a..example", "192.0.2.1",
	                                    "a_b.example", "",           longest};
	(void)state;
	memset(longest, 'a', 256);
	longest[1] = '.';
	for (size_t i = 0; i < sizeof WRONG / sizeof WRONG[0]; i++)
		EXPECT_ERR(EXIT_USAGE, "\" is not a host name such as example.org", "https",
		           "--dry-run", "--", WRONG[i]);
}

static void test_https_needs_programs(void **state)
{
	(void)state;
	add_https();
	machine.missing_program = "uacme";
	EXPECT_ERR(1, "run \"apt-get install uacme\"", "https", "a.example");
	let_fail("access", 1, EIO);
	EXPECT_ERR(1, "/usr/bin/uacme: Input/output error", "https", "a.example");
}

static void test_https_is_set_up_and_verified(void **state)
{
	(void)state;
	add_https();
	EXPECT_ERR(1, "a DNS record that leads to this machine", "https", "nowhere.test");
	EXPECT_OUT("https://a.example/ is served.\nhttps://b.example/ is served.\n", "https",
	           "a.example", "b.example", "C.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	machine.program_output = "HTTP/1.1 503 Service Unavailable\r\n";
	EXPECT_ERR(1, "https://a.example/: status 503", "https", "a.example", "b.example",
	           "c.example");
	machine.program_status = 1;
	EXPECT_ERR(1, "systemctl failed", "https", "a.example", "b.example", "c.example");
}

static void test_address_of_another_machine_is_noted(void **state)
{
	(void)state;
	add_https();
	let_fail("bind", 0, EADDRNOTAVAIL);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	let_fail("bind", 1, EADDRNOTAVAIL);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
	let_fail("getnameinfo", 0, 0);
	EXPECT_OUT("https://a.example/ is served", "https", "a.example", "b.example", "c.example");
	assert_null(strstr(run_out, "does not lead to an address"));
}

static void test_no_name_loses_https_unasked(void **state)
{
	(void)state;
	add_https();
	EXPECT_ERR(1, "also for a.example, c.example, which would be without HTTPS", "https",
	           "b.example");
	expect_in(run_err, "\"mayflyctl https b.example a.example c.example\", or add --replace");
	EXPECT_OUT("The certificate will not be for a.example, c.example any longer.\n", "https",
	           "--replace", "b.example");
	machine.certificate = NULL;
	EXPECT_OUT("https://b.example/ is served", "https", "b.example"); /* there is none */
	let_fail("access", 3, EIO);
	EXPECT_ERR(1, "cannot read the names of the certificate", "https", "b.example");
	let_fail("access", 3, EIO);
	EXPECT_OUT("The names of the present certificate are not known.\n", "https", "--replace",
	           "b.example");
	machine.user = MAIN_USER;
	let_fail("access", 3, EACCES);
	EXPECT_OUT("Only root can see which names the present certificate has.\n", "https",
	           "--dry-run", "b.example");
}

/* Expects that a request is sent to this address. */
static void expect_request_to(const char *address)
{
	static char text[4096];
	char name[TEXT_MAX];
	EXPECT_OUT("https://a.example/ is served", "https", "--replace", "a.example");
	(void)snprintf(name, sizeof name, "%s/executed", counter_directory);
	FILE *file = fopen(name, "r");
	assert_non_null(file);
	run_read_back(file, text, sizeof text);
	expect_in(text, address);
}

static void test_request_is_sent_to_the_address_of_the_socket(void **state)
{
	(void)state;
	add_https();
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen /run/mayfly");
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen ");
	expect_request_to(" -connect 127.0.0.1:443 ");
	fake_set("mayfly-https.socket", "L Listen 192.0.2.7:4443");
	expect_request_to(" -connect 192.0.2.7:4443 ");
	fake_set("mayfly-https.socket", "L Listen 0.0.0.0:4444");
	expect_request_to(" -connect 127.0.0.1:4444 ");
	fake_set("mayfly-https.socket", "L Listen [::]:4445");
	expect_request_to(" -connect 127.0.0.1:4445 ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    ON_MACHINE(test_host_names),
	    ON_MACHINE(test_https_needs_programs),
	    ON_MACHINE(test_https_is_set_up_and_verified),
	    ON_MACHINE(test_address_of_another_machine_is_noted),
	    ON_MACHINE(test_no_name_loses_https_unasked),
	    ON_MACHINE(test_request_is_sent_to_the_address_of_the_socket),
	};
	return cmocka_run_group_tests(tests, prepare, NULL);
}
