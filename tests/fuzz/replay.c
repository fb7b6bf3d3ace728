/* SPDX-License-Identifier: MIT */
/*
 * replay.c - the main() of a fuzz target that is built without libFuzzer: runs
 * it over the files named, so that the corpus is checked on any machine.  A
 * broken oracle aborts; an unreadable file is exit status 1.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define INPUT_MAX ((size_t)1 << 20)

static int
replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) {
        perror(path);
        return -1;
    }
    uint8_t *all = malloc(INPUT_MAX);
    size_t size = all ? fread(all, 1, INPUT_MAX, file) : 0;
    fclose(file);
    /* A copy of the exact size, so that a sanitizer sees reads behind it. */
    uint8_t *exact = malloc(size ? size : 1);
    if (!all || !exact) {
        free(all);
        free(exact);
        return -1;
    }
    memcpy(exact, all, size);
    free(all);
    printf("%s\n", path);
    fflush(stdout);
    LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

int
main(int argc, char **argv)
{
    int status = argc > 1 ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 1; i < argc; i++)
        if (replay_file(argv[i]) != 0)
            status = EXIT_FAILURE;
    return status;
}
