package ui

import (
	"strings"
	"time"

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
	list       *rowList
	empty      fyne.CanvasObject
	ruler      *ruler
	// width is that of a row.
	width    float32
	state    engine.State
	expanded map[engine.TransferID]bool

	// entries are the transfers as they are shown, the newest first, and at is
	// where each is.
	entries []entry
	at      map[engine.TransferID]int
	// peers are those of the state, by transfer.
	peers   map[engine.TransferID][]engine.Peer
	details map[engine.TransferID]*keptDetail
	stories map[rowKey]*keptStory
	rows    []listed
	sampled map[engine.TransferID]*sampling
	// sampling is true while sample runs, sampledAt when it last did.
	sampling  bool
	sampledAt time.Time
}

func newTransfersPage(w *Window) *transfersPage {
	p := &transfersPage{
		window: w, ruler: newRuler(), expanded: map[engine.TransferID]bool{}, at: map[engine.TransferID]int{},
		peers: map[engine.TransferID][]engine.Peer{}, details: map[engine.TransferID]*keptDetail{}, stories: map[rowKey]*keptStory{},
		sampled: map[engine.TransferID]*sampling{},
	}
	p.list = newRowList(p.newRowOf, p.fillRow, p.rowKey)
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
	paste := widget.NewButtonWithIcon(say("send.paste", nil), theme.ContentPasteIcon(), p.window.pasteAnything)
	return look.NewCard(container.NewVBox(
		look.NewTitle(say("send.title", nil)), look.NewCaption(say("send.hint", nil)), spacer(0),
		container.NewGridWithColumns(3, files, folder, paste)))
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
	p.group(state.Peers)
	p.list.set(p.arrangeRows())
	show(p.empty, len(p.entries) == 0)
	show(p.list, len(p.entries) > 0)
	p.sample()
}

// resized measures sentences again when the page has another width.
func (p *transfersPage) resized(width float32) {
	if width += 2 * rowHalo; p.width == width {
		return
	}
	p.width = width
	p.ruler.forget()
	clear(p.details)
	clear(p.stories)
	p.show(p.state)
}

// reveal unfolds a transfer and scrolls to it, now or, when the state has not
// told of it yet, as soon as it is there.
func (p *transfersPage) reveal(id engine.TransferID) {
	p.expanded[id] = true
	p.show(p.state)
	p.list.toTop()
}

func (p *transfersPage) toggle(id engine.TransferID) {
	if p.expanded[id] {
		delete(p.expanded, id)
	} else {
		p.expanded[id] = true
	}
	p.show(p.state)
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
