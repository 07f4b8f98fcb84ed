package ui

import (
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/ui/look"
)

// detailGestures is what can be done with an unfolded transfer.
type detailGestures interface {
	copyInvitation(engine.Transfer)
	showQR(engine.Transfer)
	openFolder(engine.Transfer)
	openReceived(engine.Transfer)
	showReceived(engine.Transfer)
	remedy(engine.Transfer, remedyAct)
}

// detail is what an unfolded transfer shows besides its peers.
type detail struct {
	id engine.TransferID
	// invitation is shortened; the whole of it is what is copied.
	invitation string
	// copying tells that the invitation waits to be given to somebody.
	copying bool
	// sent, from and folder say to whom or from where it goes; received tells
	// that the files are there.
	sent, from, folder, skipped string
	sending, received           bool
	// why is what bounds the rate, under heading; means is what the path means for
	// the files, and went by which ways they went.
	heading, why, means, went string
	remedy                    help
	pieces                    string
	people                    string
}

// detailOf puts an unfolded transfer into words.
func detailOf(w *words.Words, t engine.Transfer, peers []engine.Peer, policy path.Policy, now time.Time) detail {
	d := detail{
		id: t.ID, sending: t.Direction == engine.Send, heading: w.Say("detail.why", nil), why: why(w, t, peers),
		remedy: helpOf(w, t), went: went(w, t), pieces: w.Say("detail.pieces", nil), people: w.Say("row.nobody", nil),
	}
	if t.Invitation != "" {
		d.invitation = shortened(t.Invitation)
	}
	d.copying = d.sending && d.invitation != "" && t.Phase != engine.Complete
	if d.sending {
		d.pieces = w.Say("detail.pieces-theirs", nil)
		d.sent = sentTo(w, t, peers)
	} else {
		d.from = sentBy(w, t, peers)
		d.received = t.Phase == engine.Complete
		d.folder = w.Say("detail.goes-into", map[string]string{"Folder": t.Folder})
		if d.received {
			d.folder = w.Say("detail.saved", map[string]string{"Folder": t.Folder})
		}
	}
	if t.Skipped > 0 {
		d.skipped = w.Count("row.skipped", t.Skipped)
	}
	switch t.Phase {
	case engine.Transferring:
		if d.why == "" {
			d.heading = w.Say("detail.goes", nil)
		}
	case engine.Preparing, engine.Waiting, engine.Connecting:
		d.heading = w.Say("detail.now", nil)
	default:
		d.heading = w.Say("detail.how", nil)
	}
	if d.why == "" {
		d.why = ended(w, t, now)
	}
	if len(peers) > 0 {
		d.people = peopleHere(w, peers)
		leader, _ := leading(t, peers)
		d.means = pathSentence(w, t.Path, leader.Relay, policy)
	}
	if t.Speed.Reason == engine.SpeedRelayDenied {
		d.means = "" // nothing passes the relay
	}
	if d.why == "" {
		d.why, d.means = d.means, ""
	}
	if d.why == "" {
		d.heading = ""
	}
	return d
}

// sentBy says whose a share is. That its computer has no name is known only
// once one that has everything is connected.
func sentBy(w *words.Words, t engine.Transfer, peers []engine.Peer) string {
	switch {
	case t.Sender != "":
		return w.Say("detail.from", map[string]string{"Name": t.Sender})
	case slices.ContainsFunc(peers, func(p engine.Peer) bool { return whole(p) && p.Name == "" }):
		return w.Say("detail.from-unknown", nil)
	case t.Total == 0 && t.Phase != engine.Paused && t.Phase != engine.Failed:
		return w.Say("detail.from-sought", nil)
	default:
		return ""
	}
}

// whole reports whether a peer is connected and has everything.
func whole(p engine.Peer) bool {
	return p.Progress >= 1 && p.Path != "" && p.Path != path.Connecting
}

// mostNamed is how many receivers are named at most.
const mostNamed = 4

