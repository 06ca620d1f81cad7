/*
 * The PROXY header: however the bytes are cut into reads the next_action is the same, a header is
 * never longer than what was received, and what is behind it does not matter.
 */
#include "fuzz.h"
#include "proxy/header.h"

static bool is_same(const struct proxy_header *a, const struct proxy_header *b)
{
	return a->length == b->length && a->has_client == b->has_client && a->port == b->port &&
	       a->client.length == b->client.length &&
	       memcmp(a->client.bytes, b->client.bytes, sizeof a->client.bytes) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct view received = {(const char *)data, size};
	struct proxy_header header;
	enum proxy_outcome next_action = proxy_header_parse(received, &header);
	if (next_action == PROXY_READ) {
		HOLDS(header.length > 0 && header.length <= size);
		HOLDS(header.length <= PROXY_HEADER_MAX);
		HOLDS(!header.has_client || header.client.length == 4 ||
		      header.client.length == 16);
	}
	bool decided = false;
	for (size_t length = 0; length <= size; length++) {
		struct proxy_header cut;
		enum proxy_outcome now =
		    proxy_header_parse((struct view){received.data, length}, &cut);
		HOLDS(now == PROXY_INCOMPLETE ? !decided : now == next_action);
		HOLDS(now != PROXY_READ || is_same(&cut, &header));
		HOLDS(now != PROXY_READ ||
		      (cut.length <= length && (decided || cut.length == length)));
		decided = now != PROXY_INCOMPLETE;
	}
	HOLDS(decided == (next_action != PROXY_INCOMPLETE));
	return 0;
}
