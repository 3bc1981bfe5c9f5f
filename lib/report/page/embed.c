/* SPDX-License-Identifier: MIT */
/* Writes files as C arrays with their lengths: embed OUT.c NAME=FILE... (A string literal
 * of that length is more than C11 promises to accept.) */
#include <stdio.h>
#include <string.h>

static int write_array(FILE *out, const char *name, int n_name, const char *path)
{
    FILE *in = fopen(path, "rb");
    unsigned long n_bytes = 0;
    int byte;

    if (!in) {
        perror(path);
        return 1;
    }
    fprintf(out, "extern const unsigned char %.*s[];\nconst unsigned char %.*s[] = {",
            n_name, name, n_name, name);
    while ((byte = fgetc(in)) != EOF)
        fprintf(out, n_bytes++ % 24 == 0 ? "\n%d," : "%d,", byte);
    fprintf(out, "\n};\nextern const unsigned long %.*s_bytes;\n", n_name, name);
    fprintf(out, "const unsigned long %.*s_bytes = %lu;\n", n_name, name, n_bytes);
    byte = ferror(in);
    return fclose(in) != 0 || byte;
}

int main(int argc, char **argv)
{
    FILE *out = argc > 1 ? fopen(argv[1], "w") : NULL;
    int failed = !out;

    for (int i = 2; i < argc && !failed; i++) {
        const char *equals = strchr(argv[i], '=');

        failed =
            !equals || write_array(out, argv[i], (int)(equals - argv[i]), equals + 1);
    }
    if (out && (ferror(out) || fclose(out) != 0))
        failed = 1;
    if (failed)
        fprintf(stderr, "embed: no array was written\n");
    return failed;
}
