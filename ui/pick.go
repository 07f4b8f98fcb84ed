package ui

import (
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui/look"
)

// pickSheet lets the user choose files and folders to share, of several folders
// if need be. Its methods run on the main goroutine; folders are read off it.
type pickSheet struct {
	window *Window
	dialog *dialog.CustomDialog
	ctx    context.Context
	cancel context.CancelFunc

	path   *widget.Entry
	above  *look.TipButton
	search *widget.Entry
	hidden *widget.Check
	places *fyne.Container
	list   *pickList
	note   *look.Paragraph
	// names are those of what is chosen.
	names   *look.Line
	sharing *widget.Button

	// folder is the one that is shown, opening the one that is being read.
	folder, opening string
	entries         []pickEntry
	// shown are indexes of entries: what is not hidden and is searched for.
	shown []int
	// chosen are paths with their sizes in bytes; negative while unknown.
	chosen map[string]int64
}

const (
	pickWidth, pickHeight = 760, 580
	placesWidth           = 128
	shareWidth            = 250
	// pickPatience is for how long a folder is read before it is said.
	pickPatience = 400 * time.Millisecond
)

// chooseFile asks for files and folders to share.
func (w *Window) chooseFile() {
	if w.picker != nil {
		return
	}
	s := &pickSheet{window: w, chosen: map[string]int64{}}
	s.ctx, s.cancel = context.WithCancel(w.ctx)
	s.build()
	w.picker = s
	w.showModal(modal{shown: s.dialog, leave: s.dialog.Hide, submit: s.submit})
	canvas := w.window.Canvas()
	s.dialog.Resize(fyne.NewSize(min(pickWidth, canvas.Size().Width-60), min(pickHeight, canvas.Size().Height-60)))
	w.centreDialogs()
	canvas.Focus(s.list)
	home, _ := os.UserHomeDir()
	if w.pickedIn != "" {
		s.open(w.pickedIn)
	} else {
		s.open(home)
	}
	s.findPlaces(home)
}

func (s *pickSheet) build() {
	say := s.window.words.Say
	s.path, s.search = widget.NewEntry(), widget.NewEntry()
	s.path.SetPlaceHolder(say("pick.path", nil))
	s.path.OnSubmitted = func(text string) { s.open(strings.TrimSpace(text)) }
	s.search.SetPlaceHolder(say("pick.search", nil))
	s.search.ActionItem = widget.NewIcon(theme.SearchIcon())
	s.search.OnChanged = func(string) { s.sift() }
	s.search.OnSubmitted = func(string) { s.window.window.Canvas().Focus(s.list) }
	s.above = look.NewTipButton(theme.MoveUpIcon(), say("pick.up", nil), s.up)
	s.hidden = widget.NewCheck(say("pick.hidden", nil), func(bool) { s.sift() })
	s.list, s.note, s.names = newPickList(s), look.NewParagraph("").Sized(theme.SizeNameText), look.NewCaption("").Aligned(fyne.TextAlignTrailing)
	s.places = container.NewVBox()
	s.sharing = widget.NewButtonWithIcon("", theme.MailSendIcon(), s.share)
	s.sharing.Importance = widget.HighImportance
	top := container.NewBorder(nil, nil, s.above, container.NewGridWrap(fyne.NewSize(210, s.search.MinSize().Height), s.search), s.path)
	note := container.New(layout.NewCustomPaddedLayout(8, 8, 10, 10), s.note)
	bottom := container.NewBorder(nil, nil, s.hidden, nil, container.NewVBox(layout.NewSpacer(), s.names, layout.NewSpacer()))
	left := container.New(&placesLayout{placesWidth}, s.places)
	content := container.NewBorder(top, bottom, left, nil, look.NewCard(container.NewStack(s.list, note)).Tight())
	s.dialog = dialog.NewCustomWithoutButtons(say("pick.title", nil), content, s.window.window)
	s.dialog.SetButtons([]fyne.CanvasObject{
		widget.NewButton(say("dialog.cancel", nil), s.dialog.Hide),
		// Its words change, and the dialog does not look how wide they are.
		container.NewGridWrap(fyne.NewSize(shareWidth, s.sharing.MinSize().Height), s.sharing),
	})
	s.tally()
}

// placesLayout gives one object a width, and all of the height.
type placesLayout struct{ width float32 }

func (l *placesLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	place(objects[0], 0, 0, size.Width-theme.Padding(), size.Height)
}

func (l *placesLayout) MinSize([]fyne.CanvasObject) fyne.Size { return fyne.NewSize(l.width, 0) }

// findPlaces shows where many begin.
func (s *pickSheet) findPlaces(home string) {
	downloads := s.window.keeper.taken.DownloadDir
	var found []pickPlace
	s.window.attempt(func(context.Context) error {
		found = pickPlaces(home, downloads)
		return s.ctx.Err()
	}, func(error) {
		if s.window.picker != s {
			return
		}
		for _, at := range found {
			button := widget.NewButtonWithIcon(at.name.say(s.window.words), theme.FolderIcon(), func() { s.open(at.folder) })
			button.Importance, button.Alignment = widget.LowImportance, widget.ButtonAlignLeading
			s.places.Add(button)
		}
	})
}

