package ui

import (
	"context"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/theme"

	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui/look"
)

// Options are what a Window is made of. App, Engine, Words, Save, Do, Start
// and Quit are needed.
type Options struct {
	App    fyne.App
	Engine Engine
	Words  *words.Words
	// Title is the window's title; empty means the product's name.
	Title string
	// Settings are what the settings page begins with. Save keeps what the user
	// changed; it is called off the main goroutine, never twice at once. What of
	// Settings cannot be used is marked, and the window opens with it.
	Settings settings.Settings
	Save     func(settings.Settings) error
	// Warning is shown above the page from the start; nil is none.
	Warning error
	// Do runs a function on the main goroutine and returns when it has run:
	// fyne.DoAndWait in a program.
	Do func(func())
	// Start runs a function off the main goroutine.
	Start func(func())
	// After runs a function on the main goroutine after a while; nil uses a
	// timer and Do.
	After func(time.Duration, func())
	// Quit is called on the main goroutine once the user wants to end.
	Quit func()
	// OpenFolder shows a folder in the file manager, and opens a file with the
	// program for it; nil asks the desktop to.
	OpenFolder func(folder string) error
	// ShowInFolder shows a file or folder, chosen, in the file manager; nil opens
	// the folder that it is in.
	ShowInFolder func(name string) error
	// Autostart makes Causeway start when the user logs in, or not. It is called
	// off the main goroutine; nil is for a program that cannot.
	Autostart func(on bool) error
	// SetLogLevel is told the log level of the settings; nil is for a program
	// without a log. LogFile is where the log is, empty for none.
	SetLogLevel func(level string)
	LogFile     string
	// WordsFor returns the words for a language of the settings, of which "" is
	// the system's; nil asks the environment.
	WordsFor func(language string) *words.Words
	// Secrets tells where passwords are kept, and in which file where they are in
	// one. It is called off the main goroutine; nil says nothing of it.
	Secrets func() (settings.Place, string)
	// Crash is the file with what the run before ended by, if it crashed; empty
	// for none.
	Crash string
	// Tray reports whether the desktop shows icons of programs that have no
	// window; nil means that it does not. It is called off the main goroutine.
	Tray func() bool
	// Keys has pressed called with each key before the toolkit takes it, which
	// pressed reports true for when it is used up. It is called on the main
	// goroutine once the window is on the screen; nil leaves all to the toolkit.
	Keys func(window fyne.Window, pressed func(fyne.KeyName, fyne.KeyModifier) bool)
}

// The pages, in the order of the rail.
const (
	transfersAt = iota
	networkAt
	historyAt
	settingsAt
)

// minimum is the smallest useful window; first is what it opens with.
var (
	minimum = fyne.NewSize(720, 480)
	first   = fyne.NewSize(980, 640)
)

// Window is the main window. Unless said otherwise its methods run on the main
// goroutine.
type Window struct {
	app        fyne.App
	window     fyne.Window
	engine     Engine
	words      *words.Words
	do         func(func())
	start      func(func())
	after      func(time.Duration, func())
	quit       func()
	openFolder func(string) error
	now        func() time.Time

	ctx     context.Context
	cancel  context.CancelFunc
	pending sync.WaitGroup
	keeper  *keeper
	save    func(settings.Settings) error
	// What follows the settings; see Options. autostarts is what the desktop was
	// told last, settled that the settings of the start have been followed.
	autostart   func(bool) error
	autostarts  bool
	settled     bool
	setLogLevel func(string)
	logFile     string
	wordsFor    func(string) *words.Words
	secrets     func() (settings.Place, string)

	state  engine.State
	notice *notice
	status *statusBar
	rail   *look.Rail
	page   *fyne.Container
	// under is all of the window but what lies over it while it is of no use yet.
	under, over *fyne.Container
	pages       []fyne.CanvasObject
	transfers   *transfersPage
	network     *networkPage
	history     *historyPage
	settings    *settingsPage
	drawer      *peerDrawer
	// welcome is the first-run page; nil once it has been seen.
	welcome *welcomePage
	// afterWelcome is opened once it has been seen.
	afterWelcome []string
	// here is the page that is shown.
	here int
	// modals are the dialogs that are shown, the topmost last.
	modals []modal
	// offer is the sheet of what is offered; nil while none is shown. looked are
	// the offers that the user has not been shown the contents of.
	offer  *offerSheet
	looked map[engine.TransferID]bool
	// picker chooses what to share; nil while it is not shown. pickedIn is the
	// folder that something was chosen in last.
	picker   *pickSheet
	pickedIn string
	// reveal shows a file or folder in the folder that it is in.
	reveal func(string) error
	keys   func(fyne.Window, func(fyne.KeyName, fyne.KeyModifier) bool)
	// onScreen tells that the window has been shown, inFront that the user looks
	// at it.
	onScreen, inFront bool
	// tray is nil where there is none.
	tray          *tray
	trayAvailable func() bool
	// crash is told of once; see Options.
	crash string
}

