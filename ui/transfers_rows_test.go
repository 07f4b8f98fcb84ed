package ui

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/test"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// tipButton finds a visible button by what its tip says.
func (d *desk) tipButton(t *testing.T, tip string) *look.TipButton {
	t.Helper()
	for _, o := range test.LaidOutObjects(d.window.Content()) {
		if b, ok := o.(*look.TipButton); ok && b.Tip() == tip && b.Visible() {
			return b
		}
	}
	t.Fatalf("there is no button %q", tip)
	return nil
}

func tapTip(b *look.TipButton) { test.Tap(b) }

// peerLine finds the line of a peer, counted from the first, and scrolls to it.
func (d *desk) peerLine(t *testing.T, at int) *peerLine {
	t.Helper()
	list := d.transfers.list
	for _, row := range list.rows {
		if row.key.part != peerPart {
			continue
		}
		if at--; at < 0 {
			list.reveal(row.key)
			var found *peerLine
			list.each(func(key rowKey, o fyne.CanvasObject) {
				if key == row.key {
					found = o.(*peerLine)
				}
			})
			return found
		}
	}
	t.Fatal("there are fewer peers")
	return nil
}

// detailRow finds what a transfer unfolds, by its place in the list.
func (d *desk) detailRow(t *testing.T, at int) *detailRow {
	t.Helper()
	want := d.transfers.entries[at].transfer.ID
	var found *detailRow
	d.transfers.list.each(func(key rowKey, o fyne.CanvasObject) {
		if shown, ok := o.(*detailRow); ok && key.transfer == want {
			found = shown
		}
	})
	if found == nil {
		t.Fatalf("%s shows no detail", want)
	}
	return found
}

// throng is a state of many transfers, the newest with many peers.
func throng(transfers, peers int) engine.State {
	var s engine.State
	for i := range transfers {
		t := moving(sending(""), path.DirectInternet)
		t.ID, t.Name = engine.TransferID(fmt.Sprint("t", i)), fmt.Sprint("Share ", i)
		s.Transfers = append(s.Transfers, t)
	}
	last := &s.Transfers[transfers-1]
	last.Files = 100_000
	for i := range peers {
		p := peer(last.ID, []path.Kind{path.DirectLAN, path.DirectInternet, path.Relayed}[i%3])
		p.ID, p.Name, p.Progress = fmt.Sprint("p", i), fmt.Sprint("Computer ", i), float64(i)/float64(peers)
		if p.Path == path.Relayed {
			p.Explanation = strict
		}
		s.Peers = append(s.Peers, p)
	}
	return s
}

// later is the same crowd with other numbers.
func later(s engine.State, step int64) engine.State {
	s.Transfers, s.Peers = slices.Clone(s.Transfers), slices.Clone(s.Peers)
	for i := range s.Transfers {
		s.Transfers[i].Bytes += step * 1_240_000
		s.Transfers[i].Rate += step % 7 * 1000
	}
	for i := range s.Peers {
		s.Peers[i].BytesOut += step * 100_000
		s.Peers[i].RateOut += step % 5 * 1000
	}
	return s
}

func TestOnlyWhatIsInSightExists(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("t499")
	d.show(throng(500, 200))
	seen := func() (heads, peers int) {
		d.transfers.list.each(func(key rowKey, _ fyne.CanvasObject) {
			switch key.part {
			case headPart:
				heads++
			case peerPart:
				peers++
			}
		})
		return heads, peers
	}
	if heads, peers := seen(); heads != 1 || peers == 0 || peers > 12 {
		t.Errorf("at the top there are %d rows and %d peers", heads, peers)
	}
	d.transfers.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyEnd})
	if heads, peers := seen(); heads < 3 || heads > 12 || peers != 0 {
		t.Errorf("at the end there are %d rows and %d peers", heads, peers)
	}
	made := 0
	for _, spare := range d.transfers.list.spare {
		made += len(spare)
	}
	if made > 40 {
		t.Errorf("%d rows wait for use", made)
	}
}

