/* The files of a site; see site_files.h. */
#include "site_files.h"
#include "base/fnv.h"
#include "output.h"
#include "transfer.h"
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK                                                                                       \
	"# Written by \"mayflyctl sites add\"; \"mayflyctl sites remove\" removes it. Checksum "

enum { CHECKSUM_DIGITS = 16, MODE = 0644, DIRECTORY_MODE = 0755 };

/* --- Names. --- */

const char *site_files_check_name(const char *name)
{
	/* Users or directories of state mayfly-NAME that mean something else, and the main site. */
	static const char *const RESERVED[] = {"mayfly", "accept",  "acme",    "busy",
	                                       "check",  "http",    "history", "hits",
	                                       "https",  "metrics", "report",  "tls"};
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789");
	if (!ascii_is_letter(*name) || name[length] != '\0')
		return "is not a lower-case letter followed by lower-case letters and digits";
	if (length > SITE_ADDED_NAME_MAX)
		return "is longer than 24 characters";
	for (size_t i = 0; i < sizeof RESERVED / sizeof RESERVED[0]; i++)
		if (strcmp(name, RESERVED[i]) == 0)
			return "is reserved";
	return NULL;
}

const char *site_file_name(const char *site, enum site_file_kind kind)
{
	static const char *const FORMATS[SITE_FILES] = {
	    [SITE_FILE_USER] = "/etc/sysusers.d/mayfly-site-%s.conf",
	    [SITE_FILE_SERVICE] = "/etc/systemd/system/mayfly-site-%s@.service",
	    [SITE_FILE_DROP_IN] = "/etc/systemd/system/mayfly-site-%s@.service.d/user.conf",
	    [SITE_FILE_SOCKET] = "/etc/systemd/system/mayfly-site-%s.socket",
	};
	static char name[PATH_MAX];
	size_t before = strcspn(FORMATS[kind], "%");
	(void)snprintf(name, sizeof name, "%.*s%s%s", (int)before, FORMATS[kind], site,
	               FORMATS[kind] + before + 2);
	return name;
}

/* --- Texts. --- */

static void add_body(struct buffer *text, const struct site_settings *site,
                     enum site_file_kind kind)
{
	static const char *const BODIES[SITE_FILES] = {
	    [SITE_FILE_USER] = "u mayfly-%N - \"Mayfly site %N\"\n",
	    [SITE_FILE_SERVICE] = "[Unit]\nDescription=Mayfly, site %N: connection "
	                          "%%i\n\n[Service]\nExecStart=%H --root %R "
	                          "--hits /var/lib/mayfly-%N/hits --log journal $MAYFLY_OPTIONS\n",
	    [SITE_FILE_DROP_IN] =
	        "[Service]\nUser=mayfly-%N\nStateDirectory=mayfly-%N\nStateDirectoryMode=0750\n"
	        "EnvironmentFile=\nEnvironmentFile=-/etc/default/mayfly-%N\n",
	    [SITE_FILE_SOCKET] = "[Unit]\nDescription=Mayfly, site %N: the port\n"
	                         "AssertPathIsDirectory=%R\n\n[Socket]\nListenStream=%L\n\n"
	                         "[Install]\nWantedBy=sockets.target\n",
	};
	for (const char *next = BODIES[kind]; *next != '\0'; next++) {
		if (*next != '%') {
			buffer_add_byte(text, *next);
			continue;
		}
		switch (*++next) {
		case 'N':
			buffer_add_string(text, site->name);
			break;
		case 'R':
			buffer_add_string(text, site->root);
			break;
		case 'L':
			buffer_add_string(text, site->listen);
			break;
		case 'H':
			buffer_add_string(text, site->handler);
			break;
		default:
			buffer_add_byte(text, '%');
		}
	}
}

static void format_checksum(const char *body, char digits[static CHECKSUM_DIGITS + 1])
{
	(void)snprintf(digits, CHECKSUM_DIGITS + 1, "%016" PRIx64,
	               fnv_add(FNV_START, body, strlen(body)));
}

void site_file_text(const struct site_settings *site, enum site_file_kind kind,
                    char text[static SITE_TEXT_SIZE])
{
	char digits[CHECKSUM_DIGITS + 1];
	struct buffer whole = {text, SITE_TEXT_SIZE - 1, 0, false};
	buffer_add(&whole, VIEW(MARK));
	size_t checksum = whole.length;
	buffer_add(&whole, VIEW("0123456789abcdef\n"));
	size_t body = whole.length;
	add_body(&whole, site, kind);
	text[whole.length] = '\0';
	format_checksum(text + body, digits);
	memcpy(text + checksum, digits, CHECKSUM_DIGITS);
}