// New makes a window and shows nothing yet.
func New(o Options) *Window {
	if o.Title == "" {
		o.Title = assets.Name
	}
	w := &Window{
		app: o.App, engine: o.Engine, words: o.Words, do: o.Do, start: o.Start, after: o.After, quit: o.Quit, now: time.Now,
		openFolder: o.OpenFolder, reveal: o.ShowInFolder, keys: o.Keys, trayAvailable: o.Tray, crash: o.Crash, looked: map[engine.TransferID]bool{}, save: o.Save,
		autostart: o.Autostart, setLogLevel: o.SetLogLevel, logFile: o.LogFile, wordsFor: o.WordsFor, secrets: o.Secrets,
		window: o.App.NewWindow(o.Title),
	}
	if w.openFolder == nil {
		w.openFolder = w.askDesktop
	}
	if w.reveal == nil {
		w.reveal = func(name string) error { return w.openFolder(filepath.Dir(name)) }
	}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	if w.after == nil {
		w.after = w.afterwards
	}
	if w.wordsFor == nil {
		w.wordsFor = systemWords
	}
	w.keeper = newKeeper(w, o.Settings)
	w.build()
	w.window.SetPadded(false)
	w.window.Resize(first)
	w.window.SetOnDropped(w.dropped)
	w.window.SetCloseIntercept(w.close)
	w.addShortcuts()
	w.tray = newTray(w)
	o.App.Lifecycle().SetOnEnteredForeground(func() { w.inFront = true })
	o.App.Lifecycle().SetOnExitedForeground(func() { w.inFront = false })
	w.goTo(transfersAt)
	at, flawed := w.settings.flawed()
	if flawed {
		w.settings.open(at)
		w.goTo(settingsAt)
	}
	if o.Warning != nil {
		w.keeper.complain(o.Warning)
	}
	if !o.Settings.Welcomed && !flawed && o.Warning == nil {
		w.beginWelcome()
	}
	w.applied(settings.Settings{}, o.Settings)
	return w
}

// build makes everything that the window shows, in its language and with the
// settings that the engine has taken.
func (w *Window) build() {
	w.keeper.said = 0
	w.notice = newNotice(func() { w.page.Refresh() }, w.after)
	w.status = newStatusBar(w.words)
	w.transfers = newTransfersPage(w)
	w.network = newNetworkPage(w)
	w.history = newHistoryPage(w)
	w.settings = newSettingsPage(w, w.keeper.wanted)
	w.drawer = newPeerDrawer(w)
	w.pages = []fyne.CanvasObject{w.transfers.content, w.network.content, w.history.content, w.settings.content}
	w.rail = look.NewRail([]look.RailItem{
		{Icon: swapIcon, Text: w.words.Say("rail.transfers", nil)},
		{Icon: netIcon, Text: w.words.Say("rail.network", nil)},
		{Icon: historyIcon, Text: w.words.Say("rail.history", nil)},
		{Icon: theme.SettingsIcon(), Text: w.words.Say("rail.settings", nil)},
	}, w.goTo)
	w.window.SetContent(look.WithTips(w.layOut(), w.after))
}

// layOut puts the page with what is around it below, and what may lie over it
// above.
func (w *Window) layOut() fyne.CanvasObject {
	w.page = container.New(&marginLayout{18}, container.NewBorder(w.notice.content, nil, nil, nil,
		container.NewStack(w.pages...)))
	all := container.New(&edgeLayout{}, w.rail, w.status.content, w.page)
	w.status.show(engine.State{}, w.keeper.taken.Policy)
	w.under = container.NewStack(all, container.New(drawerLayout{}, w.drawer.content))
	w.over = container.NewStack()
	return container.NewStack(w.under, w.over)
}

