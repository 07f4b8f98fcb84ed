package ui

import (
	"testing"

	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// benchmarkShow measures what a state costs in which nothing but numbers change.
func benchmarkShow(b *testing.B, s engine.State, unfolded engine.TransferID) {
	app := test.NewTempApp(b)
	app.Settings().SetTheme(fixedTheme{look.Theme(), theme.VariantLight})
	inline := func(f func()) { f() }
	w := New(Options{
		App: app, Engine: &engineDouble{}, Words: words.In("en"), Settings: someSettings, Do: inline, Start: inline, Quit: func() {},
	})
	defer func() { w.Stop(); w.window.Close() }()
	w.window.Resize(first)
	w.window.Show()
	w.show(s)
	if unfolded != "" {
		w.transfers.toggle(unfolded)
	}
	states := make([]engine.State, 16)
	for i := range states {
		states[i] = later(s, int64(i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.transfers.show(states[i%len(states)])
	}
}

func BenchmarkShow500Transfers(b *testing.B) { benchmarkShow(b, throng(500, 0), "") }

func BenchmarkShow200Peers(b *testing.B) { benchmarkShow(b, throng(500, 200), "t499") }

// BenchmarkScroll500Transfers measures one turn of the wheel.
func BenchmarkScroll500Transfers(b *testing.B) {
	app := test.NewTempApp(b)
	app.Settings().SetTheme(fixedTheme{look.Theme(), theme.VariantLight})
	inline := func(f func()) { f() }
	w := New(Options{
		App: app, Engine: &engineDouble{}, Words: words.In("en"), Settings: someSettings, Do: inline, Start: inline, Quit: func() {},
	})
	defer func() { w.Stop(); w.window.Close() }()
	w.window.Resize(first)
	w.window.Show()
	w.show(throng(500, 200))
	w.transfers.toggle("t499")
	for i := 0; b.Loop(); i++ {
		w.transfers.list.scrollTo(float32(i * 40 % 30_000))
	}
}
