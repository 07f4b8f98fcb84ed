package look

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"
)

// drawn compares a picture of a widget with the one that was looked at, light
// and dark.
func drawn(t *testing.T, name string, size fyne.Size, widget func() fyne.CanvasObject) {
	t.Helper()
	for variantName, variant := range variants {
		t.Run(name+"-"+variantName, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(fixed{Theme(), variant})
			window := test.NewTempWindow(t, NewPanel(ColorCard, 12, widget()))
			window.SetPadded(false)
			window.Resize(size)
			test.AssertRendersToImage(t, name+"-"+variantName+".png", window.Canvas())
		})
	}
}

// faces are those that a badge has in Causeway.
var faces = []BadgeFace{
	{Text: "Direct - same network", Level: 4, Color: ColorDirect},
	{Text: "Direct - internet", Level: 3, Color: ColorDirect},
	{Text: "Relayed", Mark: BarsAndBox, Level: 2, Color: ColorRelayed},
	{Text: "Relayed (restricted network)", Mark: BarsAndBox, Level: 1, Color: ColorRelayed},
	{Text: "Relayed - switching to direct", Mark: BarsAndArrow, Level: 2, Color: ColorRelayed},
	{Text: "Connecting", Mark: BarsAndDots, Color: ColorIdle},
	{Text: "Blocked by your setting: direct only", Mark: Shield, Color: ColorRelayed},
	{Text: "Cannot connect", Mark: Cross, Color: theme.ColorNameError},
}

func TestEveryFaceOfABadgeIsDrawn(t *testing.T) {
	drawn(t, "badges", fyne.NewSize(290, 260), func() fyne.CanvasObject {
		column := container.NewVBox()
		for _, face := range faces {
			column.Add(container.NewHBox(NewBadge(face)))
		}
		return column
	})
}

// minute is a minute of samples by a rule.
func minute(rule func(second int) Sample) (samples []Sample) {
	for i := range SparklineSamples {
		samples = append(samples, rule(i))
	}
	return samples
}

var sparklines = map[string][]Sample{
	"empty":   nil,
	"direct":  minute(func(i int) Sample { return Sample{Direct: 9_000_000 + int64(i*i%7)*400_000} }),
	"relayed": minute(func(i int) Sample { return Sample{Relayed: 2_000_000 + int64(i*i%5)*150_000} }),
	"mixed": minute(func(i int) Sample {
		return Sample{Direct: int64(max(i-20, 0)) * 200_000, Relayed: int64(max(40-i, 0)) * 90_000}
	}),
	"burst": minute(func(i int) Sample {
		if i == 30 {
			return Sample{Direct: 40_000_000, Relayed: 9_000_000}
		}
		return Sample{Direct: 700_000}
	}),
	"young": minute(func(i int) Sample { return Sample{Direct: int64(i) * 100_000} })[50:],
}

func TestASparklineTellsPathsApart(t *testing.T) {
	for name, samples := range sparklines {
		drawn(t, "sparkline-"+name, fyne.NewSize(224, 90), func() fyne.CanvasObject {
			s := NewSparkline()
			s.Set(samples)
			s.SetCaption("at most 12.4 MB/s")
			return s
		})
	}
}

// pieces are many of one kind, then many of another.
func pieces(runs ...any) (all []Piece) {
	for i := 0; i < len(runs); i += 2 {
		for range runs[i].(int) {
			all = append(all, runs[i+1].(Piece))
		}
	}
	return all
}

var pieceMaps = map[string][]Piece{
	"empty":    nil,
	"few":      pieces(2, Here, 1, UnderWay, 4, Missing),
	"begun":    pieces(100, Missing),
	"half":     pieces(300, Here, 5, UnderWay, 295, Missing),
	"complete": pieces(1000, Here),
	"unwanted": pieces(20, Here, 30, Unwanted, 4, UnderWay, 6, Missing, 10, Unwanted),
	"many":     pieces(45_000, Here, 40, UnderWay, 30_000, Missing, 25_000, Unwanted),
}

func TestAPieceMapTellsWhatIsHere(t *testing.T) {
	for name, pieces := range pieceMaps {
		drawn(t, "pieces-"+name, fyne.NewSize(300, 70), func() fyne.CanvasObject {
			m := NewPieceMap()
			m.Set(pieces)
			return m
		})
	}
}

func TestAUsageRingTellsHowMuchIsLeft(t *testing.T) {
	for name, ring := range map[string]struct {
		usage           Usage
		centre, caption string
	}{
		"none":     {Usage{Limit: 100}, "0 %", "of 10 GB"},
		"some":     {Usage{Direct: 900, Relayed: 12, Limit: 100}, "12 %", "1.2 GB of 10 GB"},
		"scarce":   {Usage{Direct: 900, Relayed: 85, Limit: 100}, "85 %", "8.5 GB of 10 GB"},
		"over":     {Usage{Direct: 900, Relayed: 130, Limit: 100}, "130 %", "13 GB of 10 GB"},
		"no-limit": {Usage{Direct: 960, Relayed: 40}, "4 %", "relayed"},
		"unused":   {Usage{}, "–", "nothing yet"},
	} {
		drawn(t, "ring-"+name, fyne.NewSize(140, 140), func() fyne.CanvasObject {
			r := NewUsageRing()
			r.Set(ring.usage)
			r.SetWords(ring.centre, ring.caption)
			return r
		})
	}
}

