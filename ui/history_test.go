package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
)

// historyNow is when the history is looked at.
var historyNow = time.Date(2026, 11, 21, 15, 0, 0, 0, time.Local)

// someHistory is a history of every kind of entry, placed in a folder.
func someHistory(folder string) []engine.Finished {
	at := func(days, hour, minute int) time.Time {
		return time.Date(2026, 11, 21-days, hour, minute, 7, 0, time.Local)
	}
	return []engine.Finished{
		{ID: "s", Name: "Holiday pictures", Direction: engine.Send, Files: 2001, Total: 1_200_000_000, InternetBytes: 2_350_000_000,
			RelayedBytes: 50_000_000, Receivers: 5, Peers: []string{"Grace's desktop", "Linus", "Margaret"}, Finished: at(0, 14, 2), Placed: filepath.Join(folder, "Pictures")},
		{ID: "r", Name: "Thesis, final version (really).pdf", Direction: engine.Receive, Files: 1, Total: 4_200_000, LANBytes: 4_200_000,
			Peers: []string{"Grace's desktop"}, Finished: at(0, 9, 40), Placed: filepath.Join(folder, "Thesis, final version (really).pdf")},
		{ID: "k", Name: "Minutes of the meeting.txt", Direction: engine.Receive, Files: 1, Total: 12_000, RelayedBytes: 12_000,
			Finished: at(1, 18, 30), Placed: filepath.Join(folder, "Minutes of the meeting.txt")},
		{ID: "q", Name: "Recording of the whole conference, first and second day, with all the slides and questions", Direction: engine.Receive, Files: 48, Total: 96_000_000_000,
			InternetBytes: 95_990_000_000, RelayedBytes: 10_000_000, Peers: []string{"Linus"}, Finished: at(14, 3, 12), Placed: filepath.Join(folder, "Recording")},
		{ID: "o", Name: "Letters", Direction: engine.Send, Files: 12, Total: 3_400_000, Receivers: 3, InternetBytes: 10_200_000, Finished: at(400, 20, 0), Placed: filepath.Join(folder, "Letters")},
		{ID: "z", Name: "Empty file", Direction: engine.Send, Files: 1, Receivers: 1, Peers: []string{"Linus"}, Finished: at(401, 20, 0), Placed: filepath.Join(folder, "Empty")},
	}
}

// historyDesk is a window that shows a history.
func historyDesk(t *testing.T, language string, variant fyne.ThemeVariant, finished []engine.Finished) *desk {
	t.Helper()
	d := newDesk(t, language, variant)
	d.now = func() time.Time { return historyNow }
	d.engine.history = finished
	d.goTo(historyAt)
	return d
}

// lists is what the rows of the history say, from the top.
func (d *desk) lists() (rows []string) {
	for _, o := range test.LaidOutObjects(d.history.content) {
		if row, ok := o.(*finishedRow); ok && row.Visible() {
			rows = append(rows, row.AccessibilityLabel())
		}
	}
	return rows
}

func (d *desk) finishedRow(t *testing.T, name string) *finishedRowRenderer {
	t.Helper()
	for _, o := range test.LaidOutObjects(d.history.content) {
		if row, ok := o.(*finishedRow); ok && row.entry.Name == name && row.drawn != nil {
			return row.drawn
		}
	}
	t.Fatalf("%q is not listed", name)
	return nil
}

func TestTheHistorySaysWhatWentWhereWhenAndHow(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	want := []string{
		"Holiday pictures · 1.2 GB · today 14:02 · Sent to Grace's desktop, Linus and 3 more · 2,001 files · direct 98 %, relayed 2 %",
		"Thesis, final version (really).pdf · 4.2 MB · today 09:40 · Received from Grace's desktop · direct 100 %",
		"Minutes of the meeting.txt · 12.0 kB · yesterday 18:30 · Received · relayed 100 %",
		"Recording of the whole conference, first and second day, with all the slides and questions · 96.0 GB · 7 November, 03:12 · Received from Linus · 48 files · direct 99 %, relayed <1 %",
		"Letters · 3.4 MB · 17 October 2025, 20:00 · Sent to 3 people · 12 files · direct 100 %",
		"Empty file · 0 B · 16 October 2025, 20:00 · Sent to Linus",
	}
	got := d.lists()
	if len(got) != len(want) {
		t.Fatalf("%d rows: %q", len(got), got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("row %d says %q\nwant %q", i, got[i], want[i])
		}
	}
	if got, want := d.history.totals.Text(), "6 transfers · 98.4 GB · 99 % direct"; got != want {
		t.Errorf("the totals are %q, want %q", got, want)
	}
}

