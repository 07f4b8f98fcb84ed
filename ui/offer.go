package ui

import (
	"context"
	"errors"
	"strings"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/ui/look"
)

// offerSheet shows what an invitation offers, before anything of it is fetched:
// who sends what, which files are wanted, and where they go. Its methods run on
// the main goroutine.
type offerSheet struct {
	window   *Window
	transfer engine.Transfer
	dialog   *dialog.CustomDialog

	name    *look.Line
	summary *look.Line
	badge   *look.Badge
	top     *fyne.Container
	content *fyne.Container
	// body holds what is known: nothing but that the sender is asked, or all.
	body   *fyne.Container
	asking *look.Paragraph

	tree   *offerTree
	search *widget.Entry
	all    *widget.Check
	list   *offerList
	count  *look.Line
	folder *widget.Entry
	space  *look.Line
	// trouble is why it cannot be received like that; hidden while all is well.
	trouble               *look.Paragraph
	accept, decline, wait *widget.Button

	// fetching means that the contents have been asked for, accepting that they
	// have been accepted and no answer is there yet.
	fetching, accepting bool
	// again tells that it has been accepted before, and that leaving the sheet
	// does not decline it.
	again bool
	// free is the room in the folder, in bytes; negative while unknown.
	free int64
	// failed is what the engine has said against accepting.
	failed string
}

// canChooseAgain tells that a transfer was accepted and cannot be held where it
// was to go, while nothing of it has been written: another folder or fewer files
// can still be chosen.
func canChooseAgain(t engine.Transfer) bool {
	return t.Direction == engine.Receive && t.Phase == engine.Failed && t.Bytes == 0 &&
		t.Problem != nil && t.Problem.Code == engine.NotEnoughRoom
}

// showOffer opens the sheet of a transfer that is offered or canChooseAgain, or
// brings it up to date.
func (w *Window) showOffer(id engine.TransferID) {
	if w.offer != nil && w.offer.transfer.ID == id {
		return
	}
	if w.offer != nil {
		w.offer.leave()
	}
	s := newOfferSheet(w, id)
	w.offer = s
	s.showDialog()
	s.follow(w.state)
}

// followOffers brings the sheet up to date, and opens that of an offer whose
// contents have become known since the user was last shown it.
func (w *Window) followOffers(state engine.State) {
	if w.offer != nil {
		w.offer.follow(state)
	}
	for id := range w.looked {
		t, found := state.Transfer(id)
		switch {
		case !found:
			continue // not told of yet
		case t.Phase != engine.Offered:
			delete(w.looked, id)
		case t.Total > 0 && (w.offer != nil && w.offer.transfer.ID == id):
			delete(w.looked, id)
		case t.Total > 0 && len(w.modals) == 0:
			delete(w.looked, id)
			w.showOffer(id)
		}
	}
}

func newOfferSheet(w *Window, id engine.TransferID) *offerSheet {
	say := w.words.Say
	s := &offerSheet{window: w, transfer: engine.Transfer{ID: id}, free: -1,
		name: look.NewTitle(""), summary: look.NewCaption(""), badge: look.NewBadge(look.BadgeFace{}),
		asking: look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameForeground),
		count:  look.NewCaption(""), space: look.NewCaption(""),
		trouble: look.NewParagraph("").Sized(theme.SizeNameText).Colored(theme.ColorNameError)}
	s.accept = widget.NewButtonWithIcon(say("offer.accept", nil), theme.DownloadIcon(), s.take)
	s.accept.Importance = widget.HighImportance
	s.accept.Disable()
	s.decline = widget.NewButton(say("offer.decline", nil), s.refuse)
	s.wait = widget.NewButton(say("offer.later", nil), s.leave)
	s.badge.Hide()
	s.trouble.Hide()
	s.body = container.NewStack(s.newAsking())
	return s
}

// newAsking is what is shown while the sender has not answered.
func (s *offerSheet) newAsking() fyne.CanvasObject {
	s.asking.SetText(s.window.words.Say("offer.asking-hint", nil))
	busy := widget.NewProgressBarInfinite()
	return container.NewVBox(spacer(2), container.New(&thinLayout{6}, busy), spacer(4), s.asking)
}