enum site_file_state site_file_text_state(const char *text)
{
	enum { MARK_LENGTH = sizeof MARK - 1 };
	char digits[CHECKSUM_DIGITS + 1];
	if (strncmp(text, MARK, MARK_LENGTH) != 0)
		return SITE_FILE_FOREIGN;
	const char *line_end = strchr(text, '\n');
	if (line_end == NULL || line_end - text != MARK_LENGTH + CHECKSUM_DIGITS)
		return SITE_FILE_CHANGED;
	format_checksum(line_end + 1, digits);
	return memcmp(text + MARK_LENGTH, digits, CHECKSUM_DIGITS) == 0 ? SITE_FILE_ADDED
	                                                                : SITE_FILE_CHANGED;
}

/* --- Files. --- */

/* Reads a file. A text that does not fit is none of `sites add`. Returns 0 or an errno. */
static int read_text(const char *name, char text[static SITE_TEXT_SIZE])
{
	int file = open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (file < 0)
		return errno;
	ssize_t length = transfer_read(file, text, SITE_TEXT_SIZE);
	int error = length < 0 ? errno : 0;
	(void)close(file);
	if (length == SITE_TEXT_SIZE)
		length = 0;
	text[length > 0 ? length : 0] = '\0';
	return error;
}

enum site_file_state site_file_read_state(const char *site, enum site_file_kind kind)
{
	static char text[SITE_TEXT_SIZE];
	int error = read_text(site_file_name(site, kind), text);
	if (error == 0)
		return site_file_text_state(text);
	return error == ENOENT ? SITE_FILE_MISSING : SITE_FILE_FOREIGN;
}

bool site_file_has_text(const char *site, enum site_file_kind kind, const char *text)
{
	static char present[SITE_TEXT_SIZE];
	return read_text(site_file_name(site, kind), present) == 0 && strcmp(present, text) == 0;
}

/* Opens the directory of a file, which root owns, and creates it if necessary. */
static int open_directory(const char *name)
{
	char directory[PATH_MAX];
	(void)snprintf(directory, sizeof directory, "%.*s", (int)(strrchr(name, '/') - name), name);
	if (mkdir(directory, DIRECTORY_MODE) == 0)
		(void)chmod(directory, DIRECTORY_MODE); /* regardless of the umask */
	return open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool write_all(int file, const char *text)
{
	return transfer_write(file, text, strlen(text)) && fchmod(file, MODE) == 0 &&
	       fsync(file) == 0;
}

/* The name is always the same, so that the next run replaces what an interrupted one has left. */
static void name_temporary(const char *name, char temporary[static NAME_MAX + 1])
{
	(void)snprintf(temporary, NAME_MAX + 1, ".%s.new", name);
}

static bool write_in(int directory, const char *name, const char *text)
{
	char temporary[NAME_MAX + 1];
	name_temporary(name, temporary);
	if (unlinkat(directory, temporary, 0) != 0 && errno != ENOENT)
		return false;
	int file = openat(directory, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
	if (file < 0)
		return false;
	bool is_written =
	    write_all(file, text) && renameat(directory, temporary, directory, name) == 0;
	int error = errno;
	(void)close(file);
	if (!is_written)
		(void)unlinkat(directory, temporary, 0);
	errno = error;
	return is_written && fsync(directory) == 0;
}

static enum exit_status file_error(const char *name)
{
	return command_error("%s: %s", output_escaped(name), strerror(errno));
}

enum exit_status site_file_write(const char *site, enum site_file_kind kind, const char *text)
{
	const char *name = site_file_name(site, kind);
	int directory = open_directory(name);
	if (directory < 0)
		return file_error(name);
	bool is_written = write_in(directory, strrchr(name, '/') + 1, text);
	enum exit_status status = is_written ? EXIT_DONE : file_error(name);
	(void)close(directory);
	return status;
}

/* Removes an entry of a directory that may be missing. */
static bool remove_in(int directory, const char *name)
{
	return unlinkat(directory, name, 0) == 0 || errno == ENOENT;
}

enum exit_status site_file_remove(const char *site, enum site_file_kind kind)
{
	char temporary[NAME_MAX + 1], parent[PATH_MAX];
	const char *name = site_file_name(site, kind), *slash = strrchr(name, '/');
	(void)snprintf(parent, sizeof parent, "%.*s", (int)(slash - name), name);
	int directory = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (directory < 0)
		return errno == ENOENT ? EXIT_DONE : file_error(name);
	name_temporary(slash + 1, temporary);
	bool is_removed = remove_in(directory, temporary) && remove_in(directory, slash + 1);
	enum exit_status status = is_removed ? EXIT_DONE : file_error(name);
	(void)close(directory);
	if (is_removed && kind == SITE_FILE_DROP_IN && rmdir(parent) != 0 && errno != ENOTEMPTY)
		return file_error(parent);
	return status;
}

bool site_files_are_added(const char *site)
{
	return site_files_check_name(site) == NULL &&
	       site_file_read_state(site, SITE_FILE_SOCKET) == SITE_FILE_ADDED;
}
