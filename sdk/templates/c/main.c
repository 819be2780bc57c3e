// Greets each of its arguments, and ends with a status that says whether there were any.
//
// `insula dev` runs it anew whenever you save, `insula build` makes target/{{name}}.wasm of all *.c beside it: Zig's
// clang makes a module for WASI preview 1, which is wrapped into a component. Any status but 0 arrives as 1.

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc < 2) {
        fputs("nobody to greet: give names as arguments\n", stderr);
        return EXIT_FAILURE;
    }
    // The word is the variable GREETING of deploy.yaml.
    const char *word = getenv("GREETING");
    for (int i = 1; i < argc; i++) {
        printf("%s, %s!\n", word ? word : "Hello", argv[i]);
    }
    return EXIT_SUCCESS;
}