// thinLayout gives one object a height and all of the width.
type thinLayout struct{ height float32 }

func (l *thinLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width, l.height)
}

func (l *thinLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(80, l.height) }

const (
	offerWidth = 640
	// offerAround is the height of what is above and below the list; sheetEdges
	// the width of what is at the left and right of it.
	offerAround = 300
	sheetEdges  = 32
)

// sheetLayout puts a head above a body and, where it is shown, a paragraph below
// it, as high as it gets by being wrapped. The body has what is left.
type sheetLayout struct{ width float32 }

func (l *sheetLayout) below(objects []fyne.CanvasObject, width float32) float32 {
	if trouble := objects[2].(*look.Paragraph); trouble.Visible() {
		return trouble.HeightFor(width) + theme.Padding()
	}
	return 0
}

func (l *sheetLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	l.width = size.Width
	head, below := objects[0].MinSize().Height, l.below(objects, size.Width)
	place(objects[0], 0, 0, size.Width, head)
	place(objects[1], 0, head, size.Width, size.Height-head-below)
	place(objects[2], 0, size.Height-below, size.Width, below)
}

func (l *sheetLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	head, body := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(max(head.Width, body.Width), head.Height+body.Height+l.below(objects, l.width))
}

func (s *offerSheet) showDialog() {
	s.top = container.NewBorder(nil, nil, nil, container.NewCenter(s.badge), container.NewVBox(s.name, s.summary))
	s.content = container.New(&sheetLayout{width: offerWidth - sheetEdges}, container.NewVBox(s.top, spacer(2)), s.body, s.trouble)
	s.dialog = dialog.NewCustomWithoutButtons(s.window.words.Say("offer.title", nil), s.content, s.window.window)
	s.dialog.SetButtons([]fyne.CanvasObject{s.wait, s.decline, s.accept})
	s.dialog.Resize(fyne.NewSize(offerWidth, 0))
	s.window.showModal(modal{shown: s.dialog, leave: s.refuse, submit: s.take})
}

// follow brings the sheet up to date with a state.
func (s *offerSheet) follow(state engine.State) {
	t, found := state.Transfer(s.transfer.ID)
	if !found {
		if s.transfer.Phase != "" { // it was there, and somebody has removed it
			s.leave()
		}
		s.head()
		return
	}
	if t.Phase != engine.Offered && !canChooseAgain(t) {
		s.leave()
		return
	}
	s.transfer = t
	s.again = t.Phase != engine.Offered
	s.head()
	if t.Total > 0 || t.Files > 0 {
		s.fetch()
		return
	}
	if s.tree == nil {
		hint := s.window.words.Say("offer.asking-hint", nil)
		if t.Problem != nil {
			hint = Sentence(s.window.words, t.Problem)
		}
		if hint != s.asking.Text() {
			s.asking.SetText(hint)
			s.resize()
		}
	}
}

// head says what is known of the offer as a whole.
func (s *offerSheet) head() {
	w, t := s.window, s.transfer
	if s.again && s.decline.Visible() {
		s.decline.Hide()
		s.wait.SetText(w.words.Say("dialog.close", nil))
	}
	name := t.Name
	if name == "" {
		name = w.words.Say("offer.asking", nil)
	}
	s.name.SetText(name)
	from := ""
	if t.Sender != "" {
		from = w.words.Say("offer.from", map[string]string{"Sender": t.Sender})
	}
	s.summary.SetText(facts(from, size(w.words, t)))
	peers := w.state.PeersOf(t.ID)
	show(s.badge, len(peers) > 0)
	if len(peers) == 0 {
		return
	}
	better := switching(peers[0], w.now())
	// Above a dialog no tip shows; this is for who has the badge read out.
	s.badge.SetTip(pathTip(w.words, peers[0].Path, peers[0].Relay, w.keeper.taken.Policy, better))
	if face := pathFace(w.words, peers[0].Path, peers[0].Relay, better); face != s.badge.Face() {
		s.badge.Set(face)
		s.top.Refresh()
	}
}

