/* SPDX-License-Identifier: MIT */
/*
 * nameless.h - a file without a name, for what is kept but not in memory.
 *
 * It is gone when its descriptor is closed, however the program ends.
 */
#ifndef UI_NAMELESS_H
#define UI_NAMELESS_H

/* Makes the file in $TMPDIR, else /var/tmp, else /tmp; to be called before the
 * sandbox closes.  Returns a descriptor to read and write, close-on-exec, that
 * the caller closes; -1 with errno. */
int nameless_open(void);

#endif /* UI_NAMELESS_H */
