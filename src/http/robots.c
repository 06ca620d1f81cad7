/* Recognizing robots; see robots.h. */
#include "robots.h"
#include "base/parse.h"

static bool begins_with(struct view text, struct view word)
{
	return parse_prefix(&text, word);
}

/* Whether one of the generic words is at the beginning of the text. */
static bool has_generic_word(struct view text)
{
	switch (ascii_lower(text.data[0])) {
	case 'b':
		return begins_with(text, VIEW("bot"));
	case 'c':
		return begins_with(text, VIEW("crawl")) || begins_with(text, VIEW("curl/"));
	case 'g':
		return begins_with(text, VIEW("go-http-client"));
	case 'h':
		return begins_with(text, VIEW("headless"));
	case 'j':
		return begins_with(text, VIEW("java/"));
	case 'p':
		return begins_with(text, VIEW("python-"));
	case 's':
		return begins_with(text, VIEW("spider"));
	case 'w':
		return begins_with(text, VIEW("wget/"));
	case ':':
		return begins_with(text, VIEW("://"));
	default:
		return false;
	}
}

static bool contains_generic_word(struct view text)
{
	for (; text.length > 0; text = view_from(text, 1))
		if (has_generic_word(text))
			return true;
	return false;
}

/* `word` must not be empty. Its first byte is compared first: a list may have a thousand words. */
static bool contains_word(struct view text, struct view word)
{
	char first = ascii_lower(word.data[0]);
	for (; text.length >= word.length; text = view_from(text, 1))
		if (ascii_lower(text.data[0]) == first && begins_with(text, word))
			return true;
	return false;
}

/* A line of the list: its word, empty if it has none, and whether it is an exception. */
struct robots_line {
	struct view word;
	bool is_exception, is_invalid;
};

static struct robots_line take_line(struct view *list)
{
	struct view word = view_trim(parse_line(list));
	struct robots_line line = {.word = word};
	if (word.length == 0 || word.data[0] == '#') {
		line.word = VIEW("");
	} else if (word.data[0] == '!') {
		line.word = view_trim(view_from(word, 1));
		line.is_exception = true;
		line.is_invalid = line.word.length == 0;
	}
	return line;
}

bool robots_match(struct view user_agent, struct view list)
{
	struct view text = view_trim(user_agent);
	if (text.length == 0)
		return true;
	if (text.length > ROBOTS_AGENT_MAX)
		text.length = ROBOTS_AGENT_MAX;
	bool is_robot = contains_generic_word(text);
	for (size_t lines = 0; list.length > 0 && lines < ROBOTS_LINES_MAX; lines++) {
		struct robots_line line = take_line(&list);
		if (line.word.length == 0 || (is_robot && !line.is_exception) ||
		    !contains_word(text, line.word))
			continue;
		if (line.is_exception)
			return false;
		is_robot = true;
	}
	return is_robot;
}

size_t robots_list_check(struct view list)
{
	for (size_t number = 1; list.length > 0; number++)
		if (take_line(&list).is_invalid || number > ROBOTS_LINES_MAX)
			return number;
	return 0;
}
