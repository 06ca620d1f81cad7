/* The checks that `mayflyctl check` is made of. Each adds what it finds wrong, and nothing else. */
#ifndef MAYFLY_MAYFLYCTL_CHECKS_H
#define MAYFLY_MAYFLYCTL_CHECKS_H

#include "findings.h"
#include "installation.h"

/* The units: installed, listening, their limits and protections not below those that were shipped,
 * and systemd new enough for them. */
void check_units(sd_bus *bus, struct findings *findings);

/* What to type where a part of Mayfly is missing. */
#define INSTALL_AGAIN "install Mayfly again (apt install --reinstall mayfly, or make install)"

/* The handler's command line: whether it is one, and leaves the handler confined. */
void check_handler(const struct installation *installation, struct findings *findings);

/* The site: whether the handler's user gets into it, and to each file; links that lead nowhere, out
 * of the root or to a directory that contains them. */
void check_site(const struct installation *installation, struct findings *findings);

/* The counter file: whether it can be read and written, and is whole. */
void check_hits(const struct installation *installation, struct findings *findings);

/* The kernel: what confinement needs of it. Notes what an old Landlock cannot deny. */
void check_kernel(struct findings *findings);

#endif
