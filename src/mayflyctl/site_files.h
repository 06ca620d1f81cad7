/*
 * The files of a site that `mayflyctl sites add` writes and `sites remove` takes away: a user for
 * systemd-sysusers(8), and the units of mayfly.socket(5). Each begins with a line that says so and
 * has a checksum of the rest, so that files made or changed by hand are never removed.
 */
#ifndef MAYFLY_MAYFLYCTL_SITE_FILES_H
#define MAYFLY_MAYFLYCTL_SITE_FILES_H

#include "command.h"

enum {
	SITE_TEXT_SIZE = 8192 + 512,
	SITE_ADDED_NAME_MAX = 24, /* a user's name has 32 bytes at most */
};

/* In the order in which they are written: nothing can start before the socket. */
enum site_file_kind {
	SITE_FILE_USER,
	SITE_FILE_SERVICE,
	SITE_FILE_DROP_IN,
	SITE_FILE_SOCKET,
	SITE_FILES,
};

enum site_file_state {
	SITE_FILE_MISSING,
	SITE_FILE_ADDED,   /* as `sites add` writes it, with these or other settings */
	SITE_FILE_CHANGED, /* written by `sites add`, then changed */
	SITE_FILE_FOREIGN, /* not written by `sites add`, or unreadable */
};

/* What distinguishes a site. */
struct site_settings {
	const char *name;    /* site_files_check_name accepts it */
	const char *listen;  /* a port, or an address and a port as systemd writes them */
	const char *root;    /* an absolute path without bytes that a unit would have to escape */
	const char *handler; /* the handler's file name */
};

/* Returns NULL if a site can be added under this name, or why not. Pure. */
const char *site_files_check_name(const char *name);

/* Returns the file's name, valid until the next call. */
const char *site_file_name(const char *site, enum site_file_kind kind);

/* Writes the text of a file into `text`, with the first line. Pure. */
void site_file_text(const struct site_settings *site, enum site_file_kind kind,
                    char text[static SITE_TEXT_SIZE]);

/* Returns the state of a text that a file has. Pure. */
enum site_file_state site_file_text_state(const char *text);

/* Reads the state of a file. */
enum site_file_state site_file_read_state(const char *site, enum site_file_kind kind);

/* Whether the file has exactly this text. */
bool site_file_has_text(const char *site, enum site_file_kind kind, const char *text);

/*
 * Writes a file, creating its directory: after a crash at any moment there is no file, or the whole
 * file. Returns EXIT_DONE, or EXIT_FAILED after an error message.
 */
enum exit_status site_file_write(const char *site, enum site_file_kind kind, const char *text);

/* Removes a file, and the directory of a drop-in if it is empty. The same results. */
enum exit_status site_file_remove(const char *site, enum site_file_kind kind);

/* Whether `sites add` has written the socket of this site, and it is unchanged since. */
bool site_files_are_added(const char *site);

#endif
