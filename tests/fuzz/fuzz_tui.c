/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tui.c - keys, sizes and events in any order (tests/tui_steps.c).
 * Oracle: nothing crashes, the cursor stays in its list, every row is as wide
 * as the screen and holds nothing that a terminal obeys.
 */
#include "tests/tui_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tui_load_steps(data, size);
    return 0;
}
