package ui

import (
	"maps"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// goldenState opens a window that is in a state.
type goldenState = func(*testing.T, string, fyne.ThemeVariant) *desk

// one is a state with one transfer.
func one(t engine.Transfer, peers ...engine.Peer) engine.State {
	return engine.State{Transfers: []engine.Transfer{t}, Peers: peers}
}

func preparing() engine.Transfer {
	t := sending(engine.Preparing)
	t.Bytes = 480_000_000
	return t
}

// transferProblems are the problems that a transfer can have, with an example of
// what each is about.
func transferProblems() map[engine.ProblemCode]string {
	return map[engine.ProblemCode]string{
		engine.NoRendezvous: "wss://tracker.example.org", engine.NoPath: "", engine.NoRelay: "", engine.PolicyBlocked: "direct",
		engine.NoSuchFile: "/home/ada/Pictures", engine.SourceMissing: "/home/ada/Pictures/1.jpg",
		engine.SourceChanged: "/home/ada/Pictures/1.jpg", engine.SourceUnreadable: "/home/ada/Pictures/1.jpg", engine.ShareTooLarge: "",
		engine.DiskFull: "/home/ada/Downloads", engine.NotEnoughRoom: "/home/ada/Downloads", engine.CannotWrite: "/home/ada/Downloads",
		engine.DownloadMissing: "/home/ada/Downloads/Holiday pictures", engine.DownloadChanged: "/home/ada/Downloads/Holiday pictures",
		engine.BadShare: "../1.jpg", engine.StateInUse: "/home/ada/Downloads", engine.Internal: "",
	}
}

func goldenStates() map[string]goldenState {
	states := map[string]goldenState{}
	for _, some := range []map[string]goldenState{
		goldenTransfers(), goldenNetwork(), goldenServing(), goldenHistory(), goldenSettings(), goldenDialogs(), goldenDrawer(),
	} {
		maps.Copy(states, some)
	}
	return states
}

func goldenTransfers() map[string]goldenState {
	shown := transferStates()
	for code, subject := range transferProblems() {
		failed := failing(receiving(""), code, subject)
		failed.Problem.Needed, failed.Problem.Free = 1_200_000_000, 300_000_000
		shown["failed-"+string(code)] = one(failed)
	}
	strictly := failing(receiving(""), engine.NoPath, "")
	strictly.Problem.Explanation = &strict
	shown["failed-no-path-explained"] = one(strictly)
	offline := sending(engine.Waiting)
	offline.Problem = &engine.Problem{Code: engine.NoRendezvous, Subject: "wss://tracker.example.org"}
	shown["waiting-offline"] = one(offline)
	month := asking(engine.MonthLimit)
	shown["asking-month"] = one(month, peer("s", path.Relayed))
	shown["crowd"] = throng(4, 9)
	states := map[string]goldenState{}
	for name, state := range shown {
		states["transfers-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := newDesk(t, language, variant)
			d.now = func() time.Time { return atTwo }
			d.unfoldNewest(state)
			return d
		}
	}
	states["transfers-notice"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := newDesk(t, language, variant)
		d.Complain(&engine.Problem{Code: engine.InvitationMistyped})
		return d
	}
	states["transfers-small"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := states["transfers-relayed"](t, language, variant)
		d.window.Resize(minimum)
		return d
	}
	return states
}

func goldenNetwork() map[string]goldenState {
	states := map[string]goldenState{}
	for name, n := range map[string]engine.Network{
		"looking": {}, "home": network(home()), "hotel": network(hotel()), "walled": network(walled()), "half-served": network(halfServed()),
	} {
		states["network-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			return networkDeskIn(t, language, variant, n)
		}
	}
	states["network-testing"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := networkDeskIn(t, language, variant, network(home()))
		d.engine.result = results(&netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.QuotaReached, Code: 486})
		tap(d.network.relays[0].test)
		d.engine.result = results(nil)
		tap(d.network.relays[1].test)
		return d
	}
	for index, policy := range policies {
		states["network-policy-"+string(policy)] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := networkDeskIn(t, language, variant, network(home()))
			d.keeper.change(func(s *settings.Settings) { s.Policy = policy })
			d.window.Resize(first)
			return d
		}
		states["network-policy-"+string(policy)+"-picked"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := networkDeskIn(t, language, variant, network(hotel()))
			d.keeper.change(func(s *settings.Settings) { s.Policy = policies[(index+1)%len(policies)] })
			d.window.Resize(first)
			pick(d.network.policy.cards, index)
			return d
		}
	}
	for name, usage := range budgets() {
		n := network(home())
		n.Usage, n.Relays = usage, nil
		states["network-month-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			return networkDeskIn(t, language, variant, n)
		}
	}
	return states
}

