/* Certificates and requests by HTTPS: how openssl is run, and what its output means. child_run() is replaced here. */
#include "base/buffer.h"
#include "mayflyctl/bus.h"
#include "mayflyctl/child.h"
#include "mayflyctl/https.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fake_systemd.h"

/* What the program that is run writes, and how it ends. */
static const char *written;
static int status;

/* How it was run. */
static char command_run[512];
static char input_run[CHILD_INPUT_MAX];
static unsigned seconds_run;

int child_run(const char *const *arguments, const char *input, unsigned seconds, char *output,
              size_t size)
{
	struct buffer command = BUFFER(command_run);
	for (size_t i = 0; arguments[i] != NULL; i++) {
		buffer_add_string(&command, arguments[i]);
		buffer_add_byte(&command, ' ');
	}
	buffer_add_byte(&command, '\0');
	(void)snprintf(input_run, sizeof input_run, "%s", input);
	seconds_run = seconds;
	(void)snprintf(output, size, "%s", written);
	return status;
}

/* The error of a request, or "" if it succeeds. There is no bus. */
static const char *request(const char *output, int exit_status)
{
	static char error[HTTPS_ERROR_SIZE];
	written = output;
	status = exit_status;
	return https_request(NULL, "a.example", error) ? "" : error;
}

static void test_request_is_sent_as_by_a_browser(void **state)
{
	(void)state;
	assert_string_equal(request("HTTP/1.1 200 OK\r\n", 0), "");
	assert_string_equal(command_run,
	                    "openssl s_client -quiet -verify_return_error -servername a.example "
	                    "-connect 127.0.0.1:443 -verify_hostname a.example ");
	assert_string_equal(input_run, "HEAD / HTTP/1.1\r\nHost: a.example\r\n"
	                               "User-Agent: mayflyctl-check\r\nConnection: close\r\n\r\n");
	assert_int_equal(seconds_run, 15);
}

static void test_request_goes_to_the_address_of_the_socket(void **state)
{
	static const struct {
		const char *listen, *address;
	} CASES[] = {{"L Listen 0.0.0.0:8443", " 127.0.0.1:8443 "},
	             {"L Listen [::]:443 192.0.2.1:443", " 127.0.0.1:443 "},
	             {"L Listen 192.0.2.1:8443", " 192.0.2.1:8443 "},
	             {"L Listen [2001:db8::1]:443", " [2001:db8::1]:443 "},
	             {"L Listen /run/mayfly", " 127.0.0.1:443 "}};
	char error[HTTPS_ERROR_SIZE];
	(void)state;
	written = "HTTP/1.1 200 OK\r\n";
	status = 0;
	for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
		sd_bus *bus;
		fake_set(SOCKET_HTTPS, CASES[i].listen);
		assert_null(bus_open(&bus));
		assert_true(https_request(bus, "a.example", error));
		assert_null(bus_close(bus));
		assert_non_null(strstr(command_run, CASES[i].address));
	}
}

static void test_only_an_error_of_the_server_is_a_failure(void **state)
{
	(void)state;
	assert_string_equal(request("depth=0\nHTTP/1.1 301 Moved\r\n", 0), "");
	assert_string_equal(request("HTTP/1.1 404 Not Found\r\n", 0), "");
	assert_string_equal(request("HTTP/1.1 499 Odd\r\n", 1),
	                    ""); /* ended without TLS's goodbye */
	assert_string_equal(request("HTTP/1.1 500 Internal Server Error\r\n", 0), "status 500");
	assert_string_equal(request("HTTP/1.1 503 Service Unavailable\r\n", 1), "status 503");
	assert_string_equal(request("SSH-2.0\r\n", 0), "no HTTP response");
}

static void test_cause_of_a_failure_is_that_of_openssl(void **state)
{
	(void)state;
	assert_string_equal(
	    request("depth=0\nverify error:num=18:self-signed certificate\nverify return:1\n", 1),
	    "browsers refuse the certificate: self-signed certificate");
	assert_string_equal(request("verify error:num=10", 1), "the connection fails");
	assert_string_equal(request("00:error\nconnect:errno=111\n", 1), "nothing listens there");
	assert_string_equal(request("", 127), "cannot run openssl");
	assert_string_equal(request("", -1),
	                    "cannot run openssl, or there is no answer within 15 seconds");
	assert_string_equal(request("", 1), "the connection fails");
}

static void test_dates_and_names_are_read(void **state)
{
	static struct certificate certificate;
	(void)state;
	status = 0;
	written = "notBefore=Nov 29 00:57:12 2026 GMT\nnotAfter=Feb 27 00:57:11 2027 GMT\n"
	          "X509v3 Subject Alternative Name: \n    DNS:a.example, DNS:*.B.example\n";
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_READ);
	assert_string_equal(command_run,
	                    "openssl x509 -in /a.pem -noout -dates -ext subjectAltName ");
	assert_int_equal(seconds_run, 5);
	assert_int_equal(certificate.not_before, 1795913832);
	assert_int_equal(certificate.not_after, 1803689831);
	assert_int_equal(certificate.name_count, 2);
	assert_true(certificate_covers(&certificate, "A.example"));
	assert_true(certificate_covers(&certificate, "www.b.example"));
	assert_false(certificate_covers(&certificate, "b.example"));
	assert_false(certificate_covers(&certificate, "www.a.example"));
	assert_false(certificate_covers(&certificate, "a.www.b.example"));
	assert_false(certificate_covers(&certificate, "localhost"));
	status = 1;
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_UNUSABLE);
	status = 127;
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_UNKNOWN);
	status = -1;
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_UNKNOWN);
	status = 0;
	written = "notBefore=Nov 29 00:57:12 2026 GMT\n";
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_UNUSABLE);
	written = "notAfter=never\n";
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_UNUSABLE);
}

static void test_a_hundred_names_are_read(void **state)
{
	static struct certificate certificate;
	static char text[4096];
	struct buffer output = BUFFER(text);
	(void)state;
	buffer_add(&output, VIEW("notAfter=Feb 27 00:57:11 2027 GMT\n"));
	for (int i = 0; i < 101; i++) {
		char name[24];
		(void)snprintf(name, sizeof name, "DNS:a%d.example, ", i);
		buffer_add_string(&output, name);
	}
	buffer_add_byte(&output, '\0');
	assert_false(output.truncated);
	status = 0;
	written = text;
	assert_int_equal(certificate_read("/a.pem", &certificate), CERTIFICATE_READ);
	assert_int_equal(certificate.name_count, 100);
	assert_true(certificate_covers(&certificate, "a99.example"));
	assert_false(certificate_covers(&certificate, "a100.example"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_request_is_sent_as_by_a_browser),
	    cmocka_unit_test(test_request_goes_to_the_address_of_the_socket),
	    cmocka_unit_test(test_only_an_error_of_the_server_is_a_failure),
	    cmocka_unit_test(test_cause_of_a_failure_is_that_of_openssl),
	    cmocka_unit_test(test_dates_and_names_are_read),
	    cmocka_unit_test(test_a_hundred_names_are_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
