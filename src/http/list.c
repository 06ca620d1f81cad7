/* Reading lists; see list.h. */
#include "list.h"
#include "base/parse.h"

bool list_next(struct view *rest, struct view *member)
{
	/*@ loop invariant readable(*rest) && is_end(*rest, \at(*rest, Pre));
	    loop assigns *rest, *member;
	    loop variant rest->length; */
	while (rest->length > 0) {
		(void)parse_cut(rest, ',', member);
		*member = view_trim(*member);
		if (member->length > 0)
			return true;
	}
	return false;
}
