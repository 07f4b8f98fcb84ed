package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/ui/look"
)

// offerList shows an offerTree: the mouse and Space choose, the arrows move,
// fold and unfold.
type offerList struct {
	widget.List
	words *words.Words
	tree  *offerTree
	at    widget.ListItemID
	// changed is called when other files are chosen.
	changed func()
}

func newOfferList(w *words.Words, tree *offerTree, changed func()) *offerList {
	l := &offerList{words: w, tree: tree, changed: changed}
	l.Length = func() int { return len(l.tree.visible) }
	l.CreateItem = func() fyne.CanvasObject { return newOfferRow(l) }
	l.UpdateItem = func(i widget.ListItemID, o fyne.CanvasObject) {
		if i < len(l.tree.visible) {
			o.(*offerRow).show(l.tree.visible[i])
		}
	}
	l.HideSeparators = true
	l.OnHighlighted = func(i widget.ListItemID) { l.at = i }
	l.OnSelected = func(i widget.ListItemID) {
		l.UnselectAll()
		l.at = i
		if i < len(l.tree.visible) {
			l.tree.toggle(l.tree.visible[i])
			l.changed()
		}
	}
	l.ExtendBaseWidget(l)
	return l
}

// TypedKey is called by Fyne.
func (l *offerList) TypedKey(key *fyne.KeyEvent) {
	switch key.Name {
	case fyne.KeyHome:
		l.Highlight(0)
		return
	case fyne.KeyEnd:
		l.Highlight(len(l.tree.visible) - 1)
		return
	case fyne.KeyLeft, fyne.KeyRight:
	default:
		l.List.TypedKey(key)
		return
	}
	if l.at < len(l.tree.visible) {
		l.fold(l.tree.visible[l.at], key.Name == fyne.KeyRight)
	}
}

// AccessibilityLabel says how much of the list is chosen.
func (l *offerList) AccessibilityLabel() string { return chosenText(l.words, l.tree) }

// AccessibilityRole is that of a text that can be gone through.
func (l *offerList) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleText }

func (l *offerList) fold(at int, open bool) {
	l.tree.fold(at, open)
	l.Refresh()
}

// chosenText is "1,204 of 2,001 files chosen · 800 MB".
func chosenText(w *words.Words, t *offerTree) string {
	return facts(w.Say("offer.chosen", map[string]string{
		"Part": words.Grouped(int64(t.chosenFiles)), "Files": w.Count("files", t.files),
	}), words.Bytes(t.chosenBytes))
}

// offerRow is a file or a folder in the list. Making one costs nothing until it
// is drawn, because the list makes one at each refresh only to learn its
// height.
type offerRow struct {
	widget.BaseWidget
	list  *offerList
	at    int
	drawn *offerRowRenderer
}

const (
	offerRowHeight = 26
	offerIndent    = 20
	offerSize      = 96
)

func newOfferRow(l *offerList) *offerRow {
	r := &offerRow{list: l, at: -1}
	r.ExtendBaseWidget(r)
	return r
}

// MinSize does not depend on what the row shows.
func (r *offerRow) MinSize() fyne.Size { return fyne.NewSize(320, offerRowHeight) }

func (r *offerRow) show(at int) {
	r.at = at
	if r.drawn != nil {
		r.drawn.update()
	}
}

// AccessibilityLabel is the name, the size and whether it is chosen.
func (r *offerRow) AccessibilityLabel() string {
	if r.at < 0 || r.at >= len(r.list.tree.nodes) {
		return ""
	}
	node := r.list.tree.nodes[r.at]
	state := r.list.words.Say("offer.is-chosen", nil)
	switch {
	case node.chosen == 0:
		state = r.list.words.Say("offer.is-not-chosen", nil)
	case node.chosen < node.files:
		state = r.list.words.Say("offer.is-partly-chosen", nil)
	}
	return facts(node.name, words.Bytes(node.bytes), state)
}

// AccessibilityRole says that pressing it does something.
func (r *offerRow) AccessibilityRole() fyne.AccessibleRole { return fyne.AccessibleRoleButton }

