package main

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// printable makes text from a peer safe to print: no control characters, so
// that nobody else moves this terminal's cursor or rings its bell.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// columns is how many cells of a terminal text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += cells(r)
	}
	return n
}

// cells is 2 for the wide characters of Chinese, Japanese and Korean, and 0 for
// marks that sit on the character before.
func cells(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// shorten cuts text to that many cells and says so with an ellipsis.
func shorten(text string, limit int) string {
	if columns(text) <= limit {
		return text
	}
	var short strings.Builder
	used := 0
	for _, r := range text {
		if used+cells(r) > limit-1 {
			break
		}
		used += cells(r)
		short.WriteRune(r)
	}
	if limit > 0 {
		short.WriteRune('…')
	}
	return short.String()
}
