/* Selects a content coding; see encoding.h. */
#include "encoding.h"
#include "base/parse.h"
#include "list.h"

/* Weights in thousandths (RFC 9110 12.4.2). */
enum { NOT_LISTED = -1, WEIGHT_MAX = 1000 };

struct weights {
	int of[CODING_COUNT];
	int of_others; /* of "*" */
};

struct view coding_name(enum coding coding)
{
	switch (coding) {
	case CODING_GZIP:
		return VIEW("gzip");
	case CODING_ZSTD:
		return VIEW("zstd");
	case CODING_BR:
		return VIEW("br");
	default:
		return VIEW("");
	}
}

struct view coding_suffix(enum coding coding)
{
	switch (coding) {
	case CODING_GZIP:
		return VIEW(".gz");
	case CODING_ZSTD:
		return VIEW(".zst");
	case CODING_BR:
		return VIEW(".br");
	default:
		return VIEW("");
	}
}

/* Where the weight of a coding is stored; NULL for an unknown coding. */
/*@ requires \valid(weights) && readable(name);
    assigns \nothing;
    ensures \result == \null || \result == &weights->of_others ||
      \exists integer i; 0 <= i < CODING_COUNT && \result == &weights->of[i]; */
static int *weight_of(struct weights *weights, struct view name)
{
	if (view_equal(name, VIEW("*")))
		return &weights->of_others;
	if (view_equal_nocase(name, VIEW("identity")))
		return &weights->of[CODING_IDENTITY];
	if (view_equal_nocase(name, VIEW("x-gzip")))
		return &weights->of[CODING_GZIP];
	/*@ loop invariant CODING_GZIP <= coding <= CODING_COUNT;
	    loop assigns coding;
	    loop variant CODING_COUNT - coding; */
	for (enum coding coding = CODING_GZIP; coding < CODING_COUNT; coding++)
		if (view_equal_nocase(name, coding_name(coding)))
			return &weights->of[coding];
	return NULL;
}

/* "q=" qvalue: 0 or 1 with up to three decimals (RFC 9110 12.4.2). */
/*@ requires readable(v) && \valid(weight);
    assigns *weight;
    ensures \result ==> 0 <= *weight <= WEIGHT_MAX; */
static bool read_weight(struct view v, int *weight)
{
	if (v.length < 3 || v.length > 7 || ascii_lower(v.data[0]) != 'q' || v.data[1] != '=' ||
	    (v.length > 3 && v.data[3] != '.'))
		return false;
	int unit = WEIGHT_MAX;
	*weight = 0;
	/*@ loop invariant 2 <= pos <= v.length && 0 <= unit <= WEIGHT_MAX && 0 <= *weight <= 9 * WEIGHT_MAX * (pos - 2);
	    loop assigns pos, unit, *weight;
	    loop variant v.length - pos; */
	for (size_t pos = 2; pos < v.length; pos++) {
		if (pos == 3)
			continue; /* the decimal point */
		if (!ascii_is_digit(v.data[pos]))
			return false;
		*weight += (v.data[pos] - '0') * unit;
		unit /= 10;
	}
	return *weight <= WEIGHT_MAX;
}

/* codings [ OWS ";" OWS weight ] (RFC 9110 12.5.3). */
/*@ requires readable(member) && \valid(weights);
    assigns *weights; */
static void read_member(struct view member, struct weights *weights)
{
	int weight = WEIGHT_MAX;
	struct view name;
	bool has_weight = parse_cut(&member, ';', &name);
	if (has_weight && !read_weight(view_trim(member), &weight))
		return;
	int *place = weight_of(weights, view_trim(name));
	if (place != NULL)
		*place = weight;
}

/*@ requires \valid_read(request) && fields_are_readable(request);
    assigns \nothing; */
static struct weights read_weights(const struct request *request)
{
	struct weights weights = {.of_others = NOT_LISTED};
	/*@ loop invariant 0 <= coding <= CODING_COUNT;
	    loop assigns coding, weights.of[0 .. CODING_COUNT - 1];
	    loop variant CODING_COUNT - coding; */
	for (enum coding coding = 0; coding < CODING_COUNT; coding++)
		weights.of[coding] = NOT_LISTED;
	const struct field *field = NULL;
	/*@ loop invariant is_field_or_null(request, field);
	    loop assigns field, weights;
	    loop variant request->field_count - field_index(request, field); */
	while ((field = request_field(request, VIEW("accept-encoding"), field)) != NULL) {
		struct view rest = field->value, member;
		/*@ loop invariant readable(rest);
		    loop assigns rest, member, weights;
		    loop variant rest.length; */
		while (list_next(&rest, &member))
			read_member(member, &weights);
	}
	return weights;
}

enum coding coding_choose(const struct request *request, unsigned available)
{
	struct weights weights = read_weights(request);
	enum coding best = CODING_IDENTITY;
	int best_weight = 0;
	/*@ loop invariant 0 <= coding <= CODING_COUNT && 0 <= best < CODING_COUNT;
	    loop invariant best != CODING_IDENTITY ==> (available & (1u << best)) != 0;
	    loop assigns coding, best, best_weight;
	    loop variant CODING_COUNT - coding; */
	for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
		bool listed = weights.of[coding] != NOT_LISTED;
		int weight = listed ? weights.of[coding] : weights.of_others;
		if (coding != CODING_IDENTITY && (available & 1u << coding) == 0)
			continue;
		if (weight > 0 && weight >= best_weight) {
			best = coding;
			best_weight = weight;
		}
	}
	return best;
}
