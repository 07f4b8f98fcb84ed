package ui

import (
	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui/look"
)

// pickList shows the folder of a pickSheet. The mouse opens a folder by its
// name and picks by the box; the arrows move, go into a folder and out of it,
// and Space picks.
type pickList struct {
	widget.List
	sheet *pickSheet
	at    widget.ListItemID
}

func newPickList(s *pickSheet) *pickList {
	l := &pickList{sheet: s}
	l.Length = func() int { return len(s.shown) }
	l.CreateItem = func() fyne.CanvasObject { return newPickRow(l) }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) { o.(*pickRow).show(i) }
	l.HideSeparators = true
	l.OnHighlighted = func(i widget.ListItemID) { l.at = i }
	l.OnSelected = func(i widget.ListItemID) {
		l.UnselectAll()
		l.at = i
		if i >= len(s.shown) {
			return
		}
		if entry := s.entries[s.shown[i]]; entry.folder {
			s.open(entry.path)
		} else {
			s.toggle(entry)
		}
	}
	l.ExtendBaseWidget(l)
	return l
}

// marked is the entry that the keyboard is at.
func (l *pickList) marked() (pickEntry, bool) {
	if l.at < 0 || l.at >= len(l.sheet.shown) {
		return pickEntry{}, false
	}
	return l.sheet.entries[l.sheet.shown[l.at]], true
}

// TypedKey is called by Fyne.
func (l *pickList) TypedKey(key *fyne.KeyEvent) {
	entry, found := l.marked()
	switch key.Name {
	case fyne.KeySpace:
		if found {
			l.sheet.toggle(entry)
		}
	case fyne.KeyRight:
		if found && entry.folder {
			l.sheet.open(entry.path)
		}
	case fyne.KeyLeft, fyne.KeyBackspace:
		l.sheet.up()
	case fyne.KeyHome:
		l.Highlight(0)
	case fyne.KeyEnd:
		l.Highlight(len(l.sheet.shown) - 1)
	default:
		l.List.TypedKey(key)
	}
}

// AccessibilityLabel says which folder it is and how much is in it.
func (l *pickList) AccessibilityLabel() string {
	return facts(l.sheet.folder, l.sheet.window.words.Count("pick.items", len(l.sheet.shown)))
}

// AccessibilityRole is that of a text that can be gone through.
func (l *pickList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

// pickRow is a file or a folder. Making one costs nothing until it is drawn; see
// offerRow.
type pickRow struct {
	widget.BaseWidget
	list  *pickList
	at    int
	drawn *pickRowRenderer
}

func newPickRow(l *pickList) *pickRow {
	r := &pickRow{list: l, at: -1}
	r.ExtendBaseWidget(r)
	return r
}

// MinSize does not depend on what the row shows.
func (r *pickRow) MinSize() fyne.Size { return fyne.NewSize(260, offerRowHeight) }

func (r *pickRow) show(at int) {
	r.at = at
	if r.drawn != nil {
		r.drawn.update()
	}
}

func (r *pickRow) entry() (pickEntry, bool) {
	s := r.list.sheet
	if r.at < 0 || r.at >= len(s.shown) {
		return pickEntry{}, false
	}
	return s.entries[s.shown[r.at]], true
}

// AccessibilityLabel is the name, the size and whether it is chosen.
func (r *pickRow) AccessibilityLabel() string {
	entry, found := r.entry()
	if !found {
		return ""
	}
	state := "offer.is-not-chosen"
	if _, chosen := r.list.sheet.chosen[entry.path]; chosen {
		state = "offer.is-chosen"
	}
	return facts(entry.name, r.list.sheet.sizeText(entry), r.list.sheet.window.words.Say(state, nil))
}

// AccessibilityRole says that pressing it does something.
func (r *pickRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer is called by Fyne.
func (r *pickRow) CreateRenderer() fyne.WidgetRenderer {
	n := &pickRowRenderer{pickRow: r, icon: widget.NewIcon(aFileIcon), name: look.NewLine(""), size: look.NewCaption("").Aligned(fyne.TextAlignTrailing)}
	n.box = newOfferArrow(func() {
		if entry, found := r.entry(); found {
			r.list.sheet.toggle(entry)
		}
	})
	r.drawn = n
	n.update()
	return n
}

type pickRowRenderer struct {
	*pickRow
	box        *offerArrow
	icon       *widget.Icon
	name, size *look.Line
}

func (r *pickRowRenderer) update() {
	entry, found := r.entry()
	if !found {
		return
	}
	box, icon := fyne.Resource(uncheckedIcon), aFileIcon
	if _, chosen := r.list.sheet.chosen[entry.path]; chosen {
		box = checkedIcon
	}
	if entry.folder {
		icon = aFolderIcon
	}
	changeIcon(&r.box.Icon, box)
	changeIcon(r.icon, icon)
	r.name.SetText(entry.name)
	r.size.SetText(r.list.sheet.sizeText(entry))
}

// sizeText is the size of an entry; empty while that of a folder is unknown.
func (s *pickSheet) sizeText(entry pickEntry) string {
	size := entry.size
	if known, chosen := s.chosen[entry.path]; chosen {
		size = known
	}
	if size < 0 {
		return ""
	}
	return words.Bytes(size)
}

func (r *pickRowRenderer) Layout(size fyne.Size) {
	place(r.box, 4, (size.Height-20)/2, 20, 20)
	place(r.icon, 34, (size.Height-18)/2, 18, 18)
	height := r.name.MinSize().Height
	place(r.name, 60, (size.Height-height)/2, size.Width-60-offerSize-12, height)
	height = r.size.MinSize().Height
	place(r.size, size.Width-offerSize-8, (size.Height-height)/2, offerSize, height)
}

func (r *pickRowRenderer) MinSize() fyne.Size { return r.pickRow.MinSize() }

func (r *pickRowRenderer) Refresh() {
	r.update()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *pickRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.box, r.icon, r.name, r.size}
}

func (r *pickRowRenderer) Destroy() {}
