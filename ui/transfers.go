package ui

import (
	"slices"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// transfersPage is home: where shares begin, and everything that moves.
type transfersPage struct {
	window  *Window
	content fyne.CanvasObject

	invitation *widget.Entry
	receive    *widget.Button
	list       *widget.List
	empty      fyne.CanvasObject
	// ruler tells how high a problem's sentence is at a width.
	ruler *widget.Label
	// questionRuler tells the same of a question.
	questionRuler *look.Paragraph
	storyRuler    *look.Paragraph

	width    float32
	state    engine.State
	entries  []entry
	expanded map[engine.TransferID]bool
}

func newTransfersPage(w *Window) *transfersPage {
	p := &transfersPage{window: w, expanded: map[engine.TransferID]bool{}, ruler: widget.NewLabel(""), questionRuler: newQuestionText(), storyRuler: look.NewParagraph("")}
	p.ruler.Wrapping = fyne.TextWrapWord
	p.ruler.SizeName = theme.SizeNameCaptionText
	p.list = widget.NewList(
		func() int { return len(p.entries) },
		func() fyne.CanvasObject { return newRow(w.words, p) },
		func(i widget.ListItemID, o fyne.CanvasObject) { o.(*row).show(p.entries[i]) },
	)
	p.list.HideSeparators = true
	p.list.OnSelected = func(i widget.ListItemID) {
		p.list.UnselectAll()
		if i < len(p.entries) {
			p.toggle(p.entries[i].transfer.ID)
		}
	}
	p.empty = p.newEmpty()
	cards := container.New(&halvesLayout{12}, p.newSendCard(), p.newReceiveCard())
	lower := container.New(&widthWatch{p.resized}, p.empty, p.list)
	p.content = container.NewBorder(container.NewVBox(cards, spacer(4)), nil, nil, nil, lower)
	p.show(engine.State{})
	return p
}

func (p *transfersPage) newSendCard() fyne.CanvasObject {
	say := p.window.words.Say
	files := widget.NewButtonWithIcon(say("send.files", nil), theme.FileIcon(), p.window.chooseFile)
	folder := widget.NewButtonWithIcon(say("send.folder", nil), theme.FolderIcon(), p.window.chooseFolder)
	return look.NewCard(container.NewVBox(
		look.NewTitle(say("send.title", nil)), look.NewCaption(say("send.hint", nil)), spacer(0),
		container.NewGridWithColumns(2, files, folder)))
}

func (p *transfersPage) newReceiveCard() fyne.CanvasObject {
	say := p.window.words.Say
	p.invitation = widget.NewEntry()
	p.invitation.SetPlaceHolder(say("receive.placeholder", nil))
	p.invitation.OnSubmitted = func(string) { p.submit() }
	p.invitation.OnChanged = func(text string) {
		if strings.TrimSpace(text) == "" {
			p.receive.Disable()
		} else {
			p.receive.Enable()
		}
	}
	p.receive = widget.NewButtonWithIcon(say("receive.button", nil), theme.DownloadIcon(), p.submit)
	p.receive.Importance = widget.HighImportance
	p.receive.Disable()
	return look.NewCard(container.NewVBox(
		look.NewTitle(say("receive.title", nil)), look.NewCaption(say("receive.hint", nil)), spacer(0),
		container.NewBorder(nil, nil, nil, p.receive, p.invitation)))
}

func (p *transfersPage) newEmpty() fyne.CanvasObject {
	say := p.window.words.Say
	mark := look.NewDot(look.ColorIdle, 72)
	mark.Set(theme.ColorNamePrimary, emptyIcon)
	return container.NewVBox(layout.NewSpacer(), container.NewCenter(mark), spacer(6),
		look.NewTitle(say("empty.title", nil)).Aligned(fyne.TextAlignCenter),
		look.NewCaption(say("empty.hint", nil)).Aligned(fyne.TextAlignCenter), layout.NewSpacer(), layout.NewSpacer())
}

var emptyIcon = theme.NewColoredResource(swapIcon, theme.ColorNamePrimary)

// submit fetches what the pasted invitation offers.
func (p *transfersPage) submit() {
	text := strings.TrimSpace(p.invitation.Text)
	if text == "" {
		return
	}
	p.window.receive(text)
}

// accepted empties the box when what is in it has been taken.
func (p *transfersPage) accepted(invitation string) {
	if strings.TrimSpace(p.invitation.Text) == invitation {
		p.invitation.SetText("")
	}
}

// show shows the newest state, the newest transfer on top.
func (p *transfersPage) show(state engine.State) {
	p.state = state
	p.entries = p.entries[:0]
	for _, t := range slices.Backward(state.Transfers) {
		e := entry{transfer: t, expanded: p.expanded[t.ID], policy: p.window.keeper.taken.Policy}
		e.peers = p.peerEntries(state.PeersOf(t.ID), e.expanded)
		e.problemHeight = p.problemHeight(t)
		e.question = questionOf(p.window.words, t)
		e.questionHeight = p.questionHeight(e.question)
		p.entries = append(p.entries, e)
	}
	for i, e := range p.entries {
		p.list.SetItemHeight(i, e.height())
	}
	show(p.empty, len(p.entries) == 0)
	show(p.list, len(p.entries) > 0)
	p.list.Refresh()
}

// problemHeight is how much room the sentence of a transfer's problem takes.
func (p *transfersPage) problemHeight(t engine.Transfer) float32 {
	if t.Problem == nil {
		return 0
	}
	p.ruler.SetText(Sentence(p.window.words, t.Problem))
	p.ruler.Resize(fyne.NewSize(max(p.width-rowText-rowPad+16, 200), 0))
	return p.ruler.MinSize().Height - 6
}

// questionHeight is how much room a question takes.
func (p *transfersPage) questionHeight(q question) float32 {
	if q == (question{}) {
		return 0
	}
	p.questionRuler.SetText(q.text)
	return questionHeight(p.questionRuler.HeightFor(max(p.width-rowText-rowPad-questionIndent, 200)))
}

// peerEntries are the lines of a transfer's peers; their stories are told in an
// open row only.
func (p *transfersPage) peerEntries(peers []engine.Peer, expanded bool) (lines []peerEntry) {
	now := p.window.now()
	for _, peer := range peers {
		line := peerEntry{Peer: peer, switching: switching(peer, now)}
		if expanded {
			line.story = story(p.window.words, peer)
			line.storyHeight = p.storyHeight(line.story)
		}
		lines = append(lines, line)
	}
	return lines
}

// storyHeight is how much room a story takes.
func (p *transfersPage) storyHeight(text string) float32 {
	if text == "" {
		return 0
	}
	p.storyRuler.SetText(text)
	width := p.width - rowText - rowPad
	return p.storyRuler.HeightFor(max(width-storyLeft(width), 200))
}

// resized measures sentences again when the page has another width.
func (p *transfersPage) resized(width float32) {
	if p.width == width {
		return
	}
	p.width = width
	if slices.ContainsFunc(p.entries, entry.hasSentences) {
		p.show(p.state)
	}
}

// reveal expands a transfer's row and scrolls to it, now or, when the state
// has not told of it yet, as soon as it is there.
func (p *transfersPage) reveal(id engine.TransferID) {
	p.expanded[id] = true
	p.show(p.state)
	p.list.ScrollToTop()
}

func (p *transfersPage) toggle(id engine.TransferID) {
	p.expanded[id] = !p.expanded[id]
	p.show(p.state)
}

func (p *transfersPage) pause(t engine.Transfer)          { p.window.pause(t) }
func (p *transfersPage) resume(t engine.Transfer)         { p.window.resume(t) }
func (p *transfersPage) remove(t engine.Transfer)         { p.window.askToRemove(t) }
func (p *transfersPage) copyInvitation(t engine.Transfer) { p.window.copyInvitation(t) }
func (p *transfersPage) showQR(t engine.Transfer)         { p.window.showQR(t) }
func (p *transfersPage) openFolder(t engine.Transfer)     { p.window.open(t) }
func (p *transfersPage) denyRelay(t engine.Transfer)      { p.window.denyRelay(t) }
func (p *transfersPage) allowRelay(t engine.Transfer, more int64) {
	p.window.allowRelay(t, more)
}

// widthWatch lays the list out and tells when the width changes.
type widthWatch struct{ changed func(float32) }

func (l *widthWatch) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	// The rows have a halo, and a scroll bar at their right: both lie outside of
	// the line that the cards above begin and end at.
	for _, o := range objects {
		place(o, -rowHalo, 0, size.Width+2*rowHalo+scrollRoom, size.Height)
	}
	l.changed(size.Width)
}

func (l *widthWatch) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(480, 160) }

// scrollRoom is how much of the page's margin the list's scroll bar takes.
const scrollRoom = 10

// halvesLayout puts two objects side by side, equally wide, with a gap.
type halvesLayout struct{ gap float32 }

func (l *halvesLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	width := (size.Width - l.gap) / 2
	for i, o := range objects {
		place(o, float32(i)*(width+l.gap), 0, width, size.Height)
	}
}

func (l *halvesLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := objects[0].MinSize().Max(objects[1].MinSize())
	return fyne.NewSize(2*size.Width+l.gap, size.Height)
}

// spacer is empty room of a height.
func spacer(height float32) fyne.CanvasObject {
	return container.New(layout.NewCustomPaddedLayout(height, 0, 0, 0), container.NewWithoutLayout())
}
