package words

import "slices"

// Explanation is a netcheck.Explanation in plain strings.
type Explanation struct {
	// Path is a path.Kind; "connecting" where there is none, empty where it is
	// not known. Forecast tells that it is what to expect.
	Path     string
	Forecast bool
	// Opening, Own, Theirs and Remedies are netcheck's names for them.
	Opening               string
	Own, Theirs, Remedies []string
}

// Strings turns a list of names into plain strings.
func Strings[S ~string](names []S) []string {
	var plain []string
	for _, name := range names {
		plain = append(plain, string(name))
	}
	return plain
}

// Explain says in one or two sentences why a path is what it is, or which to
// expect and why, and what would make it direct: "Relayed: your network changes
// ports for each destination, and theirs filters by port. Direct would work if
// either router allowed port mapping (UPnP)."
func (w *Words) Explain(e Explanation) string {
	why := w.join(w.causes(e.Own, e.Theirs), w.Say("explain.and", nil))
	data := map[string]string{"Why": why, "Opening": ""}
	if e.Opening != "" {
		data["Opening"] = w.Say("opening."+e.Opening, nil)
	}
	said := ""
	switch e.Path {
	case "direct-lan":
		return w.Say("explain.direct-lan", nil)
	case "direct-internet":
		if e.Forecast {
			return w.Say("explain.will-direct", data)
		}
		return w.Say("explain.direct", data)
	case "relayed":
		said = w.Say("explain.relayed", data)
		if e.Forecast {
			said = w.Say("explain.will-relayed", data)
		}
	case "connecting":
		said = w.Say("explain.none", data)
		if e.Forecast {
			said = w.Say("explain.will-none", data)
		}
	default:
		return w.Say("explain.unknown", data)
	}
	var would []string
	for _, remedy := range e.Remedies {
		would = append(would, w.Say("remedy."+remedy, nil))
	}
	if len(would) == 0 {
		return said
	}
	what := map[string]string{"What": w.join(would, w.Say("explain.or", nil))}
	if e.Path == "relayed" {
		return w.Sentences(said, w.Say("explain.would-direct", what))
	}
	return w.Sentences(said, w.Say("explain.would-connect", what))
}

// causes says each of them of whom it is true, first what both share.
func (w *Words) causes(own, theirs []string) []string {
	var said []string
	last := ""
	say := func(cause, side string) {
		place := "first"
		if last == side {
			place = "same"
		} else if last != "" {
			place = "after"
		}
		data := map[string]string{"Side": side, "Place": place}
		data["Who"] = w.Say("explain.who", data)
		said = append(said, w.cause(cause, data))
		last = side
	}
	shared := func(cause string) bool { return slices.Contains(own, cause) && slices.Contains(theirs, cause) }
	for _, cause := range own {
		if shared(cause) {
			say(cause, "both")
		}
	}
	for _, cause := range own {
		if !shared(cause) {
			say(cause, "own")
		}
	}
	for _, cause := range theirs {
		if !shared(cause) {
			say(cause, "theirs")
		}
	}
	return said
}

// cause says one cause, in the plural where both sides have it and the language
// has one.
func (w *Words) cause(cause string, data map[string]string) string {
	form := ".one"
	if data["Side"] == "both" || !w.Has("cause."+cause+form) {
		form = ".other"
	}
	if !w.Has("cause." + cause + form) {
		form = ""
	}
	return w.Say("cause."+cause+form, data)
}

// join makes a list of clauses: "A", "A and B", "A, B and C"; last stands before
// the last one.
func (w *Words) join(clauses []string, last string) string {
	joined := ""
	for i, clause := range clauses {
		switch {
		case i == 0:
		case i == len(clauses)-1:
			joined += last
		default:
			joined += w.Say("explain.comma", nil)
		}
		joined += clause
	}
	return joined
}

// Sentences puts sentences on one line; those of Chinese stand without a space.
// Empty ones are left out.
func (w *Words) Sentences(all ...string) string {
	joined := ""
	for _, sentence := range all {
		if sentence == "" {
			continue
		}
		if joined != "" {
			joined += w.Say("explain.space", nil)
		}
		joined += sentence
	}
	return joined
}

// ServerFailure is a netcheck.Failure in plain strings.
type ServerFailure struct {
	// Reason and Stage are netcheck's names.
	Reason, Stage string
	// Server is what people know the server by.
	Server string
	// Code is the STUN error code; 0 where there is none.
	Code int
	// Realm is what the server announces, Expected what the credentials are for.
	Realm, Expected string
	Proven          bool
	// Expired is a time in words; empty where it is not the reason.
	Expired string
}

// ServerFailure says why a server cannot be used, and what to do.
func (w *Words) ServerFailure(f ServerFailure) string { return w.Say("server."+f.Reason, f) }
