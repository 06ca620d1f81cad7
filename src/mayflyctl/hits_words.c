/* Telling what is wrong with a counter file; see hits_words.h. */
#include "hits_words.h"
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

const char *hits_words(const char *reason)
{
	static const struct {
		const char *reason, *words;
	} WORDS[] = {
	    {"hits-foreign", "is not a counter file, or one of another version"},
	    {"hits-not-a-file", "is not a file that can hold counts"},
	    {"hits-damaged", "is damaged, or cannot be read: `mayflyctl hits verify` says where"},
	    {"hits-locked", "was locked by another program for five seconds"},
	    {"hits-disk-full", "has no room to grow: the disk or a quota is used up"},
	    {"hits-write-failed", "could not be written to"},
	    {"hits-missing-folder", "cannot be made: its folder does not exist"},
	    {"hits-not-permitted", "cannot be made: you may not"},
	    {"hits-read-only", "cannot be written to: its file system is mounted read-only"},
	};
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++)
		if (strcmp(WORDS[i].reason, reason) == 0)
			return WORDS[i].words;
	return "cannot be used";
}

const char *hits_words_of_opening(int error)
{
	static char words[128];
	if (error == ENOENT)
		return "does not exist";
	if (error == EACCES || error == EPERM)
		return "may not be opened by this user: try as root";
	(void)snprintf(words, sizeof words, "cannot be opened: %s", strerror(error));
	return words;
}