func TestTheWheelScrollsOverEverything(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("t19")
	d.show(throng(20, 30))
	at := fyne.NewPos(500, 420)
	for _, want := range []float32{200, 400, 1000} {
		test.Scroll(d.window.Canvas(), at, 0, d.transfers.list.scroll.Offset.Y-want)
		if got := d.transfers.list.scroll.Offset.Y; got != want {
			t.Fatalf("the wheel scrolls to %v, not %v", got, want)
		}
		if first := d.transfers.list.first; d.transfers.list.tops[first] > want {
			t.Errorf("at %v the first row in sight begins at %v", want, d.transfers.list.tops[first])
		}
	}
}

func TestWhatIsLookedAtStaysInSightWhenAShareComes(t *testing.T) {
	d := englishDesk(t)
	s := throng(50, 0)
	d.show(s)
	d.transfers.list.scrollTo(1000)
	key, above := d.transfers.list.anchor()
	another := moving(sending(""), path.DirectLAN)
	another.ID = "another"
	s.Transfers = append(s.Transfers, another)
	d.show(s)
	if after, now := d.transfers.list.anchor(); after != key || now != above {
		t.Errorf("first in sight was %v at %v, now %v at %v", key, above, after, now)
	}
}

func TestKeysGoFromRowToRow(t *testing.T) {
	d := englishDesk(t)
	d.show(everything())
	list := d.transfers.list
	press := func(name fyne.KeyName) { list.TypedKey(&fyne.KeyEvent{Name: name}) }
	d.window.Canvas().Focus(list)
	if list.sheet.frame.Hidden || list.marked.transfer != "s" {
		t.Errorf("the keyboard is at %v, and nobody sees it", list.marked)
	}
	press(fyne.KeyDown)
	press(fyne.KeyDown)
	press(fyne.KeyUp)
	press(fyne.KeyReturn)
	if !d.transfers.entries[1].expanded {
		t.Error("Enter does not unfold the row")
	}
	press(fyne.KeySpace)
	if d.transfers.entries[1].expanded {
		t.Error("Space does not fold it again")
	}
	if marked, found := d.transfers.marked(); !found || marked.ID != "x" {
		t.Errorf("marked is %v", marked.ID)
	}
	press(fyne.KeyHome)
	press(fyne.KeyRight)
	press(fyne.KeyDown)
	if list.marked.part != peerPart {
		t.Errorf("below an unfolded row the keyboard is at %v", list.marked)
	}
	press(fyne.KeyLeft)
	if d.transfers.entries[0].expanded || list.marked != (rowKey{transfer: "s"}) {
		t.Error("Left does not fold the row from one of its peers")
	}
	press(fyne.KeyEnd)
	press(fyne.KeyDelete)
	d.wantVerbs(t, "remove w")
	d.window.Canvas().Unfocus()
	if !list.sheet.frame.Hidden {
		t.Error("the frame stays without the focus")
	}
}

func TestNumbersAloneMoveNothing(t *testing.T) {
	d := englishDesk(t)
	d.transfers.toggle("t49")
	s := throng(50, 20)
	d.show(s)
	row, line := d.row(t, 0), d.peerLine(t, 0)
	before, top := row.drawn.status.Text(), d.transfers.list.rows
	d.show(later(s, 5))
	if d.row(t, 0) != row || d.peerLine(t, 0) != line || &top[0] != &d.transfers.list.rows[0] {
		t.Error("rows were made anew")
	}
	if row.drawn.status.Text() == before {
		t.Error("the numbers stand still")
	}
}

func TestAnOfferIsLookedAtFirst(t *testing.T) {
	d := englishDesk(t)
	d.show(one(offeredShare()))
	row := d.row(t, 0)
	if got := row.drawn.status.Text(); got != "Grace's desktop offers this · 2,001 files · 1.2 GB" {
		t.Errorf("the row says %q", got)
	}
	if row.drawn.pause.Visible() || row.drawn.fold.Visible() || row.drawn.bar.Visible() {
		t.Error("it can be paused or unfolded before it is accepted")
	}
	d.button(t, "Look and accept…")
	tapTip(d.tipButton(t, "Remove"))
	d.wantVerbs(t, "remove r")
	unknown := offeredShare()
	unknown.Total, unknown.Files, unknown.Sender = 0, 0, ""
	d.show(one(unknown))
	if got := row.drawn.status.Text(); got != "Asking the sender what it is" || !row.drawn.look.Disabled() {
		t.Errorf("before anything is known the row says %q", got)
	}
}

