package look

import (
	"testing"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

func TestEveryWidgetCanBeReadAloud(t *testing.T) {
	wearTheme(t)
	badge, bar, pieces, ring, line := NewBadge(faces[0]), NewBar(), NewPieceMap(), NewUsageRing(), NewSparkline()
	bar.Set(0.459, theme.ColorNamePrimary)
	pieces.Set(pieceMaps["half"])
	ring.SetWords("12 %", "of 10 GB")
	line.SetCaption("at most 3 MB/s")
	cards := someChoices(nil)
	drawer := NewDrawer(NewLine(""), nil)
	drawer.SetLabel("Linus")
	rail := NewRail([]RailItem{{theme.HomeIcon(), "One"}}, nil)
	dot := NewDot(ColorIdle, 9)
	dot.SetLabel("unknown")
	for _, w := range []struct {
		widget fyne.Accessible
		label  string
		role   fyne.AccessibleRole
	}{
		{badge, "Direct - same network", fyne.AccessibleRoleText},
		{bar, "45 %", fyne.AccessibleRoleText},
		{pieces, "50 %", fyne.AccessibleRoleText},
		{ring, "12 %, of 10 GB", fyne.AccessibleRoleText},
		{line, "at most 3 MB/s", fyne.AccessibleRoleText},
		{dot, "unknown", fyne.AccessibleRoleText},
		{NewSignalLight(), "", fyne.AccessibleRoleText},
		{NewSharesBar(), "", fyne.AccessibleRoleText},
		{NewLine("words"), "words", fyne.AccessibleRoleText},
		{NewParagraph("words"), "words", fyne.AccessibleRoleText},
		{NewTipButton(theme.CancelIcon(), "Cancel", nil), "Cancel", fyne.AccessibleRoleButton},
		{cards.cards[2], "Same network only. Nothing leaves your network.", fyne.AccessibleRoleButton},
		{rail.stops[0], "One", fyne.AccessibleRoleButton},
		{drawer, "Linus", fyne.AccessibleRoleContainer},
		{cards, "", fyne.AccessibleRoleContainer},
		{rail, "", fyne.AccessibleRoleContainer},
		{NewCard(NewLine("")), "", fyne.AccessibleRoleContainer},
		{WithTips(NewLine(""), nil), "", fyne.AccessibleRoleContainer},
	} {
		if got := w.widget.AccessibilityLabel(); got != w.label {
			t.Errorf("%T is read as %q, want %q", w.widget, got, w.label)
		}
		if got := w.widget.AccessibilityRole(); got != w.role {
			t.Errorf("%T has the role %q, want %q", w.widget, got, w.role)
		}
	}
}