// sentTo says how many have everything, and the names of those who are here.
func sentTo(w *words.Words, t engine.Transfer, peers []engine.Peer) string {
	names, nameless := []string{}, 0
	for _, p := range peers {
		switch {
		case !whole(p):
		case p.Name != "" && len(names) < mostNamed:
			names = append(names, oneLine(p.Name))
		default:
			nameless++
		}
	}
	all := max(t.Receivers, len(names)+nameless)
	switch {
	case all == 0:
		return w.Say("detail.nobody-received", nil)
	case len(names) == 0:
		return w.Count("detail.receivers", all)
	default:
		return w.Count("detail.receivers", all) + w.Say("detail.named", map[string]any{
			"Names": strings.Join(names, w.Say("detail.name-comma", nil)), "More": all > len(names),
		})
	}
}

// ended says how a transfer stands of which no rate is spoken.
func ended(w *words.Words, t engine.Transfer, now time.Time) string {
	switch {
	case t.Phase == engine.Complete && !t.Finished.IsZero():
		return w.Say("detail.finished", map[string]string{"Time": w.When(t.Finished, now)})
	case t.Phase == engine.Paused:
		return w.Say("detail.paused", nil)
	case t.Phase == engine.Failed:
		return w.Say("detail.failed", nil)
	default:
		return ""
	}
}

// shownEnds is how many letters of a long text are left at each end.
const shownEnds = 14

// shortened leaves the middle of a long text out, because its ends are what
// people compare.
func shortened(text string) string {
	letters := []rune(text)
	if len(letters) <= 2*shownEnds+1 {
		return text
	}
	return string(letters[:shownEnds]) + "…" + string(letters[len(letters)-shownEnds/2:])
}

// detailRow shows the detail of a transfer: what to do with the share, why it is
// as fast as it is, and the last minute.
type detailRow struct {
	widget.BaseWidget
	words    *words.Words
	gestures rowGestures
	transfer engine.Transfer
	detail   detail
	plan     detailPlan

	shareTitle, invitation, peopleTitle, people *look.Line
	field                                       *look.Card
	copy, open, folder                          *widget.Button
	quickCopy, code, where                      *look.TipButton
	sent, from, saved, skipped                  *look.Paragraph
	whyTitle                                    *look.Line
	why, means, went                            *look.Paragraph
	remedy                                      *widget.Button
	minute                                      *look.Sparkline
	piecesTitle                                 *look.Line
	pieces                                      *look.PieceMap
}

func newDetailRow(w *words.Words, gestures rowGestures) *detailRow {
	say := w.Say
	r := &detailRow{
		words: w, gestures: gestures, shareTitle: newHeading(say("detail.share", nil)), peopleTitle: newHeading(say("detail.people", nil)),
		people: look.NewCaption(""), invitation: look.NewCaption("").Monospaced(), whyTitle: newHeading(""),
		sent: look.NewParagraph(""), from: look.NewParagraph(""), saved: look.NewParagraph(""), skipped: look.NewParagraph(""),
		why: newReason(), means: look.NewParagraph(""), went: look.NewParagraph(""),
		minute: look.NewSparkline(), piecesTitle: look.NewCaption(""), pieces: look.NewPieceMap(),
	}
	current := func() engine.Transfer { return r.transfer }
	r.field = look.NewPanel(look.ColorTrack, 0, widget.NewLabel("")).Rounded()
	r.copy = widget.NewButtonWithIcon(say("row.copy", nil), theme.ContentCopyIcon(), func() { gestures.copyInvitation(current()) })
	r.copy.Importance = widget.HighImportance
	r.quickCopy = look.NewTipButton(theme.ContentCopyIcon(), say("row.copy", nil), func() { gestures.copyInvitation(current()) })
	r.code = look.NewTipButton(qrIcon, say("row.qr", nil), func() { gestures.showQR(current()) })
	r.where = look.NewTipButton(theme.FolderOpenIcon(), say("row.open", nil), func() { gestures.openFolder(current()) })
	r.open = widget.NewButton(say("row.open-file", nil), func() { gestures.openReceived(current()) })
	r.open.Importance = widget.HighImportance
	r.folder = widget.NewButton(say("row.show-in-folder", nil), func() { gestures.showReceived(current()) })
	r.remedy = widget.NewButton("", func() { gestures.remedy(current(), r.detail.remedy.act) })
	r.ExtendBaseWidget(r)
	return r
}

