package ui

import (
	"maps"
	"runtime/debug"
	"slices"
	"testing"

	"fyne.io/fyne/v2/test"
)

// TestGoldens compares every page in every state, in both languages, light and
// dark, with how it is known to look: ui/testdata/pages has a file for each
// state. "go test -tags nosqlite ./ui -run TestGoldens -update" writes them anew.
func TestGoldens(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(500)) // four hundred windows make much garbage
	states := goldenStates()
	drawn := make(map[string]map[string]string, len(states))
	for name := range states {
		drawn[name] = map[string]string{}
	}
	for variantName, variant := range variants {
		stage = newApp(t, variant)
		t.Cleanup(func() { stage = nil })
		for _, language := range []string{"en", "zh"} {
			t.Run(language+" "+variantName, func(t *testing.T) {
				for name, state := range states {
					t.Run(name, func(t *testing.T) {
						drawn[name][language+" "+variantName] = test.RenderToMarkup(state(t, language, variant).window.Canvas())
					})
				}
			})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		t.Run(name, func(t *testing.T) { master{name}.check(t, drawn[name]) })
	}
	forgetOtherMasters(t, states)
}
