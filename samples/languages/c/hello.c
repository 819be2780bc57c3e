// Prints its arguments, the variable NAME and how much it read, and exits with the status given as first argument.

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv) {
    size_t read = 0;
    while (getchar() != EOF) {
        read++;
    }
    const char *name = getenv("NAME");
    printf("Hello %s, from C!\n", name ? name : "world");
    for (int i = 1; i < argc; i++) {
        printf("argument %s\n", argv[i]);
    }
    printf("%zu bytes of input\n", read);
    return argc > 1 ? atoi(argv[1]) : EXIT_SUCCESS;
}
