/* The names of sites; see site_name.h. */
#include "site_name.h"
#include <stdio.h>
#include <string.h>

/* Returns what follows the prefix in a text of this length, or NULL. */
static const char *skip_prefix(const char *text, size_t length, const char *prefix)
{
	size_t prefix_length = strlen(prefix);
	bool is_prefixed = length > prefix_length && memcmp(text, prefix, prefix_length) == 0;
	return is_prefixed ? text + prefix_length : NULL;
}

bool site_name_from_unit(const char *unit, char name[static SITE_NAME_SIZE])
{
	static const char *const OF_MAIN[] = {"mayfly", "mayfly-busy", "mayfly-http",
	                                      "mayfly-https"};
	static const char *const PREFIXES[] = {"mayfly-site-", "mayfly-https-", "mayfly-"};
	const char *at = strchr(unit, '@'), *dot = strrchr(unit, '.');
	if (dot == NULL)
		return false;
	size_t length = (size_t)((at != NULL ? at : dot) - unit);
	if (length >= SITE_NAME_SIZE)
		return false;
	for (size_t i = 0; i < sizeof OF_MAIN / sizeof OF_MAIN[0]; i++)
		if (strlen(OF_MAIN[i]) == length && memcmp(OF_MAIN[i], unit, length) == 0) {
			(void)snprintf(name, SITE_NAME_SIZE, "%s", SITE_MAIN);
			return true;
		}
	for (size_t i = 0; i < sizeof PREFIXES / sizeof PREFIXES[0]; i++) {
		const char *rest = skip_prefix(unit, length, PREFIXES[i]);
		if (rest == NULL)
			continue;
		(void)snprintf(name, SITE_NAME_SIZE, "%.*s", (int)(unit + length - rest), rest);
		return true;
	}
	return false;
}

bool site_name_from_user(const char *user, char name[static SITE_NAME_SIZE])
{
	const char *rest = skip_prefix(user, strlen(user), SITE_MAIN "-");
	if (rest == NULL && strcmp(user, SITE_MAIN) != 0)
		return false;
	return snprintf(name, SITE_NAME_SIZE, "%s", rest != NULL ? rest : user) < SITE_NAME_SIZE;
}
