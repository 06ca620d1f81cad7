/* Drawing a badge as SVG: a label and a message beside each other, each on a color of its own. Pure. */
#ifndef MAYFLY_HTTP_BADGE_SVG_H
#define MAYFLY_HTTP_BADGE_SVG_H

#include "badge.h"

/*
 * Appends the drawing; only the message if the label is empty. `message`: ASCII. The badge is 20 pixels high,
 * and as wide as its text with an edge of 6 pixels; textLength keeps the text of any font within that. Text is
 * black or white, whichever has more contrast. The drawing has no identifiers, so that a page may contain
 * several.
 */
void badge_svg_add(struct buffer *text, const struct badge *badge, struct view message);

/* The width of a text in DejaVu Sans of 11 pixels, in whole pixels rounded up; invalid UTF-8 counts as U+FFFD. */
unsigned badge_svg_text_width(struct view text);

#endif
