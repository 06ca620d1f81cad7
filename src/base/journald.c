/* Speaking to systemd-journald; see journald.h. */
#include "journald.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

bool journald_is_namespace(struct view name)
{
	if (name.length == 0 || name.length > JOURNALD_NAMESPACE_MAX || name.data[0] == '.')
		return false;
	for (size_t i = 0; i < name.length; i++) {
		char c = name.data[i];
		if (!ascii_is_letter(c) && !ascii_is_digit(c) && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

int journald_connect(struct view name_space)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct buffer path = BUFFER(address.sun_path);
	buffer_add(&path, VIEW("/run/systemd/journal"));
	if (name_space.length > 0)
		buffer_add_byte(&path, '.');
	buffer_add(&path, name_space);
	buffer_add(&path, VIEW("/socket"));
	int journal = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (journal < 0)
		return -1;
	if (connect(journal, (const struct sockaddr *)&address, sizeof address) == 0)
		return journal;
	(void)close(journal);
	return -1;
}

bool journald_names(struct view journal_stream, const struct stat *file)
{
	char name[48];
	struct buffer text = BUFFER(name);
	buffer_add_number(&text, file->st_dev);
	buffer_add(&text, VIEW(":"));
	buffer_add_number(&text, file->st_ino);
	return view_equal(buffer_view(&text), journal_stream);
}

bool journald_has(int descriptor)
{
	struct stat file;
	const char *stream = getenv("JOURNAL_STREAM");
	return stream != NULL && fstat(descriptor, &file) == 0 &&
	       journald_names(view_of(stream), &file);
}

void journald_add(struct buffer *entry, struct view name, struct view value)
{
	if (value.length == 0)
		return;
	buffer_add(entry, name);
	buffer_add(entry, value);
	buffer_add(entry, VIEW("\n"));
}

void journald_add_number(struct buffer *entry, struct view name, uint64_t number)
{
	buffer_add(entry, name);
	buffer_add_number(entry, number);
	buffer_add(entry, VIEW("\n"));
}

void journald_add_escaped(struct buffer *entry, struct view name, struct view value, size_t max)
{
	if (value.length == 0)
		return;
	buffer_add(entry, name);
	buffer_add_escaped_max(entry, value, max);
	buffer_add(entry, VIEW("\n"));
}

void journald_begin(struct buffer *entry, const char *message_id, enum priority priority)
{
	buffer_add(entry, VIEW("SYSLOG_IDENTIFIER=mayfly\nMESSAGE_ID="));
	buffer_add_string(entry, message_id);
	buffer_add(entry, VIEW("\n"));
	journald_add_number(entry, VIEW("PRIORITY="), priority);
}

bool journald_send(int journal, struct view entry)
{
	ssize_t sent;
	do {
		sent = send(journal, entry.data, entry.length, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent >= 0 || errno != EAGAIN;
}
