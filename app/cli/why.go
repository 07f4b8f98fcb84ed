package main

import (
	"strings"

	"github.com/causeway-app/causeway/engine/netcheck"
)

// why says why a path is what it is, and what would make it direct; empty where
// there is nothing to say. Of a forecast it says nothing: the path comes soon.
func why(e netcheck.Explanation) string {
	if e.Forecast {
		return ""
	}
	var said []string
	say := func(key string, data any) {
		if english.Has(key) {
			said = append(said, english.Say(key, data))
		}
	}
	if e.Opening != "" {
		say("opening."+string(e.Opening), nil)
	}
	for _, cause := range e.Own {
		say("cause."+string(cause), map[string]bool{"Theirs": false})
	}
	for _, cause := range e.Theirs {
		say("cause."+string(cause), map[string]bool{"Theirs": true})
	}
	for _, remedy := range e.Remedies {
		say("remedy."+string(remedy), nil)
	}
	return strings.Join(said, " ")
}