func TestDirectAndRelayedPartsAreTogetherAllOfIt(t *testing.T) {
	w := words.In("en")
	for _, c := range []struct {
		direct, relayed int64
		want            string
	}{
		{957, 43, "direct 96 %, relayed 4 %"}, {1, 999, "direct 1 %, relayed 99 %"}, {1_000_000, 1, "direct 99 %, relayed <1 %"},
		{5, 0, "direct 100 %"}, {0, 5, "relayed 100 %"}, {0, 0, ""},
	} {
		if got := shares(w, c.direct, c.relayed); got != c.want {
			t.Errorf("%d direct and %d relayed bytes are %q, want %q", c.direct, c.relayed, got, c.want)
		}
	}
}

func TestTheHistoryIsSearchedByNameAndPerson(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	for text, want := range map[string]int{"linus": 3, "LINUS record": 1, "thesis pdf": 1, "  ": 6, "grace letters": 0} {
		d.history.search.SetText(text)
		if got := len(d.lists()); got != want {
			t.Errorf("%q finds %d, want %d: %q", text, got, want, d.lists())
		}
	}
	d.history.search.SetText("linus")
	if got, want := d.history.totals.Text(), "3 of 6 found · 98.4 GB · 99 % direct"; got != want {
		t.Errorf("the totals are %q, want %q", got, want)
	}
	d.history.search.SetText("nobody at all")
	if !d.history.none.Visible() || d.history.noneTitle.Text() != "Nothing is found for “nobody at all”" {
		t.Error("nothing says that nothing was found")
	}
	tap(d.button(t, "Show all"))
	if len(d.lists()) != 6 || d.history.search.Text != "" {
		t.Error("not all is shown again")
	}
}

func TestOneEntryIsTakenOutOfTheHistory(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	row := d.finishedRow(t, "Letters")
	d.engine.history = d.engine.history[:4]
	tap(&row.forget.Button)
	d.wantVerbs(t, "forget [o]")
	if len(d.lists()) != 4 {
		t.Errorf("the list is not fetched again: %q", d.lists())
	}
}

func TestTheMarkedEntryIsTakenOutByItsKey(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	list := d.history.list
	d.window.Canvas().Focus(list)
	press := func(keys ...fyne.KeyName) {
		for _, key := range keys {
			if !d.pressed(key, 0) {
				d.window.Canvas().Focused().TypedKey(&fyne.KeyEvent{Name: key})
			}
		}
	}
	press(fyne.KeyDown, fyne.KeyReturn, fyne.KeySpace)
	if list.marked != 1 || len(d.engine.verbs()) > 0 || len(d.opened) > 0 {
		t.Errorf("entry %d is marked; done was %q, opened %q", list.marked, d.engine.verbs(), d.opened)
	}
	d.engine.history = slices.Delete(someHistory("/home/ada"), 1, 2)
	press(fyne.KeyDelete)
	d.wantVerbs(t, "forget [r]")
	if list.marked != 1 {
		t.Errorf("then entry %d is marked, want the one that has moved up", list.marked)
	}
	press(fyne.KeyEnd)
	d.engine.history = d.engine.history[:4]
	press(fyne.KeyDelete)
	d.wantVerbs(t, "forget [r]", "forget [z]")
	if list.marked != 3 {
		t.Errorf("then entry %d is marked, want the last", list.marked)
	}
	press(fyne.KeyUp, fyne.KeyHome, fyne.KeyUp)
	if list.marked != 0 {
		t.Errorf("entry %d is marked, want the first", list.marked)
	}
	d.history.search.SetText("letters")
	if list.marked != -1 {
		t.Error("something is marked among what was found")
	}
}

func TestAClickMarksWhatIsBelowItAndScrollsNothing(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, longHistory(312))
	list := d.history.list
	list.ScrollTo(200)
	before := list.GetScrollOffset()
	at := d.app.Driver().AbsolutePositionForObject(list).AddXY(300, 150)
	test.TapCanvas(d.window.Canvas(), at)
	want := int((before + 150) / (finishedHeight + 2*rowHalo + theme.Padding()))
	if list.marked != want || list.GetScrollOffset() != before {
		t.Errorf("entry %d is marked, want %d, and the list scrolled by %v", list.marked, want, list.GetScrollOffset()-before)
	}
	if len(d.opened) > 0 || d.window.Canvas().Focused() != fyne.Focusable(list) {
		t.Errorf("opened %q; %v has the focus", d.opened, d.window.Canvas().Focused())
	}
}

func TestTheWholeHistoryIsClearedAfterAQuestion(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	tap(d.button(t, "Clear all"))
	tap(d.button(t, "Keep them"))
	d.wantVerbs(t)
	tap(d.button(t, "Clear all"))
	d.engine.history = nil
	tap(d.button(t, "Clear"))
	d.wantVerbs(t, "forget []")
	if !d.history.empty.Visible() || d.history.head.Visible() {
		t.Error("the page does not say that it is empty")
	}
}

