package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// plainPeriod is how often progress is printed where lines cannot be redrawn.
const plainPeriod = 5 * time.Second

// display shows one transfer to a human: lines for what happened, and either
// one line that is redrawn in place or, where there is no terminal, a progress
// line every few seconds.
type display struct {
	out   io.Writer
	width func() int
	now   func() time.Time
	greet func(engine.Transfer) error

	id    engine.TransferID
	shown engine.State
	// drawn is how many cells the line that is redrawn takes now.
	drawn int
	line  string
	// progressed is when progress was last printed, and progress what.
	progressed time.Time
	progress   string
}

// newDisplay returns a display that greets a new transfer with greet.
func newDisplay(c *console, greet func(engine.Transfer) error) *display {
	return &display{out: c.err, width: c.width, now: time.Now, greet: greet}
}

func (d *display) begin(t engine.Transfer) error {
	d.id = t.ID
	return d.greet(t)
}

// show prints what has changed since the last call.
func (d *display) show(s engine.State) error {
	lines := narrate(d.shown, s, d.id)
	d.shown = s
	transfer, found := s.Transfer(d.id)
	if !found {
		return nil
	}
	var text strings.Builder
	if len(lines) > 0 {
		text.WriteString(d.erase())
		for _, line := range lines {
			fmt.Fprintln(&text, line)
		}
	}
	switch width := d.width(); {
	case !moving(transfer):
		text.WriteString(d.erase())
	case width > 0:
		text.WriteString(d.draw(bar(transfer, width-1)))
	default:
		text.WriteString(d.plain(transfer))
	}
	_, err := io.WriteString(d.out, text.String())
	return err
}

// close keeps the last picture and leaves the cursor on a line of its own.
func (d *display) close() {
	if d.drawn > 0 {
		io.WriteString(d.out, "\n")
	}
}

// moving reports whether a transfer has progress to show.
func moving(t engine.Transfer) bool {
	return t.Phase == engine.Preparing || t.Phase == engine.Transferring && t.Total > 0
}

// draw returns what replaces the line on the terminal, nothing when it is the
// same. It overwrites instead of erasing first, which would flicker, and it
// uses no escape sequence, which older Windows consoles would print.
func (d *display) draw(line string) string {
	if line == d.line {
		return ""
	}
	wide := columns(line)
	text := "\r" + line + strings.Repeat(" ", max(0, d.drawn-wide))
	d.line, d.drawn = line, wide
	return text
}

// erase returns what clears the line on the terminal.
func (d *display) erase() string {
	if d.drawn == 0 {
		return ""
	}
	text := "\r" + strings.Repeat(" ", d.drawn) + "\r"
	d.line, d.drawn = "", 0
	return text
}

// plain returns a progress line when it is time for one.
func (d *display) plain(t engine.Transfer) string {
	if d.now().Sub(d.progressed) < plainPeriod {
		return ""
	}
	line := progressLine(t)
	if line == d.progress {
		return ""
	}
	d.progressed, d.progress = d.now(), line
	return line + "\n"
}

// bar draws a transfer in at most width cells: its name, a bar, and the words
// of progressLine. What does not fit goes: first the name, then the bar.
func bar(t engine.Transfer, width int) string {
	const least, most = 10, 40
	words := progressLine(t)
	room := width - columns(words) - len("[] ")
	if room < least {
		return shorten(words, width)
	}
	name := ""
	if spare := room - least - 1; spare >= 8 && t.Name != "" {
		name = shorten(printable(t.Name), min(spare, 30)) + " "
	}
	cells := min(room-columns(name), most)
	full := 0
	switch {
	case t.Total > 0:
		full = int(float64(cells) * float64(min(t.Bytes, t.Total)) / float64(t.Total))
	case t.Preparing > 0:
		full = int(float64(cells) * min(t.Preparing, 1))
	}
	return name + "[" + strings.Repeat("=", full) + strings.Repeat(" ", cells-full) + "] " + words
}
