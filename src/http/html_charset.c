/* Finding the charset of HTML; see html_charset.h. */
#include "html_charset.h"
#include "base/parse.h"

struct attribute {
	struct view name, value;
};

/* What a meta element says. */
struct meta {
	bool is_pragma;      /* http-equiv="Content-Type" */
	bool needs_pragma;   /* the charset is from `content` */
	struct view charset; /* empty: none */
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r';
}

static void skip_spaces(struct view *rest)
{
	while (rest->length > 0 && is_space(rest->data[0]))
		*rest = view_from(*rest, 1);
}

/* Takes the bytes before the first space, or one of `ends`, off the front of *rest. */
static struct view take_until(struct view *rest, const char *ends)
{
	size_t length = 0;
	while (length < rest->length && !is_space(rest->data[length]) &&
	       (rest->data[length] == '\0' || strchr(ends, rest->data[length]) == NULL))
		length++;
	struct view taken = {rest->data, length};
	*rest = view_from(*rest, length);
	return taken;
}

/* Takes a value in quotation marks. Returns false, and takes all bytes, if they end before it does. */
static bool take_quoted(struct view *rest, struct view *value)
{
	char mark = rest->data[0];
	*rest = view_from(*rest, 1);
	return parse_cut(rest, mark, value);
}

/* Takes an attribute off the front of a tag. Returns false at the end of the tag, or of the bytes. */
static bool take_attribute(struct view *rest, struct attribute *attribute)
{
	while (rest->length > 0 && (is_space(rest->data[0]) || rest->data[0] == '/'))
		*rest = view_from(*rest, 1);
	if (rest->length == 0 || rest->data[0] == '>')
		return false;
	/* The first byte may be "=". */
	struct view first = view_from(*rest, 1);
	struct view more = take_until(&first, "/>=");
	attribute->name = (struct view){rest->data, more.length + 1};
	attribute->value = VIEW("");
	*rest = first;
	skip_spaces(rest);
	if (rest->length == 0 || rest->data[0] != '=')
		return rest->length > 0;
	*rest = view_from(*rest, 1);
	skip_spaces(rest);
	if (rest->length == 0)
		return false;
	if (rest->data[0] == '"' || rest->data[0] == '\'')
		return take_quoted(rest, &attribute->value);
	attribute->value = take_until(rest, ">");
	return rest->length > 0;
}

/* The charset in the value of `content`: "text/html; charset=x" (HTML standard, 2.5.2). */
static struct view charset_in(struct view content)
{
	static const struct view WORD = {"charset", sizeof "charset" - 1};
	while (content.length >= WORD.length) {
		struct view begin = {content.data, WORD.length};
		if (!view_equal_nocase(begin, WORD)) {
			content = view_from(content, 1);
			continue;
		}
		content = view_from(content, WORD.length);
		skip_spaces(&content);
		if (content.length == 0 || content.data[0] != '=')
			continue;
		content = view_from(content, 1);
		skip_spaces(&content);
		struct view value = VIEW("");
		if (content.length > 0 && (content.data[0] == '"' || content.data[0] == '\''))
			return take_quoted(&content, &value) ? value : VIEW("");
		return take_until(&content, ";");
	}
	return VIEW("");
}

static void meta_add(struct meta *meta, const struct attribute *attribute)
{
	if (view_equal_nocase(attribute->name, VIEW("http-equiv"))) {
		meta->is_pragma = view_equal_nocase(attribute->value, VIEW("content-type"));
	} else if (view_equal_nocase(attribute->name, VIEW("charset"))) {
		meta->charset = view_trim(attribute->value);
		meta->needs_pragma = false;
	} else if (view_equal_nocase(attribute->name, VIEW("content")) &&
	           meta->charset.length == 0) {
		meta->charset = charset_in(attribute->value);
		meta->needs_pragma = true;
	}
}

/* Takes the rest of a tag, after its name, off the front. Returns whether all of it was there. */
static bool take_tag(struct view *rest, struct meta *meta)
{
	struct attribute attribute;
	*meta = (struct meta){.charset = VIEW("")};
	while (take_attribute(rest, &attribute))
		meta_add(meta, &attribute);
	return rest->length > 0; /* a ">" */
}

static bool begins_with(struct view rest, struct view prefix)
{
	return parse_prefix(&rest, prefix);
}

/* Moves *rest to the end of a comment, or to the end of the bytes. */
static void skip_comment(struct view *rest)
{
	*rest = view_from(*rest, 2);
	while (rest->length > 0 && !begins_with(*rest, VIEW("-->")))
		*rest = view_from(*rest, 1);
}

static bool is_tag(struct view rest)
{
	return rest.length > 1 &&
	       (ascii_is_letter(rest.data[1]) ||
	        (rest.data[1] == '/' && rest.length > 2 && ascii_is_letter(rest.data[2])));
}

/* Takes a tag off the front. Returns whether it is a meta element that declares a charset. */
static bool take_declaration(struct view *rest, struct view *charset)
{
	struct meta meta;
	struct view name = take_until(rest, ">");
	/* "<meta/charset=...": the name ends at the slash too. */
	bool is_meta =
	    begins_with(name, VIEW("<meta")) && (name.length == 5 || name.data[5] == '/');
	if (is_meta)
		*rest = (struct view){name.data + 5, rest->length + name.length - 5};
	if (!take_tag(rest, &meta) || !is_meta || meta.charset.length == 0 ||
	    (meta.needs_pragma && !meta.is_pragma))
		return false;
	*charset = meta.charset;
	return true;
}

bool html_declares_charset(struct view start)
{
	struct view rest = start, charset;
	while (view_contains(rest, '<')) {
		rest = view_from(rest, view_find(rest, '<'));
		if (begins_with(rest, VIEW("<!--")))
			skip_comment(&rest);
		else if (is_tag(rest) && take_declaration(&rest, &charset))
			return !begins_with(charset, VIEW("utf"));
		if (rest.length > 0)
			rest = view_from(rest, 1);
	}
	return false;
}
