/*
 * Robots: the input is a User-Agent, and after its first line feed a list. An exception that the
 * field has precedes all words, and a valid list stays valid without its last line.
 */
#include "base/parse.h"
#include "fuzz.h"
#include "http/robots.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char longer[ROBOTS_LIST_MAX + 8];
	struct view list = {(const char *)data, size};
	struct view agent;
	(void)parse_cut(&list, '\n', &agent);
	if (list.length > ROBOTS_LIST_MAX)
		return 0;
	bool is_robot = robots_match(agent, list);
	size_t invalid = robots_list_check(list);
	HOLDS(invalid <= list.length + 1);
	HOLDS(invalid <= ROBOTS_LINES_MAX + 1);

	/* A first line with an exception or a word that each agent here has. */
	struct view word = view_trim(agent);
	if (word.length > ROBOTS_AGENT_MAX)
		word.length = ROBOTS_AGENT_MAX;
	if (word.length == 0) {
		HOLDS(is_robot);
		return 0;
	}
	longer[0] = '!';
	longer[1] = word.data[0];
	longer[2] = '\n';
	if (ascii_is_control(word.data[0]) || word.data[0] == ' ' ||
	    list.length > ROBOTS_LIST_MAX - 3)
		return 0;
	memcpy(longer + 3, list.data, list.length);
	HOLDS(!robots_match(agent, (struct view){longer, list.length + 3}));
	HOLDS(word.data[0] == '!' || word.data[0] == '#' ||
	      robots_match(agent, (struct view){longer + 1, 1}));
	return 0;
}
