package ui

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"
)

// pickHome is a home with a few things in it.
func pickHome(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home)
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(home, ".config"))
	for name, size := range map[string]int{
		"Pictures/Beach.jpg": 4_100_000, "Pictures/Mountains/Summit.jpg": 900_000, "Thesis.pdf": 2_000_000, "letter to Grace.txt": 1200,
		"Documents/Plan.odt": 30_000, ".hidden": 10, "Videos/a.mp4": 1, "Music/b.ogg": 1, "Desktop/c": 1,
	} {
		file := filepath.Join(home, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func (s *pickSheet) seen() string {
	var names []string
	for _, i := range s.shown {
		names = append(names, s.entries[i].name)
	}
	return strings.Join(names, " ")
}

func (s *pickSheet) press(names ...fyne.KeyName) {
	for _, name := range names {
		if !s.window.pressed(name, 0) {
			if focused := s.window.window.Canvas().Focused(); focused != nil {
				focused.TypedKey(&fyne.KeyEvent{Name: name})
			}
		}
	}
}

func TestFilesAndFoldersAreChosenTogether(t *testing.T) {
	home := pickHome(t)
	d := englishDesk(t)
	tap(d.button(t, "Files…"))
	s := d.picker
	if got := s.seen(); got != "Desktop Documents Music Pictures Videos letter to Grace.txt Thesis.pdf" {
		t.Fatalf("it shows %q", got)
	}
	if len(s.places.Objects) != 3 || !s.sharing.Disabled() {
		t.Errorf("%d places, and nothing can be shared", len(s.places.Objects))
	}
	s.press(fyne.KeyDown, fyne.KeyDown, fyne.KeyDown, fyne.KeySpace) // Pictures
	if got := s.sharing.Text; got != "Share 1 item · 5.0 MB" {
		t.Errorf("the button says %q", got)
	}
	s.press(fyne.KeyEnd, fyne.KeySpace)
	s.list.Select(0) // a click on a folder goes into it
	if s.folder != filepath.Join(home, "Desktop") {
		t.Fatalf("a click on a folder leads to %q", s.folder)
	}
	s.press(fyne.KeyLeft)
	if entry, _ := s.list.marked(); s.folder != home || entry.name != "Desktop" {
		t.Errorf("back it is at %q", entry.name)
	}
	s.list.Select(5) // and on a file chooses it
	if got := s.sharing.Text; got != "Share 3 items · 7.0 MB" {
		t.Errorf("the button says %q", got)
	}
	if need := s.sharing.MinSize().Width; s.sharing.Size().Width < need || s.names.Width() > s.names.Size().Width {
		t.Errorf("the button is %v wide and needs %v", s.sharing.Size().Width, need)
	}
	s.press(fyne.KeyReturn)
	d.wantVerbs(t, "share "+filepath.Join(home, "Pictures")+" | "+filepath.Join(home, "Thesis.pdf")+" | "+filepath.Join(home, "letter to Grace.txt"))
	if d.picker != nil || d.window.Canvas().Overlays().Top() != nil {
		t.Error("the sheet stays")
	}
}

func TestWhatIsSoughtAndWhatIsHidden(t *testing.T) {
	pickHome(t)
	d := englishDesk(t)
	d.chooseFile()
	s := d.picker
	s.search.SetText("THES")
	if got := s.seen(); got != "Thesis.pdf" {
		t.Errorf("it finds %q", got)
	}
	s.search.SetText("nowhere")
	if got := s.note.Text(); got != "Nothing in this folder is called that." {
		t.Errorf("it says %q", got)
	}
	s.search.SetText("")
	s.hidden.SetChecked(true)
	if got := s.seen(); !strings.Contains(got, ".hidden") || s.note.Text() != "" {
		t.Errorf("with hidden files it shows %q", got)
	}
	s.press(fyne.KeyEscape)
	if d.picker != nil || s.ctx.Err() == nil {
		t.Error("Esc does not close it")
	}
	d.wantVerbs(t)
}

func TestAFolderThatCannotBeReadSaysSo(t *testing.T) {
	home := pickHome(t)
	d := englishDesk(t)
	d.chooseFile()
	s := d.picker
	s.path.SetText("nothing/here")
	s.path.OnSubmitted(s.path.Text)
	if got := s.note.Text(); got != "There is no folder of this name." {
		t.Errorf("it says %q", got)
	}
	s.open(filepath.Join(home, "Thesis.pdf"))
	if got := s.note.Text(); !strings.HasPrefix(got, "This folder cannot be read.") || len(s.shown) != 0 {
		t.Errorf("it says %q", got)
	}
	s.up()
	if s.folder != home || s.note.Text() != "" {
		t.Errorf("there is no way back, but %q", s.folder)
	}
}

func TestTheUsersFoldersHaveTheNamesOfTheDesktop(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no XDG user directories there")
	}
	home := pickHome(t)
	if err := os.Mkdir(filepath.Join(home, ".config"), 0o700); err != nil {
		t.Fatal(err)
	}
	text := "# a comment\nXDG_DESKTOP_DIR=\"$HOME/\"\nXDG_DOCUMENTS_DIR=\"$HOME/Pictures\"\n"
	if err := os.WriteFile(filepath.Join(home, ".config", "user-dirs.dirs"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []pickPlace{{placeHome, home}, {placeDocuments, filepath.Join(home, "Pictures")}}
	if got := pickPlaces(home, ""); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the places are %v, want %v", got, want)
	}
}

// TestAFolderThatComesTooLateIsNotShown: a slow disk answers after the sheet was
// closed.
func TestAFolderThatComesTooLateIsNotShown(t *testing.T) {
	home := pickHome(t)
	d := englishDesk(t)
	d.chooseFile()
	s := d.picker
	var late []func()
	d.start = func(f func()) { late = append(late, f) }
	s.open(filepath.Join(home, "Music"))
	s.open(filepath.Join(home, "Pictures"))
	for _, answer := range late {
		answer()
	}
	if s.folder != filepath.Join(home, "Pictures") {
		t.Errorf("it shows %q", s.folder)
	}
	late = nil
	s.open(home)
	s.press(fyne.KeyEscape)
	for _, answer := range late {
		answer()
	}
	if s.folder == home || d.window.Canvas().Focused() == fyne.Focusable(s.list) {
		t.Error("what is closed takes the keyboard")
	}
}

func TestALinkToAFolderIsAsLargeAsTheFolder(t *testing.T) {
	home := pickHome(t)
	link := filepath.Join(home, "Link")
	if err := os.Symlink(filepath.Join(home, "Pictures"), link); err != nil {
		t.Skip(err)
	}
	if size, err := sizeOf(t.Context(), link); err != nil || size != 5_000_000 {
		t.Errorf("it is %d bytes, %v", size, err)
	}
}

func TestAFolderOfThousandsIsShownAtOnce(t *testing.T) {
	home := pickHome(t)
	for i := range 5000 {
		if err := os.WriteFile(filepath.Join(home, "Music", fmt.Sprintf("song %04d.ogg", i)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	d := englishDesk(t)
	d.chooseFile()
	began := time.Now()
	d.picker.open(filepath.Join(home, "Music"))
	d.picker.search.SetText("song 4")
	took := time.Since(began)
	if got := len(d.picker.shown); got != 1000 {
		t.Errorf("%d are found", got)
	}
	if took > time.Second {
		t.Errorf("it took %v", took)
	}
	t.Logf("read, shown and searched in %v", took)
}

func TestTheSheetToPickInLiesInTheMiddle(t *testing.T) {
	pickHome(t)
	for _, size := range []fyne.Size{first, minimum} {
		for _, language := range []string{"en", "zh"} {
			d := newDesk(t, language, theme.VariantLight)
			d.window.Resize(size)
			d.chooseFile()
			at := d.app.Driver().AbsolutePositionForObject(d.picker.sharing)
			if bottom := at.Y + d.picker.sharing.Size().Height; bottom > size.Height-30 || bottom < size.Height-100 {
				t.Errorf("%s at %v: its buttons end at %v", language, size, bottom)
			}
			if d.picker.list.Size().Height < 4*offerRowHeight {
				t.Errorf("%s at %v: the list is %v", language, size, d.picker.list.Size())
			}
		}
	}
}

// TestPhotographsOfPicking paints for people to look at.
func TestPhotographsOfPicking(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	home := pickHome(t)
	for variantName, variant := range map[string]fyne.ThemeVariant{"light": theme.VariantLight, "dark": theme.VariantDark} {
		for _, language := range []string{"en", "zh"} {
			d := newDesk(t, language, variant)
			take := func(name string) {
				photograph(t, d, filepath.Join(folder, name+"-"+language+"-"+variantName+".png"))
			}
			d.chooseFile()
			d.picker.press(fyne.KeyDown, fyne.KeySpace, fyne.KeyEnd, fyne.KeySpace)
			take("pick")
			d.picker.open(filepath.Join(home, "Thesis.pdf"))
			take("pick-unreadable")
			d.picker.dialog.Hide()
			d.window.Resize(minimum)
			d.chooseFile()
			take("pick-small")
		}
	}
}
