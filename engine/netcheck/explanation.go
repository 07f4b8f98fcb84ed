package netcheck

import "github.com/causeway-app/causeway/engine/path"

// Cause names why the path between two computers is what it is.
// assets/translations has a sentence for each under "cause.<cause>".
type Cause string

// Remedy names what would make a relayed or failed path direct.
// assets/translations has a sentence for each under "remedy.<remedy>".
type Remedy string

// Explanation is why a path is what it is, or would be.
type Explanation struct {
	// Path is the best that the two networks allow; path.Connecting where none.
	Path path.Kind
	// Own and Theirs are what each side contributes to it, most important first.
	Own, Theirs []Cause
	// Remedies are what would make it direct; empty where it is.
	Remedies []Remedy
}
