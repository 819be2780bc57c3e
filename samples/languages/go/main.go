// Prints its arguments, the variable NAME and how much it read, and exits with the status given as first argument.
package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
)

func main() {
	read, err := io.Copy(io.Discard, os.Stdin)
	if err != nil {
		fmt.Fprintln(os.Stderr, "standard input:", err)
		os.Exit(70)
	}
	name, found := os.LookupEnv("NAME")
	if !found {
		name = "world"
	}
	fmt.Printf("Hello %s, from Go!\n", name)
	status := 0
	for i, argument := range os.Args[min(1, len(os.Args)):] {
		fmt.Println("argument", argument)
		if i == 0 {
			// What is no number is no failure, as in C.
			status, _ = strconv.Atoi(argument)
		}
	}
	fmt.Println(read, "bytes of input")
	os.Exit(status)
}