// newHeading is the title of a column.
func newHeading(text string) *look.Line { return look.NewTitle(text).Sized(theme.SizeNameCaptionText) }

// newReason is how the reason for a speed is written, also where only its height
// is wanted.
func newReason() *look.Paragraph {
	return look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground)
}

// show does nothing when nothing has changed.
func (r *detailRow) show(t engine.Transfer, d detail, plan detailPlan) {
	r.transfer = t
	if r.detail == d && r.plan == plan {
		return
	}
	another := r.detail.id != d.id
	r.detail, r.plan = d, plan
	if another {
		r.minute.Set(nil)
		r.setPieces(nil)
		r.setCaption()
	}
	r.invitation.SetText(d.invitation)
	r.sent.SetText(d.sent)
	r.from.SetText(d.from)
	r.saved.SetText(d.folder)
	r.skipped.SetText(d.skipped)
	r.whyTitle.SetText(d.heading)
	r.why.SetText(d.why)
	r.means.SetText(d.means)
	r.went.SetText(d.went)
	r.piecesTitle.SetText(d.pieces)
	r.pieces.SetLabel(d.pieces)
	r.people.SetText(d.people)
	invited := d.invitation != ""
	show(r.field, invited)
	show(r.invitation, invited)
	show(r.copy, d.copying)
	show(r.quickCopy, invited && !d.copying)
	show(r.code, invited)
	show(r.where, d.sending)
	show(r.open, d.received)
	show(r.folder, d.received)
	setHelp(r.remedy, d.remedy)
	r.arrange(r.Size())
}

// AccessibilityLabel is what the columns say in words.
func (r *detailRow) AccessibilityLabel() string {
	d := r.detail
	return facts(d.from, d.folder, d.sent, d.skipped, d.heading, d.why, d.means, strings.ReplaceAll(d.went, "\n", " "), d.people)
}

// AccessibilityRole says that there is more in it.
func (r *detailRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleContainer }

// setSamples draws the last minute.
func (r *detailRow) setSamples(samples []engine.RateSample) {
	drawn := make([]look.Sample, len(samples))
	for i, s := range samples {
		drawn[i] = look.Sample{Direct: s.Direct, Relayed: s.Relayed}
	}
	r.minute.Set(drawn)
	r.setCaption()
}

func (r *detailRow) setCaption() {
	caption := r.words.Say("detail.last-minute-idle", nil)
	if most := r.minute.Highest(); most > 0 {
		caption = r.words.Say("detail.last-minute", map[string]string{"Rate": words.Rate(most)})
	}
	r.minute.SetCaption(caption)
}

// setPieces draws what is here.
func (r *detailRow) setPieces(pieces []engine.PieceState) {
	drawn := make([]look.Piece, len(pieces))
	for i, p := range pieces {
		drawn[i] = look.Piece(p)
	}
	r.pieces.Set(drawn)
	show(r.piecesTitle, len(drawn) > 0)
}

// CreateRenderer is called by Fyne.
func (r *detailRow) CreateRenderer() fyne.WidgetRenderer { return &detailRenderer{r} }

// peopleHere counts the peers that are connected, or, where there is none, those
// that were found.
func peopleHere(w *words.Words, peers []engine.Peer) string {
	connected := 0
	for i := range peers {
		if peers[i].Path != path.Connecting {
			connected++
		}
	}
	if connected == 0 {
		return w.Count("detail.people-found", len(peers))
	}
	return w.Count("detail.people-count", connected)
}
