/* The charset that an HTML file declares in a meta element. Pure. */
#ifndef MAYFLY_HTTP_HTML_CHARSET_H
#define MAYFLY_HTTP_HTML_CHARSET_H

#include "base/view.h"

/* Authors must declare a charset within so many bytes (HTML standard, 4.2.5.4). */
enum { HTML_CHARSET_BYTES = 1024 };

/*
 * Whether the first bytes of an HTML file declare a charset other than UTF-8, as browsers look for it
 * ("prescan a byte stream to determine its encoding", HTML standard, 13.2.3.2). A charset in Content-Type
 * would overrule it. Labels that begin with "utf" count as UTF-8: browsers take UTF-16 for it too. Other
 * labels are not compared with those of the Encoding standard.
 */
bool html_declares_charset(struct view start);

#endif
