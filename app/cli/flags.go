package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/causeway-app/causeway/engine"
	"github.com/causeway-app/causeway/engine/path"
	"github.com/causeway-app/causeway/engine/settings"
)

// transferFlags are the flags of "send" and "receive". What is not given comes
// from the settings file, which the window writes.
type transferFlags struct {
	Rendezvous []string `sep:"none" placeholder:"URL" help:"Rendezvous (ws:// or wss://) instead of those of the settings. Repeatable."`
	STUN       []string `name:"stun" sep:"none" placeholder:"URL" help:"STUN server (stun:host:port) instead of those of the settings. Repeatable."`
	TURN       []string `name:"turn" sep:"none" placeholder:"URL,USER,PASSWORD" help:"TURN server instead of those of the settings. Repeatable."`
	TURNSecret []string `name:"turn-secret" sep:"none" placeholder:"URL,SECRET" help:"TURN server with time-limited credentials. Repeatable."`
	Policy     policy   `placeholder:"POLICY" help:"Paths that may be used: auto, direct (never a relay), lan (never leave this network) or relay (hide this computer's address)."`
	State      string   `type:"path" placeholder:"DIR" help:"Folder for all state of this run."`
	NoLAN      bool     `name:"no-lan" help:"Keep this computer's address out of the invitation, and no rendezvous of its own."`
	LimitUp    string   `placeholder:"RATE" help:"Most bytes a second to send, such as 500k or 10M; 0 is no limit."`
	LimitDown  string   `placeholder:"RATE" help:"Most bytes a second to receive."`
	JSON       bool     `name:"json" help:"Print each change as JSON, one object a line."`
}

// policy is a path.Policy on the command line; empty is that of the settings.
type policy path.Policy

// UnmarshalText takes the names of policies.
func (p *policy) UnmarshalText(text []byte) error {
	named := path.Policy(text)
	if !slices.Contains([]path.Policy{path.Auto, path.DirectOnly, path.LANOnly, path.RelayOnly}, named) {
		return fmt.Errorf("%q is not one of auto, direct, lan and relay", text)
	}
	*p = policy(named)
	return nil
}

// config is what the engine starts with: the settings, and the flags over them.
// What can be done without is only warned of.
func (f *transferFlags) config(warnings io.Writer) (engine.Config, error) {
	locations := settings.DefaultLocations()
	if f.State != "" {
		locations = settings.LocationsIn(f.State)
	}
	chosen, err := settings.Load(locations)
	switch {
	case err == nil, settings.FieldErrors(err) != nil: // flags may replace what is wrong
	case errors.Is(err, settings.ErrSecrets), errors.Is(err, settings.ErrNewer):
		fmt.Fprintf(warnings, "Not all settings can be used: %v.\n", err)
	case errors.Is(err, settings.ErrBroken):
		return engine.Config{}, badUsage("", brokenSettings(locations, err))
	default:
		return engine.Config{}, badUsage("", fmt.Errorf("the settings cannot be used: %w", err))
	}
	if err := f.override(&chosen); err != nil {
		return engine.Config{}, badUsage("", err)
	}
	chosen.TURN = slices.DeleteFunc(chosen.TURN, func(server settings.TURN) bool {
		locked := server.Password == "" && server.Secret == ""
		if locked {
			fmt.Fprintf(warnings, "%s is left out: its password is not at hand.\n", server.URL)
		}
		return locked
	})
	// A transfer's folder comes from the command line.
	if chosen.DownloadDir, err = os.Getwd(); err != nil {
		return engine.Config{}, fmt.Errorf("finding the current folder: %w", err)
	}
	if wrong := settings.FieldErrors(settings.Validate(chosen)); len(wrong) > 0 {
		return engine.Config{}, badUsage("", unusable(wrong[0].Field, wrong[0].Value))
	}
	return engine.Config{Settings: chosen, StateDir: locations.StateDir, NoLAN: f.NoLAN}, nil
}

// brokenSettings says how to get out of a state in which nobody knows what the
// user has forbidden.
func brokenSettings(locations settings.Locations, err error) error {
	return fmt.Errorf("the settings file cannot be understood and was set aside as %s (%w). Correct it and name it %s again, or delete it to begin anew",
		locations.BrokenFile(), err, locations.SettingsFile)
}

// override puts the flags that were given over s.
func (f *transferFlags) override(s *settings.Settings) error {
	if len(f.Rendezvous) > 0 {
		s.Rendezvous = f.Rendezvous
	}
	if len(f.STUN) > 0 {
		s.STUN = f.STUN
	}
	if len(f.TURN)+len(f.TURNSecret) > 0 {
		s.TURN = nil
	}
	for _, text := range f.TURN {
		server, err := settings.ParseTURN(text)
		if err != nil {
			return unusable("turn", "")
		}
		s.TURN = append(s.TURN, server)
	}
	for _, text := range f.TURNSecret {
		server, err := settings.ParseTURNSecret(text)
		if err != nil {
			return unusable("turn-secret", "")
		}
		s.TURN = append(s.TURN, server)
	}
	if f.Policy != "" {
		s.Policy = path.Policy(f.Policy)
	}
	for _, limit := range []struct {
		field, text string
		into        *int64
	}{{"limit-up", f.LimitUp, &s.LimitUp}, {"limit-down", f.LimitDown, &s.LimitDown}} {
		if limit.text == "" {
			continue
		}
		rate, err := settings.ParseRate(limit.text)
		if err != nil {
			return unusable(limit.field, limit.text)
		}
		*limit.into = rate
	}
	*s = settings.Normalize(*s)
	return nil
}

// unusable says what a flag or setting must be, rather than what is wrong with
// it. It never repeats a password.
func unusable(field, value string) error {
	field, _, _ = strings.Cut(field, "[")
	field = strings.ReplaceAll(field, "_", "-")
	rules := map[string]string{
		"rendezvous":  "a rendezvous is a WebSocket address, such as wss://tracker.example.org",
		"stun":        "a STUN server is stun:host:port, such as stun:stun.example.org:3478",
		"turn":        "a TURN server is URL,user,password, such as turn:turn.example.org:3478,alice,password",
		"turn-secret": "a TURN server with a shared secret is URL,secret, such as turn:turn.example.org:3478,secret",
		"limit-up":    "a rate is bytes a second, such as 500k or 10M",
		"limit-down":  "a rate is bytes a second, such as 500k or 10M",
		"policy":      "a policy is auto, direct, lan or relay",
	}
	if value != "" {
		value = fmt.Sprintf(" %q", value)
	}
	return fmt.Errorf("--%s%s cannot be used: %s", field, value, cmp.Or(rules[field], "see the settings"))
}