// fetch asks the engine for the list of files, once.
func (s *offerSheet) fetch() {
	if s.fetching || s.tree != nil {
		return
	}
	s.fetching = true
	var tree *offerTree
	s.window.attempt(func(ctx context.Context) error {
		contents, err := s.window.engine.Contents(ctx, s.transfer.ID)
		if err == nil && len(contents.Files) > 0 {
			tree = newOfferTree(contents)
		}
		return err
	}, func(err error) {
		s.fetching = false
		switch {
		case s.window.offer != s:
		case err != nil:
			s.asking.SetText(Sentence(s.window.words, err))
			s.resize()
		case tree != nil:
			s.known(tree)
		}
	})
}

// known shows the files, and where they go.
func (s *offerSheet) known(tree *offerTree) {
	w := s.window
	say := w.words.Say
	s.tree = tree
	s.folder = widget.NewEntry()
	s.folder.SetText(s.proposed())
	s.folder.OnChanged = func(string) { s.measure() }
	s.folder.OnSubmitted = func(string) { s.take() }
	choose := widget.NewButtonWithIcon(say("settings.choose", nil), theme.FolderOpenIcon(), s.chooseFolder)
	where := container.NewVBox(spacer(2), look.NewCaption(say("offer.folder", nil)),
		container.NewBorder(nil, nil, nil, choose, s.folder), s.space, spacer(0))
	if tree.files > 1 {
		s.body.Objects = []fyne.CanvasObject{container.NewBorder(nil, where, nil, nil, s.newFiles())}
	} else {
		s.body.Objects = []fyne.CanvasObject{where}
	}
	s.body.Refresh()
	s.chosen()
	s.measure()
	s.resize()
	if tree.files > 1 && s.topmost() {
		w.window.Canvas().Focus(s.list)
	} else if s.topmost() {
		w.window.Canvas().Focus(s.accept)
	}
}

func (s *offerSheet) topmost() bool {
	modals := s.window.modals
	return len(modals) > 0 && modals[len(modals)-1].shown == dialog.Dialog(s.dialog)
}

func (s *offerSheet) newFiles() fyne.CanvasObject {
	w := s.window
	s.list = newOfferList(w.words, s.tree, s.chosen)
	s.search = widget.NewEntry()
	s.search.SetPlaceHolder(w.words.Say("offer.search", nil))
	s.search.ActionItem = widget.NewIcon(theme.SearchIcon())
	s.search.OnChanged = func(text string) {
		s.tree.search(text)
		s.list.ScrollToTop()
		s.list.Refresh()
		s.chosen()
	}
	s.all = widget.NewCheck("", nil)
	count := container.NewVBox(layout.NewSpacer(), s.count, layout.NewSpacer())
	top := container.NewBorder(nil, nil, s.all, container.NewGridWrap(fyne.NewSize(220, s.search.MinSize().Height), s.search), count)
	frame := look.NewCard(s.list).Tight()
	return container.NewBorder(top, nil, nil, nil, frame)
}

// chosen shows how much is chosen.
func (s *offerSheet) chosen() {
	say := s.window.words.Say
	if s.list != nil {
		s.list.Refresh()
		s.count.SetText(chosenText(s.window.words, s.tree))
		s.all.OnChanged = nil
		s.all.Partial = s.tree.chosenFiles > 0 && s.tree.chosenFiles < s.tree.files
		s.all.Checked = s.tree.chosenFiles == s.tree.files
		s.all.Refresh()
		s.all.OnChanged = func(want bool) {
			s.tree.chooseShown(want)
			s.chosen()
		}
	}
	s.accept.SetText(say("offer.accept-size", map[string]string{"Size": words.Bytes(s.tree.chosenBytes)}))
	s.judge()
}

// measure asks how much room there is in the folder.
func (s *offerSheet) measure() {
	folder := s.into()
	s.failed, s.free = "", -1
	s.judge()
	var free int64
	s.window.attempt(func(ctx context.Context) (err error) {
		free, err = s.window.engine.FreeSpace(ctx, folder)
		return err
	}, func(err error) {
		if s.window.offer != s || s.into() != folder {
			return
		}
		s.free = free
		if err != nil {
			s.free, s.failed = -1, Sentence(s.window.words, err)
		}
		s.judge()
	})
}

