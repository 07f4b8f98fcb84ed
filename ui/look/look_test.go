package look

import (
	"image/color"
	"math"
	"slices"
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

type fixed struct {
	fyne.Theme
	variant fyne.ThemeVariant
}

func (t fixed) Color(name fyne.ThemeColorName, _ fyne.ThemeVariant) color.Color {
	return t.Theme.Color(name, t.variant)
}

var variants = map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark}

func TestTextCanBeReadOnACard(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	look := Theme()
	for name, variant := range variants {
		card := look.Color(ColorCard, variant)
		for _, ink := range []fyne.ThemeColorName{
			ColorDirect, ColorRelayed, ColorIdle, ColorQuiet, theme.ColorNameForeground, theme.ColorNameError, theme.ColorNamePrimary,
		} {
			if got := contrast(look.Color(ink, variant), card); got < 4.5 {
				t.Errorf("%s: %s has a contrast of %.1f on a card", name, ink, got)
			}
		}
		if got := contrast(look.Color(theme.ColorNameForegroundOnPrimary, variant), look.Color(theme.ColorNamePrimary, variant)); got < 4.5 {
			t.Errorf("%s: buttons have a contrast of %.1f", name, got)
		}
		if got := contrast(look.Color(colorTipText, variant), look.Color(colorTip, variant)); got < 4.5 {
			t.Errorf("%s: tips have a contrast of %.1f", name, got)
		}
		// What is no text needs 3 : 1 (WCAG 2.1, 1.4.11).
		for _, surface := range []fyne.ThemeColorName{ColorCard, ColorRail, theme.ColorNameBackground} {
			if got := contrast(look.Color(theme.ColorNamePrimary, variant), look.Color(surface, variant)); got < 3 {
				t.Errorf("%s: the focus has a contrast of %.1f on %s", name, got, surface)
			}
		}
	}
}

// contrast is that of WCAG 2.1.
func contrast(a, b color.Color) float64 {
	first, second := luminance(a), luminance(b)
	return (max(first, second) + 0.05) / (min(first, second) + 0.05)
}

func luminance(c color.Color) float64 {
	r, g, b, _ := c.RGBA()
	linear := func(v uint32) float64 {
		part := float64(v) / 0xffff
		if part <= 0.03928 {
			return part / 12.92
		}
		return math.Pow((part+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(r) + 0.7152*linear(g) + 0.0722*linear(b)
}

func TestALineGivesWayWithAnEllipsis(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	line := NewLine("a rather long name of a share")
	test.NewTempWindow(t, line)
	drawn := test.WidgetRenderer(line).(*lineRenderer)
	line.Resize(fyne.NewSize(100, 20))
	if got := drawn.text.Text; len([]rune(got)) >= len(line.Text()) || []rune(got)[len([]rune(got))-1] != '…' || drawn.text.MinSize().Width > 100 {
		t.Errorf("in 100 units it reads %q", got)
	}
	line.Resize(fyne.NewSize(1000, 20))
	if drawn.text.Text != line.Text() {
		t.Errorf("with room it reads %q", drawn.text.Text)
	}
}

func TestTheRailLeadsByMouseAndByKeys(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	var went []int
	rail := NewRail([]RailItem{{theme.HomeIcon(), "One"}, {theme.SettingsIcon(), "Two"}}, func(i int) { went = append(went, i) })
	window := test.NewTempWindow(t, rail)
	test.Tap(rail.stops[1])
	window.Canvas().Focus(rail.stops[0])
	rail.stops[0].TypedKey(&fyne.KeyEvent{Name: fyne.KeyReturn})
	if len(went) != 2 || went[0] != 1 || went[1] != 0 {
		t.Errorf("went to %v", went)
	}
	rail.GoTo(1)
	if rail.stops[0].here || !rail.stops[1].here {
		t.Error("the wrong place is lit")
	}
}

func TestAParagraphIsBrokenWhereItsLanguageAllows(t *testing.T) {
	ten := func(text string) float32 { return float32(len([]rune(text))) }
	for text, want := range map[string][]string{
		"":                             nil,
		"one two three":                {"one two", "three"},
		"one\ntwo":                     {"one", "two"},
		"[2001:db8:1:2::3]:400 or two": {"[2001:db8:", "1:2::3]:40", "0 or two"},
		"你的网络为每个目标更换端口，对方按端口过滤。": {"你的网络为每个目标更", "换端口，对方按端口过", "滤。"},
		"一二三四五六七八九十，然后":          {"一二三四五六七八九", "十，然后"},
		"一二三四五六七八九（甲）":           {"一二三四五六七八九", "（甲）"},
	} {
		if got := wrap(text, 10, ten); !slices.Equal(got, want) {
			t.Errorf("%q is broken into %q, want %q", text, got, want)
		}
	}
}

func TestAParagraphIsAsHighAsItsLines(t *testing.T) {
	test.NewTempApp(t).Settings().SetTheme(Theme())
	p := NewParagraph("some words that need more than one line where it is narrow")
	test.NewTempWindow(t, p)
	one := p.HeightFor(1000)
	p.Resize(fyne.NewSize(120, 500))
	if got := p.MinSize().Height; got < 2*one || got != p.HeightFor(120) {
		t.Errorf("it is %v high, one line is %v", got, one)
	}
	p.SetText("")
	if got := p.MinSize().Height; got != 0 {
		t.Errorf("without text it is %v high", got)
	}
}