// Show puts the window on the screen.
func (w *Window) Show() {
	w.window.Show()
	w.shown()
}

// Raise brings the window to the front.
func (w *Window) Raise() {
	w.Show()
	w.window.RequestFocus()
}

// Complain shows an error of the engine above the page.
func (w *Window) Complain(err error) { w.notice.complain(Sentence(w.words, err)) }

// Hide takes the window off the screen.
func (w *Window) Hide() { w.window.Hide() }

// showEvery is how often the window is painted anew while bytes move: nobody
// reads numbers faster, and where there is no graphics card each time costs
// 20 ms of a processor.
const showEvery = 200 * time.Millisecond

// Follow shows each newest state until ctx ends or Stop is called. It runs on a
// goroutine of its own, and must have returned before the toolkit stops.
func (w *Window) Follow(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(w.ctx, cancel)()
	w.engine.State().Follow(ctx, showEvery, func(s engine.State) {
		w.do(func() {
			if ctx.Err() == nil {
				w.show(s)
			}
		})
	})
}

// Stop ends Follow and every verb under way, and waits for the verbs. It must
// not be called on the main goroutine, which the verbs wait for.
func (w *Window) Stop() {
	w.cancel()
	w.pending.Wait()
}

// show shows a state, on the page that is open and in the status bar.
func (w *Window) show(s engine.State) {
	if !w.inFront {
		w.announce(announcements(w.words, w.keeper.taken, w.state, s))
	}
	direct := nowDirect(w.words, w.state, s)
	w.state = s
	w.tray.follow()
	w.status.show(s, w.keeper.taken.Policy)
	w.transfers.show(s)
	w.network.show(s.Network)
	w.history.show(s.History)
	w.drawer.show(s)
	w.followOffers(s)
	var complaints []string
	for _, problem := range s.Problems {
		complaints = append(complaints, Sentence(w.words, &problem))
	}
	w.notice.stand(complaints, questions(w.words, s))
	if direct != "" {
		w.notice.mention(direct)
	}
	w.rail.Mark(transfersAt, anyQuestion(s))
}

// announce sends notifications to the desktop, which may take its time.
func (w *Window) announce(notifications []*fyne.Notification) {
	if len(notifications) == 0 {
		return
	}
	w.start(func() {
		for _, n := range notifications {
			w.app.SendNotification(n)
		}
	})
}

func (w *Window) goTo(index int) {
	w.drawer.close() // what is in it belongs to the page before
	for i, page := range w.pages {
		show(page, i == index)
	}
	w.here = index
	w.rail.GoTo(index)
	switch index {
	case networkAt:
		w.network.opened()
	case historyAt:
		w.history.opened()
	}
}

func (w *Window) afterwards(d time.Duration, f func()) {
	time.AfterFunc(d, func() {
		if w.ctx.Err() == nil {
			w.do(f)
		}
	})
}

func (w *Window) askDesktop(folder string) error {
	slashed := filepath.ToSlash(folder)
	if filepath.VolumeName(folder) != "" {
		slashed = "/" + slashed
	}
	return w.app.OpenURL(&url.URL{Scheme: "file", Path: slashed})
}

// marginLayout leaves an even margin around one object.
type marginLayout struct{ margin float32 }

func (l *marginLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	for _, o := range objects {
		place(o, l.margin, l.margin, size.Width-2*l.margin, size.Height-2*l.margin)
	}
}

func (l *marginLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	size := fyne.Size{}
	for _, o := range objects {
		size = size.Max(o.MinSize())
	}
	return size.AddWidthHeight(2*l.margin, 2*l.margin)
}

// edgeLayout puts the rail at the left, the status bar below, and the page in
// what is left, without gaps; it is never below the smallest useful window.
type edgeLayout struct{}

func (l *edgeLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	rail, status, page := objects[0], objects[1], objects[2]
	width, height := rail.MinSize().Width, status.MinSize().Height
	place(rail, 0, 0, width, size.Height)
	place(status, width, size.Height-height, size.Width-width, height)
	place(page, width, 0, size.Width-width, size.Height-height)
}

func (l *edgeLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	rail, status, page := objects[0].MinSize(), objects[1].MinSize(), objects[2].MinSize()
	return minimum.Max(fyne.NewSize(rail.Width+max(page.Width, status.Width), max(rail.Height, page.Height+status.Height)))
}