// into is the folder that the files go to.
func (s *offerSheet) into() string {
	if folder := strings.TrimSpace(s.folder.Text); folder != "" {
		return folder
	}
	return s.window.keeper.taken.DownloadDir
}

// proposed is the folder that stands there at first.
func (s *offerSheet) proposed() string {
	if s.again && s.transfer.Folder != "" {
		return s.transfer.Folder
	}
	return s.window.keeper.taken.DownloadDir
}

// judge says whether it can be received like that, and if not, why.
func (s *offerSheet) judge() {
	say := s.window.words.Say
	if s.free >= 0 {
		s.space.SetText(say("offer.free", map[string]string{"Size": words.Bytes(s.free)}))
	} else {
		s.space.SetText("")
	}
	trouble := s.failed
	full := s.free >= 0 && s.tree.chosenBytes > s.free
	if full {
		trouble = s.noRoom(s.tree.chosenBytes, s.free)
	}
	s.complain(trouble)
	if s.tree.chosenFiles == 0 || full || s.accepting {
		s.accept.Disable()
	} else {
		s.accept.Enable()
	}
}

func (s *offerSheet) noRoom(needed, free int64) string {
	return s.window.words.Say("offer.no-room", map[string]string{"Needed": words.Bytes(needed), "Free": words.Bytes(free)})
}

func (s *offerSheet) complain(text string) {
	if text == s.trouble.Text() && s.trouble.Visible() == (text != "") {
		return
	}
	s.trouble.SetText(text)
	show(s.trouble, text != "")
	s.resize()
}

// resize makes the sheet as large as what it shows, within the window.
func (s *offerSheet) resize() {
	s.content.Refresh()
	canvas := s.window.window.Canvas().Size()
	height := float32(0)
	if s.tree != nil && s.tree.files > 1 {
		rows := min(float32(len(s.tree.visible)), 12) * (offerRowHeight + theme.Padding())
		height = min(canvas.Height-60, offerAround+rows)
		if s.trouble.Visible() {
			height = min(canvas.Height-60, height+s.trouble.HeightFor(offerWidth-sheetEdges))
		}
	}
	s.dialog.Resize(fyne.NewSize(min(offerWidth, canvas.Width-60), height))
	s.window.centreDialogs()
}

// take accepts what is chosen.
func (s *offerSheet) take() {
	if s.tree == nil || s.accept.Disabled() {
		return
	}
	s.accepting = true
	s.judge()
	folder, files, id := s.into(), s.tree.chosen(), s.transfer.ID
	s.window.attempt(func(ctx context.Context) error {
		return s.window.engine.Accept(ctx, id, folder, files)
	}, func(err error) {
		w := s.window
		s.accepting = false
		if err == nil {
			s.leave()
			w.goTo(transfersAt)
			w.transfers.reveal(id)
			return
		}
		sentence := Sentence(w.words, err)
		if problem, ok := errors.AsType[*engine.Problem](err); ok {
			switch {
			case problem.Code == engine.NotEnoughRoom && problem.Needed > 0:
				sentence = s.noRoom(problem.Needed, problem.Free)
			case problem.Code == engine.CannotWrite:
				sentence = w.words.Say("offer.cannot-write", map[string]string{"Folder": folder})
			}
		}
		if w.offer != s {
			w.notice.complain(sentence)
			return
		}
		s.failed = sentence
		s.judge()
	})
}

// refuse takes the offer away, without a question: nothing of it is here. What
// has been accepted before stays as it is.
func (s *offerSheet) refuse() {
	s.leave()
	if s.again {
		return
	}
	s.window.remove(s.transfer)
}

// leave closes the sheet; the offer stays among the transfers.
func (s *offerSheet) leave() {
	if s.window.offer == s {
		s.window.offer = nil
	}
	s.dialog.Hide()
}

// chooseFolder asks for the folder that the files go to.
func (s *offerSheet) chooseFolder() {
	w := s.window
	chooser := dialog.NewFolderOpen(func(folder fyne.ListableURI, err error) {
		if err == nil && folder != nil && w.offer == s {
			s.folder.SetText(folder.Path())
		}
	}, w.window)
	w.showChooser(chooser)
}
