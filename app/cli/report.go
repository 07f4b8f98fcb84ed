package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/link"
	"github.com/causeway-app/causeway/engine/netcheck"
	"github.com/causeway-app/causeway/engine/path"
)

// The objects below are what --json prints, one a line. Their field names are
// a promise to scripts (app/cli/README.md): fields may be added, and none is
// renamed, dropped or omitted when empty.

// timestamp is RFC 3339 in UTC with milliseconds.
type timestamp time.Time

// MarshalJSON always prints three digits of milliseconds.
func (t timestamp) MarshalJSON() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(`"2006-01-02T15:04:05.000Z07:00"`)), nil
}

// invitationReport is the first line of "send".
type invitationReport struct {
	Time       timestamp `json:"time"`
	Event      string    `json:"event"` // "invitation"
	Invitation string    `json:"invitation"`
}

// stateReport is a line of "send" and "receive" for each change.
type stateReport struct {
	Time      timestamp        `json:"time"`
	Event     string           `json:"event"` // "state"
	Transfers []transferReport `json:"transfers"`
	Peers     []peerReport     `json:"peers"`
	Relays    []serverReport   `json:"relays"`
}

type transferReport struct {
	ID        engine.TransferID `json:"id"`
	Name      string            `json:"name"`
	Direction engine.Direction  `json:"direction"`
	Phase     engine.Phase      `json:"phase"`
	Bytes     int64             `json:"bytes"`
	Total     int64             `json:"total"`
	Rate      int64             `json:"rate"`
	Problem   *problemReport    `json:"problem"`

	RelayedBytes  int64           `json:"relayed_bytes"`
	RelayDenied   bool            `json:"relay_denied"`
	RelayQuestion *questionReport `json:"relay_question"`
}

type questionReport struct {
	Limit   engine.RelayLimit `json:"limit"`
	Used    int64             `json:"used"`
	Allowed int64             `json:"allowed"`
}

type problemReport struct {
	Code        engine.ProblemCode `json:"code"`
	Detail      string             `json:"detail"`
	Explanation *explanationReport `json:"explanation"`
}

type explanationReport struct {
	Path     path.Kind         `json:"path"`
	Forecast bool              `json:"forecast"`
	Opening  netcheck.Opening  `json:"opening"`
	Own      []netcheck.Cause  `json:"own"`
	Theirs   []netcheck.Cause  `json:"theirs"`
	Remedies []netcheck.Remedy `json:"remedies"`
	Why      string            `json:"why"`
}

// newExplanationReport makes no list null.
func newExplanationReport(e netcheck.Explanation) explanationReport {
	return explanationReport{
		Path: e.Path, Forecast: e.Forecast, Opening: e.Opening,
		Own: listed(e.Own), Theirs: listed(e.Theirs), Remedies: listed(e.Remedies), Why: why(e),
	}
}

func listed[T any](all []T) []T { return append([]T{}, all...) }

type relayReport struct {
	Server   string     `json:"server"`
	In       int64      `json:"in"`
	Out      int64      `json:"out"`
	Since    timestamp  `json:"since"`
	Released *timestamp `json:"released"`
}

func newRelayReports(uses []link.RelayUse) []relayReport {
	reports := make([]relayReport, 0, len(uses))
	for _, use := range uses {
		report := relayReport{Server: use.Server, In: use.In, Out: use.Out, Since: timestamp(use.Since)}
		if !use.Released.IsZero() {
			released := timestamp(use.Released)
			report.Released = &released
		}
		reports = append(reports, report)
	}
	return reports
}

type pathReport struct {
	Path  path.Kind  `json:"path"`
	Relay string     `json:"relay"`
	Since timestamp  `json:"since"`
	Until *timestamp `json:"until"`
	In    int64      `json:"in"`
	Out   int64      `json:"out"`
}

func newPathReports(entries []link.Entry) []pathReport {
	reports := make([]pathReport, 0, len(entries))
	for _, entry := range entries {
		report := pathReport{Path: entry.Path, Relay: entry.Relay, Since: timestamp(entry.Since), In: entry.In, Out: entry.Out}
		if !entry.Until.IsZero() {
			until := timestamp(entry.Until)
			report.Until = &until
		}
		reports = append(reports, report)
	}
	return reports
}

// serverReport is how a TURN server of the settings does.
type serverReport struct {
	URL     string               `json:"url"`
	RTT     float64              `json:"rtt_ms"`
	Failure *serverFailureReport `json:"failure"`
}

