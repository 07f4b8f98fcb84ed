package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

func TestTheManualNamesEveryFlag(t *testing.T) {
	parser, err := kong.New(&commandLine{})
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile("../packaging/linux/causeway.1.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(page), `\-`, "-") // as roff writes it
	if len(parser.Model.Flags) < 10 {
		t.Fatalf("causeway has only %d flags", len(parser.Model.Flags))
	}
	for _, flag := range parser.Model.Flags {
		if !regexp.MustCompile(`--` + regexp.QuoteMeta(flag.Name) + `\b[^-]`).MatchString(text) {
			t.Errorf("the manual page does not name --%s", flag.Name)
		}
	}
}