// open reads a folder and shows it. Where it cannot be read that is said, and
// the way up stays open.
func (s *pickSheet) open(folder string) {
	if folder == "" {
		return
	}
	folder = filepath.Clean(folder)
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(s.folder, folder)
	}
	s.opening = folder
	s.window.after(pickPatience, func() {
		if s.opening == folder && s.ctx.Err() == nil {
			s.tell(folderReading)
		}
	})
	var entries []pickEntry
	s.window.attempt(func(context.Context) (err error) {
		entries, err = readFolder(s.ctx, folder)
		return err
	}, func(err error) {
		if s.opening != folder || s.window.picker != s {
			return // somebody was quicker than the disk
		}
		s.opening = ""
		s.show(folder, entries, err)
	})
}

func (s *pickSheet) show(folder string, entries []pickEntry, err error) {
	before := s.folder
	s.folder, s.entries = folder, entries
	s.path.SetText(folder)
	s.search.OnChanged = nil
	s.search.SetText("")
	s.search.OnChanged = func(string) { s.sift() }
	if filepath.Dir(folder) == folder {
		s.above.Disable()
	} else {
		s.above.Enable()
	}
	s.sift()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.tell(folderMissing)
	case err != nil:
		s.tell(folderUnreadable)
	}
	s.window.window.Canvas().Focus(s.list)
	// On the way up the folder that was left is where one is.
	at := slices.IndexFunc(s.shown, func(i int) bool { return s.entries[i].path == before })
	s.list.Highlight(max(at, 0))
}

// sift shows what is not hidden and is searched for.
func (s *pickSheet) sift() {
	sought := strings.ToLower(strings.TrimSpace(s.search.Text))
	s.shown = s.shown[:0]
	for i, entry := range s.entries {
		if (s.hidden.Checked || !strings.HasPrefix(entry.name, ".")) && strings.Contains(entry.lower, sought) {
			s.shown = append(s.shown, i)
		}
	}
	s.list.at = 0
	s.list.ScrollToTop()
	s.list.Highlight(0)
	s.list.Refresh()
	switch {
	case len(s.shown) > 0:
		s.note.SetText("")
	case sought != "":
		s.tell(nothingFound)
	default:
		s.tell(folderEmpty)
	}
}

func (s *pickSheet) tell(name pickName) { s.note.SetText(name.say(s.window.words)) }

// up goes to the folder above.
func (s *pickSheet) up() {
	if above := filepath.Dir(s.folder); above != s.folder {
		s.open(above)
	}
}

// toggle chooses an entry, or no longer.
func (s *pickSheet) toggle(entry pickEntry) {
	if _, chosen := s.chosen[entry.path]; chosen {
		delete(s.chosen, entry.path)
	} else {
		s.chosen[entry.path] = entry.size
		if entry.folder {
			s.weigh(entry.path)
		}
	}
	s.tally()
	s.list.Refresh()
}

// weigh finds out how large a chosen folder is.
func (s *pickSheet) weigh(folder string) {
	var size int64
	s.window.attempt(func(context.Context) (err error) {
		size, err = sizeOf(s.ctx, folder)
		return err
	}, func(err error) {
		if _, chosen := s.chosen[folder]; chosen && err == nil {
			s.chosen[folder] = size
			s.tally()
			s.list.Refresh()
		}
	})
}

// tally says how much would be shared.
func (s *pickSheet) tally() {
	w := s.window
	if len(s.chosen) == 0 {
		s.sharing.SetText(w.words.Say("pick.share", nil))
		s.sharing.Disable()
		s.names.SetText("")
		return
	}
	size, total := "", int64(0)
	for _, bytes := range s.chosen {
		total += max(bytes, 0)
	}
	if !slices.Contains(slices.Collect(maps.Values(s.chosen)), -1) {
		size = words.Bytes(total)
	}
	s.sharing.SetText(facts(w.words.Count("pick.share-count", len(s.chosen)), size))
	s.sharing.Enable()
	s.names.SetText(s.called())
}

// called names what is chosen, since some of it may be in other folders.
func (s *pickSheet) called() string {
	var names []string
	for _, path := range slices.Sorted(maps.Keys(s.chosen)) {
		names = append(names, filepath.Base(path))
	}
	const few = 3
	if len(names) > few {
		names = append(names[:few], "…")
	}
	return strings.Join(names, ", ")
}

// submit is what Enter does: with nothing chosen it goes into the folder that
// the keyboard is at, or shares the file.
func (s *pickSheet) submit() {
	entry, found := s.list.marked()
	switch {
	case len(s.chosen) > 0:
		s.share()
	case !found || s.window.window.Canvas().Focused() != fyne.Focusable(s.list):
	case entry.folder:
		s.open(entry.path)
	default:
		s.toggle(entry)
		s.share()
	}
}

func (s *pickSheet) share() {
	if len(s.chosen) == 0 {
		return
	}
	w := s.window
	w.pickedIn = s.folder
	paths := slices.Sorted(maps.Keys(s.chosen))
	s.dialog.Hide()
	w.share(paths)
}
