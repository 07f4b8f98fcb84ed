package main

import (
	"fmt"
	"slices"

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
func (f *transferFlags) config() (engine.Config, error) {
	locations := settings.DefaultLocations()
	if f.State != "" {
		locations = settings.LocationsIn(f.State)
	}
	chosen, err := settings.Load(locations.SettingsFile)
	if err != nil {
		return engine.Config{}, fmt.Errorf("reading the settings: %w", err)
	}
	if err := f.override(&chosen); err != nil {
		return engine.Config{}, badUsage("", err)
	}
	return engine.Config{Settings: chosen, StateDir: locations.StateDir, NoLAN: f.NoLAN}, nil
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
		servers, err := f.turn()
		if err != nil {
			return err
		}
		s.TURN = servers
	}
	if f.Policy != "" {
		s.Policy = path.Policy(f.Policy)
	}
	for _, limit := range []struct {
		flag, text string
		into       *int64
	}{{"--limit-up", f.LimitUp, &s.LimitUp}, {"--limit-down", f.LimitDown, &s.LimitDown}} {
		if limit.text == "" {
			continue
		}
		rate, err := settings.ParseRate(limit.text)
		if err != nil {
			return fmt.Errorf("%s: %w", limit.flag, err)
		}
		*limit.into = rate
	}
	return s.Validate()
}

// turn reads the TURN servers, in the order of the flags.
func (f *transferFlags) turn() ([]settings.TURN, error) {
	var servers []settings.TURN
	for _, text := range f.TURN {
		server, err := settings.ParseTURN(text)
		if err != nil {
			return nil, fmt.Errorf("--turn: %w", err)
		}
		servers = append(servers, server)
	}
	for _, text := range f.TURNSecret {
		server, err := settings.ParseTURNSecret(text)
		if err != nil {
			return nil, fmt.Errorf("--turn-secret: %w", err)
		}
		servers = append(servers, server)
	}
	return servers, nil
}
