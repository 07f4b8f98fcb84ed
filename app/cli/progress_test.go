package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/causeway-app/causeway/engine"
)

// screen is a terminal that knows \r and \n, which is all that is needed.
type screen struct {
	lines []string
	width int
	t     *testing.T
}

func (s *screen) Write(p []byte) (int, error) {
	if len(s.lines) == 0 {
		s.lines = []string{""}
	}
	column := columns(s.lines[len(s.lines)-1])
	for _, r := range string(p) {
		last := &s.lines[len(s.lines)-1]
		switch r {
		case '\r':
			column = 0
		case '\n':
			s.lines = append(s.lines, "")
			column = 0
		default:
			runes := []rune(*last)
			for len(runes) <= column {
				runes = append(runes, ' ')
			}
			runes[column] = r
			*last = string(runes)
			column++
			if column >= s.width {
				s.t.Fatalf("the line reaches the last column, where terminals wrap: %q", *last)
			}
		}
	}
	return len(p), nil
}

// text is what is on the screen, without blanks at the ends of lines.
func (s *screen) text() string {
	var lines []string
	for _, line := range s.lines {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

func TestTheBarIsRedrawnInPlace(t *testing.T) {
	s := &screen{width: 80, t: t}
	d := &display{out: s, width: func() int { return 80 }, now: time.Now, id: "t"}
	state := receiving(engine.Transferring)
	for _, done := range []int64{100_000, 500_000, 900_000} {
		next := engine.State{Transfers: []engine.Transfer{state.Transfers[0]}}
		next.Transfers[0].Bytes = done
		if err := d.show(next); err != nil {
			t.Fatal(err)
		}
	}
	want := "Receiving “photos” (3 files, 1.0 MB).\n" +
		"photos [====================================    ] 90 %, 900 kB of 1.0 MB"
	if s.text() != want {
		t.Errorf("got\n%s\nwant\n%s", s.text(), want)
	}
	if err := d.show(receiving(engine.Complete)); err != nil {
		t.Fatal(err)
	}
	d.close()
	want = "Receiving “photos” (3 files, 1.0 MB).\n“photos” (3 files, 1.0 MB) is complete and verified.\n"
	if s.text() != want {
		t.Errorf("got\n%s\nwant\n%s", s.text(), want)
	}
}

func TestTheBarFitsEveryWidth(t *testing.T) {
	transfer := receiving(engine.Transferring).Transfers[0]
	transfer.Name, transfer.Rate = "旅行の写真 and a name that is long enough to be cut", 1_000_000
	for width := range 200 {
		if got := columns(bar(transfer, width)); got > width {
			t.Fatalf("at width %d the bar takes %d cells: %q", width, got, bar(transfer, width))
		}
	}
	if wide := bar(transfer, 120); !strings.Contains(wide, "[====") || !strings.HasPrefix(wide, "旅行の写真") {
		t.Errorf("a wide terminal gets %q", wide)
	}
}

func TestAnUnchangedBarWritesNothing(t *testing.T) {
	var out bytes.Buffer
	d := &display{out: &out, width: func() int { return 80 }, now: time.Now, id: "t"}
	for range 3 {
		if err := d.show(receiving(engine.Transferring)); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), "\r"); n != 1 {
		t.Errorf("drawn %d times: %q", n, out.String())
	}
}

func TestWithoutATerminalProgressIsALineNowAndThen(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	d := &display{out: &out, width: func() int { return 0 }, now: func() time.Time { return now }, id: "t"}
	for second := range 21 {
		state := receiving(engine.Transferring)
		state.Transfers[0].Bytes = int64(second) * 10_000
		if err := d.show(state); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Second)
	}
	if err := d.show(receiving(engine.Complete)); err != nil {
		t.Fatal(err)
	}
	want := `Receiving “photos” (3 files, 1.0 MB).
0 %, 0 B of 1.0 MB
5 %, 50.0 kB of 1.0 MB
10 %, 100 kB of 1.0 MB
15 %, 150 kB of 1.0 MB
20 %, 200 kB of 1.0 MB
“photos” (3 files, 1.0 MB) is complete and verified.
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}