func offeredShare() engine.Transfer {
	t := receiving(engine.Offered)
	t.Bytes, t.Sender = 0, "Grace's desktop"
	return t
}

func TestWhatHasArrivedCanBeOpened(t *testing.T) {
	d := englishDesk(t)
	done := receiving(engine.Complete)
	done.Placed, done.Sender = "/home/ada/Downloads/Holiday pictures", "Grace"
	d.transfers.toggle("r")
	d.show(one(done))
	if got := d.detailRow(t, 0).from.Text(); got != "From Grace" {
		t.Errorf("it says %q", got)
	}
	test.Tap(d.button(t, "Open"))
	test.Tap(d.button(t, "Show in folder"))
	if want := []string{"/home/ada/Downloads/Holiday pictures", "/home/ada/Downloads"}; !slices.Equal(d.opened, want) {
		t.Errorf("opened %q, want %q", d.opened, want)
	}
}

func TestEveryReasonForASpeedHasASentence(t *testing.T) {
	peers := []engine.Peer{peer("s", path.Relayed)}
	for _, language := range []string{"en", "zh"} {
		w := words.In(language)
		for _, reason := range []engine.SpeedReason{
			engine.SpeedPreparing, engine.SpeedAsking, engine.SpeedWaiting, engine.SpeedConnecting, engine.SpeedPathChanging, engine.SpeedRelayLimit,
			engine.SpeedOwnLimit, engine.SpeedTheirLimit, engine.SpeedRelayed, engine.SpeedNothingMissing, engine.SpeedNetwork,
			engine.SpeedPlacing, engine.SpeedRelayDenied,
		} {
			for _, who := range []string{"", "peer-relayed", "gone"} {
				for _, transfer := range []engine.Transfer{sending(engine.Transferring), receiving(engine.Transferring)} {
					transfer.Speed = engine.Speed{Reason: reason, Peer: who, Relay: "turn:turn1.example.org", Limit: 2_500_000}
					said := why(w, transfer, peers)
					if strings.HasPrefix(said, "why.") || len(said) < 10 || strings.Contains(said, "  ") {
						t.Errorf("%s: %s of %q is %q", language, reason, who, said)
					}
					transfer.Speed.Relay, transfer.Speed.Limit = "", 0
					if said := why(w, transfer, peers); strings.HasPrefix(said, "why.") {
						t.Errorf("%s: %s without anything known is %q", language, reason, said)
					}
				}
			}
		}
	}
	limited := sending(engine.Transferring)
	limited.Speed = engine.Speed{Reason: engine.SpeedOwnLimit, Limit: 2_500_000}
	if got, want := why(words.In("en"), limited, nil), "Your own limit of 2.5 MB/s for all transfers together."; got != want {
		t.Errorf("said %q, want %q", got, want)
	}
}

func TestAReasonLeadsToWhereItCanBeChanged(t *testing.T) {
	for _, c := range []struct {
		reason engine.SpeedReason
		button string
		page   int
	}{
		{engine.SpeedOwnLimit, "Change the limit", settingsAt},
		{engine.SpeedRelayLimit, "Change the limit", settingsAt},
		{engine.SpeedRelayed, "Look at the network", networkAt},
	} {
		d := englishDesk(t)
		limited := moving(sending(""), path.Relayed)
		limited.Speed = engine.Speed{Reason: c.reason, Limit: 1000}
		d.transfers.toggle("s")
		d.show(one(limited, peer("s", path.Relayed)))
		tap(d.button(t, c.button))
		if d.here != c.page {
			t.Errorf("%s leads to page %d", c.reason, d.here)
		}
	}
	d := englishDesk(t)
	waits := asking(engine.TransferLimit)
	waits.Speed.Reason = engine.SpeedAsking
	d.transfers.toggle("s")
	d.show(one(waits, peer("s", path.Relayed)))
	tap(d.button(t, "Answer"))
	if d.window.Canvas().Focused() != fyne.Focusable(d.row(t, 0).drawn.question.more) {
		t.Error("the answer does not lead to the question")
	}
}

