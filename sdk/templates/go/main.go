// Greets each of its arguments, and ends with a status that says whether there were any.
//
// `insula dev` runs it anew whenever you save, `insula build` makes target/{{name}}.wasm of it: Go makes a module for
// WASI preview 1, which is wrapped into a component. Any status but 0 arrives as 1.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "nobody to greet: give names as arguments")
		os.Exit(1)
	}
	// The word is the variable GREETING of deploy.yaml.
	word, found := os.LookupEnv("GREETING")
	if !found {
		word = "Hello"
	}
	for _, name := range os.Args[1:] {
		fmt.Printf("%s, %s!\n", word, name)
	}
}
