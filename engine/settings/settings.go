// Package settings is the settings file, its limits, and where files live.
package settings

import "github.com/causeway-app/causeway/engine/path"

// Settings are the user's choices. The zero value is not useful; start from
// Default.
type Settings struct {
	// Name is what peers see this computer called.
	Name string `json:"name"`
	// DownloadDir is where shares arrive.
	DownloadDir string `json:"download_dir"`
	// Rendezvous are ws:// or wss:// URLs of WebTorrent trackers.
	Rendezvous []string `json:"rendezvous"`
	// STUN are stun: URIs (RFC 7064).
	STUN []string `json:"stun"`
	// TURN are tried in order of measured round trip.
	TURN []TURN `json:"turn"`
	// Policy limits paths, for every transfer.
	Policy path.Policy `json:"policy"`
	// LimitUp and LimitDown are in bytes a second; 0 is no limit.
	LimitUp   int64 `json:"limit_up"`
	LimitDown int64 `json:"limit_down"`
	// RelayMonth and RelayTransfer are the bytes, in and out together, that may
	// go by relays in a calendar month and in one transfer before the user is
	// asked; 0 is no limit.
	RelayMonth    int64 `json:"relay_month"`
	RelayTransfer int64 `json:"relay_transfer"`
	// RelayRate is the most that goes by relays, in bytes a second, in and out
	// together; 0 is no limit.
	RelayRate int64 `json:"relay_rate"`
	// PortMapping lets the home router be asked to pass ports on to this
	// computer (PCP, NAT-PMP, UPnP), so that peers reach it without a relay.
	PortMapping bool `json:"port_mapping"`
}

// TURN is one relay of the user's own.
type TURN struct {
	// URL is a turn: or turns: URI (RFC 7065).
	URL string `json:"url"`
	// Username and Password are long-term credentials (RFC 8489 section 9.2).
	Username string `json:"username,omitempty"`
	Password string `json:"-"`
	// Secret, where set, makes time-limited credentials instead
	// (draft-uberti-behave-turn-rest-00).
	Secret string `json:"-"`
}