func TestWhileSearchingOnlyWhatWasFoundIsCleared(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	d.history.search.SetText("grace")
	tap(d.button(t, "Clear these"))
	tap(d.button(t, "Clear"))
	d.wantVerbs(t, "forget [s r]")
}

func TestWhatWasTransferredIsOpened(t *testing.T) {
	folder := t.TempDir()
	placed := filepath.Join(folder, "Minutes of the meeting.txt")
	if err := os.WriteFile(placed, []byte("minutes"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := historyDesk(t, "en", theme.VariantLight, someHistory(folder))
	row := d.finishedRow(t, "Minutes of the meeting.txt")
	tap(&row.open.Button)
	tap(&row.folder.Button)
	d.history.list.Select(2) // marks, and opens nothing
	if want := []string{placed, folder}; strings.Join(d.opened, "|") != strings.Join(want, "|") {
		t.Errorf("opened %q, want %q", d.opened, want)
	}
	tap(&d.finishedRow(t, "Letters").open.Button)
	if len(d.opened) != 2 || !strings.Contains(d.notice.text.Text, "There is no "+filepath.Join(folder, "Letters")) {
		t.Errorf("what is gone was opened, or not told of: %q", d.notice.text.Text)
	}
}

func TestAnInvitationIsCopiedAgainWhileItIsShared(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, someHistory("/home/ada"))
	if d.finishedRow(t, "Holiday pictures").copy.Visible() {
		t.Error("there is an invitation of what nobody shares any more")
	}
	d.show(one(sending(engine.Waiting)))
	row := d.finishedRow(t, "Holiday pictures")
	tap(&row.copy.Button)
	if got := d.app.Clipboard().Content(); got != invitation {
		t.Errorf("the clipboard has %q", got)
	}
	if d.finishedRow(t, "Letters").copy.Visible() {
		t.Error("an invitation is offered of what is not shared")
	}
	d.show(engine.State{})
	if d.finishedRow(t, "Holiday pictures").copy.Visible() {
		t.Error("there is an invitation of what nobody shares any more")
	}
}

func TestTheHistoryFollowsTheEngineWhileItIsLookedAt(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, nil)
	if !d.history.empty.Visible() {
		t.Error("an empty history is not said to be empty")
	}
	d.engine.history = someHistory("/home/ada")
	d.show(engine.State{History: 1})
	if len(d.lists()) != 6 {
		t.Errorf("the page lists %q", d.lists())
	}
	d.goTo(transfersAt)
	d.engine.history = d.engine.history[:1]
	d.show(engine.State{History: 2})
	if len(d.history.entries) != 6 {
		t.Error("a page that nobody sees is fetched")
	}
	d.goTo(historyAt)
	if len(d.lists()) != 1 {
		t.Errorf("the page lists %q", d.lists())
	}
}

// longHistory has n entries.
func longHistory(n int) []engine.Finished {
	finished := make([]engine.Finished, n)
	for i := range finished {
		finished[i] = engine.Finished{
			ID: engine.TransferID(fmt.Sprint(i)), Name: fmt.Sprintf("Share %d", i), Direction: engine.Send, Files: i, Total: int64(i) * 1000,
			InternetBytes: int64(i) * 990, RelayedBytes: int64(i) * 10, Peers: []string{"Grace's desktop"},
			Finished: historyNow.Add(-time.Duration(i) * time.Hour), Placed: "/home/ada/Share",
		}
	}
	return finished
}

func TestTenThousandEntriesMakeFewRows(t *testing.T) {
	d := historyDesk(t, "en", theme.VariantLight, longHistory(10_000))
	if got, want := d.history.totals.Text(), "10,000 transfers · 50.0 GB · 99 % direct"; got != want {
		t.Errorf("the totals are %q, want %q", got, want)
	}
	d.history.list.ScrollTo(9_000)
	d.history.list.ScrollToBottom()
	rows := d.lists()
	if len(rows) > 15 || len(rows) == 0 || !strings.HasPrefix(rows[len(rows)-1], "Share 9999 ") {
		t.Errorf("%d rows are drawn: %q", len(rows), rows)
	}
}

// BenchmarkSearchingTenThousandEntries is what one typed letter costs.
func BenchmarkSearchingTenThousandEntries(b *testing.B) {
	entries := finishedEntries(words.In("en"), longHistory(10_000), historyNow)
	for b.Loop() {
		search(entries, "grace 99")
	}
}

// historyStates are the histories that the page is shown with.
func historyStates() map[string][]engine.Finished {
	return map[string][]engine.Finished{"empty": nil, "some": someHistory("/home/ada"), "full": longHistory(312)}
}