type peerReport struct {
	Transfer         engine.TransferID `json:"transfer"`
	ID               string            `json:"id"`
	Client           string            `json:"client"`
	Path             path.Kind         `json:"path"`
	Lane             path.Lane         `json:"lane"`
	Relay            string            `json:"relay"`
	Local            path.Candidate    `json:"local"`
	Remote           path.Candidate    `json:"remote"`
	RTT              float64           `json:"rtt_ms"`
	BytesIn          int64             `json:"bytes_in"`
	BytesOut         int64             `json:"bytes_out"`
	BytesRelayed     int64             `json:"bytes_relayed"`
	Progress         float64           `json:"progress"`
	RateIn           int64             `json:"rate_in"`
	RateOut          int64             `json:"rate_out"`
	RendezvousNeeded bool              `json:"rendezvous_needed"`
	Opening          link.Opening      `json:"opening"`
	Explanation      explanationReport `json:"explanation"`
	Relays           []relayReport     `json:"relays"`
	Paths            []pathReport      `json:"paths"`
}

// newStateReport copies what the contract shows of a State.
func newStateReport(s engine.State) stateReport {
	report := stateReport{
		Event:     "state",
		Transfers: make([]transferReport, 0, len(s.Transfers)),
		Peers:     make([]peerReport, 0, len(s.Peers)),
		Relays:    make([]serverReport, 0, len(s.Network.Relays)),
	}
	for _, relay := range s.Network.Relays {
		report.Relays = append(report.Relays, serverReport{
			URL: relay.URL, RTT: milliseconds(relay.RTT), Failure: newServerFailureReport(relay.URL, relay.Failure),
		})
	}
	for _, t := range s.Transfers {
		report.Transfers = append(report.Transfers, transferReport{
			ID: t.ID, Name: t.Name, Direction: t.Direction, Phase: t.Phase,
			Bytes: t.Bytes, Total: t.Total, Rate: t.Rate, Problem: newProblemReport(t.Problem),
			RelayedBytes: t.RelayedBytes, RelayDenied: t.RelayDenied, RelayQuestion: (*questionReport)(t.Question),
		})
	}
	for _, p := range s.Peers {
		report.Peers = append(report.Peers, peerReport{
			Transfer: p.Transfer, ID: p.ID, Client: p.Client,
			Path: p.Path, Lane: p.Lane, Relay: p.Relay, Local: p.Local, Remote: p.Remote,
			RTT:     float64(p.RTT.Microseconds()) / 1000,
			BytesIn: p.BytesIn, BytesOut: p.BytesOut, BytesRelayed: p.BytesRelayed,
			Progress: p.Progress, RateIn: p.RateIn, RateOut: p.RateOut,
			RendezvousNeeded: p.RendezvousNeeded, Opening: p.Opening,
			Explanation: newExplanationReport(p.Explanation),
			Relays:      newRelayReports(p.Relays), Paths: newPathReports(p.Paths),
		})
	}
	return report
}

// newProblemReport returns nil, which prints as null, where all is well.
func newProblemReport(p *engine.Problem) *problemReport {
	if p == nil {
		return nil
	}
	var detail []string
	if p.Subject != "" {
		detail = append(detail, p.Subject)
	}
	if p.Err != nil {
		detail = append(detail, p.Err.Error())
	}
	report := &problemReport{Code: p.Code, Detail: strings.Join(detail, ": ")}
	if p.Explanation != nil {
		explained := newExplanationReport(*p.Explanation)
		report.Explanation = &explained
	}
	return report
}

// reporter prints JSON lines and leaves out states that look like the last.
type reporter struct {
	out  io.Writer
	now  func() time.Time
	last []byte
}

func newReporter(out io.Writer) *reporter { return &reporter{out: out, now: time.Now} }

// invitation prints the first line of "send".
func (r *reporter) invitation(text string) error {
	return writeLine(r.out, invitationReport{Time: timestamp(r.now()), Event: "invitation", Invitation: text})
}

// state prints s unless nothing that the contract shows has changed.
func (r *reporter) state(s engine.State) error {
	report := newStateReport(s)
	content, err := json.Marshal(report) // with the zero time
	if err != nil {
		return fmt.Errorf("encoding the state: %w", err)
	}
	if bytes.Equal(content, r.last) {
		return nil
	}
	r.last = content
	report.Time = timestamp(r.now())
	return writeLine(r.out, report)
}

// writeLine prints one object and a line feed in one write, so that a reader
// never sees half of one.
func writeLine(out io.Writer, object any) error {
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false) // an invitation holds "&"
	if err := encoder.Encode(object); err != nil {
		return fmt.Errorf("encoding a line: %w", err)
	}
	_, err := out.Write(line.Bytes())
	return err
}
