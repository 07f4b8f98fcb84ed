package look

import (
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

func wearTheme(t testing.TB) {
	t.Helper()
	test.NewTempApp(t).Settings().SetTheme(Theme())
}

func press(on fyne.Focusable, keys ...fyne.KeyName) {
	for _, key := range keys {
		on.TypedKey(&fyne.KeyEvent{Name: key})
	}
}

func TestAChoiceIsMadeByMouseAndByKeys(t *testing.T) {
	wearTheme(t)
	var chosen []int
	cards := someChoices(func(i int) { chosen = append(chosen, i) })
	window := test.NewTempWindow(t, cards)
	window.Resize(fyne.NewSize(700, 300))
	cards.Select(0)
	if len(chosen) != 0 {
		t.Fatal("what the program marks was told as if the user had chosen it")
	}
	test.Tap(cards.cards[2])
	// Two of them stand side by side.
	for _, key := range []fyne.KeyName{fyne.KeyUp, fyne.KeyLeft, fyne.KeyRight, fyne.KeyDown, fyne.KeyRight, fyne.KeySpace, fyne.KeyReturn} {
		press(window.Canvas().Focused(), key)
	}
	if want := []int{2, 3}; !slices.Equal(chosen, want) {
		t.Errorf("chosen were %v, want %v", chosen, want)
	}
	if cards.Selected() != 3 || strings.HasPrefix(cards.cards[2].AccessibilityLabel(), "✓") ||
		!strings.HasPrefix(cards.cards[3].AccessibilityLabel(), "✓ Relay only.") {
		t.Error("the wrong card is marked")
	}
}

func TestChoiceCardsAreAsHighAsTheirWords(t *testing.T) {
	wearTheme(t)
	cards := someChoices(nil)
	test.NewTempWindow(t, cards)
	cards.Resize(fyne.NewSize(640, 10))
	wide := cards.MinSize().Height
	cards.Resize(fyne.NewSize(300, 10))
	if narrow := cards.MinSize().Height; narrow < 1.5*wide {
		t.Errorf("below each other they are %v high, side by side %v", narrow, wide)
	}
}

// clock runs what is to come when a test says so.
type clock struct{ later []func() }

func (c *clock) after(_ time.Duration, f func()) { c.later = append(c.later, f) }

func (c *clock) pass() {
	for _, f := range c.later {
		f()
	}
	c.later = nil
}

func TestATipComesToTheMouseThatRests(t *testing.T) {
	wearTheme(t)
	var time clock
	badge, button := NewBadge(faces[0]), NewTipButton(theme.CancelIcon(), "Cancel", nil)
	badge.SetTip("Files go straight to this device.")
	layer := WithTips(container.NewVBox(badge, button), time.after)
	test.NewTempWindow(t, layer).Resize(fyne.NewSize(400, 200))

	badge.MouseIn(nil)
	if layer.Tip() != "" {
		t.Error("a tip came at once")
	}
	time.pass()
	if layer.Tip() != badge.Tip() {
		t.Errorf("the tip reads %q", layer.Tip())
	}
	badge.MouseOut()
	if layer.Tip() != "" {
		t.Error("a tip stayed")
	}
	badge.MouseIn(nil)
	badge.MouseOut()
	time.pass()
	if layer.Tip() != "" {
		t.Error("a tip came to a mouse that only passed")
	}
	badge.MouseIn(nil)
	button.FocusGained()
	time.pass()
	if layer.Tip() != "Cancel" {
		t.Errorf("the keyboard is told %q", layer.Tip())
	}
	badge.MouseOut()
	if layer.Tip() != "Cancel" {
		t.Error("one widget took away the tip of another")
	}
	button.FocusLost()
	if layer.Tip() != "" {
		t.Error("the tip stayed when the focus left")
	}
}

// atOnce is for tips that nobody has to wait for.
func atOnce(_ time.Duration, show func()) { show() }

func TestATipStaysInItsWindow(t *testing.T) {
	wearTheme(t)
	corner := NewTipButton(theme.CancelIcon(), strings.Repeat("rather a lot of words ", 12), nil)
	layer := WithTips(container.NewWithoutLayout(corner), atOnce)
	test.NewTempWindow(t, layer).Resize(fyne.NewSize(400, 300))
	corner.Resize(fyne.NewSquareSize(30))
	corner.Move(fyne.NewPos(365, 265))
	TipLater(corner, corner.Tip())
	at, size := layer.tip.Position(), layer.tip.Size()
	if at.X < 0 || at.X+size.Width > layer.Size().Width || at.Y+size.Height > corner.Position().Y {
		t.Errorf("the tip is at %v, %v large", at, size)
	}
}

func TestWithoutALayerThereAreNoTips(t *testing.T) {
	wearTheme(t)
	badge := NewBadge(faces[0])
	badge.SetTip("something")
	test.NewTempWindow(t, badge)
	badge.MouseIn(nil)
	badge.MouseOut()
	TipLater(badge, "something")
	if got := badge.AccessibilityLabel(); got != "Direct - same network. something" {
		t.Errorf("it is read as %q", got)
	}
}

func TestEscClosesADrawer(t *testing.T) {
	wearTheme(t)
	closed := 0
	drawer := NewDrawer(NewLine(""), func() { closed++ })
	press(drawer, fyne.KeySpace, fyne.KeyEscape)
	if closed != 1 {
		t.Errorf("it was closed %d times", closed)
	}
}

func TestADrawerIsReadByKeys(t *testing.T) {
	wearTheme(t)
	scroll := container.NewVScroll(NewPanel(ColorCard, 300, NewLine("")))
	drawer := NewDrawer(scroll, nil)
	drawer.SetScroll(scroll)
	test.NewTempWindow(t, drawer).Resize(fyne.NewSize(DrawerWidth, 200))
	press(drawer, fyne.KeyUp)
	if scroll.Offset.Y != 0 {
		t.Errorf("above its beginning it is at %v", scroll.Offset.Y)
	}
	press(drawer, fyne.KeyDown)
	line := scroll.Offset.Y
	press(drawer, fyne.KeyPageDown)
	page := scroll.Offset.Y
	press(drawer, fyne.KeyEnd)
	end := scroll.Offset.Y
	press(drawer, fyne.KeyDown)
	if !(0 < line && line < page && page < end) || scroll.Offset.Y != end {
		t.Errorf("it was at %v, %v, %v and %v", line, page, end, scroll.Offset.Y)
	}
	press(drawer, fyne.KeyHome)
	if scroll.Offset.Y != 0 {
		t.Error("Home does not lead to its beginning")
	}
}

func TestAMapCountsWhatIsWanted(t *testing.T) {
	wearTheme(t)
	m := NewPieceMap()
	m.SetLabel("Thesis.pdf")
	for name, test := range map[string]struct {
		pieces []Piece
		want   string
	}{
		"nothing known":  {nil, "Thesis.pdf 0 %"},
		"nothing wanted": {pieces(3, Unwanted), "Thesis.pdf 0 %"},
		"rounded down":   {pieces(199, Here, 1, UnderWay, 500, Unwanted), "Thesis.pdf 99 %"},
		"all":            {pieces(5, Here, 5, Unwanted), "Thesis.pdf 100 %"},
	} {
		if m.Set(test.pieces); m.AccessibilityLabel() != test.want {
			t.Errorf("%s: it is read as %q, want %q", name, m.AccessibilityLabel(), test.want)
		}
	}
}

func TestADrawingKeepsItsOwnNumbers(t *testing.T) {
	wearTheme(t)
	samples := minute(func(i int) Sample { return Sample{Direct: int64(i)} })
	samples = append(samples, Sample{Direct: 1, Relayed: 99})
	line := NewSparkline()
	line.Set(samples)
	want := slices.Clone(samples[1:])
	samples[30] = Sample{Relayed: 1 << 40}
	if !slices.Equal(line.samples, want) || line.Highest() != 100 {
		t.Errorf("it shows %d samples, of at most %d", len(line.samples), line.Highest())
	}
}

func TestAnEndingTellsWhatAFileIsFor(t *testing.T) {
	for name, want := range map[string]FileKind{
		"Holiday.JPG": Picture, "a/b.c/film.mkv": Film, "song.flac": Sound, "thesis (final).pdf": TextFile, "backup.tar.zst": Archive,
		"setup.exe": Program, "Makefile": OtherFile, "odd.": OtherFile, "": OtherFile,
	} {
		if got := KindOf(name); got != want {
			t.Errorf("%q is of kind %d, want %d", name, got, want)
		}
	}
	if FileIcon(Film, ColorIdle) != FileIcon(Film, ColorIdle) || FileIcon(Film, ColorIdle) == FileIcon(Film, ColorQuiet) {
		t.Error("an icon is not kept")
	}
}

func BenchmarkDrawingAMinute(b *testing.B) {
	wearTheme(b)
	line := NewSparkline()
	line.Set(sparklines["mixed"])
	line.Resize(fyne.NewSize(200, 50))
	renderer := test.WidgetRenderer(line).(*sparklineRenderer)
	for b.Loop() {
		renderer.draw(400, 100)
	}
}

func BenchmarkDrawingAHundredThousandPieces(b *testing.B) {
	wearTheme(b)
	m := NewPieceMap()
	m.Set(pieceMaps["many"])
	m.Resize(fyne.NewSize(400, 60))
	renderer := test.WidgetRenderer(m).(*pieceMapRenderer)
	for b.Loop() {
		renderer.draw(800, 120)
	}
}