func TestTheLastMinuteIsFetchedOnlyWhereItIsSeen(t *testing.T) {
	d := englishDesk(t)
	began := time.Date(2026, 11, 21, 14, 0, 0, 0, time.Local)
	after := time.Duration(0)
	d.now = func() time.Time { return began.Add(after) }
	d.engine.rates = []engine.RateSample{{Direct: 5_000_000}, {Direct: 2_000_000, Relayed: 1_000_000}}
	d.engine.pieces = []engine.PieceState{engine.PieceHere, engine.PieceHere, engine.PieceUnderWay, engine.PieceMissing}
	state := one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN))
	d.show(state)
	if len(d.transfers.sampled) != 0 {
		t.Error("something was fetched for a folded row")
	}
	d.transfers.toggle("s")
	drawn := d.detailRow(t, 0)
	if drawn.minute.Highest() != 5_000_000 || drawn.pieces.Percent() != 50 {
		t.Errorf("the highest is %d, and %d %% are here", drawn.minute.Highest(), drawn.pieces.Percent())
	}
	d.engine.rates = []engine.RateSample{{Direct: 9_000_000}}
	after = 400 * time.Millisecond
	d.show(state)
	if drawn.minute.Highest() != 5_000_000 {
		t.Error("it is fetched more than twice a second")
	}
	after = 600 * time.Millisecond
	d.show(state)
	if drawn.minute.Highest() != 9_000_000 {
		t.Error("it is not fetched again")
	}
	d.engine.rates = nil
	after = 2 * time.Second
	d.later[0]() // nothing changes any more, but time goes on
	if drawn.minute.Highest() != 0 {
		t.Error("the drawing stands still")
	}
}

func TestEveryBadgeHasATip(t *testing.T) {
	english := words.In("en")
	soon := peer("s", path.Relayed)
	soon.Explanation.Path = path.Relayed
	for want, c := range map[string]struct {
		transfer engine.Transfer
		peer     engine.Peer
	}{
		"Files go straight to this device and do not leave your network.":              {moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)},
		"No server carries your files. Works across networks, including mobile data.":  {moving(sending(""), path.DirectInternet), peer("s", path.DirectInternet)},
		"Encrypted, but every byte passes this relay. Still trying for a direct path.": {moving(sending(""), path.Relayed), explained(path.Relayed, strict)},
		"Encrypted. A relay carries the bytes while a direct path is being opened; nothing is lost when it changes.": {
			moving(sending(""), path.Relayed), soon},
		"Looking for the best way between the two computers.": {sending(engine.Connecting), peer("s", path.Connecting)},
		"No way to the other computer was found. The Network page shows what stands between.": {
			failing(sending(""), engine.NoPath, ""), peer("s", path.Connecting)},
	} {
		_, got, found := badge(english, c.transfer, []engine.Peer{c.peer}, path.Auto, time.Now())
		if !found || got != want {
			t.Errorf("the tip is %q, want %q", got, want)
		}
	}
}

func TestCopyAndDeleteMeanTheRowThatTheKeyboardIsAt(t *testing.T) {
	d := englishDesk(t)
	older, newer := sending(engine.Waiting), sending(engine.Waiting)
	newer.ID, newer.Invitation = "newer", "causeway:NEWER"
	d.show(engine.State{Transfers: []engine.Transfer{older, newer}})
	d.copyNewest()
	if got := d.app.Clipboard().Content(); got != "causeway:NEWER" {
		t.Errorf("without the focus the clipboard has %q", got)
	}
	d.window.Canvas().Focus(d.transfers.list)
	d.transfers.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	d.copyNewest()
	if got := d.app.Clipboard().Content(); got != invitation {
		t.Errorf("the clipboard has %q", got)
	}
	d.removeMarked()
	d.wantVerbs(t, "remove s")
}
