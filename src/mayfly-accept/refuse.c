/* Refusing, and the log; see refuse.h. Entries are made as the handler's are
 * (src/mayfly/access_log.h), so that mayflyctl shows them among those. */
#include "refuse.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Whether systemd has connected standard error to the journal (systemd.exec(5)). */
static bool stderr_is_the_journals(void)
{
	char name[64];
	struct stat error;
	const char *stream = getenv("JOURNAL_STREAM");
	if (stream == NULL || fstat(STDERR_FILENO, &error) != 0)
		return false;
	(void)snprintf(name, sizeof name, "%ju:%ju", (uintmax_t)error.st_dev,
	               (uintmax_t)error.st_ino);
	return strcmp(name, stream) == 0;
}

/* To the journal by its native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL): sd_journal_send(3)
 * would wait for one that is full. */
static void tell(const char *message, const char *fields)
{
	static const struct sockaddr_un JOURNAL = {AF_UNIX, "/run/systemd/journal/socket"};
	static int journal = -1;
	char entry[2048];
	if (journal < 0 && stderr_is_the_journals())
		journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal < 0) {
		(void)fprintf(stderr, "mayfly-accept: %s\n", message);
		return;
	}
	int length = snprintf(entry, sizeof entry, "MESSAGE=%s\nSYSLOG_IDENTIFIER=mayfly\n%s",
	                      message, fields);
	(void)sendto(journal, entry, (size_t)length, MSG_DONTWAIT | MSG_NOSIGNAL,
	             (const struct sockaddr *)&JOURNAL, sizeof JOURNAL);
}

void complain(const char *format, ...)
{
	char message[1024];
	va_list arguments;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	tell(message, "PRIORITY=3\nMESSAGE_ID=f6aa8d4055ca453aaa89000f7370d71c\n");
}

static void tell_refusal(const struct source *source, const char *reason)
{
	char message[256], fields[512];
	(void)snprintf(message, sizeof message, "- | %s | %s | 503 Service Unavailable (%s)",
	               source->address, source->port, reason);
	(void)snprintf(fields, sizeof fields,
	               "PRIORITY=4\nMESSAGE_ID=a953feb0b6e6401aa442ff005fa26bbf\nHTTP_STATUS=503\n"
	               "REMOTE_ADDR=%s\nREMOTE_PORT=%s\nREASON=%s\n",
	               source->address, source->port, reason);
	tell(message, fields);
}

/* Without content, the answer is right whatever the method was. What the client has sent is taken
 * first: a connection that is closed with bytes unread is reset, and the answer lost with it. */
void refuse(int connection, const struct source *source, const char *reason)
{
	static const char ANSWER[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n"
	                             "Content-Length: 0\r\nConnection: close\r\n\r\n";
	static char nowhere[16384];
	(void)recv(connection, nowhere, sizeof nowhere, MSG_DONTWAIT);
	(void)send(connection, ANSWER, sizeof ANSWER - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)shutdown(connection, SHUT_WR);
	tell_refusal(source, reason);
}
