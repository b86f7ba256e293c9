// Command notices writes what a package that holds the core's library has to carry
// about the modules in it: their licences, or a bill of materials in CycloneDX.
// ../../third_party.sh runs it.
//
//	notices -form licences -o THIRD_PARTY_LICENSES
//	notices -form sbom -name tasker_core -version 0.1.0 -purl pkg:gem/tasker_core@0.1.0 -o tasker_core.cdx.json
//
// The same modules and flags give the same bytes: no time and no path is written.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "notices: %v\n", err)
		os.Exit(1)
	}
}

func run(arguments []string) error {
	flags := flag.NewFlagSet("notices", flag.ContinueOnError)
	form := flags.String("form", "licences", "licences or sbom")
	output := flags.String("o", "", "the file to write")
	arch := flags.String("arch", "", "the processor that the library is built for, in Go's words; default this one")
	var about subject
	flags.StringVar(&about.name, "name", "tasker_core", "the package's name, for the bill of materials")
	flags.StringVar(&about.version, "version", "", "its version")
	flags.StringVar(&about.purl, "purl", "", "its package URL")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if *output == "" {
		return fmt.Errorf("-o is missing: which file is to be written?")
	}
	linked, err := list("./capi", *arch)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	switch *form {
	case "licences":
		err = writeLicences(&text, linked)
	case "sbom":
		err = writeBOM(&text, about, linked)
	default:
		err = fmt.Errorf("-form is %q; it must be licences or sbom", *form)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(*output, text.Bytes(), 0o644)
}
