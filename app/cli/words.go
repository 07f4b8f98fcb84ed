package main

import (
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

// english is the language of a terminal's output, which people search for and
// scripts should not have to guess.
var english = words.In("en")

// sentence says what went wrong and what to do next.
func sentence(p *engine.Problem) string {
	about := map[string]string{"Subject": p.Subject, "Detail": "", "Needed": "", "Free": ""}
	if p.Err != nil {
		about["Detail"] = p.Err.Error()
	}
	if p.Needed > 0 {
		about["Needed"], about["Free"] = words.Bytes(p.Needed), words.Bytes(p.Free)
	}
	said := english.Say("problem."+string(p.Code), about)
	if p.Explanation != nil {
		said = sentences(said, why(*p.Explanation))
	}
	return printable(said)
}
