/*
 * The PROXY header: the result does not depend on how the bytes are split into reads, a header is
 * never longer than the received bytes, and later bytes do not matter.
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
	enum proxy_outcome result = proxy_header_parse(received, &header);
	if (result == PROXY_READ) {
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
		HOLDS(now == PROXY_INCOMPLETE ? !decided : now == result);
		HOLDS(now != PROXY_READ || is_same(&cut, &header));
		HOLDS(now != PROXY_READ ||
		      (cut.length <= length && (decided || cut.length == length)));
		decided = now != PROXY_INCOMPLETE;
	}
	HOLDS(decided == (result != PROXY_INCOMPLETE));
	return 0;
}