func goldenServing() map[string]goldenState {
	states := map[string]goldenState{}
	for name := range servingStates() {
		states["network-serving-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := serveDesk(t, language, variant, name)
			if name == "off" { // a password is made at random
				d.network.serving.form.password.entry.SetText("T7SLQWJWQZ3Y5DMXAB2C")
			}
			return d
		}
	}
	states["network-serving-wrong"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := states["network-serving-off"](t, language, variant)
		d.network.serving.form.turn.entry.SetText("8000")
		d.network.serving.form.address.entry.SetText("home.example.org")
		tap(d.network.serving.start)
		return d
	}
	return states
}

func goldenHistory() map[string]goldenState {
	states := map[string]goldenState{}
	for name, finished := range historyStates() {
		states["history-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			return historyDesk(t, language, variant, finished)
		}
	}
	states["history-searching"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := historyDesk(t, language, variant, longHistory(312))
		d.history.search.SetText("grace 1")
		return d
	}
	states["history-none-found"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := historyDesk(t, language, variant, longHistory(312))
		d.history.search.SetText("nobody")
		return d
	}
	states["history-clearing"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := historyDesk(t, language, variant, someHistory("/home/ada"))
		d.history.askToClear()
		return d
	}
	return states
}

func goldenSettings() map[string]goldenState {
	full := func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := fullSettings(t, language, variant, richSettings())
		d.window.Resize(fyne.NewSize(980, 1300))
		return d
	}
	states := map[string]goldenState{}
	for name, part := range map[string]part{
		"general": partGeneral, "sending": partSending, "network": partNetwork, "privacy": partPrivacy, "advanced": partAdvanced,
	} {
		states["settings-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := full(t, language, variant)
			d.settings.open(part)
			return d
		}
		states["settings-"+name+"-marked"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := full(t, language, variant)
			markFields(d)
			d.settings.open(part)
			return d
		}
	}
	states["settings-tested"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := full(t, language, variant)
		tryServers(d)
		return d
	}
	wrong := &netcheck.Failure{Stage: netcheck.Allocate, Reason: netcheck.WrongPassword, Code: 401, Realm: "example.org"}
	for name, failure := range map[string]*netcheck.Failure{"passed": nil, "failed": wrong} {
		states["settings-turn-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := fullSettings(t, language, variant, richSettings())
			d.settings.open(partNetwork)
			tryEditor(d, failure)
			return d
		}
	}
	states["settings-turn-marked"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := fullSettings(t, language, variant, richSettings())
		d.settings.open(partNetwork)
		d.settings.turn.edit(-1)
		d.settings.turn.editor.submit()
		return d
	}
	return states
}

func goldenDialogs() map[string]goldenState {
	offered := func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := newDesk(t, language, variant)
		d.keeper.taken.AskFirst = true
		d.engine.contents, d.engine.free = holiday(), 41_000_000_000
		d.Open(invitation)
		d.show(offeredBy(false))
		return d
	}
	known := func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := offered(t, language, variant)
		d.show(offeredBy(true))
		d.offer.tree.toggle(1)
		d.offer.chosen()
		return d
	}
	return map[string]goldenState{
		"offer-asking": offered,
		"offer-known":  known,
		"offer-found": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := known(t, language, variant)
			d.offer.search.SetText("img")
			return d
		},
		"offer-no-room": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := known(t, language, variant)
			d.engine.free = 8_000_000
			d.offer.measure()
			return d
		},
		"welcome": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := openDesk(t, language, variant, unwelcomed(), nil)
			d.autostart = func(bool) error { return nil }
			d.rebuild()
			return d
		},
		"welcome-marked": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := openDesk(t, language, variant, unwelcomed(), nil)
			put(d.welcome.folder, "Downloads")
			return d
		},
		"keys": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := newDesk(t, language, variant)
			d.showKeys()
			return d
		},
		"quit": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := newDesk(t, language, variant)
			d.show(one(moving(sending(""), path.DirectLAN), peer("s", path.DirectLAN)))
			d.close()
			return d
		},
		"qr": func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			d := newDesk(t, language, variant)
			d.show(one(sending(engine.Waiting)))
			d.showQR(sending(engine.Waiting))
			return d
		},
	}
}

func goldenDrawer() map[string]goldenState {
	connecting := peer("s", path.Connecting)
	connecting.RendezvousNeeded = true
	connecting.Timeline = []link.Event{{Time: at(5), Kind: link.Trying}}
	states := map[string]goldenState{}
	for name, p := range map[string]engine.Peer{
		"direct": onceRelayed(), "relayed": stillRelayed(), "lan": peer("s", path.DirectLAN), "connecting": connecting,
	} {
		states["drawer-"+name] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
			return drawerDesk(t, language, variant, p)
		}
	}
	states["drawer-gone"] = func(t *testing.T, language string, variant fyne.ThemeVariant) *desk {
		d := drawerDesk(t, language, variant, onceRelayed())
		d.show(one(sending("")))
		return d
	}
	return states
}