func TestASignalLightTellsLevelsApart(t *testing.T) {
	drawn(t, "lights", fyne.NewSize(400, 76), func() fyne.CanvasObject {
		row := container.NewHBox(NewSignalLight())
		for level, color := range []fyne.ThemeColorName{theme.ColorNameError, theme.ColorNameError, ColorRelayed, ColorDirect, ColorDirect} {
			light := NewSignalLight()
			light.Set(level, color, true)
			row.Add(light)
		}
		return row
	})
}

func TestASharesBarTellsPathsApart(t *testing.T) {
	drawn(t, "shares", fyne.NewSize(260, 110), func() fyne.CanvasObject {
		column := container.NewVBox()
		for _, parts := range [][2]int64{{0, 0}, {7, 0}, {0, 7}, {60, 40}, {1_000_000, 1}, {1, 1_000_000}} {
			bar := NewSharesBar()
			bar.Set(parts[0], parts[1])
			column.Add(bar)
		}
		return column
	})
}

func someChoices(changed func(int)) *ChoiceCards {
	return NewChoiceCards([]Choice{
		{theme.ViewRefreshIcon(), "Automatic", "Direct where it works, by relay where it does not.", "Recommended."},
		{theme.MailForwardIcon(), "Direct only", "No relay ever carries your files. With some people there will be no connection.", ""},
		{theme.HomeIcon(), "Same network only", "Nothing leaves your network.", ""},
		{theme.VisibilityOffIcon(), "Relay only", "Others do not learn your address. Slower.", "Needs a relay of yours or theirs."},
	}, changed)
}

func TestChoicesAreMarkedByShape(t *testing.T) {
	for name, width := range map[string]float32{"wide": 640, "narrow": 320} {
		drawn(t, "choices-"+name, fyne.NewSize(width, map[string]float32{"wide": 240, "narrow": 415}[name]), func() fyne.CanvasObject {
			cards := someChoices(nil)
			cards.Select(0)
			cards.cards[1].FocusGained()
			return container.NewWithoutLayout(sized(cards, width-24))
		})
	}
}

// sized is an object as high as it wants to be at a width.
func sized(o fyne.CanvasObject, width float32) fyne.CanvasObject {
	o.Resize(fyne.NewSize(width, 10))
	o.Resize(fyne.NewSize(width, o.MinSize().Height))
	return o
}

func TestFilesAreKnownByTheirIcons(t *testing.T) {
	drawn(t, "files", fyne.NewSize(330, 100), func() fyne.CanvasObject {
		row, large := container.NewHBox(), container.NewHBox()
		for kind := OtherFile; kind <= Several; kind++ {
			small := NewDot(ColorIdle, 28)
			small.Set(ColorIdle, FileIcon(kind, ColorIdle))
			big := NewDot(theme.ColorNamePrimary, 30)
			big.Set(theme.ColorNamePrimary, FileIcon(kind, theme.ColorNamePrimary))
			row.Add(small)
			large.Add(big)
		}
		return container.NewVBox(row, large)
	})
}

func TestBarsAndDotsAreDrawn(t *testing.T) {
	drawn(t, "bars", fyne.NewSize(180, 110), func() fyne.CanvasObject {
		column := container.NewVBox(NewBar())
		for i, color := range []fyne.ThemeColorName{theme.ColorNamePrimary, ColorDirect, ColorIdle, theme.ColorNameError} {
			bar := NewBar()
			bar.Set([]float32{0.002, 1, 0.45, 0.8}[i], color)
			column.Add(bar)
		}
		dots := container.NewHBox(NewDot(ColorDirect, 9), NewDot(ColorRelayed, 9), NewDot(theme.ColorNameError, 9))
		column.Add(dots)
		return column
	})
}

func TestADrawerStandsOverThePage(t *testing.T) {
	drawn(t, "drawer", fyne.NewSize(480, 200), func() fyne.CanvasObject {
		drawer := NewDrawer(NewParagraph("What there is to know."), nil)
		page := NewPanel(ColorRail, 10, NewParagraph("The page, over which it stands, with words that go on below it and cannot be reached there."))
		drawer.Move(fyne.NewPos(456-DrawerWidth, 0))
		drawer.Resize(fyne.NewSize(DrawerWidth, 176))
		page.Resize(fyne.NewSize(456, 176))
		return container.NewWithoutLayout(page, drawer)
	})
}

func TestATipIsShownOverThePage(t *testing.T) {
	for name, variant := range variants {
		t.Run(name, func(t *testing.T) {
			test.NewTempApp(t).Settings().SetTheme(fixed{Theme(), variant})
			badge := NewBadge(faces[0])
			badge.SetTip("Files go straight to this device and do not leave your network.")
			window := test.NewTempWindow(t, WithTips(NewPanel(ColorCard, 12, container.NewVBox(container.NewHBox(badge))), atOnce))
			window.SetPadded(false)
			window.Resize(fyne.NewSize(320, 100))
			TipLater(badge, badge.Tip())
			test.AssertRendersToImage(t, "tip-"+name+".png", window.Canvas())
		})
	}
}
