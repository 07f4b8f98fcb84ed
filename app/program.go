package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/widget"

	"github.com/causeway-app/causeway/app/autostart"
	"github.com/causeway-app/causeway/app/instance"
	"github.com/causeway-app/causeway/app/links"
	"github.com/causeway-app/causeway/app/shell"
	"github.com/causeway-app/causeway/assets"
	"github.com/causeway-app/causeway/assets/words"
	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/settings"
	"github.com/causeway-app/causeway/ui"
	"github.com/causeway-app/causeway/ui/look"
)

const (
	// stopTime is how long everything has to end by itself; after lastTime the
	// process is gone whatever hangs.
	stopTime = 900 * time.Millisecond
	lastTime = 970 * time.Millisecond
)

// program is one run of the window.
type program struct {
	line      commandLine
	first     *instance.Instance
	locations settings.Locations
	words     *words.Words
	logging   *logging
	log       *slog.Logger
	saved     settings.Settings // what the file says
	chosen    settings.Settings // with the flags over it
	warning   error             // what the window says of the settings, or nil
	crashed   string            // the file with the crash of the run before, or empty

	app     fyne.App
	window  *ui.Window
	engine  *engine.Engine
	ctx     context.Context
	cancel  context.CancelFunc
	running sync.WaitGroup
	ending  sync.Once
	// toolkitEnded means that nothing can be drawn any more.
	toolkitEnded atomic.Bool
}

