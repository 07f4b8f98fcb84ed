package ui

import (
	"context"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"

	"github.com/causeway-app/causeway/engine"
)

// historyPage lists what was finished.
type historyPage struct {
	window  *Window
	content fyne.CanvasObject
	// changes is what State.History was when the list was last fetched.
	changes  int
	finished []engine.Finished
}

func newHistoryPage(w *Window) *historyPage {
	return &historyPage{window: w, content: container.NewVBox()}
}

// opened is called when the user goes to the page.
func (p *historyPage) opened() { p.fetch() }

// show fetches the list again when it has changed and is looked at.
func (p *historyPage) show(changes int) {
	if p.changes != changes && p.window.here == historyAt {
		p.changes = changes
		p.fetch()
	}
}

func (p *historyPage) fetch() {
	var finished []engine.Finished
	p.window.run(func(ctx context.Context) (err error) {
		finished, err = p.window.engine.History(ctx)
		return err
	}, func() { p.finished = finished })
}