// CreateRenderer is called by Fyne.
func (r *offerRow) CreateRenderer() fyne.WidgetRenderer {
	n := &offerRowRenderer{
		offerRow: r, box: widget.NewIcon(checkedIcon), icon: widget.NewIcon(theme.FileIcon()), partly: canvas.NewRectangle(color.Transparent),
		name: look.NewLine(""), size: look.NewCaption("").Aligned(fyne.TextAlignTrailing),
	}
	n.arrow = newOfferArrow(func() { r.list.fold(r.at, !r.list.tree.nodes[r.at].open) })
	r.drawn = n
	n.update()
	return n
}

// The marks of a box. They are kept, because Fyne draws an icon anew whenever it
// is given another resource.
var (
	checkedIcon   = theme.NewPrimaryThemedResource(theme.CheckButtonCheckedIcon())
	uncheckedIcon = theme.NewThemedResource(theme.CheckButtonIcon())
	openIcon      = theme.MenuDropDownIcon()
	closedIcon    = theme.MenuExpandIcon()
	aFileIcon     = theme.FileIcon()
	aFolderIcon   = theme.FolderIcon()
)

type offerRowRenderer struct {
	*offerRow
	box, icon  *widget.Icon
	partly     *canvas.Rectangle
	arrow      *offerArrow
	name, size *look.Line
}

func (r *offerRowRenderer) update() {
	tree := r.list.tree
	if r.at < 0 || r.at >= len(tree.nodes) {
		return
	}
	node := tree.nodes[r.at]
	name, size, icon := node.name, words.Bytes(node.bytes), fyne.Resource(aFileIcon)
	if node.file < 0 {
		icon = aFolderIcon
		r.arrow.set(node.open)
	}
	if tree.sought != "" {
		for i := node.parent; i >= 0; i = tree.nodes[i].parent {
			name = tree.nodes[i].name + "/" + name
		}
	}
	show(r.arrow, node.file < 0)
	box := fyne.Resource(uncheckedIcon)
	if node.chosen == node.files {
		box = checkedIcon
	}
	changeIcon(r.box, box)
	changeIcon(r.icon, icon)
	show(r.partly, node.chosen > 0 && node.chosen < node.files)
	r.partly.FillColor = r.Theme().Color(theme.ColorNamePrimary, fyne.CurrentApp().Settings().ThemeVariant())
	r.name.SetText(name)
	r.size.SetText(size)
	r.Layout(r.offerRow.Size())
}

func changeIcon(icon *widget.Icon, resource fyne.Resource) {
	if icon.Resource != resource {
		icon.SetResource(resource)
	}
}

func (r *offerRowRenderer) Layout(size fyne.Size) {
	depth := 0
	if tree := r.list.tree; r.at >= 0 && r.at < len(tree.nodes) && tree.sought == "" {
		depth = min(tree.nodes[r.at].depth, 12)
	}
	left := float32(depth) * offerIndent
	middle := func(o fyne.CanvasObject, x, side float32) { place(o, x, (size.Height-side)/2, side, side) }
	middle(r.arrow, left, 20)
	middle(r.box, left+22, 20)
	middle(r.partly, left+22+6, 8)
	middle(r.icon, left+48, 18)
	height := r.name.MinSize().Height
	place(r.name, left+72, (size.Height-height)/2, size.Width-left-72-offerSize-8, height)
	height = r.size.MinSize().Height
	place(r.size, size.Width-offerSize-8, (size.Height-height)/2, offerSize, height)
}

func (r *offerRowRenderer) MinSize() fyne.Size { return r.offerRow.MinSize() }

func (r *offerRowRenderer) Refresh() {
	r.update()
	for _, o := range r.Objects() {
		o.Refresh()
	}
}

func (r *offerRowRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.arrow, r.box, r.partly, r.icon, r.name, r.size}
}

func (r *offerRowRenderer) Destroy() {}

// offerArrow folds a folder. The keyboard folds by the list.
type offerArrow struct {
	widget.Icon
	tapped func()
}

func newOfferArrow(tapped func()) *offerArrow {
	a := &offerArrow{tapped: tapped}
	a.Resource = closedIcon
	a.ExtendBaseWidget(a)
	return a
}

func (a *offerArrow) set(open bool) {
	icon := closedIcon
	if open {
		icon = openIcon
	}
	changeIcon(&a.Icon, icon)
}

// Tapped is called by Fyne.
func (a *offerArrow) Tapped(*fyne.PointEvent) { a.tapped() }
