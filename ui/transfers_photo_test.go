package ui

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"fyne.io/fyne/v2"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// transferStates are the states of the Transfers page, by name. The newest
// transfer of each is unfolded.
func transferStates() map[string]engine.State {
	early := receiving(engine.Preparing)
	early.Name, early.Total, early.Bytes, early.Files, early.Preparing = "", 0, 0, 0, 0.4
	reading := preparing()
	reading.Speed.Reason = engine.SpeedPreparing
	waiting := sending(engine.Waiting)
	waiting.Bytes, waiting.Speed.Reason = 0, engine.SpeedWaiting
	connecting := receiving(engine.Connecting)
	connecting.Speed = engine.Speed{Reason: engine.SpeedConnecting, Peer: "peer-connecting"}
	lan := moving(sending(""), path.DirectLAN)
	lan.LANBytes, lan.Receivers, lan.Speed.Reason = 540_000_000, 1, engine.SpeedNetwork
	limited := moving(receiving(""), path.DirectInternet)
	limited.Sender, limited.InternetBytes, limited.RelayedBytes = "Linus", 530_000_000, 10_000_000
	limited.Speed = engine.Speed{Reason: engine.SpeedTheirLimit, Peer: "peer-direct-internet", Limit: 12_500_000}
	relayed := moving(sending(""), path.Relayed)
	relayed.RelayedBytes = 540_000_000
	relayed.Speed = engine.Speed{Reason: engine.SpeedRelayed, Peer: "peer-relayed", Relay: "turn:turn1.example.org:3478"}
	changing := relayed
	changing.Speed = engine.Speed{Reason: engine.SpeedPathChanging, Peer: "peer-relayed"}
	asks := asking(engine.TransferLimit)
	asks.Speed.Reason = engine.SpeedAsking
	paused := receiving(engine.Paused)
	done := receiving(engine.Complete)
	done.Bytes, done.Path, done.Sender, done.LANBytes = done.Total, path.DirectLAN, "Grace's desktop", done.Total
	done.Finished = time.Date(2026, 11, 21, 14, 2, 7, 0, time.Local)
	done.Placed = "/home/ada/Downloads/Holiday pictures"
	sent := sending(engine.Complete)
	sent.Bytes, sent.Receivers, sent.Finished, sent.Skipped = sent.Total, 2, done.Finished, 3
	sent.InternetBytes, sent.RelayedBytes = 2_380_000_000, 20_000_000
	denied := moving(sending(""), path.Relayed)
	denied.RelayDenied, denied.Rate, denied.Speed.Reason = true, 0, engine.SpeedRelayDenied
	switching := netcheck.Explanation{Path: path.Relayed}
	states := map[string]engine.State{
		"empty": {}, "preparing": one(reading), "preparing-there": one(early), "waiting": one(waiting),
		"connecting": one(connecting, peer("r", path.Connecting)), "offered": one(offeredShare()),
		"direct-lan": one(lan, peer("s", path.DirectLAN)), "direct-internet": one(limited, peer("r", path.DirectInternet)),
		"relayed": one(relayed, explained(path.Relayed, strict)), "switching": one(changing, explained(path.Relayed, switching)),
		"asking": one(asks, peer("s", path.Relayed)), "relay-denied": one(denied, peer("s", path.Relayed)),
		"relayed-first": one(moving(sending(""), path.DirectInternet), upgraded()),
		"paused":        one(paused), "complete-received": one(done), "complete-sent": one(sent, peer("s", path.DirectInternet)),
		"crowd": throng(20, 200), "everything": everything(),
	}
	for code, subject := range map[engine.ProblemCode]string{
		engine.NoPath: "", engine.PolicyBlocked: "direct", engine.DiskFull: "/home/ada/Downloads", engine.SourceChanged: "/home/ada/Pictures/1.jpg",
	} {
		states["failed-"+string(code)] = one(failing(receiving(""), code, subject))
	}
	return states
}

// unfoldNewest unfolds the newest transfer of a state and shows the state, with
// a last minute and pieces to draw.
func (d *desk) unfoldNewest(s engine.State) {
	for i := range 60 {
		sample := engine.RateSample{Direct: int64(9+i%7) * 1_000_000}
		if i < 22 {
			sample = engine.RateSample{Relayed: int64(2+i%3) * 1_000_000}
		}
		d.engine.rates = append(d.engine.rates, sample)
	}
	for i := range 900 {
		state := engine.PieceMissing
		if i < 400 || i%5 == 0 && i < 600 {
			state = engine.PieceHere
		} else if i < 420 {
			state = engine.PieceUnderWay
		}
		d.engine.pieces = append(d.engine.pieces, state)
	}
	d.show(s)
	if len(s.Transfers) > 0 {
		d.transfers.toggle(s.Transfers[len(s.Transfers)-1].ID)
	}
}

// TestPhotographsOfTransfers paints the Transfers page for people to look at,
// where CAUSEWAY_PHOTOS names a folder. It judges nothing.
func TestPhotographsOfTransfers(t *testing.T) {
	folder := os.Getenv("CAUSEWAY_PHOTOS")
	if folder == "" {
		t.Skip("CAUSEWAY_PHOTOS is not set")
	}
	for name, state := range transferStates() {
		for variantName, variant := range variants {
			for _, language := range []string{"en", "zh"} {
				d := newDesk(t, language, variant)
				d.unfoldNewest(state)
				photograph(t, d, filepath.Join(folder, "transfers-"+name+"-"+language+"-"+variantName+".png"))
				if language == "en" && variantName == "light" {
					d.window.Resize(minimum)
					photograph(t, d, filepath.Join(folder, "transfers-"+name+"-small.png"))
				}
			}
		}
	}
	d := newDesk(t, "en", variants["light"])
	d.unfoldNewest(throng(20, 200))
	d.window.Canvas().Focus(d.transfers.list)
	d.transfers.list.TypedKey(&fyne.KeyEvent{Name: fyne.KeyDown})
	photograph(t, d, filepath.Join(folder, "transfers-focus.png"))
	d.transfers.list.scrollTo(3000)
	photograph(t, d, filepath.Join(folder, "transfers-scrolled.png"))
}