func newProgram(line commandLine, locations settings.Locations, first *instance.Instance, log *logging,
	saved, chosen settings.Settings) *program {
	p := &program{line: line, first: first, locations: locations, logging: log, log: log.logger, saved: saved, chosen: chosen}
	p.words = p.wordsFor(chosen.Language)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// run opens the window and returns the exit code after it has closed.
func (p *program) run() int {
	made, err := engine.New(engine.Config{
		Settings: settings.Usable(p.locations, p.chosen), StateDir: p.locations.StateDir, Client: clientName, NoLAN: p.line.NoLAN,
		Restore: true, Logger: p.log,
	})
	if err != nil {
		p.log.Error("the engine cannot start", "error", err)
		return showFailure(p.words, err)
	}
	p.engine = made
	p.app = newApp()
	p.window = ui.New(p.options())
	p.app.Lifecycle().SetOnStarted(p.started)
	if !p.line.Hidden {
		p.window.Show()
	}
	p.app.Run()
	p.toolkitEnded.Store(true)
	// Whoever stopped the toolkit, nothing may outlive it.
	p.cancel()
	time.AfterFunc(stopTime, func() { os.Exit(0) })
	p.wait()
	return 0
}

// options are what the window needs of the program and of the desktop.
func (p *program) options() ui.Options {
	o := ui.Options{
		App: p.app, Engine: careful{p.engine, p.locations}, Words: p.words, Title: p.line.Title,
		Settings: p.chosen, Save: p.save, Warning: p.warning, Crash: p.crashed,
		Do: fyne.DoAndWait, Start: func(f func()) { go f() }, Quit: p.end,
		ShowInFolder: func(name string) error { return shell.ShowInFolder(p.ctx, name) },
		Autostart:    p.autostart, SetLogLevel: p.logging.setLevel, LogFile: p.locations.LogFile,
		WordsFor: p.wordsFor, Keys: hearKeys,
		Secrets: func() (settings.Place, string) { return settings.SecretsPlace(p.locations), p.locations.SecretsFile },
	}
	if shell.MayHaveTray() {
		o.Tray = func() bool { return shell.HasTray(p.ctx) }
	}
	return o
}

// wordsFor are the words for a language of the settings; that of a flag wins.
func (p *program) wordsFor(chosen string) *words.Words {
	return words.In(language(p.line.Language, chosen)...)
}

// autostart has the desktop start this program with its icon alone, or no
// longer. A run in a folder of its own leaves no trace elsewhere.
func (p *program) autostart(on bool) error {
	if p.line.State != "" {
		return nil
	}
	this, err := os.Executable()
	if err != nil {
		return err
	}
	return autostart.Set(autostart.Entry{ID: assets.ID, Name: assets.Name, Program: this, Arguments: []string{"--hidden"}}, on)
}

// takeLinks has the desktop open invitations that are links with this program. A
// run in a folder of its own leaves no trace elsewhere.
func (p *program) takeLinks() {
	if p.line.State != "" {
		return
	}
	this, err := os.Executable()
	if err == nil {
		err = links.Register(p.ctx, links.Handler{ID: assets.ID, Name: assets.Name, Scheme: strings.TrimSuffix(assets.Scheme, ":"), Program: this})
	}
	if err != nil && !errors.Is(err, links.ErrUnsupported) && p.ctx.Err() == nil {
		p.log.Warn("links do not open this program", "error", err)
	}
}

func newApp() fyne.App {
	a := app.NewWithID(assets.ID)
	a.SetIcon(icon)
	a.Settings().SetTheme(look.Theme())
	return a
}

// started runs on the main goroutine as soon as windows can be drawn.
func (p *program) started() {
	go p.listenToSignals()
	p.running.Go(p.takeLinks)
	p.running.Go(p.serveEngine)
	p.running.Go(func() { p.window.Follow(p.ctx) })
	p.running.Go(p.serveLaterStarts)
	p.tellLayout()
	switch {
	case p.line.Hidden && len(p.line.Arguments) == 0:
		p.window.OpenHidden()
	case p.line.Hidden: // what it was started with is shown
		p.window.Show()
	}
	p.window.OpenFirst(absolute(p.line.Arguments)...)
}

// takeOver is how long Fyne has had, at the least, to set up its own handling
// of signals, which would stop the toolkit under the goroutines that draw
// through it.
const takeOver = 250 * time.Millisecond

func (p *program) listenToSignals() {
	told := make(chan os.Signal, 1)
	listen := func() { signal.Notify(told, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP) }
	listen()
	alone := time.After(takeOver)
	for {
		select {
		case <-alone:
			signal.Reset(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
			listen()
		case <-told:
			fyne.Do(p.end)
		case <-p.ctx.Done():
			return
		}
	}
}

func (p *program) serveEngine() {
	err := p.engine.Serve(p.ctx)
	if err == nil || p.ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return
	}
	p.log.Error("the engine has stopped", "error", err)
	fyne.DoAndWait(func() { p.window.Complain(err) })
}

// serveLaterStarts shows the window when Causeway is started again, and takes
// what it was started with.
func (p *program) serveLaterStarts() {
	err := p.first.Serve(p.ctx, func(arguments []string) {
		if p.ctx.Err() != nil {
			return
		}
		fyne.DoAndWait(func() {
			p.window.Raise()
			p.window.Open(arguments...)
		})
	})
	if err != nil {
		p.log.Error("later starts are not heard", "error", err)
	}
}

// end stops everything and then the toolkit, which the goroutines that draw
// need until they have returned. It runs on the main goroutine and returns at
// once.
func (p *program) end() {
	p.ending.Do(func() {
		time.AfterFunc(lastTime, func() { os.Exit(0) })
		p.window.Hide()
		p.cancel()
		go func() {
			stopped := make(chan struct{})
			go func() {
				p.wait()
				close(stopped)
			}()
			select {
			case <-stopped:
			case <-time.After(stopTime):
				p.log.Warn("not everything has stopped in time")
			}
			if !p.toolkitEnded.Load() {
				fyne.Do(p.app.Quit)
			}
		}()
	})
}

func (p *program) wait() {
	p.window.Stop()
	p.running.Wait()
}

// save keeps settings, without what the flags of this run have put into them.
func (p *program) save(edited settings.Settings) error {
	keep := kept(p.saved, p.chosen, edited)
	if err := settings.Save(p.locations, keep); err != nil {
		p.log.Error("the settings cannot be saved", "error", err)
		if problem := settingsProblem(p.locations, keep, err); problem != nil && problem.Code != engine.SettingsBroken {
			return problem
		}
		return &engine.Problem{Code: engine.CannotWrite, Subject: p.locations.SettingsFile, Err: err}
	}
	return nil
}

// careful hands the engine only settings that it can use.
type careful struct {
	*engine.Engine
	locations settings.Locations
}

func (c careful) Configure(ctx context.Context, s settings.Settings) error {
	return c.Engine.Configure(ctx, settings.Usable(c.locations, s))
}

// showFailure says in a window of its own why there is no other, and returns
// the exit code.
func showFailure(speak *words.Words, err error) int {
	a := newApp()
	window := a.NewWindow(assets.Name)
	text := widget.NewLabel(ui.Sentence(speak, err))
	text.Wrapping = fyne.TextWrapWord
	closing := widget.NewButton(speak.Say("dialog.close", nil), a.Quit)
	closing.Importance = widget.HighImportance
	window.SetContent(container.NewPadded(container.NewBorder(nil, container.NewCenter(closing), nil, nil, text)))
	window.Resize(fyne.NewSize(480, 180))
	window.CenterOnScreen()
	window.ShowAndRun()
	return 1
}
